@echo off
rem Installs what is missing, then starts the app. All that needs a decision is in installer.py; this only finds a Python to run it.
setlocal EnableExtensions DisableDelayedExpansion
rem On a share of the network there is no going there; but all that is needed is called by its whole path.
cd /d "%~dp0" 2>nul

set "interpreter="
call :try py -3
if not defined interpreter call :try python
if not defined interpreter call :try ".venv\Scripts\python.exe"
if not defined interpreter goto no_python

%interpreter% "%~dp0installer.py" %*
if not "%errorlevel%"=="0" goto failed
exit /b 0

:try
%* -c "import sys; sys.exit(sys.version_info < (3, 8))" >nul 2>nul
if not "%errorlevel%"=="0" exit /b 0
set interpreter=%*
exit /b 0

:no_python
"%SystemRoot%\System32\where.exe" python 2>nul | "%SystemRoot%\System32\find.exe" /i "WindowsApps" >nul
if not errorlevel 1 echo The python that Windows offers is only a pointer to its Store, not Python itself.
echo Gemini Diffusion needs Python 3.11 to 3.13 (64-bit); found none.
echo Install Python 3.12 from https://www.python.org/downloads/windows/ and start again.
set "code=1"
goto stop

:failed
set "code=%errorlevel%"

:stop
rem A window opened by a double click would close before the sentence is read; nobody is there to press a key under CI.
if defined CI exit /b %code%
"%SystemRoot%\System32\timeout.exe" /t 0 >nul 2>nul
if not errorlevel 1 pause
exit /b %code%

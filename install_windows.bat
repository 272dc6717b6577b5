@echo off
rem Installs the app: install_windows.bat [T/F] [T/F]. First T: a clean environment. Second F: none, which start.bat remembers.
call "%~dp0start.bat" install %*
exit /b %errorlevel%

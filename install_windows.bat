@echo off
rem Installs the app: install_windows.bat [T/F] [T/F]. First T: a clean environment. Second F: none, which start.bat remembers.
rem Without call, which would read a % or a ^ in the path anew: start.bat goes on from here and its code is the code.
"%~dp0start.bat" install %*

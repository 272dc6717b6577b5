#!/usr/bin/env bash
# Installs the app: `install_linux.sh [T|F] [T|F]`. First T: a clean environment. Second F: none, which start.sh remembers.

bash -- "$(dirname -- "${BASH_SOURCE[0]:-$0}")/start.sh" install "$@"

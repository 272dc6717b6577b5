#!/usr/bin/env bash
# Installs what is missing, then starts the app. All that needs a decision is in installer.py; this only finds a Python to run it.

gemini_diffusion() {
    local here python
    here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]:-$0}")" && pwd -P) || return 1
    for python in "$here/.venv/bin/python" python3 python3.13 python3.12 python3.11 python; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then
            exec "$python" "$here/installer.py" "$@"
        fi
    done
    if command -v uv >/dev/null; then # which fetches a Python
        exec uv run --quiet --no-project --python 3.12 "$here/installer.py" "$@"
    fi
    echo "Gemini Diffusion needs Python 3.11 to 3.13 (64-bit); found none. Install Python 3.12 and start again." >&2
    return 1
}

if (return 0 2>/dev/null); then
    (gemini_diffusion "$@") # sourced: the exec must not take the person's shell with it
else
    gemini_diffusion "$@"
fi

#!/usr/bin/env bash
# Installs what is missing, tests included; then the linters; last pytest, with the arguments given.

# The shell without a window of its own takes a fifth less processor time for the same tests.
find_chromium() {
    local name
    for name in "${CHROMIUM:-}" chromium-headless-shell chromium google-chrome chromium-browser; do
        "$name" --version >/dev/null 2>&1 && command -v -- "$name" && return
    done
}

install_chromium() {
    local name
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    echo "Installing Chromium for the browser tests." >&2
    { apt-get update && for name in chromium-headless-shell chromium; do
        DEBIAN_FRONTEND=noninteractive apt-get install --yes "$name" && return
    done; } </dev/null >>install.log 2>&1
}

linted() {
    local status=0
    "$1" -c 'from importlinter.cli import lint_imports_command as lint; lint()' || status=1
    "$1" -m ruff check . || status=1
    "$1" -m ruff format --check . || status=1
    "$1" -m mypy || status=1
    return "$status"
}

run_tests() {
    local python
    cd -- "$(dirname -- "${BASH_SOURCE[0]:-$0}")/.." || return 1
    python=$(bash start.sh tests) || return 1

    # CHROMIUM is empty where there is none: the browser tests then say that they were skipped, or fail under CI=true.
    CHROMIUM=$(find_chromium)
    [ -n "$CHROMIUM" ] || { install_chromium && CHROMIUM=$(find_chromium); }
    [ -n "$CHROMIUM" ] || echo "NO CHROMIUM: the browser tests do not run. Install Chromium or set CHROMIUM to its path." >&2
    export CHROMIUM OMP_NUM_THREADS=1 GRADIO_ANALYTICS_ENABLED=False

    # Compiled once, while the linters run; else each of the four processes below would compile every test for itself.
    unset PYTHONDONTWRITEBYTECODE
    "$python" -m pytest --collect-only --quiet >/dev/null 2>&1 &
    linted "$python"
    local status=$?
    wait
    [ "$status" = 0 ] || { echo "A linter found something, so the tests were not run." >&2; return 1; }
    # Four at once on two cores, each file in one process: most tests wait for an app or a page of their own, and with three a
    # quarter of the cores was idle.
    exec "$python" -m pytest -n 4 --dist loadfile --durations 40 "$@"
}

if (return 0 2>/dev/null); then
    (run_tests "$@") # sourced: neither the folder nor the shell is to change
else
    run_tests "$@"
fi

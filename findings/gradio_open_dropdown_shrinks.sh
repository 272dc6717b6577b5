#!/usr/bin/env bash
# gradio: a Dropdown whose list is open raises an error in the page when an update leaves it fewer choices.
#
# Versions: gradio 6.31.0, playwright 1.65.2, Chromium 156 (any; found by CHROMIUM or on the PATH).
#
# Behaviour: the open list is drawn from two values, the choices and the indices of those that match what is typed. An update
# replaces the first and lets the second follow, so in between there is an index without a choice, and the page raises
# "Cannot read properties of undefined (reading '0')". With as many choices as before, or more, nothing is raised.
#
# Expected: the list shows the choices it was given, open or not.
#
# Why it matters: lists that are loaded late, or refreshed when a tab is opened, are often shown short first and whole later. A
# person who was quick enough to open one then meets an error that no handler of the app can catch, and tests that watch the
# console fail now and then. Refresh such a list without ever making it shorter.
#
# Seen on 2026-12-01:
#   2 choices instead of 3, list closed: nothing raised
#   4 choices instead of 3, list open: nothing raised
#   2 choices instead of 3, list open: Cannot read properties of undefined (reading '0')
set -eu
chromium=$(command -v "${CHROMIUM:-chromium-headless-shell}" || command -v chromium || command -v google-chrome) ||
    { echo "No Chromium: install it, or set CHROMIUM to its path." >&2; exit 2; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -qq --no-compile --disable-pip-version-check gradio==6.31.0 playwright==1.65.2
cd "$tmp" && NO_PROXY=127.0.0.1,localhost GRADIO_ANALYTICS_ENABLED=False "$tmp/venv/bin/python" - "$chromium" <<'END'
import sys
import threading

import gradio as gr
from playwright.sync_api import sync_playwright

ALL = ["one", "two", "three", "four"]
CASES = ((2, False), (4, True), (2, True))


def page_of(count, go):
    """Three choices, of which `count` are left once `go` is set."""

    def update():
        go.wait()
        return gr.update(choices=ALL[:count])

    with gr.Blocks() as blocks:
        box = gr.Dropdown(ALL[:3], value=None, label="Number", interactive=True)
        blocks.load(update, None, box, show_progress="hidden")
    return blocks


def raised(browser, count, opened):
    """What the page raises when the update comes."""
    go, errors = threading.Event(), []
    blocks = page_of(count, go)
    _, url, _ = blocks.launch(prevent_thread_lock=True, quiet=True)
    page = browser.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url)
    page.get_by_label("Number").wait_for()
    if opened:
        page.get_by_label("Number").click()
        page.locator("li.item").nth(2).wait_for()
    go.set()
    page.wait_for_timeout(2000)
    page.close()
    blocks.close(verbose=False)
    return errors


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox"])
    seen = [raised(browser, *case) for case in CASES]
    browser.close()
for (count, opened), errors in zip(CASES, seen):
    print(f"{count} choices instead of 3, list {'open' if opened else 'closed'}: {', '.join(errors) or 'nothing raised'}")
sys.exit(0 if [bool(errors) for errors in seen] == [False, False, True] else "This has changed.")
END

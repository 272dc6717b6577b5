#!/usr/bin/env bash
# gradio: a page on which nothing happens asks for an animation frame at every frame, for as long as it is open.
#
# Versions: gradio 6.31.0, playwright 1.65.2, Chromium 156 (any; found by CHROMIUM or on the PATH).
#
# Behaviour: the clock of the loading sign ("1.3s") is a loop of requestAnimationFrame that ends when the status that it
# belongs to is no longer pending. The loading sign of the page itself is taken away before that is noticed, so its loop goes
# on after the page has loaded: some sixty calls a second, with or without components and events. A plain page makes none.
#
# Expected: no frame is asked for once the page has loaded and nothing moves on it.
#
# Why it matters: a tab that lies open keeps its renderer awake. In a browser without a graphics card that is a tenth of a core,
# and tests with many such pages pay for it. Whoever measures "is the page quiet?" by animation frames waits for ever.
#
# Seen on 2026-12-01:
#   plain page: 0 frames asked for in 3 s
#   gradio page without any event: 192 frames asked for in 3 s
#   gradio page with a load event: 163 frames asked for in 3 s
set -eu
chromium=$(command -v "${CHROMIUM:-chromium-headless-shell}" || command -v chromium || command -v google-chrome) ||
    { echo "No Chromium: install it, or set CHROMIUM to its path." >&2; exit 2; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -qq --no-compile --disable-pip-version-check gradio==6.31.0 playwright==1.65.2
cd "$tmp" && NO_PROXY=127.0.0.1,localhost GRADIO_ANALYTICS_ENABLED=False "$tmp/venv/bin/python" - "$chromium" <<'END'
import sys

import gradio as gr
from playwright.sync_api import sync_playwright

COUNTING = """
window.asked = 0;
const real = window.requestAnimationFrame;
window.requestAnimationFrame = step => { window.asked++; return real.call(window, step); };
"""

with gr.Blocks() as without:
    gr.Markdown("Nothing happens here.")
with gr.Blocks() as loading:
    box = gr.Textbox()
    loading.load(lambda: "loaded", None, box)


def frames_asked_for(browser, url):
    """How many in three seconds, four after everything has come."""
    page = browser.new_page()
    page.add_init_script(COUNTING)
    page.goto(url)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(4000)
    before = page.evaluate("window.asked")
    page.wait_for_timeout(3000)
    count = page.evaluate("window.asked") - before
    page.close()
    return count


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox"])
    seen = [("plain page", frames_asked_for(browser, "data:text/html,<p>Nothing happens here."))]
    for name, blocks in (("gradio page without any event", without), ("gradio page with a load event", loading)):
        _, url, _ = blocks.launch(prevent_thread_lock=True, quiet=True)
        seen.append((name, frames_asked_for(browser, url)))
        blocks.close(verbose=False)
    browser.close()
for name, count in seen:
    print(f"{name}: {count} frames asked for in 3 s")
plain, *theirs = (count for _, count in seen)
sys.exit(0 if plain == 0 and all(count > 30 for count in theirs) else "This has changed.")
END

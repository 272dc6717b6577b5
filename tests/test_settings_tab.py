"""The Settings tab: each choice applies at once or says why not, a key is never shown again, errors are sentences."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from gemini_diffusion.config.log import RedactingFilter, redacted
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import ImageEngine
from gemini_diffusion.engines.downloads.model_store import in_bytes
from gemini_diffusion.engines.local.local_engine import LocalEngine
from gemini_diffusion.types import AdapterChoice
from gemini_diffusion.ui.error_display import show_error
from gemini_diffusion.ui.lora_list import lora_list_text, read_lora_list
from tests.adapter_makers import write_header
from tests.chat_tab_harness import Desk, who
from tests.sketch_engine import SketchEngine

CANARY = "AIzaCANARY-canary-canary-9f31"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def desk(page: Desk) -> Desk:
    return page.begin_anew()


async def test_a_setting_applies_at_once_and_a_bad_value_is_said_and_the_old_one_kept(desk: Desk) -> None:
    steps = desk.settings.controls["num_inference_steps"]
    change = desk.settings.changer("num_inference_steps")
    assert "elem_classes" in (await change(12, who()))[steps]
    refused = (await change(900, who()))[steps]
    assert "900" in refused["info"] and "1 to 150" in refused["info"] and refused["info"].endswith("Still 12.")
    assert refused["elem_classes"] == ["bad"]
    assert desk.visitor(who()).settings.num_inference_steps == 12


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("temperature", 9, "Still the model's own."),
        ("negative_prompt", "x" * 3000, "Still empty."),
        ("stylize", -1, "Still 100."),
    ],
)
async def test_what_was_typed_stays_in_its_box_even_where_it_does_not_fit(desk: Desk, name: str, value: Any, said: str) -> None:
    refused = (await desk.settings.changer(name)(value, who()))[desk.settings.controls[name]]
    assert "value" not in refused and refused["info"].endswith(said)


@pytest.mark.parametrize(
    ("name", "value"), [("stylize", 7), ("negative_prompt", " fog "), ("stylize", None), ("temperature", 0.5)]
)
async def test_an_answer_to_what_was_typed_holds_no_value_of_anything(desk: Desk, name: str, value: Any) -> None:
    assert all("value" not in update for update in (await desk.settings.changer(name)(value, who())).values())


async def test_an_emptied_box_is_the_default_again(desk: Desk) -> None:
    for name, value, own in (("temperature", None, None), ("stylize", None, 100), ("chat_model", "", "gemini-flash-latest")):
        desk.visitor(who()).change({name: {"temperature": 0.5, "stylize": 7, "chat_model": "another"}[name]})
        await desk.settings.changer(name)(value, who())
        assert getattr(desk.visitor(who()).settings, name) == own


async def test_a_box_that_was_only_passed_through_is_no_choice(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for name in ("stylize", "temperature", "negative_prompt"):
        await desk.settings.changer(name)(getattr(desk.visitor(who()).settings, name), who())
    assert list(tmp_path.rglob("settings.json")) == []  # noqa: ASYNC240 - a test has time


async def test_only_what_another_choice_changed_is_explained_anew(desk: Desk) -> None:
    tab = desk.settings
    assert set(await tab.changer("stylize")(7, who())) == {tab.controls["stylize"]}
    desk.visitor(who()).change({"engine": "hosted"})
    desk.engine._able = True
    updates = await tab.changer("engine")("local", who())
    freed = {"negative_prompt", "num_inference_steps", "guidance_scale", "scheduler", "adapters", "refine"}
    assert {name for name, control in tab.controls.items() if control in updates} <= freed | {"engine"}
    assert not updates[tab.controls["adapters"]]["info"].endswith("Not used by this model.")


async def test_a_page_that_comes_is_told_everything_and_only_then_something_can_be_typed(desk: Desk) -> None:
    tab = desk.settings
    assert tab.column.visible is False
    page = await tab.open(who())
    assert page[tab.column]["visible"] is True
    assert all("value" in page[control] for control in tab.controls.values())


async def told_in(desk: Desk) -> dict[str, Any]:
    """The values that a page is told when the tab is opened."""
    page = await desk.settings.open(who())
    return {name: page[control]["value"] for name, control in desk.settings.controls.items() if "value" in page[control]}


async def test_an_opened_tab_is_told_only_what_it_does_not_show(desk: Desk) -> None:
    assert set(await told_in(desk)) == set(desk.settings.controls)
    assert await told_in(desk) == {}
    desk.visitor(who()).change({"file_format": "webp"})
    assert await told_in(desk) == {"file_format": "webp"}
    await desk.settings.changer("stylize")(7, who())
    await desk.settings.changer("negative_prompt")(" fog ", who())
    await desk.settings.changer("temperature")(9, who())
    assert await told_in(desk) == {"negative_prompt": "fog", "temperature": None}
    other = gr.Request(session_hash="another page", cookies=who().cookies)
    assert "value" in (await desk.settings.open(other))[desk.settings.controls["stylize"]]


async def test_lists_of_models_that_come_late_leave_alone_what_is_chosen(desk: Desk) -> None:
    lists = await desk.settings.lists(who())
    assert all(update["choices"] and "value" not in update for update in lists.values())


def test_the_tab_has_every_row_of_the_table_and_the_hosts_only_for_the_host(tmp_path: Path) -> None:
    table = Settings.table()
    keys = {"google_api_key", "openai_api_key", "openai_images_key", "hf_token"}
    assert keys == set(Settings.key_names())
    assert set(Desk(tmp_path).settings.controls) | keys == set(table)
    visible = set(Desk(tmp_path, owner=False).settings.controls)
    assert visible == {name for name, option in table.items() if option.scope == "visitor"} - keys


def test_a_range_is_read_as_a_person_writes_it(desk: Desk) -> None:
    assert "(0 to 1,000,000)" in desk.settings.controls["lend_in_all"].info
    assert "(0.5 to 1)" in desk.settings.controls["refine"].info


async def test_what_the_model_does_not_use_is_said_at_the_setting(desk: Desk) -> None:
    page = desk.settings.show(desk.visitor(who()), {})
    assert page[desk.settings.controls["scheduler"]]["info"].endswith("Not used by this model.")
    assert not page[desk.settings.controls["guidance_scale"]]["info"].endswith("Not used by this model.")
    for name in ("adapters", "refine"):
        assert page[desk.settings.controls[name]]["info"].endswith("Not used by this model.")


async def test_a_stranger_cannot_lower_safety_below_the_hosts_and_is_told_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path, owner=False, settings={"safety": "BLOCK_MEDIUM_AND_ABOVE"})
    control, change = desk.settings.controls["safety"], desk.settings.changer("safety")
    for lower in ("OFF", "block_only_high"):
        refused = (await change(lower, who()))[control]
        assert refused["value"] == "BLOCK_MEDIUM_AND_ABOVE"
        assert "cannot be set lower here than the host has it. Choose BLOCK_MEDIUM_AND_ABOVE or a stricter" in refused["info"]
    assert "value" not in (await change("BLOCK_LOW_AND_ABOVE", who()))[control]
    assert desk.visitor(who()).settings.safety == "BLOCK_LOW_AND_ABOVE"


async def test_a_lower_safety_kept_from_before_is_the_hosts_where_strangers_draw(tmp_path: Path) -> None:
    alone = Desk(tmp_path)
    alone.visitor(who()).change({"safety": "OFF", "stylize": 7})
    assert alone.visitor(who()).settings.safety == "OFF"
    shared = Desk(tmp_path, owner=False)
    assert (shared.visitor(who()).settings.safety, shared.visitor(who()).settings.stylize) == ("BLOCK_ONLY_HIGH", 7)


async def test_pictures_are_judged_where_strangers_draw_unless_the_host_said_otherwise(tmp_path: Path) -> None:
    assert Desk(tmp_path).visitor(who()).settings.picture_filter == "auto"
    assert Desk(tmp_path, owner=False).visitor(who()).settings.picture_filter == "on"
    assert Desk(tmp_path, owner=False, settings={"picture_filter": "off"}).visitor(who()).settings.picture_filter == "off"


async def test_a_key_leaves_the_box_and_only_its_tail_is_shown(desk: Desk) -> None:
    box = desk.settings.keys[0]
    kept = await box.keep(CANARY, who())
    assert kept[box.box] == ""
    assert "9f31" in kept[box.state] and CANARY not in str(kept)
    assert desk.visitor(who()).settings.google_api_key.reveal() == CANARY
    assert "not set" in (await box.drop(who()))[box.state]


async def test_a_key_that_cannot_be_one_leaves_the_box_too(desk: Desk) -> None:
    box = desk.settings.keys[0]
    kept = await box.keep("two words", who())
    assert kept[box.box] == "" and "blanks" in kept[box.state]


async def test_the_check_names_each_part(desk: Desk) -> None:
    found = (await desk.settings.look(who())).replace("\\", "")
    assert "**Drawing on this machine** (works): Draws sketches." in found and "**Gemini key** (works): Not set." in found
    assert (
        "**Picture filter** (works): On where strangers draw. The picture filter's model Falconsai/nsfw_image_detection"
        in found
    )


# LoRAs and textual inversions


async def test_the_adapters_that_are_here_are_listed_each_time_with_what_they_answer_to(tmp_path: Path) -> None:
    engines: list[ImageEngine] = [LocalEngine(tmp_path), SketchEngine("hosted")]
    assert "files into a folder called adapters in the data folder" in await read_lora_list(engines)
    layer = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
    shapes = {f"{layer}.lora_down.weight": (4, 2048), f"{layer}.lora_up.weight": (64, 4)}
    oils = write_header(tmp_path / "adapters" / "oils.safetensors", shapes, {"trigger_words": "ohwx, in oils"})
    write_header(tmp_path / "adapters" / "Toy.safetensors", {"emb_params": (1, 768)})
    (tmp_path / "adapters" / "bad.pt").write_bytes(b"\x80\x02")
    lines = (await read_lora_list(engines)).replace("\\", "").splitlines()
    assert lines[0] == "Installed, as you write them in a prompt:"
    assert lines[2:] == [
        f"- **&lt;lora:oils:1&gt;** LoRA for SDXL, {in_bytes(oils.stat().st_size)}; trigger words: ohwx, in oils",
        "- **&lt;toy&gt;** textual inversion for Stable Diffusion 1.5, 1.6 kB",
        "- **&lt;lora:bad:1&gt;** cannot be used: bad.pt is not used: a .pt file may run a program when it is read. "
        "Only .safetensors files are used: they hold numbers and nothing that runs.",
    ]


def test_nothing_that_a_file_says_of_itself_is_read_as_markdown_or_html_and_many_files_are_cut() -> None:
    evil = AdapterChoice("<lora:[x](y)\n# big:1>", "LoRA", ("<img src=x onerror=alert(1)>", "![a](http://b.c/d.png)"))
    shown = lora_list_text([evil, *[AdapterChoice(f"<lora:{number}:1>", "LoRA") for number in range(99)]])
    assert "<" not in shown
    assert "\\[x\\]\\(y\\) \\# big" in shown
    assert "\\!\\[a\\]\\(http" in shown
    assert shown.splitlines()[-1] == "- and 40 more"
    assert len(shown.splitlines()) == 2 + 60 + 1


# Errors in words


async def test_an_error_nobody_foresaw_is_one_calm_sentence_and_no_key_reaches_the_log(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken() -> None:
        raise RuntimeError(f"with {CANARY} in it")

    await show_error(broken)()
    assert "Something unexpected went wrong" in capsys.readouterr().out
    assert "RuntimeError" in caplog.text and CANARY not in caplog.text


def test_what_looks_like_a_key_is_struck_from_any_text() -> None:
    for key in (CANARY, "hf_abcdefgh12345", "Bearer abcdefgh.ijk"):
        assert key not in redacted(f"sent {key} to")


def test_the_filter_for_logs_strikes_keys_from_messages_and_tracebacks(caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(RedactingFilter())
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("anything").exception("with %s", CANARY)
    assert "ValueError" in caplog.text and CANARY not in caplog.text


async def test_a_stranger_who_checks_reads_of_keys_and_nothing_of_the_machine(tmp_path: Path) -> None:
    stranger, host = Desk(tmp_path / "a", owner=False), Desk(tmp_path / "b")
    shown = await stranger.settings.look(who())
    assert "Gemini key" in shown and "Hugging Face" in shown
    for word in ("Data folder", "Packages", "Python", "GB", str(tmp_path)):
        assert word not in shown
    told = (await host.settings.look(who())).replace("\\", "")
    assert "Data folder" in told and "In all: 0 answers and pictures lent" in told

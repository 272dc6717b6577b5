"""The Pictures tab's handlers, called as they are: what they answer, to whom, and what they make of nonsense."""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from PIL import Image, ImageStat

from gemini_diffusion import commands
from gemini_diffusion.types import FinishStep
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.ui import pictures_tab
from gemini_diffusion.ui.error_display import answer_errors
from gemini_diffusion.ui.pictures_tab import PicturesTab
from tests.chat_tab_harness import Desk, who
from tests.pictures import encoded
from tests.test_uploads import halves


class Room:
    """The tab of a visitor who has drawn a fox and brought a photo."""

    def __init__(self, desk: Desk) -> None:
        with gr.Blocks(analytics_enabled=False), gr.Tabs() as tabs, gr.Tab("Pictures"):
            self.tab = PicturesTab(desk.visitors, desk.tab.following, pictures_tab.build(), tabs)

    async def ask(self, name: str, asked: Any, name_of: str = "a") -> dict[str, Any]:
        handler = answer_errors(getattr(self.tab, name))
        answer: dict[str, Any] = await handler(asked, who(name_of))
        return answer

    async def titles(self, **asked: Any) -> list[str]:
        return [picture["title"] for picture in (await self.ask("pictures", asked))["pictures"]]


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path, able=True)
    await desk.shown(desk.tab.send("/imagine a fox in the snow --seed 7", "", who()))
    await desk.visitor(who()).session.bring(encoded(halves((80, 60)), "JPEG"), "beach.jpg")
    return desk


async def test_pictures_are_listed_with_what_a_tile_shows(desk: Desk) -> None:
    answer = await Room(desk).ask("pictures", {})
    beach, fox = answer["pictures"]
    assert (answer["total"], answer["more"], answer["unread"]) == (2, False, 0)
    assert (beach["title"], beach["drawn"], beach["model"]) == ("beach.jpg", False, "")
    assert (fox["alt"], fox["seed"], fox["drawn"], fox["starred"]) == (f"Picture: {fox['title']}", 7, True, False)
    assert fox["small"] == fox["file"].rpartition("/")[0] + "/thumbnail_384.webp"
    assert await Room(desk).titles(words="fox") == [fox["title"]]
    assert await Room(desk).titles(brought=True) == ["beach.jpg"]


async def test_a_star_a_delete_and_their_undo(desk: Desk) -> None:
    room = Room(desk)
    fox = (await room.ask("pictures", {"words": "fox"}))["pictures"][0]
    for change, seen in (
        ("star", {"starred": [fox["title"]], "deleted": []}), ("unstar", {"starred": []}),
        ("delete", {"deleted": [fox["title"]]}), ("restore", {"deleted": []}),
    ):  # fmt: skip
        assert await room.ask("change_picture", {"id": fox["id"], "change": change}) == {}
        assert {name: await room.titles(**{name: True}) for name in seen} == seen
    await room.ask("change_picture", {"id": fox["id"], "change": "delete"})
    [deleted] = (await room.ask("pictures", {"deleted": True}))["pictures"]
    assert deleted["small"].startswith("data:image/webp;base64,")


async def test_a_picture_is_used_again_and_shown_large(desk: Desk) -> None:
    room, session = Room(desk), desk.visitor(who()).session
    fox = session.collection.pictures[0]
    assert await room.ask("picture_line", {"id": fox.id}) == {"line": fox.recipe.line}
    line = (await room.ask("picture_line", {"id": fox.id, "only": "prompt"}))["line"]
    read = commands.parse(line)
    assert isinstance(read, commands.Imagine) and (read.idea, read.flags) == (fox.recipe.prompt, commands.Flags(raw=True))
    shown = await room.tab.show_large(fox.id, who())
    assert shown[desk.panel.selected] == fox.id
    assert shown[room.tab.tabs].selected == "chat"


async def test_a_finished_copy_is_seen_before_it_is_kept(desk: Desk) -> None:
    room, session = Room(desk), desk.visitor(who()).session
    beach = session.collection.pictures[1]
    answer = await room.ask("finish_preview", {"id": beach.id, "steps": "colour:-1"})
    assert [name for name, *_ in answer["kinds"]] == ["levels", "light", "contrast", "colour", "detail", "sharpen"]
    seen = Image.open(io.BytesIO(base64.b64decode(answer["after"].partition(",")[2])))
    assert seen.size == (80, 60) and ImageStat.Stat(seen.convert("HSV").getchannel("S")).mean[0] < 5
    values = {desk.panel.finish_steps: "colour:-1", desk.panel.selected: beach.id}
    page = await desk.shown(desk.hand.finish(values, who()))
    kept = session.collection.pictures[-1]
    assert page[desk.panel.selected]["value"] == kept.id and kept.recipe.parent == beach.id and kept.recipe.line == ""
    assert kept.recipe.request.finish == (FinishStep("colour", -1),)
    for line, front in (("/undo", beach), ("/redo", kept)):
        assert (await desk.shown(desk.tab.send(line, "", who())))[desk.panel.selected]["value"] == front.id


async def test_nobody_sees_or_changes_anothers(desk: Desk) -> None:
    room, fox = Room(desk), desk.visitor(who()).session.collection.pictures[0]
    assert (await room.ask("pictures", {}, "b"))["pictures"] == []
    for name, asked in (
        ("picture_line", {}),
        ("finish_preview", {}),
        *(("change_picture", {"change": kind}) for kind in ("star", "delete", "restore")),
    ):
        assert "not here any more" in (await room.ask(name, {"id": fox.id, **asked}, "b"))["error"]
    assert desk.visitor(who()).session.picture(fox.id) == fox


NONSENSE: list[tuple[str, Any]] = [
    ("pictures", None), ("pictures", []), ("pictures", {"words": ["x"], "before": "9", "model": {}}),
    ("pictures", {"before": -1}), ("pictures", {"before": 2**70}), ("pictures", {"words": '"' * 9999}), ("change_picture", {}),
    ("change_picture", "delete"), ("change_picture", {"id": "../..", "change": "delete"}), ("picture_line", {"id": None}),
    ("picture_line", 7), ("finish_preview", {"id": 7, "steps": [None]}),
]  # fmt: skip


async def test_nonsense_gets_an_answer_or_a_sentence(desk: Desk) -> None:
    room = Room(desk)
    for name, asked in NONSENSE:
        answer = await room.ask(name, asked)
        assert "pictures" in answer or "unexpected" not in answer["error"], (name, asked)
    assert len(desk.visitor(who()).session.collection.pictures) == 2
    asked_without_cookies = answer_errors(room.tab.pictures)
    assert "cookies" in (await asked_without_cookies({}, gr.Request(session_hash="x", cookies={})))["error"]


async def test_all_of_ones_own_is_saved_and_then_deleted_for_good_and_nothing_of_anothers(desk: Desk, tmp_path: Path) -> None:
    own, mine = desk.settings.own, desk.visitor(who())
    await desk.shown(desk.tab.send("/imagine a hen", "", who("b")))
    beach = (await Room(desk).ask("pictures", {}))["pictures"][0]["id"]
    await Room(desk).ask("change_picture", {"id": beach, "change": "delete"})
    mine.change({"stylize": 7})
    mine.set_key("google_api_key", "AIza-own-own-own")
    await desk.kept.save(who())
    with zipfile.ZipFile(await own.export(who())) as archive:
        names = archive.namelist()
    assert [name for name in names if name.endswith(".png")] == [name for name in names if "fox" in name] != []
    assert "settings.json" in names
    task = mine.session.start("/imagine a slow fox", mine.settings)
    with pytest.raises(BadInput, match="still under way"):
        await own.forget(who())
    async for _ in mine.session.watch(task.id):
        pass
    await own.forget(who())
    others = {picture.id for picture in desk.visitor(who("b")).session.collection.pictures}
    assert _folders(tmp_path / "pictures") == others
    assert not _folders(tmp_path / "trash") and len(_folders(tmp_path / "visitors")) == 1
    again = desk.visitor(who())
    assert (again.session.turns, again.settings.stylize, again.owns("google_api_key")) == ((), 100, False)


def _folders(place: Path) -> set[str]:
    return {path.name for path in place.iterdir() if path.is_dir()}

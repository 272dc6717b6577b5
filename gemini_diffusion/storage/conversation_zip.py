"""A conversation as the texts of a zip, beside its pictures: to be read, and to be brought back. Knows no visitor."""

from __future__ import annotations

import dataclasses
import json
import secrets
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from gemini_diffusion.storage import history, uploads
from gemini_diffusion.storage.conversations import Conversation
from gemini_diffusion.storage.gallery import bundled_name
from gemini_diffusion.types import Picture
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.types.turn import Turn

if TYPE_CHECKING:
    from PIL.Image import Image

WORDS, TURNS = "conversation.md", "conversation.json"
LONGEST_WORDS = 20_000_000
"""Bytes of a conversation without its pictures."""
_NOT_OURS = (
    OSError, ValueError, TypeError, KeyError, RecursionError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error
)  # fmt: skip


def texts(conversation: Conversation, turns: Sequence[Turn], pictures: Sequence[Picture]) -> dict[str, bytes]:
    """Both by their names in the zip; `pictures` are those that lie beside them, which they name as they lie there."""
    names = {picture.id: bundled_name(number, picture) for number, picture in enumerate(pictures, 1)}

    def beside(picture: Picture) -> Picture:
        return dataclasses.replace(picture, path=Path(names.get(picture.id, "")))

    carried = [history.with_pictures(turn, beside) for turn in turns if not turn.running]
    head = json.dumps({"name": conversation.name, "wishes": conversation.wishes}, ensure_ascii=False)
    told = f'{head[:-1]}, "turns": '.encode() + history.dump_turns(carried) + b"}"
    return {WORDS: "\n\n".join(_markdown(conversation, carried)).encode() + b"\n", TURNS: told}


def _markdown(conversation: Conversation, turns: Sequence[Turn]) -> Iterator[str]:
    yield f"# {conversation.name or 'A conversation'}"
    for wish in conversation.wishes:
        yield f"Always: {wish}"
    for turn in turns:
        yield "\n".join(f"> {line}" for line in turn.asked.splitlines())
        for picture in turn.pictures:
            name = picture.path.name
            yield f"![{name}](<{name}>)" if name else "(a picture that was deleted)"
            yield f"`{picture.recipe.line.replace('`', chr(39))}`"
        if turn.text:
            yield turn.text
        yield from (f"{failed.text} {failed.hint}".strip() for failed in turn.failures)


class CarriedConversation:
    """A zip that somebody brings, of which nothing is believed: no name in it is a path, no size is what it says.

    Opened with `with`. Raises BadInput for anything but a conversation of ours.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
            told = json.loads(self._content(TURNS, LONGEST_WORDS))
            self.name, self.wishes = str(told["name"]), tuple(str(wish) for wish in told["wishes"])
            self.turns = tuple(_harmless(turn) for turn in history.parse_turns(json.dumps(told["turns"]).encode()))
        except _NOT_OURS as error:
            raise BadInput("That is no conversation of ours.", "Bring a zip that Save all made.") from error
        if history.overflow(self.turns):
            raise BadInput("That conversation is longer than any of ours.", "Bring a zip that Save all made.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._archive.close()

    @property
    def pictures(self) -> dict[str, Picture]:
        """The pictures that its turns name, by the id that they had where they come from."""
        found: dict[str, Picture] = {}
        for turn in self.turns:
            history.with_pictures(turn, lambda picture: found.setdefault(picture.id, picture))
        return found

    def image(self, picture: Picture) -> Image:
        """The picture itself, read to its end. Raises BadInput where it is not there or broken."""
        try:
            return uploads.read_upload(self._content(str(picture.path), uploads.LONGEST))
        except _NOT_OURS as error:
            raise BadInput("A picture of that conversation is missing.", "Save it once more.") from error

    def _content(self, name: str, most: int) -> bytes:
        with self._archive.open(name) as file:
            content = file.read(most + 1)
        if len(content) > most:
            raise ValueError(f"{name} is longer than {most} bytes")
        return content


def _harmless(turn: Turn) -> Turn:
    """A turn of somebody's file as one of this app: under an id of our own, with no button to press."""
    failures = tuple(dataclasses.replace(failed, action="") for failed in turn.failures)
    return dataclasses.replace(turn, id=secrets.token_hex(8), failures=failures, offer="", preview=None, planned=())

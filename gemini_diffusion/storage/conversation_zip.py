"""A conversation as the texts of a zip, beside its pictures: to be read, and to be brought back. Knows no visitor."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from gemini_diffusion.storage import history
from gemini_diffusion.storage.conversations import Conversation
from gemini_diffusion.storage.gallery import bundled_name
from gemini_diffusion.types import Picture
from gemini_diffusion.types.turn import Turn

WORDS, TURNS = "conversation.md", "conversation.json"


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

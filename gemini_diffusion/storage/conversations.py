"""A visitor's conversations on disk: which there are, what each is called, and where its turns are. It knows no window.

The turns' files are the truth; `conversations.json` beside them adds the names, the wishes and which one is open.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemini_diffusion.storage import history
from gemini_diffusion.storage.files import write_atomically
from gemini_diffusion.storage.trash import KEPT
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.types.turn import Turn

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FIRST = "first"
"""The id of the one that versions before 0.3.0 kept, as `conversation.json`."""
MOST = 500
"""Conversations of one visitor, the deleted ones too."""
LONGEST_NAME = 60
NEW = "New conversation"


@dataclass(frozen=True, slots=True)
class Conversation:
    """One of them. `wishes` hold for every picture of it; `changed` and `deleted` in seconds since 1970, 0.0 for never."""

    id: str = FIRST
    name: str = ""
    wishes: tuple[str, ...] = ()
    changed: float = 0.0
    deleted: float = 0.0


@dataclass(frozen=True, slots=True)
class _Index:
    open: str
    conversations: tuple[Conversation, ...]


class Conversations:
    """Those of the visitor whose folder is `folder`. One of them is open; nothing is written before there is a turn."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder, self._clock = folder, clock
        self._file = folder / "conversations.json"
        self._changing = threading.RLock()
        index = self._read()
        self._open, self._all = index.open, {each.id: each for each in index.conversations}

    # What there is

    @property
    def current(self) -> Conversation:
        return self._all.get(self._open) or Conversation(self._open)

    @property
    def listed(self) -> list[Conversation]:
        """Those with something in them that are not deleted, the one changed last first."""
        here = [each for each in self._all.values() if each.name and not each.deleted]
        return sorted(here, key=lambda each: each.changed, reverse=True)

    def turns(self) -> tuple[Turn, ...]:
        """Those of the open one."""
        return history.read_turns(self._path(self._open))

    def asked(self, most: int) -> list[str]:
        """What was asked in them, each once, the newest first, at most so many. Reads files."""
        found = dict[str, None]()
        for each in self.listed:
            found |= dict.fromkeys(
                turn.asked for turn in reversed(history.read_turns(self._path(each.id))) if turn.asked not in found
            )
            if len(found) >= most:
                break
        return list(found)[:most]

    def search(self, words: str) -> list[Conversation]:
        """Those in which every one of `words` is found, in the name or in what was said. Reads files."""
        wanted = words.casefold().split()
        return [each for each in self.listed if all(word in self._text(each) for word in wanted)]

    # Changing; each raises BadInput for one that is not there, DiskFull where nothing can be written

    def keep(self, turns: tuple[Turn, ...]) -> None:
        """Writes the turns of the open one, whole."""
        with self._changing:
            self._refuse_more()
            history.keep_turns(self._path(self._open), turns)
            name = self.current.name or name_of(turns)
            self._put(dataclasses.replace(self.current, name=name, changed=self._clock()))

    def add(self, turns: tuple[Turn, ...], name: str, wishes: tuple[str, ...] = ()) -> Conversation:
        """Another one with these turns."""
        with self._changing:
            self._refuse_more()
            added = Conversation(secrets.token_hex(8), _shortened(name) or name_of(turns), wishes, self._clock())
            history.keep_turns(self._path(added.id), turns)
            self._put(added)
            return added

    def begin(self) -> None:
        """Opens an empty one."""
        with self._changing:
            self._open = self._unused()
            if self._all:
                self._write()

    def open(self, identity: str) -> None:
        with self._changing:
            self._open = self._own(identity).id
            self._write()

    def rename(self, name: str) -> None:
        """Gives the open one a name of its own."""
        if not name.strip():
            raise BadInput("A conversation needs a name.", "Type one, then press Rename.")
        with self._changing:
            self._put(dataclasses.replace(self.current, name=_shortened(name)))

    def wish(self, wishes: tuple[str, ...]) -> None:
        """What holds for every picture of the open one."""
        with self._changing:
            self._put(dataclasses.replace(self.current, wishes=wishes))

    def branch(self, turns: tuple[Turn, ...]) -> None:
        """Opens a copy of the open one that ends after `turns`."""
        with self._changing:
            wishes = self.current.wishes
            self._open = self.add(turns, self.current.name, wishes).id if turns else self._unused(wishes)
            self._write()

    def delete(self) -> None:
        """Deletes the open one, which can be had back for a month, and opens the one changed last."""
        with self._changing:
            now = self._clock()
            if not self.current.name:
                raise BadInput("There is nothing in this conversation yet.", "Open the one that should go.")
            self._all[self._open] = dataclasses.replace(self.current, deleted=now)
            for each in [each for each in self._all.values() if 0 < each.deleted < now - KEPT]:
                self._path(each.id).unlink(missing_ok=True)
                del self._all[each.id]
            self._open = self.listed[0].id if self.listed else self._unused()
            self._write()

    def restore(self) -> None:
        """Has back the one that was deleted last, and opens it."""
        with self._changing:
            deleted = [each for each in self._all.values() if each.deleted]
            if not deleted:
                raise BadInput("No conversation was deleted.", "A deleted one can be had back for a month.")
            back = dataclasses.replace(max(deleted, key=lambda each: each.deleted), deleted=0.0)
            self._open = back.id
            self._put(back)

    # Its files

    def _unused(self, wishes: tuple[str, ...] = ()) -> str:
        """The id of one that has no turns yet."""
        identity = secrets.token_hex(8)
        if wishes:
            self._all[identity] = Conversation(identity, wishes=wishes, changed=self._clock())
        return identity

    def _own(self, identity: str) -> Conversation:
        found = self._all.get(identity)
        if found is None or found.deleted:
            raise BadInput("That conversation is not here.", "Choose another one.")
        return found

    def _refuse_more(self) -> None:
        if len(self._all) >= MOST and self._open not in self._all:
            raise BadInput(f"There are {MOST} conversations already.", "Delete some, then begin a new one.")

    def _put(self, conversation: Conversation) -> None:
        self._all[conversation.id] = conversation
        self._write()

    def _write(self) -> None:
        write_atomically(self._file, _kind().dump_json(_Index(self._open, tuple(self._all.values()))))

    def _read(self) -> _Index:
        """What stands in the index, without those whose file is gone and with those that it lacks."""
        index = _Index(FIRST, ())
        try:
            if self._file.exists():
                index = _kind().validate_json(self._file.read_bytes())
        except (OSError, ValueError) as error:
            logging.getLogger(__name__).warning("The list of conversations could not be read and is made again: %s", error)
        files = {_identity(path): path for path in self._folder.glob("conversation*.json") if _identity(path)}
        known = [each for each in index.conversations if each.id in files or each.id == index.open]
        lacking = [_found(identity, files[identity]) for identity in files.keys() - {each.id for each in known}]
        newest = max((*known, *lacking), key=lambda each: each.changed, default=Conversation()).id
        return _Index(index.open if self._file.exists() and known else newest, (*known, *lacking))

    def _path(self, identity: str) -> Path:
        return self._folder / ("conversation.json" if identity == FIRST else f"conversation-{identity}.json")

    def _text(self, conversation: Conversation) -> str:
        turns = history.read_turns(self._path(conversation.id))
        return "\n".join((conversation.name, *(f"{turn.asked}\n{turn.text}" for turn in turns))).casefold()


def name_of(turns: Iterable[Turn]) -> str:
    """The first words of a conversation, without their command and flags."""
    first = next((turn.asked for turn in turns if turn.asked.strip()), "")
    return _shortened(re.sub(r"^/imagine\s+|\s--.*", "", first.strip(), flags=re.DOTALL))


def _shortened(name: str) -> str:
    words = " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())
    return words if len(words) <= LONGEST_NAME else words[: LONGEST_NAME - 1].rstrip() + "\u2026"


def _identity(path: Path) -> str:
    """The id of the conversation in a file, "" for another kind of file."""
    stem = path.name.removesuffix(".json").removeprefix("conversation")
    if not stem:
        return FIRST
    return stem[1:] if len(stem) == 17 and stem[0] == "-" and set(stem[1:]) <= set("0123456789abcdef") else ""


def _found(identity: str, file: Path) -> Conversation:
    return Conversation(identity, name_of(history.read_turns(file)), changed=file.stat().st_mtime)


@functools.cache
def _kind() -> TypeAdapter[Any]:
    """How the index is read and written; made once, since making it takes longer than using it."""
    from pydantic import TypeAdapter

    return TypeAdapter(_Index)

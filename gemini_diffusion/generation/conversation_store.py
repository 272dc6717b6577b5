"""The open conversation of one visitor as it lies on disk: its turns, its pictures and the zip of both, within their quota."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from gemini_diffusion.generation.limits.access import Access
from gemini_diffusion.generation.wishes import add_wish
from gemini_diffusion.storage import conversation_zip, history
from gemini_diffusion.storage.conversations import Conversations
from gemini_diffusion.storage.gallery import Gallery
from gemini_diffusion.types import Picture
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.types.turn import Turn

Turns = tuple[Turn, ...]


class ConversationStore:
    """What is kept in `folder`. Its methods read and write files."""

    def __init__(self, folder: Path, gallery: Gallery, access: Access) -> None:
        self.conversations = Conversations(folder)
        self._folder, self._gallery, self._access = folder, gallery, access
        self._bundle: Path | None = None

    def read(self) -> Turns:
        """The open conversation's turns, with their pictures where the gallery is now: a data folder may have been moved."""

        def moved(picture: Picture) -> Picture:
            return dataclasses.replace(picture, path=self._gallery.folder / picture.id / picture.path.name)

        return tuple(history.with_pictures(turn, moved) for turn in self.conversations.turns())

    def keep(self, turns: Turns) -> None:
        """Writes the open conversation; of one that has grown too long, `overflow` goes to a conversation of its own.

        Raises OutOfQuota, DiskFull, BadInput.
        """
        self._access.refuse_more()
        if leaving := history.overflow(turns):
            self.conversations.add(turns[:leaving], f"{self.conversations.current.name or 'Conversation'}, earlier")
        self.conversations.keep(turns[leaving:])
        self._access.keeps(self._folder)

    def counted(self) -> None:
        """Counts the folder anew, as after a change to `conversations`."""
        self._access.keeps(self._folder)

    def wish(self, words: str) -> None:
        """From now on `words` go with every request for a picture of this conversation. Raises BadInput."""
        self.conversations.wish(add_wish(self.conversations.current.wishes, words))
        self.counted()

    def bundle(self, turns: Turns) -> Path:
        """One zip of a conversation, its words and its pictures; an earlier one goes. Raises BadInput where it is empty."""
        if not turns:
            raise BadInput("There is nothing in this conversation yet.", "Ask for a picture first: /imagine a fox.")
        pictures = [picture for turn in turns for picture in turn.pictures if picture.path.exists()]
        texts = conversation_zip.texts(self.conversations.current, turns, pictures)
        earlier, self._bundle = self._bundle, self._gallery.bundle(pictures, texts)
        if earlier and earlier != self._bundle:
            self._gallery.remove(earlier)
            self._access.keeps(earlier.parent)
        self._access.keeps(self._bundle.parent)
        return self._bundle

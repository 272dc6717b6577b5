"""The open conversation of one visitor as it lies on disk: its turns, its pictures and the zip of both, within their quota."""

from __future__ import annotations

import dataclasses
import logging
import os
import shutil
from collections.abc import Container, Mapping, Sequence
from pathlib import Path

from gemini_diffusion.generation.conversation.wishes import add_wish
from gemini_diffusion.generation.limits.access import Access, is_local_path
from gemini_diffusion.storage import conversation_zip, history
from gemini_diffusion.storage.collection import Collection
from gemini_diffusion.storage.conversation_zip import CarriedConversation
from gemini_diffusion.storage.conversations import Conversations
from gemini_diffusion.storage.gallery import FileFormat, Gallery
from gemini_diffusion.types import Picture
from gemini_diffusion.types.errors import BadInput, OutOfQuota
from gemini_diffusion.types.turn import Turn

Turns = tuple[Turn, ...]
LARGEST = 200_000_000
"""Bytes of a zip that is brought back."""
_LOG = logging.getLogger(__name__)


class ConversationStore:
    """What is kept in `folder`. Its methods read and write files."""

    def __init__(self, folder: Path, gallery: Gallery, access: Access) -> None:
        self.conversations = Conversations(folder)
        self._folder, self._gallery, self._access = folder, gallery, access
        self._bundle: Path | None = None
        self._sound: Path | None = None
        self._arriving = folder / "arriving.zip"
        self._made = folder / "made.txt"

    def read(self) -> Turns:
        """The open conversation's turns, with their pictures where the gallery is now: a data folder may have been moved."""

        def moved(picture: Picture) -> Picture:
            recipe = self._gallery.places.located(picture.recipe)
            return dataclasses.replace(picture, recipe=recipe, path=self._gallery.folder / picture.id / picture.path.name)

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

    def receive(self, at: int, size: int, piece: bytes) -> int:
        """Takes the piece that begins at byte `at` of a zip of `size` bytes; returns how many have arrived.

        Raises BadInput for a zip that is too large and a piece out of turn, and as `keep`.
        """
        self._access.refuse_more()
        if size > LARGEST or at + len(piece) > size:
            raise BadInput(f"That file is larger than {LARGEST // 1_000_000} MB.", "Bring one with fewer pictures.")
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._arriving.open("r+b" if at else "wb") as file:
            if file.seek(0, os.SEEK_END) != at:
                raise BadInput("The conversation arrived incomplete.", "Bring it again.")
            file.write(piece)
        self.counted()
        return at + len(piece)

    def bring_back(self, collection: Collection, engines: Container[str]) -> None:
        """Opens the conversation in the zip that has arrived. Its pictures are new ones of this visitor, but for those that are
        theirs already. Raises BadInput where it is none of ours, and as `keep`.
        """
        try:
            with CarriedConversation(self._arriving) as carried:
                found: dict[str, Picture | None] = {}
                for identity, picture in carried.pictures.items():
                    parent = found.get(picture.recipe.parent)
                    other = dataclasses.replace(picture.recipe, parent=parent.id if parent else "")
                    come = dataclasses.replace(picture, recipe=other)
                    found[identity] = collection.picture(identity) or self._brought(carried, come, collection, engines)
                turns = tuple(history.with_pictures(turn, lambda picture: found[picture.id]) for turn in carried.turns)
                wishes: tuple[str, ...] = ()
                for wish in carried.wishes:
                    wishes = add_wish(wishes, wish)
                self.conversations.open(self.conversations.add(turns, carried.name, wishes).id)
        finally:
            self._arriving.unlink(missing_ok=True)

    def _brought(
        self, carried: CarriedConversation, picture: Picture, collection: Collection, engines: Container[str]
    ) -> Picture | None:
        """A picture of a zip as one of this visitor's; None for one that cannot be read."""
        self._access.refuse_more()
        try:
            image = carried.image(picture)
        except BadInput as error:
            _LOG.info("A picture that was brought back is left out: %s", error)
            return None
        recipe = picture.recipe
        known = recipe.engine in engines and not (self._access.guest and is_local_path(recipe.model))
        request = dataclasses.replace(recipe.request, width=image.width, height=image.height)
        recipe = dataclasses.replace(recipe, request=request, engine=recipe.engine if known else "")
        kept = self._gallery.save(image, recipe)
        collection.add(kept)
        return kept

    def export(self, picture: Picture, file_format: FileFormat) -> Path:
        """The file to download: the kept PNG itself, or a JPEG or WebP made beside it where there is room for one more."""
        try:
            self._access.refuse_more()
        except OutOfQuota:
            return picture.path
        path = self._gallery.export(picture, file_format)
        self._access.keeps(path.parent)
        return path

    def sound(self, content: bytes) -> Path:
        """A WAV file of an answer; an earlier one goes. Raises OutOfQuota where the host keeps nothing more, DiskFull."""
        self._access.refuse_more()
        earlier, self._sound = self._sound, self._gallery.keep_sound(content)
        self._replace(earlier, self._sound)
        return self._sound

    def bundle(self, turns: Turns) -> Path:
        """One zip of a conversation, its words and its pictures; an earlier one goes. Raises BadInput where it is empty,
        OutOfQuota where the host keeps nothing more."""
        if not turns:
            raise BadInput("There is nothing in this conversation yet.", "Ask for a picture first: /imagine a fox.")
        self._access.refuse_more()
        pictures = [picture for turn in turns for picture in turn.pictures if picture.path.exists()]
        texts = conversation_zip.texts(self.conversations.current, turns, pictures)
        return self._bundled(pictures, texts)

    def everything(self, pictures: Sequence[Picture]) -> Path:
        """One zip of all that is here: `pictures`, and the conversations and settings as they lie on disk.

        Raises BadInput where there is nothing, OutOfQuota where the host keeps nothing more.
        """
        texts = {path.relative_to(self._folder).as_posix(): path.read_bytes() for path in self._folder.rglob("*.json")}
        if not (pictures or texts):
            raise BadInput("There is nothing of yours here yet.", "Ask for a picture first: /imagine a fox.")
        self._access.refuse_more()
        return self._bundled(pictures, texts)

    def erase(self) -> None:
        """Deletes for good what is kept here, and each zip and sound that was made of it."""
        for identity in self._made.read_text("ascii").split() if self._made.exists() else ():
            self._gallery.erase(identity)
            self._access.keeps(self._gallery.folder / identity)
        shutil.rmtree(self._folder, ignore_errors=True)
        self.conversations = Conversations(self._folder)
        self._bundle = self._sound = None

    def _bundled(self, pictures: Sequence[Picture], texts: Mapping[str, bytes]) -> Path:
        earlier, self._bundle = self._bundle, self._gallery.bundle(pictures, texts)
        self._replace(earlier, self._bundle)
        return self._bundle

    def _replace(self, earlier: Path | None, made: Path) -> None:
        """A file that was made to be downloaded takes the place of an earlier one, and is noted for whoever deletes all."""
        if earlier and earlier != made:
            self._gallery.remove(earlier)
            self._access.keeps(earlier.parent)
        self._access.keeps(made.parent)
        if earlier != made:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._made.open("a", encoding="ascii") as file:
                file.write(f"{made.parent.name}\n")

"""One visitor's pictures on disk: kept, starred, deleted, had back, and found again. It knows no window.

The files are the truth: `pictures.txt` names all, oldest first, `starred.txt` those with a star; each picture's folder lies in
the gallery or in its trash. Whatever happens to the program in between, the next search puts the index beside them right.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gemini_diffusion.storage.files import write_atomically
from gemini_diffusion.storage.gallery import Gallery, is_drawn, is_marked
from gemini_diffusion.storage.picture_index import BrokenIndex, IndexedPicture, PictureIndex, Search
from gemini_diffusion.storage.thumbnails import NAME, thumbnail
from gemini_diffusion.types import Picture, Recipe
from gemini_diffusion.types.errors import BadInput, GeminiDiffusionError

NO_LIMIT = -1
AT_ONCE = 200
"""Pictures that one search reads into the index at most: about a tenth of a second."""


@dataclass(frozen=True, slots=True)
class SearchResults:
    """`pictures` newest first; `more` says whether there are others below; `unread` are not in the index yet: the same search
    again reads on. `total` counts all that this person has, `models` names what drew them."""

    pictures: tuple[IndexedPicture, ...]
    more: bool
    unread: int
    total: int
    models: tuple[str, ...]


class Collection:
    """The pictures of the visitor whose folder is `folder`; `counted` is told of every folder whose size changes.

    All but `add` and `ids` read or write files at some length: call them on a thread.
    """

    def __init__(self, folder: Path, gallery: Gallery, counted: Callable[[Path], None] = lambda folder: None) -> None:
        self._gallery, self._counted = gallery, counted
        self._names, self._stars = folder / "pictures.txt", folder / "starred.txt"
        self._index = PictureIndex(folder / "pictures.db")
        self._changing = threading.Lock()
        self._checked = False

    # Keeping

    @property
    def ids(self) -> tuple[str, ...]:
        """Of all pictures ever kept, oldest first."""
        if not self._names.exists():
            return ()
        return tuple(self._names.read_text("ascii", errors="ignore").split())

    def add(self, picture: Picture) -> None:
        """Names a picture that was just kept as this person's."""
        self._names.parent.mkdir(parents=True, exist_ok=True)
        with self._names.open("a", encoding="ascii") as file:
            file.write(f"{picture.id}\n")
        self._count(picture.path.parent)

    def _count(self, folder: Path) -> None:
        """What was made or moved, and what is written down of it here."""
        for grown in (folder, self._names.parent):
            self._counted(grown)

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Every picture that is still there, oldest first."""
        return tuple(filter(None, map(self._gallery.find, self.ids)))

    @property
    def newest(self) -> Picture | None:
        """The picture that was drawn or brought last; a copy with marks is neither."""
        found = filter(None, map(self._gallery.find, reversed(self.ids)))
        return next((picture for picture in found if not is_marked(picture.path)), None)

    def picture(self, identity: str) -> Picture | None:
        """A picture of this person's own, None for anybody else's id."""
        return self._gallery.find(identity) if identity in self.ids else None

    def own(self, identity: str) -> Picture:
        """The same. Raises BadInput where there is none."""
        if picture := self.picture(identity):
            return picture
        raise _gone()

    # Changing

    def star(self, identity: str, starred: bool) -> None:
        """Gives a picture a star or takes it away. Raises BadInput for one that is not here."""
        self.own(identity)
        with self._changing:
            stars = dict.fromkeys((*self._starred(), identity))
            if not starred:
                del stars[identity]
            write_atomically(self._stars, "".join(f"{each}\n" for each in stars).encode("ascii"))
            self._tell(lambda: self._index.star(stars, _stamp(self._stars)))
        self._counted(self._stars.parent)

    def delete(self, identity: str) -> None:
        """Puts a picture into the trash, from where `restore` brings it back. Raises BadInput for one that is not here."""
        self.own(identity)
        self._gallery.delete(identity)
        self._moved(identity, here=False)

    def restore(self, identity: str) -> None:
        """Brings a deleted picture back. Raises BadInput where it is another's, or gone for good."""
        if identity not in self.ids:
            raise _gone()
        self._gallery.restore(identity)
        self._moved(identity, here=True)

    def erase(self) -> None:
        """Deletes all of them for good, also what is in the trash; their names go with the folder that they stand in."""
        for identity in self.ids:
            self._gallery.erase(identity)
            self._count_anew(identity)

    def _count_anew(self, identity: str) -> None:
        for folder in (self._gallery.folder, self._gallery.trash.folder):
            self._counted(folder / identity)

    def _moved(self, identity: str, *, here: bool) -> None:
        self._count_anew(identity)
        self._tell(lambda: self._index.move([identity], here=here))

    def _tell(self, change: Callable[[], None]) -> None:
        """Notes a change in the index, which need not have it: the files do."""
        with contextlib.suppress(GeminiDiffusionError, BrokenIndex):
            change()

    def _starred(self) -> tuple[str, ...]:
        return tuple(self._stars.read_text("ascii", errors="ignore").split()) if self._stars.exists() else ()

    # Finding

    def search(self, wanted: Search, most: int) -> SearchResults:
        """At most so many of the pictures wanted, as far as they are in the index; the newest are read into it first.

        Raises BadInput or DiskFull where there can be no index.
        """
        with self._changing:
            try:
                return self._search(wanted, most)
            except BrokenIndex:
                return self._search(wanted, most)

    def _search(self, wanted: Search, most: int) -> SearchResults:
        unread = self._read_on()
        found, more = self._found(wanted, most)
        return SearchResults(tuple(found), more, unread, self._index.count(), tuple(self._index.models()))

    def _found(self, wanted: Search, most: int) -> tuple[list[IndexedPicture], bool]:
        """Those whose files are there; one that somebody threw away is no longer listed."""
        if wanted.deleted:
            deleted = {folder.name for _, folder in self._gallery.trash.oldest_first()}
            found = [entry for entry in self._index.find(wanted, NO_LIMIT) if entry.id in deleted] if deleted else []
            return found[:most], len(found) > most
        while True:
            found = self._index.find(wanted, most + 1)
            gone = [entry.id for entry in found if not self._is_here(entry)]
            if not gone:
                return found[:most], len(found) > most
            self._index.move(gone, here=False)

    def path(self, entry: IndexedPicture) -> Path:
        """Where the file of a listed picture lies."""
        return (self._gallery.folder if entry.here else self._gallery.trash.folder) / entry.id / entry.file

    def thumbnail(self, entry: IndexedPicture) -> Path:
        """The small picture of a listed one, made now if it is missing. Raises BadInput, DiskFull."""
        path = self.path(entry)
        small = path.with_name(NAME)
        if not small.exists():
            thumbnail(path)
            self._count(path.parent)  # the index has grown by then
        return small

    def _read_on(self) -> int:
        """Brings the index closer to the files; says how many pictures it still lacks."""
        stamps, unread = self._index.stamps(), 0
        named, starred = _stamp(self._names), _stamp(self._stars)
        if stamps.get("names") != named:
            unread = self._read_names(named)
        changed = not self._checked or (stamps.get("names"), stamps.get("stars")) != (named, starred)
        if not self._checked:
            self._look_again()
        if changed:
            self._index.star(self._starred(), starred)
        return unread

    def _look_again(self) -> None:
        """Lists again what was away and is back, as after a program that ended between a change and its note in the index."""
        away = self._index.away()
        self._index.move((entry.id for entry in away if entry.file and self._is_here(entry)), here=True)
        self._index.add(self._entry(entry.number, entry.id) for entry in away if not entry.file)
        self._checked = True

    def _is_here(self, entry: IndexedPicture) -> bool:
        return os.path.exists(f"{self._gallery.folder}/{entry.id}/{entry.file}")  # for a page of them, quicker than a Path

    def _read_names(self, stamp: str) -> int:
        """Reads some of the pictures that the index lacks, the newest first; says how many it lacks then."""
        ids, known = self.ids, self._index.numbers()
        if known and (max(known) > len(ids) or self._index.id_of(max(known)) != ids[max(known) - 1]):
            self._index.clear()
            known = set()
        lacking = [number for number in range(len(ids), 0, -1) if number not in known]
        self._index.add(map(self._entry, lacking[:AT_ONCE], (ids[number - 1] for number in lacking[:AT_ONCE])))
        if len(lacking) <= AT_ONCE:
            self._index.stamp("names", stamp)
        return max(0, len(lacking) - AT_ONCE)

    def _entry(self, number: int, identity: str) -> tuple[IndexedPicture, str]:
        """A picture for the index and the text it is found by; one that is gone stands there too, and is not listed."""
        picture = self._gallery.find(identity) or self._gallery.find_deleted(identity)
        if picture is None:
            return IndexedPicture(number, identity), ""
        return _entry(number, picture, here=picture.path.is_relative_to(self._gallery.folder))


def _gone() -> BadInput:
    return BadInput("That picture is not here any more.", "Choose another one, or ask for it anew.")


def _entry(number: int, picture: Picture, *, here: bool) -> tuple[IndexedPicture, str]:
    recipe = picture.recipe
    if is_marked(picture.path):
        return IndexedPicture(number, picture.id), ""
    return IndexedPicture(
        number, picture.id, picture.path.name, recipe.created, _title(recipe), recipe.model, recipe.seed, recipe.width,
        recipe.height, drawn=is_drawn(recipe), veiled=recipe.veiled, here=here,
    ), _text(recipe)  # fmt: skip


def _title(recipe: Recipe) -> str:
    return " ".join((recipe.crafted.title or recipe.original or recipe.prompt).split())[:200]


def _text(recipe: Recipe) -> str:
    """What a picture is found by: what was asked, what was crafted, the model's name and the seed."""
    model = PurePosixPath(recipe.model.replace("\\", "/"))
    name = model.name if model.is_absolute() else recipe.model
    seed = [str(recipe.seed)] if is_drawn(recipe) else []
    return "\n".join((recipe.original, recipe.prompt, recipe.crafted.title, name, *seed))


def _stamp(file: Path) -> str:
    """What a file looks like: any change of it changes this."""
    if not file.exists():
        return ""
    seen = file.stat()
    return f"{seen.st_size}-{seen.st_mtime_ns}"

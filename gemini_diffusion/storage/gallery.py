"""Pictures on disk: each file is written once and carries the recipe that made it, which can be read back.

It knows no visitor and no window: whoever holds a picture's random id may see it.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import json
import re
import secrets
import shutil
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gemini_diffusion.storage.files import free_bytes, replacing, write_atomically
from gemini_diffusion.storage.metadata.containers import read_texts
from gemini_diffusion.storage.metadata.written import RECIPE_KEY, note_in_xmp, png_text, save_options
from gemini_diffusion.storage.model_places import ModelPlaces
from gemini_diffusion.storage.trash import LEAST_FREE, TRASH, Trash
from gemini_diffusion.storage.unsaved import UnsavedPictures
from gemini_diffusion.types import Picture, Recipe
from gemini_diffusion.types.errors import BadInput, DiskFull, NotKept

if TYPE_CHECKING:
    from PIL.Image import Image
    from pydantic import TypeAdapter

FileFormat = Literal["png", "jpeg", "webp"]
SUFFIXES: dict[str, str] = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}
SIGNED = ".signed"
"""Stands in the name of a file that a service signed; it sorts behind the picture's own."""
ROOM = 500_000_000
"""Bytes that should be free before a drawing begins, so that what took minutes, or money, can also be kept."""
_IMAGE_DESCRIPTION = 0x010E


class Gallery:
    """The folder of pictures: `folder`/<random id>/<telling name>.png. Deleted ones lie in `trash` beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.places = ModelPlaces(folder.parent)
        self.unsaved = UnsavedPictures()
        self.trash = Trash(folder.with_name(TRASH))

    def refuse_full_disk(self) -> None:
        """Raises DiskFull before a drawing for which there would be no room afterwards, even with the trash emptied."""
        self.trash.make_room(ROOM - LEAST_FREE)
        if (free := free_bytes(self.folder)) < ROOM:
            raise DiskFull(f"Only {free // 1_000_000} MB are free where pictures are kept, so nothing new is drawn.")

    def save(self, image: Image, recipe: Recipe, signed: bytes = b"", *, paid: bool = False) -> Picture:
        """Writes `image` as PNG with its recipe, whole or not at all; the trash makes room. Raises DiskFull, BadInput; what was
        `paid` for and finds no room is held in memory, and NotKept names it.

        `signed` is the file as it came from a service that signs its pictures: it is kept beside, and is the download.
        """
        identity = secrets.token_hex(16)
        path = self.folder / identity / file_name(recipe)
        content = io.BytesIO()
        clean = image.copy()
        clean.info.clear()  # what a service wrote into its file is not ours to pass on
        clean.save(content, "PNG", pnginfo=png_text(recipe, recipe_to_json(recipe)))
        try:
            self.trash.make_room(content.tell() + len(signed))
            if signed:
                write_atomically(path.with_name(f"{path.stem}{SIGNED}{_suffix(signed)}"), signed)
            write_atomically(path, content.getvalue())
        except (DiskFull, BadInput) as error:
            if not paid:
                raise
            name = self.unsaved.hold(signed or content.getvalue())
            said = f"{error.message} The picture was paid for, so it is held in memory until the app ends."
            raise NotKept(said, name=name) from error
        return Picture(identity, path, recipe)

    def find(self, identity: str) -> Picture | None:
        """The picture with this id, read from its file; None where there is none or it cannot be read."""
        return self._found(self.folder, identity)

    def find_deleted(self, identity: str) -> Picture | None:
        """The same for a picture in the trash."""
        return self._found(self.trash.folder, identity)

    def _found(self, folder: Path, identity: str) -> Picture | None:
        if not re.fullmatch(r"[0-9a-f]{32}", identity):
            return None
        for path in sorted((folder / identity).glob("*.png")):
            try:
                return Picture(identity, path, self.places.located(read_recipe(path)))
            except BadInput:
                return None
        return None

    def delete(self, identity: str) -> None:
        """Puts the picture with this id, and what was made of it, into the trash. Raises BadInput."""
        self.trash.put(self.folder / identity)

    def erase(self, identity: str) -> None:
        """Removes a folder of this name for good, wherever it is: a picture with what was made of it, a zip, a sound."""
        if re.fullmatch(r"[0-9a-f]{32}", identity):
            for folder in (self.folder, self.trash.folder):
                shutil.rmtree(folder / identity, ignore_errors=True)

    def restore(self, identity: str) -> None:
        """Brings it back from there. Raises BadInput where it is not there."""
        self.trash.restore(identity, self.folder)

    def export(self, picture: Picture, file_format: FileFormat) -> Path:
        """The file to download: the kept PNG itself, or a JPEG or WebP made beside it once, with the recipe in EXIF; of a
        picture that a service signed the file as it came, since any other would have lost the signature."""
        if signed := next(picture.path.parent.glob(f"*{SIGNED}.*"), None):
            return signed
        if file_format == "png":
            return picture.path
        path = picture.path.with_suffix(SUFFIXES[file_format])
        if not path.exists():
            write_atomically(path, _encoded(picture, file_format))
        return path

    def bundle(self, pictures: Sequence[Picture], texts: Mapping[str, bytes] | None = None) -> Path:
        """One zip of these pictures as they are kept, each by its `bundled_name`, and of `texts` by their names; the same give
        the same file.
        """
        texts = texts or {}
        told = "".join(picture.id for picture in pictures).encode("ascii") + b"".join(texts.values())
        path = self.folder / hashlib.sha256(told).hexdigest()[:32] / f"gemini-diffusion-{len(pictures)}-pictures.zip"
        if not path.exists():
            with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:  # stored: a PNG does not get smaller
                for number, picture in enumerate(pictures, 1):
                    archive.write(picture.path, bundled_name(number, picture))
                for name, text in texts.items():
                    archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
        return path

    def keep_sound(self, content: bytes) -> Path:
        """A WAV file in a folder of its own; the same content gives the same file. Raises DiskFull."""
        path = self.folder / hashlib.sha256(content).hexdigest()[:32] / "answer.wav"
        if not path.exists():
            write_atomically(path, content)
        return path

    def remove(self, bundle: Path) -> None:
        """Takes away a file that another one replaces; one that a system holds on to, while it is fetched, stays."""
        with contextlib.suppress(OSError):
            bundle.unlink()
            bundle.parent.rmdir()


def _suffix(content: bytes) -> str:
    """Of a file by what it begins with."""
    return ".png" if content.startswith(b"\x89PNG") else ".webp" if content.startswith(b"RIFF") else ".jpg"


def bundled_name(number: int, picture: Picture) -> str:
    """What the picture of that number is called in a zip."""
    return f"{number:03} {picture.path.name}"


def file_name(recipe: Recipe) -> str:
    """A name that says what the picture is: "a-fox-in-the-snow-1234.png", plain ASCII so that any disk takes it."""
    words = unicodedata.normalize("NFKD", recipe.crafted.title or recipe.original or recipe.prompt)
    slug = re.sub(r"[^a-z0-9]+", "-", words.encode("ascii", "ignore").decode().lower()).strip("-")
    stem = slug[:60].strip("-") or "picture"
    return f"{stem}-{recipe.seed}.png" if is_drawn(recipe) else f"{stem}.png"


def is_drawn(recipe: Recipe) -> bool:
    """Whether an engine drew it; what a person brought has none."""
    return bool(recipe.engine)


def is_marked(path: Path) -> bool:
    """Whether it is a copy with marks to begin a drawing from: only these have holes."""
    from PIL import Image

    with Image.open(path, formats=("PNG",)) as image:
        return image.mode == "RGBA"


def read_recipe(path: Path) -> Recipe:
    """The recipe in a PNG, JPEG or WebP of ours; BadInput where there is none or it cannot be read."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path, formats=("PNG", "JPEG", "WEBP")) as image:
            text = image.info.get(RECIPE_KEY) or image.getexif().get(_IMAGE_DESCRIPTION) or _noted_in_xmp(path)
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise BadInput(f"{path.name} is not a picture that can be read.", "Choose another file.") from error
    if not isinstance(text, str):
        raise BadInput(f"{path.name} carries no recipe.", "Only pictures made here carry one.")
    return recipe_from_json(text)


def _noted_in_xmp(path: Path) -> str | None:
    return note_in_xmp(read_texts(path.read_bytes()).get("xmp", "")) or None


def recipe_from_json(text: str) -> Recipe:
    """A recipe from its JSON text, of 0.2.0 too. BadInput where it does not fit."""
    from pydantic import ValidationError

    try:
        return _kind().validate_json(text)
    except ValidationError as error:
        raise BadInput("The recipe in this file cannot be read.", "It may come from another program.") from error


def recipe_to_json(recipe: Recipe) -> str:
    """One line of JSON in plain ASCII: every chunk and EXIF field takes it, whatever a person wrote."""
    return json.dumps(recipe.flat(), ensure_ascii=True)


@functools.cache
def _kind() -> TypeAdapter[Recipe]:
    """How recipes are read; made once, since making it takes longer than using it."""
    from pydantic import TypeAdapter

    return TypeAdapter(Recipe)


def _encoded(picture: Picture, file_format: FileFormat) -> bytes:
    from PIL import Image

    content = io.BytesIO()
    options = save_options(picture.recipe, recipe_to_json(picture.recipe), file_format)
    with Image.open(picture.path) as image:
        image.convert("RGB").save(content, file_format.upper(), quality=95, **options)
    return content.getvalue()

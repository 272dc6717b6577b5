"""What is written into a picture of ours beside its pixels: the whole recipe as JSON, and what other programs read.

PNG has room for all. JPEG's EXIF holds 64 kB: a recipe that is longer goes into XMP, in as many parts as it takes.
"""

from __future__ import annotations

import hashlib
import html
import re
import struct
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gemini_diffusion import __version__
from gemini_diffusion.types import Recipe

if TYPE_CHECKING:
    from PIL.PngImagePlugin import PngInfo

RECIPE_KEY = "gemini-diffusion"
"""The PNG text key of our JSON; in JPEG and WebP it stands in EXIF's ImageDescription, or in XMP where that is too small."""
REFINER = "sd_xl_refiner_1.0"
"""As other programs call the one refiner there is."""

_USER_COMMENT, _IMAGE_DESCRIPTION, _EXIF_IFD = 0x9286, 0x010E, 0x8769
_MOST_EXIF, _XMP_PART = 65_000, 65_000
_MORE_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_AI_MADE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_OWN = "https://github.com/gemini-diffusion/recipe/1.0/"
_OWN_IN_XMP = re.compile(r'\sgd:recipe="([^"]*)"')
_KEYWORDS = re.compile(
    r"\b(negative prompt|(?:negative )?template|steps|sampler|schedule type|scheduler|cfg scale|seed|size|model|model hash|"
    r"version|clip skip|denoising strength|lora hashes|hires upscale|refiner)\s*:",
    re.IGNORECASE,
)
_APART = {" Karras": "Karras"}
_THEIRS = {"KDPM2 a": "DPM2 a", "PNDM": "PLMS"}
"""Schedulers that A1111 calls otherwise."""


def parameters(recipe: Recipe) -> str:
    """The text AUTOMATIC1111 writes under the key `parameters`, which most tools of the field can read."""
    tags = [f"<lora:{_name(each.name)}:{each.strength:g}>" for each in recipe.request.adapters]
    lines = [" ".join([_readable(recipe.prompt), *tags]).strip()]
    if recipe.negative_prompt:
        lines.append(f"Negative prompt: {_readable(recipe.negative_prompt)}")
    lines.append(", ".join(f"{name}: {value}" for name, value in _settings(recipe)))
    return "\n".join(lines)


def _settings(recipe: Recipe) -> Iterator[tuple[str, Any]]:
    """In A1111's order; a picture enlarged with a second pass has the size of the first."""
    request, part = recipe.request, 2 if recipe.request.hd else 1
    sampler, schedule = _sampler(recipe.scheduler)
    yield "Steps", recipe.num_inference_steps
    yield "Sampler", sampler or "model's own"
    yield from [("Schedule type", schedule)] if schedule else []
    yield "CFG scale", f"{recipe.guidance_scale:g}"
    yield "Seed", recipe.seed
    yield "Size", f"{recipe.width // part}x{recipe.height // part}"
    yield from [("Model hash", recipe.hashes[recipe.model])] if recipe.model in recipe.hashes else []
    yield "Model", _name(recipe.model)
    yield from [("Denoising strength", f"{request.strength:g}")] if request.source and request.strength else []
    yield from [("Clip skip", request.clip_skip)] if request.clip_skip and request.clip_skip > 1 else []
    yield from [("Hires upscale", 2)] if request.hd else []
    yield from [("Refiner", REFINER), ("Refiner switch at", f"{request.refine:g}")] if request.refine < 1 else []
    hashes = {name.lower(): digest for name, digest in recipe.hashes.items()}
    names = [(_name(each.name), hashes.get(each.name.rpartition("/")[2].lower(), "")) for each in request.adapters]
    hashed = [f"{name}: {digest}" for name, digest in names if digest]
    yield from [("Lora hashes", f'"{", ".join(hashed)}"')] if hashed else []
    yield "Version", f"Gemini Diffusion {__version__}"


def _sampler(scheduler: str) -> tuple[str, str]:
    """Sampler and schedule by their names there; without a name for the schedule newer readers would take their own."""
    for ending, schedule in _APART.items():
        if scheduler.endswith(ending):
            return scheduler.removesuffix(ending), schedule
    return _THEIRS.get(scheduler, scheduler), "Normal" if scheduler.startswith("DPM++") else ""


def _name(model: str) -> str:
    """A model or LoRA by its file's name, without folders and without the format's own signs."""
    last = re.split(r"[/\\]", model)[-1] if re.match(r"[/\\~]|[A-Za-z]:", model) else model
    return re.sub(r"\s+", " ", re.sub(r"\.(safetensors|ckpt)$|[,:\"<>]", " ", last)).strip()


def _readable(text: str) -> str:
    """One line that UTF-8 can hold, in which no word is taken for a field of the format: a blank before its colon does that,
    and is the same to a text encoder."""
    plain = re.sub(r"\s+", " ", text.replace("\0", " ")).strip().encode("utf-8", "replace").decode("utf-8")
    return _KEYWORDS.sub(r"\1 :", plain)


def png_text(recipe: Recipe, note: str) -> PngInfo:
    """The chunks of a PNG; `note` is the recipe as JSON."""
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text(RECIPE_KEY, note)
    if recipe.engine:  # else nothing of it is made by AI
        text.add_text("parameters", parameters(recipe))
        text.add_itxt("XML:com.adobe.xmp", _xmp(_AI_MADE))
    return text


def save_options(recipe: Recipe, note: str, file_format: str) -> dict[str, Any]:
    """What Pillow is to write into a JPEG or WebP; `note` is the recipe as JSON. It fits, however long that is."""
    source = _AI_MADE if recipe.engine else ""
    texts = {_IMAGE_DESCRIPTION: note, _USER_COMMENT: parameters(recipe) if recipe.engine else ""}
    exif = _exif(texts)
    if file_format != "jpeg" or len(exif) < _MOST_EXIF:
        return {"exif": exif} | ({"xmp": _xmp(source).encode()} if source else {})
    exif = _exif({**texts, _IMAGE_DESCRIPTION: ""})
    more = _xmp("", note).encode()
    digest = hashlib.md5(more, usedforsecurity=False).hexdigest().upper()
    return {
        "exif": exif if len(exif) < _MOST_EXIF else b"",
        "xmp": _xmp(source, more=digest).encode(),
        "extra": b"".join(_parts(more, digest.encode())),
    }


def _exif(texts: Mapping[int, str]) -> bytes:
    from PIL.Image import Exif

    exif = Exif()
    if texts[_IMAGE_DESCRIPTION]:
        exif[_IMAGE_DESCRIPTION] = texts[_IMAGE_DESCRIPTION]
    if texts[_USER_COMMENT]:
        exif.get_ifd(_EXIF_IFD)[_USER_COMMENT] = b"UNICODE\0" + texts[_USER_COMMENT].encode("utf-16-be")
    return exif.tobytes()


def _parts(packet: bytes, digest: bytes) -> Iterator[bytes]:
    """The segments of a packet that is too long for one, as XMP's own specification (part 3) parts it."""
    for at in range(0, len(packet), _XMP_PART):
        part = _MORE_XMP + digest + struct.pack(">II", len(packet), at) + packet[at : at + _XMP_PART]
        yield b"\xff\xe1" + struct.pack(">H", len(part) + 2) + part


def _xmp(source: str, note: str = "", more: str = "") -> str:
    """A packet with IPTC's mark of where the picture comes from, the recipe, and the digest of what follows elsewhere."""
    said = {"Iptc4xmpExt:DigitalSourceType": source, "gd:recipe": html.escape(note), "xmpNote:HasExtendedXMP": more}
    fields = "".join(f' {name}="{value}"' for name, value in said.items() if value)
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:gd="{_OWN}" xmlns:xmpNote="http://ns.adobe.com/xmp/note/"{fields}/></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def note_in_xmp(packet: str) -> str:
    """The recipe as JSON in a packet of ours, "" where there is none."""
    found = _OWN_IN_XMP.search(packet)
    return html.unescape(found[1]) if found else ""

"""A recipe found in a picture as lines that can be sent: its numbers in our flags, and what has no counterpart here, named."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from gemini_diffusion.commands import Flags, Imagine, format_line, read
from gemini_diffusion.commands.dialects import rewrite
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import models
from gemini_diffusion.engines.models.entry import MODEL_FILES
from gemini_diffusion.generation.services import Services
from gemini_diffusion.storage import metadata
from gemini_diffusion.storage.gallery import recipe_from_json
from gemini_diffusion.storage.metadata import FoundLora, FoundRecipe
from gemini_diffusion.storage.metadata.samplers import like_ours
from gemini_diffusion.storage.metadata.written import RECIPE_KEY, note_in_xmp
from gemini_diffusion.types import Adapter, AdapterChoice, Aspect
from gemini_diffusion.types.errors import BadInput

Number = TypeVar("Number", int, float)
LARGEST_SEED, MOST_STEPS, MOST_GUIDANCE, DEEPEST_LAYER = 2**32 - 1, 150, 30, 12
STRONGEST = 2.0
LONGEST_FILE = 100_000_000
"""Bytes of a picture that is opened for its recipe."""
_SAME_MODEL = re.compile(r"(v?\d+|fp16|fp32|bf16|pruned|emaonly|ema|novae|base|safetensors)*")
"""What follows a model's name in a file's without making it another one."""


@dataclass(frozen=True, slots=True)
class RecipeOffer:
    """What a recipe offers: `line` asks for all of it, `prompt` for its words alone; `notices` say what is missing."""

    program: str
    line: str
    prompt: str
    seed: int | None
    notices: tuple[str, ...] = ()

    def flat(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)


def offer_of_file(path: Path, services: Services, settings: Settings) -> RecipeOffer:
    """The recipe in a picture on this machine. Raises BadInput where there is none, or no picture."""
    try:
        if path.stat().st_size > LONGEST_FILE:
            raise BadInput(f"{path.name} is larger than {LONGEST_FILE // 1_000_000} MB.", "Bring a smaller one.")
        texts = metadata.read_picture_texts(path.read_bytes())
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read ({error.strerror}).", "Choose another file.") from error
    if offer := offer_of_texts(texts, services, settings):
        return offer
    raise BadInput(f"No recipe was found in {path.name}.", "Say what to draw: /imagine a fox.")


def offer_of_texts(texts: dict[str, str], services: Services, settings: Settings, *, host: bool = True) -> RecipeOffer | None:
    """The recipe in what a picture carries as text; None where there is none. Only the `host` is told of files here."""
    own = (texts.get(RECIPE_KEY, ""), texts.get("exif:010e", "").rstrip("\0"), note_in_xmp(texts.get("xmp", "")))
    if offer := next(filter(None, map(_own, own)), None):
        return offer
    found = metadata.read_foreign(texts)
    if found is None or not (found.prompt or found.line):
        return None
    return _offer(found, _Here(services, settings, host))


def _own(text: str) -> RecipeOffer | None:
    if "line" not in text:
        return None
    try:
        recipe = recipe_from_json(text)
    except BadInput:
        return None
    return RecipeOffer("Gemini Diffusion", recipe.line, _words(recipe.prompt), recipe.seed) if recipe.line else None


@dataclass(frozen=True, slots=True)
class _Here:
    """What there is on this machine to draw a recipe with."""

    services: Services
    settings: Settings
    host: bool

    def model(self, name: str, digest: str) -> str:
        """Our name for a model by its file's name or hash, from the catalogue or the host's folders; "" where there is none."""
        if not name and not digest:
            return ""
        for entry in models.CATALOGUE:
            if digest and digest[:10].lower() in entry.hashes:
                return entry.id
        known = (entry for entry in models.CATALOGUE if not entry.companion("lora"))
        names = {entry.id: (entry.id, entry.label, entry.source.rpartition("/")[2], *entry.aliases) for entry in known}
        found = next((own for own, spellings in names.items() if any(_is_same(name, each) for each in spellings)), "")
        return found or (self._file(name) if self.host else "")

    def _file(self, name: str) -> str:
        """A checkpoint of that name beside the one that is chosen, or among the models of the data folder."""
        chosen = Path(self.settings.image_model).expanduser()
        folders = [self.settings.home_path / "models", *([chosen.parent] if chosen.is_absolute() else [])]
        files = (path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir()))
        wanted = _bare(name)
        return next((str(path) for path in files if path.suffix.lower() in MODEL_FILES and _bare(path.stem) == wanted), "")

    def adapter(self, lora: FoundLora) -> str:
        """The name of a LoRA that is here by its name or its hash, "" where there is none."""
        choices = [choice for engine in self.services.engines.values() for choice in engine.adapters() if not choice.problem]
        by_hash = (choice for choice in choices if lora.hash and choice.hash and choice.hash.startswith(lora.hash.lower()))
        by_name = (choice for choice in choices if _bare(_name(choice)) == _bare(lora.name))
        found = next(by_name, None) or next(by_hash, None)
        return _name(found) if found else ""


def _name(choice: AdapterChoice) -> str:
    return choice.written.removeprefix("<lora:").rpartition(":")[0] if choice.written.startswith("<lora:") else ""


def _is_same(name: str, ours: str) -> bool:
    short, long = sorted((_bare(name), _bare(ours)), key=len)
    return len(short) > 4 and long.startswith(short) and bool(_SAME_MODEL.fullmatch(long[len(short) :]))


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _words(prompt: str, flags: Flags | None = None) -> str:
    """The line that draws these words as they are."""
    return format_line(Imagine(prompt, flags or Flags(raw=True)))


def _offer(found: FoundRecipe, here: _Here) -> RecipeOffer:
    seed = found.seed if found.seed is not None and 0 <= found.seed <= LARGEST_SEED else None
    if found.line:
        command = read(found.line)
        notices = command.notices if isinstance(command, Imagine) else ()
        return RecipeOffer(found.program, found.line, _words(found.prompt), seed, notices)
    rewritten = rewrite(found.prompt)
    flags, notices = _flags(found, here)
    about_seed = () if found.seed == seed else (f"Its seed {found.seed} is larger than any here, so another one is drawn.",)
    return RecipeOffer(
        found.program,
        _words(rewritten.line, flags),
        _words(rewritten.line),
        seed,
        (*notices, *about_seed, *rewritten.notices),
    )


def _flags(found: FoundRecipe, here: _Here) -> tuple[Flags, tuple[str, ...]]:
    scheduler, unlike = like_ours(found.sampler, found.schedule)
    model = here.model(found.model, found.model_hash)
    adapters = [(lora, here.adapter(lora)) for lora in found.loras]
    refines = found.refine is not None and 0.5 <= found.refine < 1
    flags = Flags(
        aspect=Aspect(found.width, found.height) if found.width and found.height else None,
        seed=found.seed if found.seed is not None and 0 <= found.seed <= LARGEST_SEED else None,
        negative=tuple(phrase for phrase in map(str.strip, re.split(r",|\n", rewrite(found.negative_prompt).line)) if phrase),
        raw=True,
        steps=_within(found.steps, 1, MOST_STEPS),
        cfg=_within(found.guidance, 0, MOST_GUIDANCE),
        scheduler=scheduler or None,
        clip_skip=_within(found.clip_skip, 2, DEEPEST_LAYER),
        model=model or None,
        refine=found.refine if refines and found.refine else False,
        hd=found.hd,
        adapters=tuple(Adapter(name, max(-STRONGEST, min(STRONGEST, lora.weight))) for lora, name in adapters if name),
    )
    return flags, tuple(_missing(found, model, [lora for lora, name in adapters if not name], unlike))


def _within(value: Number | None, low: float, high: float) -> Number | None:
    """The number where a flag takes it; what lies outside is the program's own and means nothing here."""
    return value if value is not None and low <= value <= high else None


def _missing(found: FoundRecipe, model: str, loras: Iterable[FoundLora], unlike: str) -> Iterable[str]:
    if found.model and not model:
        digest = f" (hash {found.model_hash})" if found.model_hash else ""
        yield f"It was drawn by {found.model}{digest}, which is not here; the model that is chosen draws instead."
    if lost := [f"{lora.name} (hash {lora.hash})" if lora.hash else lora.name for lora in loras]:
        names = ", ".join(lost)
        yield f"Not here, so left out: the LoRA{'s' if len(lost) > 1 else ''} {names}."
    if found.strength is not None:
        yield f"It began from another picture (strength {found.strength:g}), which is not in it."
    if rest := [*([unlike] if unlike else []), *found.others]:
        yield f"Without a counterpart here: {', '.join(rest)[:300]}."

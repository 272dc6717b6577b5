"""The text of AUTOMATIC1111 and of all who write like it: prompt, "Negative prompt: ", and a line of settings.

Forge, SD.Next, Fooocus, stable-diffusion.cpp, Krita, Civitai and ComfyUI's Image Saver differ in what they quote and append.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from gemini_diffusion.storage.metadata.found_recipe import (
    FoundRecipe,
    entry,
    items,
    json_object,
    loras,
    make_found,
    named,
    size,
    stem,
    text,
)

_KEY = r"[A-Za-z][\w +\-/().]{0,40}"
_PAIR = re.compile(rf"\s*({_KEY}):\s*")
_NEXT = re.compile(rf",\s*(?={_KEY}:)|,\s*$|$")
_SETTINGS = re.compile(r"^Steps:\s*\d+\s*,.*$", re.MULTILINE)
_SAME_LINE = re.compile(r"\sSteps:\s*\d+\s*,\s*\w[^\n]*$")
_NEGATIVE = re.compile(r"^Negative prompt:[^\S\n]?", re.MULTILINE)
_AFTERWARDS = re.compile(r"^(?:Negative )?Template:.*", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<(lora|lyco|hypernet):([^<>:]{1,200})((?::[^<>:]{0,40}){0,4})>", re.IGNORECASE)
_FEWEST, MOST_PAIRS = 3, 300
_MAPPED = (
    "steps", "sampler", "schedule type", "cfg scale", "distilled cfg scale", "seed", "size", "size-1", "size-2",
    "model hash", "model", "clip skip", "denoising strength", "hires upscale", "hires resize", "hires steps",
    "hires upscaler", "refiner", "refiner switch at", "lora hashes", "lora weights", "hashes", "version", "app", "user",
    "ti hashes", "raw prompt", "raw negative prompt", "scheduler", "created date", "civitai resources", "civitai metadata",
    "sdcpp", "operations", "pipeline", "backend", "guidance", "eta", "skip layers", "clip-skip", "template", "batch",
    "index", "performance",
)  # fmt: skip
_PROGRAMS = (
    ("SD.Next", "App", "SD.Next"), ("Fooocus", "Version", "Fooocus"),
    ("stable-diffusion.cpp", "Version", "stable-diffusion.cpp"), ("ComfyUI", "Version", "ComfyUI"),
    ("Gemini Diffusion", "Version", "Gemini Diffusion"), ("Civitai", "Civitai resources", ""),
    ("Krita", "Model hash", "unknown"), ("Forge", "Version", "f"), ("Forge", "Version", "neo"),
)  # fmt: skip
"""A program, and what begins the value of which key where it wrote the text."""


def read(texts: Mapping[str, str]) -> FoundRecipe | None:
    """The recipe in `parameters`, or in a comment of EXIF."""
    found = (read_parameters(texts.get(name, "")) for name in ("parameters", "UserComment", "ImageDescription"))
    return next(filter(None, found), None)


def read_parameters(whole_text: str) -> FoundRecipe | None:
    """The recipe in a whole text; None where it has no line of settings."""
    lines = _AFTERWARDS.sub("", whole_text.replace("\r\n", "\n").replace("\r", "\n"))
    places = [match for match in _SETTINGS.finditer(lines) if len(pairs(match[0])) >= _FEWEST]
    place = places[-1] if places else _SAME_LINE.search(lines)
    if place is None:
        return None
    said = pairs(place[0].strip())
    if len(said) < _FEWEST:
        return None
    return _made(lines[: place.start()], said)


def pairs(line: str) -> dict[str, Any]:
    """The settings in a line by name: quoted values, lists and objects are JSON, others end where the next name begins."""
    return dict(itertools.islice(_pairs(line), MOST_PAIRS))


def _pairs(line: str) -> Iterator[tuple[str, Any]]:
    at = 0
    while key := _PAIR.match(line, at):
        value, at = _value(line, key.end())
        yield key[1].strip(), value
        at = _NEXT.search(line, at).end()  # type: ignore[union-attr]  # the end of the line is always found


def _value(line: str, at: int) -> tuple[Any, int]:
    if line[at : at + 1] in ('"', "{", "["):
        with contextlib.suppress(ValueError, RecursionError):  # it may only begin like JSON
            return json.JSONDecoder().raw_decode(line, at)
    end = _NEXT.search(line, at)
    return line[at : end.start()].strip() if end else "", end.start() if end else len(line)


def _made(words: str, said: dict[str, Any]) -> FoundRecipe:
    prompt, negative = _parted(words)
    raw = {name: text(said.get(name)) for name in ("Raw prompt", "Raw negative prompt")}
    prompt, negative = raw["Raw prompt"] or prompt, raw["Raw negative prompt"] or negative
    width, height = size(said.get("Size"))
    hires = any(name.startswith("Hires ") for name in said)
    distilled = said.get("Distilled CFG Scale")
    strength = said.get("Denoising strength")
    plain, tags, foreign = _without_tags(prompt)
    return make_found(
        _program(said),
        prompt=plain,
        negative_prompt=_without_tags(negative)[0],
        seed=said.get("Seed"),
        steps=said.get("Steps"),
        guidance=said.get("CFG scale") if distilled is None else distilled,
        sampler=said.get("Sampler", said.get("Scheduler")),
        schedule=said.get("Schedule type", _fooocus_schedule(said)),
        width=width,
        height=height,
        model="" if text(said.get("Model")) == "unknown" else said.get("Model"),
        model_hash=_model_hash(said),
        loras=loras(_hashed(tags, said)),
        clip_skip=said.get("Clip skip", said.get("CLiP-skip")),
        refiner=re.sub(r"\s*\[\w+\]$", "", text(said.get("Refiner"))).replace("None", ""),
        refine=said.get("Refiner switch at"),
        hd=hires,
        strength=None if hires or said.get("Operations") == "txt2img" else strength,
        others=(*named(said, _MAPPED), *foreign, *_unnamed(said)),
    )


def _parted(words: str) -> tuple[str, str]:
    """Prompt and negative prompt: the last line that begins one is the real one, as an earlier one stands in the prompt."""
    places = list(_NEGATIVE.finditer(words))
    if not places:
        return words.strip(), ""
    return words[: places[-1].start()].strip(), words[places[-1].end() :].strip()


def _without_tags(prompt: str) -> tuple[str, list[tuple[str, Any, str]], list[str]]:
    """The prompt without its tags, the LoRAs of them with their weights, and what other networks it names."""
    found: list[tuple[str, Any, str]] = []
    foreign: list[str] = []
    for kind, name, rest in _TAG.findall(prompt):
        if kind.lower() == "hypernet":
            foreign.append(f"hypernetwork {name}"[:80])
        else:
            found.append((name, _tag_weight(rest), ""))
    return re.sub(r"[^\S\n]{2,}", " ", _TAG.sub("", prompt)).strip(" ,"), found, foreign


def _tag_weight(rest: str) -> str:
    """The strength for the image model: the second of two, the first where there is but one."""
    parts = rest.split(":")[1:]
    by_name = dict(part.partition("=")[::2] for part in parts if "=" in part)
    plain = [part for part in parts if "=" not in part]
    return by_name.get("unet") or next(iter(reversed(plain[:2])), "") or by_name.get("te", "1")


def _hashed(tags: list[tuple[str, Any, str]], said: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    hashes = dict(re.findall(r"([^:,]+):\s*(\w+)", text(said.get("Lora hashes"))))
    hashes = {stem(name): digest for name, digest in hashes.items()}
    objects = said.get("Hashes") if isinstance(said.get("Hashes"), dict) else json_object(said.get("Hashes"))
    for name, digest in list((objects or {}).items())[:100]:
        kind, _, named_so = str(name).partition(":")
        if kind.lower() == "lora":
            hashes.setdefault(stem(named_so), text(digest))
    weights = dict(re.findall(r"([^:,]+):\s*(-?[\d.]+)", text(said.get("Lora weights"))))
    for name, weight, _ in tags:
        yield name, weight, hashes.get(stem(name), "")
    for name, weight in weights.items():
        yield name, weight, hashes.get(stem(name), "")


def _unnamed(said: Mapping[str, Any]) -> list[str]:
    """What Civitai tells of by numbers alone."""
    kinds = [text(entry(each, "type")) for each in items(said.get("Civitai resources"))]
    return [f"a {kind} that only Civitai knows"[:80] for kind in kinds if kind and kind != "checkpoint"][:10]


def _model_hash(said: Mapping[str, Any]) -> str:
    digest = text(said.get("Model hash") or entry(said.get("Hashes"), "model"))
    return digest if re.fullmatch(r"[0-9a-fA-F]{8,64}", digest) else ""


def _fooocus_schedule(said: Mapping[str, Any]) -> Any:
    return said.get("Scheduler") if "Performance" in said else ""


def _program(said: Mapping[str, Any]) -> str:
    for program, key, start in _PROGRAMS:
        if key in said and text(said[key]).startswith(start):
            return program
    return "AUTOMATIC1111"

"""ComfyUI: the graph that ran, as JSON; what decided the picture is found by going up its links from the first sampler."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gemini_diffusion.storage.metadata.found_recipe import (
    FoundRecipe,
    decimal,
    entry,
    json_object,
    loras,
    make_found,
    text,
    whole,
)

MOST_NODES = 2000
_SEEDS = ("seed", "noise_seed")
_WORDS = (
    "populated_text", "text", "text_g", "text_l", "t5xxl", "clip_l", "string", "value", "prompt", "positive",
    "wildcard_text", "result",
)  # fmt: skip
_CONDITIONS = ("positive", "conditioning", "conditioning_1", "conditioning_to", "cond1")
_MODELS = ("ckpt_name", "unet_name", "model_name", "base_ckpt_name")
_NUMBERS = ("value", "number", "int", "seed", "noise_seed", "Number")


@dataclass(frozen=True, slots=True)
class Graph:
    """The nodes by id."""

    nodes: Mapping[str, Any]

    def inputs(self, node: str) -> Mapping[str, Any]:
        found = entry(self.nodes.get(node), "inputs")
        return found if isinstance(found, dict) else {}

    def kind(self, node: str) -> str:
        return text(entry(self.nodes.get(node), "class_type"))

    def link(self, node: str, name: str) -> str:
        """The node that an input comes from, "" where it holds a value or nothing."""
        return _linked(self.inputs(node).get(name))

    def above(self, *starts: str, through_samplers: bool = False) -> Iterator[str]:
        """These nodes and all that they come from, the nearest first; other samplers and what lies above them left out."""
        waiting, seen = [start for start in starts if start in self.nodes], set[str]()
        for node in waiting:
            if node in seen:
                continue
            seen.add(node)
            yield node
            if node in starts or through_samplers or not self.is_sampler(node):
                waiting += [up for up in map(_linked, self.inputs(node).values()) if up in self.nodes and up not in seen]

    def is_sampler(self, node: str) -> bool:
        """Whether it draws: it has a seed or is given noise, and a latent to begin with."""
        said = self.inputs(node)
        seeded = any(name in said for name in (*_SEEDS, "noise")) and ("latent_image" in said or "latent" in said)
        return seeded or ("Sampler" in self.kind(node) and "positive" in said)

    def value(self, starts: Iterator[str] | list[str], *names: str) -> Any:
        """The first value under one of these names going up; one that is linked is the first number or text above."""
        for node in starts:
            for name in names:
                found = self.inputs(node).get(name)
                if _linked(found):
                    found = next((value for up in self.above(_linked(found)) for value in self._plain(up)), None)
                if found is not None and not isinstance(found, (list, dict)):
                    return found
        return None

    def _plain(self, node: str) -> Iterator[Any]:
        said = self.inputs(node)
        yield from (said[name] for name in _NUMBERS if isinstance(said.get(name), (int, float, str)))

    def words(self, node: str, slot: str) -> str:
        """The prompt of a condition; `slot` says which of the two, where a node hands both on."""
        seen = set[str]()
        waiting = [node]
        for each in waiting:
            if each in seen or each not in self.nodes:
                continue
            seen.add(each)
            said = self.inputs(each)
            if found := [name for name in _WORDS if _is_text(said.get(name))]:
                if found[0] == "populated_text":  # what a wildcard's template became
                    return text(said["populated_text"])
                parts = [text(said[name]) for name in found if not (name == "positive" and slot == "negative")]
                return "\n".join(dict.fromkeys(filter(None, parts)))
            names = (
                slot,
                *_WORDS,
                *(_CONDITIONS if slot != "negative" else ("conditioning", "conditioning_1", "conditioning_to", "cond1")),
            )
            waiting += [up for name in names if (up := _linked(said.get(name)))]
        return ""


def read(texts: Mapping[str, str]) -> FoundRecipe | None:
    """The recipe in `prompt`; WebP has it in a field of EXIF, with that word before it."""
    nodes = json_object(texts.get("prompt"))
    if not nodes:
        told = (texts[name].strip() for name in texts if name.startswith(("Make", "Model", "ImageDescription", "exif:")))
        nodes = next((json_object(each[7:]) for each in told if each.lower().startswith("prompt:")), {})
    if not nodes or len(nodes) > MOST_NODES:
        return None
    graph = Graph(nodes)
    samplers = [node for node in nodes if graph.is_sampler(node)]
    return _made(graph, samplers) if samplers else None


def _made(graph: Graph, samplers: list[str]) -> FoundRecipe:
    """By the sampler that begins with an empty latent, of those that what is saved comes from; the others came after it."""
    saved = [node for node in graph.nodes if re.search(r"Save|Preview", graph.kind(node)) and "Latent" not in graph.kind(node)]
    led = set(graph.above(*saved, through_samplers=True)) if saved else set[str]()
    leading = [node for node in samplers if node in led] or samplers
    begun = {node: _begins(graph, node) for node in leading}
    main = next((node for node in leading if begun[node]), leading[0])
    up = list(graph.above(main))
    size = begun[main]
    denoise = decimal(graph.value(up, "denoise"))
    return make_found(
        "ComfyUI",
        prompt=_words(graph, main, "positive"),
        negative_prompt=_words(graph, main, "negative"),
        seed=graph.value(up, *_SEEDS),
        steps=graph.value(up, "steps"),
        guidance=graph.value(up, "guidance") or graph.value(up, "cfg"),
        sampler=graph.value(up, "sampler_name"),
        schedule=graph.value(up, "scheduler"),
        width=graph.value([size], "width") if size else None,
        height=graph.value([size], "height") if size else None,
        model=graph.value(up, *_MODELS),
        loras=loras(_loras(graph, up)),
        clip_skip=graph.value(up, "stop_at_clip_layer"),
        refiner=_refiner(graph, main, leading),
        refine=_refine(graph, main, leading),
        hd=len(leading) > 1 and not _refiner(graph, main, leading),
        strength=denoise if not size and denoise != 1 else None,
        others=_others(graph, up, leading),
    )


def _begins(graph: Graph, sampler: str) -> str:
    """The node of the empty latent that it begins with, "" where it goes on with another's or a picture."""
    start = graph.link(sampler, "latent_image") or graph.link(sampler, "latent")
    found = (node for node in graph.above(start) if not graph.is_sampler(node))
    return next(
        (
            node
            for node in found
            if "Empty" in graph.kind(node) or {"width", "height", "batch_size"} <= graph.inputs(node).keys()
        ),
        "",
    )


def _words(graph: Graph, sampler: str, slot: str) -> str:
    """Of the sampler's own input, or of its guider's."""
    for node in (sampler, graph.link(sampler, "guider")):
        names = (slot, "conditioning") if slot == "positive" else (slot,)
        for name in names:
            value = graph.inputs(node).get(name)
            if _is_text(value):
                return text(value)
            if found := graph.link(node, name):
                return graph.words(found, slot)
    return ""


def _loras(graph: Graph, up: list[str]) -> Iterator[tuple[Any, Any, Any]]:
    for node in up:
        said = graph.inputs(node)
        if _is_text(said.get("lora_name")):
            yield said["lora_name"], said.get("strength_model", said.get("lora_wt", 1)), ""
        for value in said.values():  # rgthree's loader holds each as one object
            if isinstance(value, dict) and value.get("on") and "lora" in value:
                yield value["lora"], value.get("strength", 1), ""


def _later(graph: Graph, main: str, samplers: list[str]) -> str:
    """A sampler that goes on, in the middle of its steps, with another model."""
    own = graph.value(list(graph.above(main)), *_MODELS)
    others = (node for node in samplers if node != main and whole(graph.inputs(node).get("start_at_step")))
    return next((node for node in others if graph.value(list(graph.above(node)), *_MODELS) not in (None, own)), "")


def _refiner(graph: Graph, main: str, samplers: list[str]) -> Any:
    later = _later(graph, main, samplers)
    return graph.value(list(graph.above(later)), *_MODELS) if later else ""


def _refine(graph: Graph, main: str, samplers: list[str]) -> float | None:
    later = _later(graph, main, samplers)
    steps = whole(graph.value(list(graph.above(main)), "steps"))
    start = whole(graph.inputs(later).get("start_at_step")) if later else None
    return round(start / steps, 2) if start and steps else None


def _others(graph: Graph, up: list[str], samplers: list[str]) -> tuple[str, ...]:
    kinds = dict.fromkeys(graph.kind(node) for node in up)
    noted = [kind for kind in kinds if re.search(r"ControlNet|IPAdapter|VAELoader|FreeU|PatchModel|Detailer|Regional", kind)]
    several = [f"{len(samplers)} samplers, of which the first is read"] if len(samplers) > 1 else []
    return (*several, *(kind[:80] for kind in noted[:10]))


def _linked(value: Any) -> str:
    """The id in a link, ["4", 0]; "" for a value."""
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], (str, int)) and isinstance(value[1], int):
        return str(value[0])
    return ""


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())

"""Which files a request is drawn with, and the words they must hear in its prompt; loads no weights and draws nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gemini_diffusion.engines.local.adapters.adapter_files import AdapterFile, AdapterFolder
from gemini_diffusion.types import ImageRequest

TEXTS = ("prompt", "prompt_2", "negative_prompt")
_TOKEN = re.compile(r"<[\w.-]+>")
"""What is surely meant as the token of a textual inversion; a file's own may have blanks too."""


@dataclass(frozen=True, slots=True)
class ChosenAdapters:
    """The request in the words to draw it with, the files at their strengths, and what a person should read about them."""

    request: ImageRequest
    files: tuple[tuple[AdapterFile, float], ...] = ()
    notices: tuple[str, ...] = ()


def choose_adapters(request: ImageRequest, adapter_folder: AdapterFolder) -> ChosenAdapters:
    """The files that the request names, or that its texts name by their tokens; what has strength 0 is not even looked for.

    Raises ModelNotFound and BadInput, in words, before anything is loaded.
    """
    named = [(adapter_folder.find(adapter.name), adapter.strength) for adapter in request.adapters if adapter.strength]
    inversions = {file.path: file for file, _ in named if file.kind == "textual inversion"}
    off = {adapter.name.strip().lower() for adapter in request.adapters if not adapter.strength}
    notices = [
        f"{file.name} is a textual inversion: it has no strength." for file, by in named if file.path in inversions and by != 1
    ]
    if any("<" in getattr(request, text) for text in TEXTS):
        here = [file for file in adapter_folder.files() if file.kind == "textual inversion" and not file.problem]
        inversions |= {file.path: file for file in here if _heard(file, request) and file.name.lower() not in off}
        unknown = sorted(_tokens(request) - {file.token for file in here} - {file.token for file in inversions.values()})
        notices += [f"There is no textual inversion called {token} here, so it was drawn as plain text." for token in unknown]
    loras = [(file, strength) for file, strength in named if file.kind == "LoRA"]
    for file in inversions.values():
        request = _with_token(request, file, notices)
    for file, _ in loras:
        if file.own_words:
            told = ", ".join(file.own_words)
            notices.append(
                f"{file.name} brings its own words along ({told}), which are not used here: drawn by its layers alone."
            )
        request = _with_triggers(request, file, notices)
    return ChosenAdapters(request, (*loras, *((file, 1.0) for file in inversions.values())), tuple(notices))


def _tokens(request: ImageRequest) -> set[str]:
    """What the texts write like the token of a textual inversion."""
    return {token.lower() for text in TEXTS for token in _TOKEN.findall(getattr(request, text))}


def _heard(file: AdapterFile, request: ImageRequest) -> bool:
    return any(file.token in getattr(request, text).lower() for text in TEXTS)


def _with_token(request: ImageRequest, file: AdapterFile, notices: list[str]) -> ImageRequest:
    """The token as the tokenizer will know it; where it stands nowhere, it is put where such a file is used."""
    if _heard(file, request):
        spelled = re.compile(re.escape(file.token), re.IGNORECASE)
        texts: dict[str, Any] = {text: spelled.sub(lambda _: file.token, getattr(request, text)) for text in TEXTS}
        return replace(request, **texts)
    if file.name.lower().startswith("bad") or "negative" in file.name.lower():
        notices.append(f"{file.token} was added to what is left out, which is where its name says it belongs.")
        return replace(request, negative_prompt=_before(file.token, request.negative_prompt))
    notices.append(f"{file.token} was put before the prompt, where it works.")
    return replace(request, prompt=_before(file.token, request.prompt))


def _with_triggers(request: ImageRequest, file: AdapterFile, notices: list[str]) -> ImageRequest:
    """The words a LoRA answers to, put before the prompt where none of them stands in it."""
    if not file.trigger_words or _says_any(request.prompt, file.trigger_words):
        return request
    said = ", ".join(file.trigger_words)
    notices.append(f'{file.name} answers to "{said}", which was put before the prompt.')
    return replace(request, prompt=_before(said, request.prompt))


def _says_any(prompt: str, words: Sequence[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", prompt, re.IGNORECASE) for word in words)


def _before(words: str, text: str) -> str:
    return f"{words}, {text}" if text else words

"""What is chosen under the message box: shape, style, number, and the two models, whose lists are loaded after the page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from gemini_diffusion.chat_models import fallback
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.types import ModelChoice
from gemini_diffusion.types.errors import GeminiDiffusionError
from gemini_diffusion.ui import drawing_choices
from gemini_diffusion.ui.error_display import error_sentence, show_error, show_errors
from gemini_diffusion.web.cookies import visitor_name

if TYPE_CHECKING:
    from gemini_diffusion.generation.visitors import Visitor, Visitors

Updates = dict[Any, Any]
Pair = tuple[str, str]
Listed = tuple[list[Pair], list[Pair]]
"""What the lists of chat and image models offer, as (label, id)."""
OWN_CHOICE = "Image: automatic"
AUTOMATIC = "Chat: automatic"
NO_KEY = "Built-in chat"


@dataclass(frozen=True, slots=True)
class ModelPickers:
    """Two lists that also accept a typed name, and what else is chosen. A choice applies to the next message and is kept.

    `listed` holds what the page's two lists last offered: one that is open must not become shorter, or Gradio fails in it.
    """

    visitors: Visitors
    drawing: gr.HTML
    chat_model: gr.Dropdown
    image_model: gr.Dropdown
    listed: gr.State

    def show(self, settings: Settings, listed: Listed) -> Updates:
        """The current choices, without asking any service; Settings may have changed them."""
        chosen = _chosen(self.visitors, settings)
        chat = [chosen, *(pair for pair in listed[0] if pair[1] != chosen[1])]
        images = _with_own(listed[1], settings.image_model)
        return {
            self.drawing: drawing_choices.offer(settings),
            self.chat_model: gr.update(value=settings.chat_model, choices=chat, interactive=True),
            self.image_model: gr.update(value=settings.image_model, choices=images, interactive=True),
        }

    async def lists(self, request: gr.Request) -> Updates:
        """The choices of both lists. They arrive late, so they leave the chosen value alone."""
        settings = self._visitor(request).settings
        chat, images = await chat_offer(self.visitors, settings), await image_offer(self.visitors, settings)
        return {
            self.chat_model: gr.update(choices=chat.pairs),
            self.image_model: gr.update(choices=images.pairs),
            self.listed: (chat.pairs, images.pairs),
        }

    async def choose_chat_model(self, value: str | None, request: gr.Request) -> Updates:
        return self._changed(self._visitor(request), "chat_model", value)

    async def choose_image_model(self, value: str | None, request: gr.Request) -> Updates:
        return self._changed(self._visitor(request), "image_model", value)

    async def choose_drawing(self, data: gr.EventData, request: gr.Request) -> Updates:
        visitor, change = self._visitor(request), data._data if isinstance(data._data, dict) else {}
        if change.get("name") in drawing_choices.NAMES:
            _keep(visitor, change["name"], change.get("value"))
        return {self.drawing: drawing_choices.offer(visitor.settings)}

    def _changed(self, visitor: Visitor, name: str, value: str | None) -> Updates:
        """Keeps the choice; the component then shows what is set."""
        _keep(visitor, name, value)
        component = self.chat_model if name == "chat_model" else self.image_model
        return {component: getattr(visitor.settings, name)}

    def _visitor(self, request: gr.Request) -> Visitor:
        return self.visitors.of(visitor_name(request))

    def wire(self) -> None:
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
        for component, choose in ((self.chat_model, self.choose_chat_model), (self.image_model, self.choose_image_model)):
            # each choice is sent, also one that is made while the answer to the last is on its way
            component.input(show_error(choose), component, component, trigger_mode="multiple", **quiet)
        self.drawing.press(show_error(self.choose_drawing), None, self.drawing, trigger_mode="multiple", **quiet)


def _keep(visitor: Visitor, name: str, value: Any) -> None:
    """Keeps a choice, or says why not."""
    try:
        visitor.change({name: value or None})
    except GeminiDiffusionError as error:
        show_errors(error_sentence(error))


def build(visitors: Visitors) -> ModelPickers:
    """Lays out all of them where it is called, disabled until the page knows the current choices."""
    drawing = drawing_choices.build()
    with gr.Row(elem_id="choices"):
        chat_model = _list("Chat model", "chat-model")
        image_model = _list("Image model", "image-model")
    return ModelPickers(visitors, drawing, chat_model, image_model, gr.State(([], [])))


def _list(label: str, elem_id: str) -> gr.Dropdown:
    return gr.Dropdown(
        [], value=None, label=label, allow_custom_value=True, interactive=False, elem_id=elem_id, min_width=0, container=False
    )


@dataclass(frozen=True, slots=True)
class Offer:
    """A list of models as (label, id); `trouble` says why it could not be loaded."""

    pairs: list[Pair]
    trouble: str = ""


async def chat_offer(visitors: Visitors, settings: Settings) -> Offer:
    """The chat models of every service that is set up; one that does not answer costs the list only its own."""
    chosen = _chosen(visitors, settings)
    every = visitors.services.chat_models.values()
    asked = [model for model in every if model.key and (model.is_ready(settings) or getattr(settings, model.key))]
    if not asked:
        return Offer([chosen])
    found: list[Pair] = []
    troubles: list[str] = []
    for answer in await asyncio.gather(*(model.models(settings) for model in asked), return_exceptions=True):
        if isinstance(answer, GeminiDiffusionError):
            troubles.append(str(answer))
        elif isinstance(answer, BaseException):
            raise answer
        else:
            found += _pairs(answer)
    found.append((NO_KEY, fallback(visitors.services.chat_models).name))
    return Offer(_with(chosen, found), " ".join(troubles))


async def image_offer(visitors: Visitors, settings: Settings) -> Offer:
    """The image models of the chosen engine, or of all engines with "auto"; each once, with what it needs."""
    engines = visitors.services.engines
    chosen = engines.get(settings.engine.lower())
    found: dict[str, str] = {}
    for engine in [chosen] if chosen else engines.values():
        for label, model in _pairs(await engine.models(settings)):
            found.setdefault(model, label)
    return Offer(_with_own([(label, model) for model, label in found.items()], settings.image_model))


def _pairs(choices: Iterable[ModelChoice]) -> list[Pair]:
    ordered = sorted(choices, key=lambda choice: not choice.runnable)
    return [(_label(choice), choice.id) for choice in ordered]


def _label(choice: ModelChoice) -> str:
    return f"{choice.label} ({choice.note})" if choice.note else choice.label


def _chosen(visitors: Visitors, settings: Settings) -> Pair:
    """The choice as it stands; where none was made, another than the preferred service may answer, or the built-in chat."""
    answers, preferred = visitors.services.chat_model(settings), next(iter(visitors.services.chat_models.values()))
    automatic = settings.chat_model == Settings().chat_model and answers is not preferred
    label = AUTOMATIC if automatic else settings.chat_model
    return label if answers.key else NO_KEY, settings.chat_model


def _with(chosen: Pair, pairs: list[Pair]) -> list[Pair]:
    return pairs if any(model == chosen[1] for _, model in pairs) else [chosen, *pairs]


def _with_own(pairs: list[Pair], chosen: str) -> list[Pair]:
    models = [pair for pair in pairs if pair[1]]
    return [(OWN_CHOICE, ""), *(_with((chosen, chosen), models) if chosen else models)]

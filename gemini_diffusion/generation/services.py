"""What all sessions share: chat models, engines, the picture filter, the gallery; knows no visitor, and holds no key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gemini_diffusion import chat_models
from gemini_diffusion.chat_models import ChatModel, open_chat_models
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import ImageEngine, choose, open_engines
from gemini_diffusion.engines.nsfw_filter import NsfwFilter
from gemini_diffusion.storage.gallery import Gallery


@dataclass(frozen=True, slots=True)
class Services:
    """What all sessions share; keys are not among it, they come with each call's settings."""

    chat_models: Mapping[str, ChatModel]
    engines: Mapping[str, ImageEngine]
    gallery: Gallery
    picture_filter: NsfwFilter = field(default_factory=NsfwFilter)

    def chat_model(self, settings: Settings) -> ChatModel:
        """The one that answers under these settings."""
        return chat_models.choose(self.chat_models, settings)

    def prepare(self, settings: Settings) -> None:
        """A person came who may draw: the engine under these settings loads what that needs, where the host wants it to."""
        name = settings.engine if settings.engine in self.engines else choose(self.engines, settings, settings.image_model)
        if settings.preload:
            self.engines[name].prepare(settings)

    @property
    def keyed(self) -> list[ChatModel | ImageEngine]:
        """One for each key, chat models first; where a key serves several, the one that it alone makes ready."""
        every: list[ChatModel | ImageEngine] = [*self.chat_models.values(), *self.engines.values()]
        found = {part.key: part for part in every if part.key}
        alone = {part.key: part for part in every if part.key and part.is_ready(Settings().replaced({part.key: "a key"}))}
        return list((found | alone).values())


def open_services(home: Path) -> Services:
    """Everything by name, over the data folder `home`; nothing is imported, loaded or connected until its first use."""
    return Services(open_chat_models(), open_engines(home), Gallery(home / "pictures"), NsfwFilter(home))

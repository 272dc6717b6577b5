"""An answer as a sound file, made by a service that speaks and with the person's own key; the text stays what it is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from gemini_diffusion import chat_models
from gemini_diffusion.chat_models import Speaker
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.conversation.conversation_store import ConversationStore
from gemini_diffusion.generation.limits.access import Access
from gemini_diffusion.generation.services import Services
from gemini_diffusion.types.errors import KeyNeeded
from gemini_diffusion.types.turn import Turn


@dataclass(frozen=True, slots=True)
class ReadAloud:
    """What can be said aloud to one visitor; the files go to their `store`."""

    services: Services
    access: Access
    store: ConversationStore

    def speaks(self, settings: Settings) -> bool:
        """Whether a file can be made under these settings; nobody is asked."""
        return self._speaker(settings) is not None

    async def save(self, turn: Turn | None, settings: Settings) -> Path:
        """The answer of a turn as a WAV. Raises KeyNeeded without a key of the person's own, OutOfQuota, DiskFull, and what the
        service raises.
        """
        speaker = self._speaker(settings)
        if speaker is None:
            raise KeyNeeded("A sound file needs a Gemini key of your own.", "Add one in Settings; Read aloud needs none.")
        content = await speaker.speak(turn.text if turn else "", settings)
        return await asyncio.to_thread(self.store.sound, content)

    def _speaker(self, settings: Settings) -> Speaker | None:
        found = chat_models.speaker(self.services.chat_models, settings)
        return None if found is None or self.access.lends(found, settings) else found

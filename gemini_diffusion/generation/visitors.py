"""Who is asking: each visitor's conversation, choices and keys, apart from everybody else's.

It knows nothing of cookies or connections: a visitor is a name that somebody else vouches for.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gemini_diffusion.config.options import Secret
from gemini_diffusion.config.settings import SAFETY, Settings
from gemini_diffusion.generation.limits.access import Access, DrawingSlots, is_local_path, refuse_local_path
from gemini_diffusion.generation.limits.disk_quota import BLOCK, DiskQuota
from gemini_diffusion.generation.limits.key_quota import KeyQuota
from gemini_diffusion.generation.limits.time_quota import TimeQuota
from gemini_diffusion.generation.services import Services
from gemini_diffusion.generation.turn import unfinished_turns
from gemini_diffusion.generation.turn.session import Session
from gemini_diffusion.storage.files import write_atomically
from gemini_diffusion.storage.restored import Restored
from gemini_diffusion.types.errors import BadInput

KEY_LIFE = 12 * 3600.0
"""Seconds after its last use that a key typed into the window is forgotten."""
MOST_VISITORS = 1000
"""Visitors held in memory; those seen longest ago, or not for a key's life, are let go; what they made stays on disk."""
COOKIELESS = "passing:"
"""Begins the name of somebody who cannot come back, as a program that keeps no cookie: where all are strangers, these share
what one visitor may have of keys, places and room, since each of their calls may come as somebody new."""

_BROWSER = re.compile(r"[0-9a-f]{32}")
"""The name of somebody with a cookie; the terminal has another."""

_LOG = logging.getLogger(__name__)


class Visitor:
    """One person: a session, choices kept on disk, keys kept in memory only."""

    def __init__(self, session: Session, access: Access, folder: Path, defaults: Settings, clock: Callable[[], float]) -> None:
        self.session = session
        self.seen = clock()
        self.access = access
        self._file = folder / "settings.json"
        self._defaults = defaults
        self._clock = clock
        self._choices = _kept_choices(self._file, defaults)
        self._keys: dict[str, tuple[Secret, float]] = {}

    @property
    def settings(self) -> Settings:
        """The host's defaults, this visitor's choices, and their own keys before any the host lends.

        Who brings a key where keys are lent within limits uses it at the service itself, and not at the host's own address.
        """
        own = self._own_keys()
        elsewhere = {address: "" for key, address in Settings.addresses().items() if self.access.key_quota and key in own}
        return self._defaults.replaced({**self._choices, **own, **elsewhere})

    def set_defaults(self, defaults: Settings) -> None:
        """Other defaults of the host, from the next turn on."""
        self._defaults = defaults

    def change(self, values: Mapping[str, Any]) -> None:
        """Applies choices at once and keeps them; raises BadInput and changes nothing where one does not fit."""
        table = Settings.table()
        if any(name in Settings.key_names() or table[name].scope == "host" for name in values if name in table):
            raise BadInput("That setting is not changed here.", "Keys have their own box; the rest is the host's.")
        checked = self._defaults.replaced({**self._choices, **values})
        kept = {name: value for name, value in checked.public().items() if name in {*self._choices, *values}}
        content = json.dumps(kept, ensure_ascii=False, indent=1).encode("utf-8")
        if not self._file.exists() or len(content) > BLOCK:  # else it takes no more room than it has
            self.access.refuse_more()
        write_atomically(self._file, content)
        self.access.keeps(self._file.parent)
        self._choices = kept

    def set_key(self, name: str, value: str) -> None:
        """Takes a key for this visitor alone; an empty value forgets it. Raises BadInput where it cannot be a key."""
        if name not in Settings.key_names():
            raise BadInput("There is no such key.", "Choose one of the keys in Settings.")
        secret = Secret(value)
        if not secret.reveal().isascii() or any(mark.isspace() for mark in secret.reveal()) or len(secret.reveal()) > 500:
            raise BadInput("A key has no blanks and only plain letters, digits and signs.", "Copy it once more, whole.")
        self._keys.pop(name, None)
        if secret:
            self._keys[name] = (secret, self._clock())

    def owns(self, name: str) -> bool:
        """Whether the key that serves this visitor is their own."""
        return name in self._own_keys()

    def key_state(self, name: str) -> str:
        """What may be shown of a key: whether there is one, whose, how much of a lent one is left, the tail of one's own."""
        own = self._own_keys().get(name)
        if own:
            return f"set, ends in {own.tail}" if own.tail else "set"
        if not getattr(self._defaults, name):
            return "not set"
        left = self.access.left
        return f"the host's key is used, {left} left today" if left else "the host's key is used"

    def _own_keys(self) -> dict[str, Secret]:
        """The keys that are still alive; looking at them is using them."""
        now = self._clock()
        self._keys = {name: (key, now) for name, (key, used) in self._keys.items() if now - used < KEY_LIFE}
        return {name: key for name, (key, _) in self._keys.items()}


class Guest(Visitor):
    """A visitor who is not the host: the host's safety is the least there is, and the host's disk is nobody's to look into."""

    @property
    def settings(self) -> Settings:
        settings, host = super().settings, self._defaults
        if _is_lower(settings.safety, host.safety):
            settings = settings.replaced({"safety": host.safety})
        return settings.replaced({"image_model": host.image_model}) if is_local_path(settings.image_model) else settings

    def change(self, values: Mapping[str, Any]) -> None:
        floor = self._defaults.safety
        refuse_local_path(str(values.get("image_model", "")))
        if "safety" in values and _is_lower(self._defaults.replaced({"safety": values["safety"]}).safety, floor):
            raise BadInput("Safety cannot be set lower here than the host has it.", f"Choose {floor} or a stricter one.")
        super().change(values)


class Visitors:
    """Everybody who is here. `lends` says whether the host's keys serve them, `owner` whether they are the host.

    Where strangers are lent keys, it is within the limits of the host's settings; a limit of 0 lends nothing.
    """

    def __init__(
        self, services: Services, defaults: Settings, *, lends: bool, owner: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.services = services
        self.owner = owner
        judged = not owner and defaults.picture_filter == "auto"
        self._host = defaults.replaced({"picture_filter": "on"}) if judged else defaults
        self._lends = lends and (owner or min(defaults.lend_per_visitor, defaults.lend_in_all) > 0)
        self._key_quota = KeyQuota(defaults) if self._lends and not owner else None
        self._disk_quota = None if owner else DiskQuota(defaults)
        self._time_quota = None if owner else TimeQuota(defaults)
        self._folder = defaults.home_path / "visitors"
        self._restored = Restored(defaults.home_path)
        self._slots = DrawingSlots()
        self._cookieless = self._access(folder_name(COOKIELESS))
        self._clock = clock
        self._here: OrderedDict[str, Visitor] = OrderedDict()

    def of(self, name: str) -> Visitor:
        """The visitor of that name, made on first sight; always the same one while they are here.

        On the host's own window a browser that is new goes on with what was restored from a backup.
        """
        if self.owner and _BROWSER.fullmatch(name):
            return self._of(self._restored.folder_of(folder_name(name)))
        return self._of(folder_name(name), cookieless=name.startswith(COOKIELESS) and not self.owner)

    async def forget(self, name: str) -> None:
        """Deletes for good all that this visitor made, said and chose, and lets go of their keys. Raises BadInput while
        something of theirs runs."""
        session = self.of(name).session

        def erase() -> None:
            session.collection.erase()
            session.store.erase()

        await session.switch(erase)
        digest = next(digest for digest, visitor in self._here.items() if visitor.session is session)
        del self._here[digest]

    def resume(self) -> None:
        """Goes on with what was under way for anybody when the program was killed. Belongs to the event loop."""
        for file in sorted(self._folder.glob(f"*/{unfinished_turns.NAME}"), key=lambda file: file.stat().st_mtime):
            visitor = self._of(file.parent.name)
            visitor.session.resume(visitor.settings)

    @property
    def here(self) -> Mapping[str, Visitor]:
        """Everybody in memory by a digest of their name, who was seen longest ago first."""
        return self._here

    def bring_to_front(self, digest: str) -> None:
        """What this visitor draws on this machine is drawn next."""
        for engine in self.services.engines.values():
            engine.draw_next(self._here[digest].access.party)

    def _of(self, digest: str, *, cookieless: bool = False) -> Visitor:
        if digest not in self._here:
            folder, access = self._folder / digest, self._cookieless if cookieless else self._access(digest)
            session = Session(self.services, folder, access)
            kind = Visitor if self.owner else Guest
            self._here[digest] = kind(session, access, folder, self._lent(), self._clock)
            self._evict()
        self._here.move_to_end(digest)
        self._here[digest].seen = self._clock()
        return self._here[digest]

    def _access(self, name: str) -> Access:
        return Access(self._slots, self._key_quota, self._disk_quota, self._time_quota, name, guest=not self.owner)

    def agree(self, model: str) -> None:
        """The host agrees that `model` may be fetched to this machine; anybody else gets BadInput."""
        if not self.owner:
            raise BadInput("Only the host can fetch a model to this machine.", "Choose another model, or ask the host.")
        agreed = ",".join(sorted({*self._host.agreed_models, model}))
        self._host = self._host.replaced({"agreed_downloads": agreed})
        for visitor in self._here.values():
            visitor.set_defaults(self._lent())

    def _lent(self) -> Settings:
        """What a visitor starts from: without leave, none of what the host pays for."""
        unpaid = {name: "" for name in (*Settings.key_names(), *Settings.addresses().values())}
        return self._host if self._lends else self._host.replaced(unpaid)

    def _evict(self) -> None:
        """Whoever has something under way stays; of the others nothing is left in memory, no key either."""
        long_ago = self._clock() - KEY_LIFE
        for name, visitor in list(self._here.items()):
            if len(self._here) <= MOST_VISITORS and visitor.seen > long_ago:
                break
            if not visitor.session.busy:
                del self._here[name]


def folder_name(name: str) -> str:
    """A name as it stands on disk."""
    return hashlib.sha256(name.encode("utf-8")).hexdigest()[:32]


def _is_lower(safety: str, floor: str) -> bool:
    return SAFETY.index(safety) < SAFETY.index(floor)


def _kept_choices(file: Path, defaults: Settings) -> dict[str, Any]:
    """The choices on disk that still fit; one that no longer does is left out and logged, the rest stays."""
    if not file.exists():
        return {}
    try:
        kept = dict(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        _LOG.warning("The kept settings could not be read: %s", error)
        return {}
    choices = {}
    for name, value in kept.items():
        try:
            defaults.replaced({name: value})
            choices[name] = value
        except BadInput as error:
            _LOG.warning("A kept setting could not be used: %s", error)
    return choices

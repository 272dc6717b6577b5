"""From the items of a foreign request to a plain English phrase, word by word; knows no grammar beyond noun groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gemini_diffusion.crafting.items import Item
from gemini_diffusion.crafting.languages import BY_SCRIPT, detect_language, items_of
from gemini_diffusion.crafting.lexicon import Word, read_lexicon, stem

_AFTER = ("es", "pt", "fr", "it", "ar")
"""Languages whose colours and qualities follow their noun."""
_UNCHANGED = {"fish": "fish", "people": "people", "child": "children", "man": "men", "woman": "women"}


@dataclass(slots=True)
class NounGroup:
    """A noun with what belongs to it; `head` is None while only qualities have come."""

    lead: str = ""
    number: str = ""
    qualities: list[str] = field(default_factory=list)
    head: Word | None = None
    unknown: str = ""

    @property
    def full(self) -> bool:
        return self.head is not None or bool(self.unknown)

    def phrase(self, leading: bool) -> str:
        """The group in English; `leading` when nothing stands before it, so that "in the" would hang in the air."""
        name = self.unknown or (self.head.english if self.head else "")
        many = self.number not in ("", "one", "1")
        if many and self.head and self.head.kind == "thing":
            name = plural(name)
        prep = self.head.prep if self.head else ""
        lead = self.lead if self.lead not in ("in", "on", "at") or not prep else ""
        lead = "" if leading else (prep or lead) if self.head and self.head.kind in ("place", "time") else lead
        return " ".join(part for part in (lead, self.number, *self.qualities, name) if part)


def plural(name: str) -> str:
    """The plural of a word of the table."""
    if name in _UNCHANGED:
        return _UNCHANGED[name]
    if name.endswith("y") and name[-2] not in "aeiou":
        return name[:-1] + "ies"
    return name + ("es" if name.endswith(("s", "x", "ch", "sh")) else "s")


def translate(items: Sequence[Item], code: str) -> str:
    """One English phrase; commas stay where they were, unknown words stand as written, what is negated is left out."""
    phrases: list[list[NounGroup]] = [[]]
    for item in items:
        if item.negated:
            continue
        if item.is_break:
            phrases.append([])
        else:
            _place(item, phrases[-1], code)
    return ", ".join(filter(None, (_phrase(groups) for groups in phrases)))


def in_english(phrase: str, code: str) -> str:
    """A phrase of --no: by its own script, else in the language `code` of the idea, as one word tells too little."""
    own = detect_language(phrase)
    code = own if own in BY_SCRIPT else code
    return phrase if code in ("en", "") else translate(items_of(phrase, code), code) or phrase


def _place(item: Item, groups: list[NounGroup], code: str) -> None:
    """Puts one item into the group it belongs to, or opens another."""
    kind = item.word.kind if item.word else ("number" if item.number is not None else "")
    last = groups[-1] if groups else None
    if kind == "link" and item.word:
        groups.append(NounGroup(lead=item.word.english))
    elif kind == "number":
        number = item.word.english if item.word else item.said
        if last and last.head and last.head.kind == "thing" and not last.number and code in ("ko", "ja", "zh"):
            last.number = number
        else:
            _open(groups).number = number
    elif kind in ("colour", "look") and item.word:
        follows = last is not None and last.full and code in _AFTER
        (last if last and follows else _open(groups)).qualities.append(item.word.english)
    elif item.side:
        groups.append(NounGroup(unknown=f"on the {item.side}"))
    elif item.word:
        _open(groups).head = item.word
    else:
        _unknown(item.said, groups)


def _open(groups: list[NounGroup]) -> NounGroup:
    """The group that still waits for its noun, or a new one."""
    if not groups or groups[-1].full:
        groups.append(NounGroup())
    return groups[-1]


def _unknown(said: str, groups: list[NounGroup]) -> None:
    """Unknown words in a row stay together."""
    if groups and groups[-1].unknown:
        groups[-1].unknown += f" {said}"
    else:
        _open(groups).unknown = said


def _phrase(groups: list[NounGroup]) -> str:
    """Things first, then where and when, as English puts it; without a thing the first place or time leads."""

    def rank(group: NounGroup) -> int:
        if group.head is None or group.head.kind == "thing":
            return 0
        return 1 if group.head.kind == "place" else 2

    kept = [group for group in groups if group.full or group.qualities or group.number]
    behind = [group for group in kept if rank(group) and group.lead not in ("with", "and", "under", "next to")]
    ahead = [group for group in kept if group not in behind]
    ordered = ahead + sorted(behind, key=rank)
    spoken = [group.phrase(leading=place == 0) for place, group in enumerate(ordered)]
    return _joined(ordered, spoken)


def _joined(groups: list[NounGroup], spoken: list[str]) -> str:
    """Two things without a word between them get a comma, so that they do not read as one."""
    text = ""
    for group, words in zip(groups, spoken, strict=True):
        bare = not group.lead and (group.head is None or not group.head.prep)
        text += f", {words}" if text and bare else f" {words}"
    return text.strip()


def untranslated(items: Sequence[Item]) -> tuple[str, ...]:
    """The words that stayed as they were written, those in Latin letters left out: they may be read as they are."""
    known = read_lexicon().english
    names = (item.said for item in items if item.word is None and item.number is None and not item.is_break and not item.side)
    return tuple(dict.fromkeys(name for name in names if stem(name) not in known))

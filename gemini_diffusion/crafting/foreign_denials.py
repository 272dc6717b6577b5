"""What a request in one of ten languages rules out: the words of denial taken out, the things they deny marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gemini_diffusion.crafting.items import Item, is_small
from gemini_diffusion.crafting.lexicon import Language

WITH_ARTICLES = ("de", "es", "pt", "fr", "it")
"""Languages whose nouns mostly stand with an article."""


def mark_denied(items: list[Item], language: Language) -> list[Item]:
    """The words of denial taken out, the thing each denies marked."""
    kept: list[Item] = []
    denying = False
    for place, item in enumerate(items):
        if item.denies == "next":
            denying = True
        elif item.denies == "last":
            _deny_last(kept, language)
        elif item.is_link and kept and kept[-1].negated and _goes_on(items, place, language):
            denying = True
        else:
            denies = denying and not (item.is_break or item.is_link or item.side or is_small(item, language))
            kept.append(replace(item, negated=denies or item.negated))
            quality = item.word is not None and item.word.kind in ("colour", "look")
            denying = denying and not item.is_break and (not denies or (quality and _precedes_thing(items, place)))
    return kept


def _precedes_thing(items: Sequence[Item], place: int) -> bool:
    word = items[place + 1].word if place + 1 < len(items) else None
    return word is not None and word.kind == "thing"


def _goes_on(items: Sequence[Item], place: int, language: Language) -> bool:
    """ "Ohne Menschen und Autos": what follows the "and" has no article of its own."""
    link = items[place].word
    return language.code in WITH_ARTICLES and link is not None and link.english == "and" and _precedes_thing(items, place)


def _deny_last(kept: list[Item], language: Language) -> None:
    """Marks the last thing; where that is a verb with an object before it (傘をささない, 모자를 쓰지 않은), the object."""
    recent = range(len(kept) - 1, max(-1, len(kept) - 8), -1)
    places = [place for place in recent if not (is_small(kept[place], language) or kept[place].is_break)]
    if not places:
        return
    place = places[0]
    before = kept[place - 1].said if place else ""
    if kept[place].word is None and len(places) > 1 and (before == "を" or before.endswith(("을", "를"))):
        del kept[place]
        place = places[1]
    kept[place] = replace(kept[place], negated=True)

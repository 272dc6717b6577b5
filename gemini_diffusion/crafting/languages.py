"""From a request in one of ten languages to the common words it holds, in order; knows no contract and no model.

What the tables do not know stays as it was written: it may be a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gemini_diffusion.crafting.foreign_denials import WITH_ARTICLES, mark_denied
from gemini_diffusion.crafting.items import Item, forms_of, is_small, look_up, special_item
from gemini_diffusion.crafting.lexicon import Language, fold_accents, read_lexicon, stem, words_in

_SCRIPTS = (
    ("ko", "[\uac00-\ud7a3]"),
    ("ja", "[\u3041-\u30ff]"),
    ("zh", "[\u4e00-\u9fff]"),
    ("ar", "[\u0621-\u064a]"),
    ("ru", "[\u0430-\u044f]"),
)
BY_SCRIPT = tuple(code for code, _ in _SCRIPTS)
"""Languages that a single word tells."""
_OUR_LATIN = "ßœæıø"
_ENOUGH = 0.2
_KNOWN = 0.3
_SAMPLE = 200
"""Words that tell a language; more tell no more."""
_UNSPACED = ("ja", "zh")
_PIECE = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:-[^\W\d_]+)*|[^\w\s'\u2019]")
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2, "兩": 2, "\u3007": 0}
_HAN_NUMBER = re.compile("[一二三四五六七八九十百两兩\u3007]+")
_FIGURES = re.compile(r"\d{1,5}(?:[.:]\d+)?")
_HAN = re.compile("[\u4e00-\u9fff]")


def detect_language(text: str) -> str:
    """The code of the language, "en", or "" where it is none of ours; a guess by script, then by small words.

    A few letters of another script, a name among English words, do not make it that language.
    """
    letters = [char for char in text if char.isalpha()]
    strange = sum(not char.isascii() and fold_accents(char) == char.casefold() and char not in _OUR_LATIN for char in letters)
    if letters and strange >= _ENOUGH * len(letters):
        return next((code for code, script in _SCRIPTS if re.search(script, text.lower())), "")
    pieces = [word for piece in words_in(text) for word in re.split("['\u2019]", piece)][:_SAMPLE]
    spoken = [fold_accents(word) for word in pieces]
    lexicon = read_lexicon()
    scores = {code: _score(spoken, lexicon.languages[code]) for code in ("pt", "es", "de", "fr", "it")}
    plain = [word.lower() for word in pieces if word.isascii()]
    scores["en"] = sum(word in lexicon.stop or stem(word) in lexicon.kinds for word in plain) + 0.5
    scores[""] = sum(word in lexicon.other for word in spoken)
    if max(scores.values()) < _KNOWN * len(spoken) and any(not char.isascii() for char in text if char.isalpha()):
        return ""  # letters of another language, and few words of ours
    return max(("en", "es", "pt", "fr", "de", "it", ""), key=lambda code: scores[code])


def _score(spoken: list[str], language: Language) -> float:
    small = language.hint | language.not_before
    return sum((word in small) + 1.1 * (look_up(word, language) is not None) for word in spoken)


def items_of(text: str, code: str) -> list[Item]:
    """The request as items in its own order, small words left out; `code` is one of the ten."""
    language = read_lexicon().languages[code]
    pieces = _scan(text, language) if code in _UNSPACED else _spaced(text, language)
    items = [item for item in mark_denied(list(pieces), language) if not is_small(item, language)]
    return [_twin(item, items, place, language) for place, item in enumerate(items)]


def _twin(item: Item, items: Sequence[Item], place: int, language: Language) -> Item:
    """A colour that stands without a thing is the thing of the same name: "rosas" alone are roses."""
    if item.word is None or item.word.kind != "colour" or not language.twins:
        return item
    beside = [items[other] for other in (place - 1, place + 1) if 0 <= other < len(items)]
    if any((other.word is None and not other.is_break) or (other.word and other.word.kind == "thing") for other in beside):
        return item
    twin = next((language.twins[form] for form in forms_of(fold_accents(item.said), language) if form in language.twins), None)
    return replace(item, word=twin) if twin else item


def _spaced(text: str, language: Language) -> Iterator[Item]:
    """Words between blanks, the longest phrase of the table first."""
    pieces = [part for piece in _PIECE.findall(text) for part in _hyphen_parts(piece, language)]
    named, counted, place = _named_places(pieces, language), False, 0
    while place < len(pieces):
        found: list[Item] = []
        for length in (3, 2, 1):
            said = " ".join(pieces[place : place + length])
            found = [] if place in named and length == 1 else _read(said, language)
            if found:
                break
        place += length
        if counted and any(form in language.counters for form in forms_of(fold_accents(said), language)):
            counted = False
            continue
        yield from found or [Item(said, None, _digits(said))]
        counted = bool(found and found[0].number is not None) or _digits(said) is not None


def _named_places(pieces: Sequence[str], language: Language) -> set[int]:
    """Words with a capital side by side are a name, whatever they mean: Fernando Pessoa is no person in general."""
    if language.code not in WITH_ARTICLES or language.code == "de":
        return set()
    capital = [piece[0].isupper() for piece in pieces]
    if sum(capital) > 0.7 * len(pieces) and len(pieces) > 3:
        return set()
    pairs = [place for place in range(len(pieces) - 1) if capital[place] and capital[place + 1]]
    return {place for pair in pairs for place in (pair, pair + 1) if fold_accents(pieces[place]) not in language.drop}


def _read(said: str, language: Language) -> list[Item]:
    """What the tables make of a word or phrase; empty where they do not know it."""
    special = special_item(said, language)
    if special:
        return [special]
    found = look_up(fold_accents(said), language) or ()
    named = all(word.kind != "name" or said[0].isupper() or language.code in BY_SCRIPT for word in found)
    return [Item(said, word, word.value or None) for word in found] if named else []


def _digits(said: str) -> int | None:
    return int(said) if said.isdecimal() and len(said) < 6 else None


def _hyphen_parts(piece: str, language: Language) -> list[str]:
    parts = [part for part in piece.split("-") if part]
    whole = fold_accents(piece) in language.words or piece[0].isdigit()
    if language.code == "fr" and len(parts) > 1:  # a petit-fils is no small thread; "dessine-moi" and "bleu-vert" are two words
        words = [word for part in parts for word in look_up(fold_accents(part), language) or ()]
        coloured = len(words) == len(parts) and all(word.kind == "colour" for word in words)
        whole = whole or not (coloured or any(fold_accents(part) in language.drop for part in parts))
    return [piece] if whole else parts


def _scan(text: str, language: Language) -> Iterator[Item]:
    """A text without blanks, longest match first. A single character beside one that nobody knows is part of a longer word:
    in 鳥居 there is no bird.
    """
    items = list(_matches(text, language))
    unknown = [_is_unknown(item, language) for item in items]
    rest = ""
    for place, item in enumerate(items):
        beside = [other for other in (place - 1, place + 1) if 0 <= other < len(items)]
        edges = [items[other].said[-1 if other < place else 0] for other in beside if unknown[other]]
        single = len(item.said) == 1 and item.word is not None and bool(_HAN.match(item.said)) and item.number is None
        if (single and any(map(_HAN.match, edges))) or unknown[place]:
            rest += item.said
            continue
        if rest:
            yield Item(rest)
            rest = ""
        yield item
    if rest:
        yield Item(rest)


def _is_unknown(item: Item, language: Language) -> bool:
    said_something = item.word or item.denies or item.side or item.is_break or item.number is not None
    return not said_something and not is_small(item, language)


def _matches(text: str, language: Language) -> Iterator[Item]:
    known, longest, folded = language.known, language.longest, "".join(map(_one_letter, text))
    place, rest = 0, ""
    while place < len(text):
        size = next(
            (size for size in range(min(longest, len(text) - place), 0, -1) if folded[place : place + size] in known), 0
        )
        digits = _FIGURES.match(folded, place) or _HAN_NUMBER.match(folded, place)
        if digits and len(digits[0]) >= size:
            size = len(digits[0])
        if not size and (text[place].isalnum() or text[place] in "-'"):
            rest, place = rest + text[place], place + 1
            continue
        if rest:
            yield Item(rest)
            rest = ""
        said = text[place : place + max(size, 1)]
        place += len(said)
        item = _matched(said, digits[0] if digits and len(digits[0]) == len(said) else "", language)
        if said.strip():
            yield item
        if item.number is not None and place < len(text) and folded[place] in language.counters:
            place += 1
    if rest:
        yield Item(rest)


def _matched(said: str, digits: str, language: Language) -> Item:
    special = special_item(said, language)
    if special:
        return special
    word = language.words.get("".join(map(_one_letter, said)))
    if digits and not (word and word.kind != "number"):
        return Item(said, word, int(digits) if digits.isdecimal() else _han_number(digits) if _HAN.match(digits) else None)
    return Item(said, word, word.value or None if word else None)


def _han_number(text: str) -> int:
    """十二 is 12, 二十 is 20."""
    total = last = 0
    for char in text:
        if char in _DIGITS:
            last = _DIGITS[char]
        else:
            total += max(last, 1) * (10 if char == "十" else 100)
            last = 0
    return total + last


def _one_letter(char: str) -> str:
    """Folded letter by letter, so that places in it are places in the text."""
    folded = fold_accents(char)
    return folded if len(folded) == 1 else char

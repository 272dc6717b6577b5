"""From a request in one of eight languages to the common words it holds, in order; knows no contract and no model.

What the table does not know stays as it was written: it may be a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gemini_diffusion.crafting.lexicon import Language, Word, fold_accents, read_lexicon, stem, words_in

_SCRIPTS = (("ko", "[\uac00-\ud7a3]"), ("ja", "[\u3041-\u30ff]"), ("zh", "[\u4e00-\u9fff]"), ("ar", "[\u0621-\u064a]"))
BY_SCRIPT = tuple(code for code, _ in _SCRIPTS)
"""Languages that a single word tells."""
_OUR_LATIN = "ßœæ"
_ENOUGH = 0.2
_UNSPACED = ("ja", "zh")
_PIECE = re.compile(r"\d+|[^\W\d_]+(?:-[^\W\d_]+)*|[^\w\s'\u2019]")
_ARABIC_LEADS = ("", "ال", "و", "وال", "بال", "فال", "لل", "ب", "ل", "ك", "ف")
_ENDINGS = {
    "pt": ("", "s", "es", "a>o", "as>o", "os>o", "inho>o", "inha>o"),
    "es": ("", "s", "es", "a>o", "as>o", "os>o", "ito>o", "ita>o", "illo>o"),
    "fr": ("", "s", "x", "e", "es", "le", "les", "te"),
    "de": ("", "e", "en", "er", "es", "em", "n", "s", "ern", "nen", "chen", ">e"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """A piece of a request: `said` as written; `word` where the table knows it, `number` its value in digits or words.

    A comma or a full stop is an item too, with `said` alone. `negated` marks what the person does not want.
    """

    said: str
    word: Word | None = None
    number: int | None = None
    negated: bool = False

    @property
    def is_break(self) -> bool:
        return not any(char.isalnum() for char in self.said)


def detect_language(text: str) -> str:
    """The code of the language, "en", or "" where it is none of ours; a guess by script, then by small words.

    A few letters of another script, a name among English words, do not make it that language.
    """
    letters = [char for char in text if char.isalpha()]
    strange = [
        char for char in letters if not char.isascii() and fold_accents(char) == char.casefold() and char not in _OUR_LATIN
    ]
    if letters and len(strange) >= _ENOUGH * len(letters):
        return next((code for code, script in _SCRIPTS if re.search(script, text)), "")
    spoken = [fold_accents(word) for piece in words_in(text) for word in re.split("['\u2019]", piece)]
    lexicon = read_lexicon()
    scores = {code: _score(spoken, lexicon.languages[code]) for code in ("pt", "es", "de", "fr")}
    scores["en"] = sum(word in lexicon.stop or stem(word) in lexicon.english for word in spoken) + 0.5
    scores[""] = sum(word in lexicon.other for word in spoken)
    return max(("en", "es", "pt", "fr", "de", ""), key=lambda code: scores[code])


def _score(spoken: list[str], language: Language) -> float:
    return sum((word in language.hint) + 1.1 * (_look_up(word, language) is not None) for word in spoken)


def items_of(text: str, code: str) -> list[Item]:
    """The request as items in its own order, small words left out; `code` is one of the eight."""
    language = read_lexicon().languages[code]
    pieces = _scan(text, language) if code in _UNSPACED else _spaced(text, language)
    return [item for item in _mark_denied(list(pieces), language) if not _dropped(item, language)]


def _dropped(item: Item, language: Language) -> bool:
    if item.word is not None or item.number is not None or item.is_break:
        return False
    name = fold_accents(item.said)
    return name in language.drop or name in language.counters


def _spaced(text: str, language: Language) -> Iterator[Item]:
    """Words between blanks, the longest phrase of the table first."""
    pieces = [part for piece in _PIECE.findall(text) for part in _hyphen_parts(piece, language)]
    place = 0
    while place < len(pieces):
        for length in (3, 2, 1):
            found = _look_up(" ".join(fold_accents(piece) for piece in pieces[place : place + length]), language)
            if found:
                break
        said = " ".join(pieces[place : place + length])
        place += length
        if found:
            yield from (Item(said, word, word.value or None) for word in found)
        else:
            yield Item(said, None, int(said) if said.isdecimal() and len(said) < 6 else None)


def _hyphen_parts(piece: str, language: Language) -> list[str]:
    return [piece] if fold_accents(piece) in language.words else piece.split("-")


def _look_up(name: str, language: Language) -> tuple[Word, ...] | None:
    """The rows behind a folded word or phrase; two for a compound."""
    if name in language.drop:
        return None
    for form in _forms(name, language):
        if form in language.words:
            return (language.words[form],)
    return _compound(name, language) if language.code == "de" else None


def _forms(name: str, language: Language) -> Iterator[str]:
    """The word itself and what is left of it without particle, article or ending."""
    yield name
    if language.code == "ko":
        yield from (name[:cut] for cut in range(len(name) - 1, 0, -1) if name[cut:] in language.particles)
    if language.code == "ar":
        yield from (name.removeprefix(lead) for lead in _ARABIC_LEADS if name.startswith(lead) and len(name) > len(lead) + 1)
    for rule in _ENDINGS.get(language.code, ()):
        ending, _, instead = rule.partition(">")
        if name.endswith(ending) and len(name) - len(ending) >= 2:
            yield name.removesuffix(ending) + instead


def _compound(name: str, language: Language) -> tuple[Word, ...] | None:
    """A German compound of two things we know: Schneefuchs is fox and snow."""
    for cut in range(3, len(name) - 2):
        first, second = name[:cut], name[cut:]
        heads = [language.words[form] for form in _forms(first, language) if form in language.words]
        tails = [language.words[form] for form in _forms(second, language) if form in language.words]
        if heads and tails and {heads[0].kind, tails[0].kind} <= {"thing", "place", "time"}:
            return (heads[0], tails[0]) if heads[0].kind == "thing" else (tails[0], heads[0])
    return None


def _scan(text: str, language: Language) -> Iterator[Item]:
    """A text without blanks: the longest match from left to right, what lies between kept as it is."""
    known = {**{name: None for name in (*language.drop, *language.not_before, *language.not_after)}, **language.words}
    longest = max(map(len, known))
    folded, place, rest = _same_length(text), 0, ""
    while place < len(text):
        sizes = range(min(longest, len(text) - place), 0, -1)
        size = next((size for size in sizes if folded[place : place + size] in known), 0)
        digits = re.match(r"\d{1,5}", folded[place:])
        if not size and not digits and (text[place].isalnum() or text[place] in "-'"):
            rest, place = rest + text[place], place + 1
            continue
        if rest:
            yield Item(rest)
            rest = ""
        said = text[place : place + (size or (digits.end() if digits else 1))]
        place += len(said)
        word = known.get(_same_length(said))
        number = word.value if word and word.value else int(digits[0]) if digits and not size else None
        if said.strip():
            yield Item(said, word, number)
        if number is not None and place < len(text) and folded[place] in language.counters:
            place += 1
    if rest:
        yield Item(rest)


def _same_length(text: str) -> str:
    """Folded letter by letter, so that places in it are places in the text."""
    return "".join(fold_accents(char) if len(fold_accents(char)) == 1 else char for char in text)


def _mark_denied(items: list[Item], language: Language) -> list[Item]:
    """The words of denial taken out, the thing each denies marked."""
    kept: list[Item] = []
    denying = False
    for item in items:
        name = fold_accents(item.said)
        if name in language.not_before and item.word is None:
            denying = True
        elif name in language.not_after and item.word is None:
            _deny_last(kept, language)
        else:
            denies = denying and not item.is_break and not _dropped(item, language) and not _is_link(item)
            kept.append(Item(item.said, item.word, item.number, denies))
            denying = denying and not item.is_break and (not denies or (item.word is not None and item.word.kind == "colour"))
    return kept


def _is_link(item: Item) -> bool:
    return item.word is not None and item.word.kind == "link"


def _deny_last(kept: list[Item], language: Language) -> None:
    for place in range(len(kept) - 1, -1, -1):
        if not _dropped(kept[place], language) and not kept[place].is_break:
            kept[place] = Item(kept[place].said, kept[place].word, kept[place].number, True)
            return

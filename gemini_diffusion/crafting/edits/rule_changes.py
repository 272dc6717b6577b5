"""Clauses of an edit made into changes of one prompt, by rule; knows no chat model and no picture."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from gemini_diffusion.crafting import rules
from gemini_diffusion.crafting.edits.change_list import ChangeList
from gemini_diffusion.crafting.edits.edit_clauses import EditClause, Named, Slot
from gemini_diffusion.crafting.edits.edit_words import edit_words, pattern
from gemini_diffusion.crafting.edits.thing_phrase import LEAD, phrase_of, without_lead
from gemini_diffusion.crafting.lexicon import Word, read_lexicon, stem, words_in
from gemini_diffusion.crafting.merge import phrase_start, put_on_noun
from gemini_diffusion.crafting.prompt_text import PromptText, Token
from gemini_diffusion.crafting.required_terms import find_required_terms
from gemini_diffusion.crafting.sanitize import sanitize
from gemini_diffusion.crafting.terms import number_term
from gemini_diffusion.types.prompt_phrases import split_phrases

_BARE = frozenset(("fog", "water", "grass", "hair", "text", "people", "glasses", "trousers", "wood"))
"""Things that take no article."""


def apply_clauses(clauses: tuple[EditClause, ...], before: ChangeList) -> ChangeList:
    """The change list that the clauses make of a prompt; without a change where it already is as they ask."""
    after = before
    for clause in clauses:
        after = _APPLY[clause.mode](clause, after)
    return after


def _set(clause: EditClause, after: ChangeList) -> ChangeList:
    things = [named for named in clause.named if named.slot == "thing"]
    number = next((named for named in clause.named if named.slot == "number"), None)
    if number:
        return _number(number, things, after)
    after, things = _swap(things, clause, after)
    for named in clause.named:
        if named.slot in ("time", "place", "season", "weather"):
            after = _set_slot(named, clause, after)
        elif named.slot == "colour":
            after = _colour(named, things or _grounds(clause), after)
        elif named.slot == "look":
            after = _look(named, things, after)
        elif named.slot == "medium":
            after = _medium(named, after)
    return after


def _swap(things: list[Named], clause: EditClause, after: ChangeList) -> tuple[ChangeList, list[Named]]:
    """One thing in place of another: the one that is there goes, the subject where none was named. Also what is there now."""
    text = PromptText(after.prompt)
    new = [thing for thing in things if not text.places(thing.roots)]
    old = [text.tokens[text.places(thing.roots)[0]] for thing in things if text.places(thing.roots)]
    if not new:
        return after, things
    if not old and any(named.slot == "colour" for named in clause.named) and not clause.swaps and len(clause.named) == 2:
        subject = _subject(text)
        if subject and _colour_of(text, subject):
            return after.replaced(subject.word, new[0].english), new
    token = old[0] if old else _subject(text)
    return (after.replaced(token.word, new[0].english) if token else after.added(f"with {new[0].english}")), new


def _number(number: Named, things: list[Named], after: ChangeList) -> ChangeList:
    """So many of the subject, or of what takes its place: "a red cat" and "two dogs" are "two red dogs"."""
    text = PromptText(after.prompt)
    places = [place for thing in things for place in text.places(thing.roots)[:1]]
    new = [thing.english for thing in things if not text.places(thing.roots)]
    noun = text.tokens[places[0]] if places else _subject(text)
    if noun is None:
        return after.added(" ".join([number.english, *(thing.english for thing in things)]), comma=True)
    start = phrase_start(text, text.tokens.index(noun))
    name = next(iter(new), noun.word)
    phrase = f"{after.prompt[start : noun.start]}{name}"
    row = read_lexicon().english.get(stem(number.english))
    term = number_term(number.english, row, frozenset({stem(name)}))
    return after.replaced(after.prompt[start : noun.end], put_on_noun(phrase, term, find_required_terms("")))


def _set_slot(named: Named, clause: EditClause, after: ChangeList) -> ChangeList:
    """A time or place in the place of the one before; what was only added for the old one goes with it."""
    if named in _grounds(clause) and any(other.slot == "colour" for other in clause.named):
        return after
    phrase = f"{named.prep} {named.english}".strip()
    spans = list(_spans(after.prompt, named.slot))
    if any(root in named.roots for _, _, root in spans):
        return after
    suited = [line for _, _, root in spans for line in _additions(root)]
    if spans:
        start, end, _ = spans[0]
        after = after.replaced(after.prompt[start:end], phrase)
        for start, end, _ in reversed([span for span in _spans(after.prompt, named.slot) if span[2] not in named.roots]):
            after = after.replaced(after.prompt[start:end], "")
    else:
        after = after.added(phrase)
    return after.without_phrases([*suited, *_contradicting(named.english, after.prompt)])


def _spans(prompt: str, slot: Slot) -> Iterator[tuple[int, int, str]]:
    """Where the prompt names a time (a place ...), the words that lead to it included, and the stem that names it."""
    text = PromptText(prompt)
    rows = [row for row in _rows(slot)]
    for place, token in enumerate(text.tokens):
        row = next((row for row in rows if token.root in row.names or token.root == stem(row.english)), None)
        if row is None and any(token.root in row.accepted for row in rows) and _stands_alone(text, place):
            row = next(row for row in rows if token.root in row.accepted)
        if row is not None and not token.denied:
            start = token.start - len(LEAD.search(prompt[: token.start])[0])  # type: ignore[index]
            yield start, token.end, token.root


def _stands_alone(text: PromptText, place: int) -> bool:
    """Whether a word that may also be a quality ends its phrase, as in "under the stars"."""
    return place + 1 == len(text.tokens) or not text.tokens[place + 1].root


@cache
def _rows(slot: Slot) -> tuple[Word, ...]:
    """The rows of the table that fill a slot."""
    slots: dict[str, str] = edit_words()["slots"]
    english = read_lexicon().english
    if slot == "place":
        rows = [row for row in english.values() if row.kind == "place" and row.english != "sky"]
    else:
        rows = [row for name in slots[slot].split() if (row := english.get(stem(name)))]
    return tuple({row.english: row for row in rows}.values())


@cache
def _table() -> dict[str, list[str]]:
    table: dict[str, list[str]] = json.loads(Path(rules.__file__).with_name("additions.json").read_text("utf-8"))
    return table


def _additions(root: str) -> list[str]:
    """What the rules add to a prompt for a time or place, by the stem that named it."""
    return next((phrases for name, phrases in _table().items() if name not in ("any", "small") and stem(name) == root), [])


def _contradicting(name: str, prompt: str) -> list[str]:
    """Phrases about the light that the new time makes untrue; the first phrase, which says what is seen, stays."""
    words = edit_words()["light of"].get(name, "")
    wrong = re.compile(rf"\b(?:{words})\b", re.IGNORECASE) if words else None
    return [part.strip(" .") for part in split_phrases(prompt)[1:] if wrong and wrong.search(part)]


def _colour(named: Named, targets: list[Named], after: ChangeList) -> ChangeList:
    """A colour on the thing that was named, or on the subject; in the place of the one it had."""
    text = PromptText(after.prompt)
    places = text.places(frozenset[str]().union(*(target.roots for target in targets))) if targets else []
    if targets and not places:
        return after.added(f"with {_article(named.english)} {named.english} {targets[0].english}")
    noun = text.tokens[places[0]] if places else _subject(text)
    if noun is None:
        return after.added(named.english, comma=True)
    old = _colour_of(text, noun)
    if old is None:
        return after.replaced(noun.word, f"{named.english} {noun.word}")
    phrase = after.prompt[old.start : noun.end]
    return after.replaced(phrase, named.english + phrase[len(old.word) :])


def _colour_of(text: PromptText, noun: Token) -> Token | None:
    lexicon = read_lexicon()
    near = [text.tokens[place] for place in text.before(text.tokens.index(noun))]
    names = ((token, lexicon.kinds.get(token.root, ())) for token in near)
    return next(
        (
            token
            for token, kinds in names
            if lexicon.is_kind(token.root, "colour") or any(lexicon.is_kind(stem(name), "colour") for name in kinds)
        ),
        None,
    )


def _look(named: Named, targets: list[Named], after: ChangeList) -> ChangeList:
    text = PromptText(after.prompt)
    places = text.places(frozenset[str]().union(*(target.roots for target in targets))) if targets else []
    noun = text.tokens[places[0]] if places else _subject(text)
    if noun is None or named.roots & {text.tokens[place].root for place in text.before(text.tokens.index(noun))}:
        return after
    return after.replaced(noun.word, f"{named.english} {noun.word}")


def _medium(named: Named, after: ChangeList) -> ChangeList:
    spans = [span for span in _spans(after.prompt, "medium") if span[2] not in named.roots]
    for start, end, _ in reversed(spans):
        after = after.replaced(after.prompt[start:end], "")
    return (
        after
        if named.roots & PromptText(after.prompt).shown
        else after.added(f"{_article(named.english)} {named.english}", comma=True)
    )


def _subject(text: PromptText) -> Token | None:
    """The first thing that a prompt names."""
    lexicon = read_lexicon()
    known = (token for token in text.tokens if token.root and not token.denied)
    return next((token for token in known if lexicon.is_thing(token.root)), None)


def _grounds(clause: EditClause) -> list[Named]:
    """A place that a colour is meant for: "make the sky purple"."""
    return [named for named in clause.named if named.slot == "place"]


def _article(word: str) -> str:
    return "an" if word[:1].lower() in "aeio" else "a"


def _add(clause: EditClause, after: ChangeList) -> ChangeList:
    """What is added to the picture; a thing that is there already is not added again, and is no longer ruled out."""
    things = [named for named in clause.named if named.slot == "thing"]
    text = PromptText(after.prompt)
    if all(text.places(thing.roots) for thing in things):
        return _set(replace(clause, mode="set"), after)
    head = things[-1]
    phrase = clause.phrase or head.english
    bare = (
        head.english in _BARE
        or head.english.endswith("s")
        or phrase.split()[0].lower() in ("a", "an", "the", "some", "two", "three")
    )
    negative = _denied(after.negative_prompt, head)
    after = replace(after, negative_prompt=negative)
    return after.added(f"with {phrase}" if bare else f"with {_article(phrase)} {phrase}")


def _denied(negative: str, thing: Named) -> str:
    """A negative prompt without a thing that is now wanted."""
    return ", ".join(part for part in split_phrases(negative) if not thing.roots & {stem(word) for word in words_in(part)})


def _remove(clause: EditClause, after: ChangeList) -> ChangeList:
    for named in clause.named:
        if named.slot in ("colour", "number", "look") and len(clause.named) > 1:
            continue
        for _ in range(3):
            found = phrase_of(named, after.prompt)
            after = after.replaced(found, "") if found else after
        after = after.without(named.english)
    return replace(after, prompt=without_lead(after.prompt))


def _keep(clause: EditClause, after: ChangeList) -> ChangeList:
    if clause.phrase == "layout":
        return replace(after, from_picture=True)
    return replace(after, kept=(*after.kept, *(named.english for named in clause.named)))


def _light(clause: EditClause, after: ChangeList) -> ChangeList:
    """ "darker": a few words at the end, in the place of their opposite; said again they count more."""
    if clause.phrase in after.prompt:
        return after.replaced(clause.phrase, f"very {clause.phrase}")
    pairs: list[list[str]] = edit_words()["opposites"]
    other = next((phrase for pair in pairs if clause.phrase in pair for phrase in pair if phrase != clause.phrase), "")
    gone = after.prompt
    for phrase in (f"very {other}", other):
        if other and phrase in gone:
            return after.replaced(phrase, clause.phrase)
    return after.added(clause.phrase, comma=True)


_APPLY = {"set": _set, "add": _add, "remove": _remove, "keep": _keep, "light": _light}


def add_words(text: str, after: ChangeList) -> ChangeList:
    """Words of an edit that no rule understands, added at the end as they were written, without the verb that asks for them."""
    plain = _VERB.sub("", pattern("polite").sub(" ", text))
    return after.added(sanitize(plain, longest=300), comma=True) if sanitize(plain) else after


_VERB = re.compile(
    r"^\s*(?:make|turn|change|set|draw|paint)\s+(?:it|this|that|the picture)\s+(?:into\s+|to\s+)?", re.IGNORECASE
)

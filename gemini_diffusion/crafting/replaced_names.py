"""Puts a lost name in the place of the one that a prompt has instead, where it is plain which that is; knows no chat model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from gemini_diffusion.crafting.lexicon import read_lexicon
from gemini_diffusion.crafting.prompt_text import PromptText, Token
from gemini_diffusion.crafting.required_terms import QUOTE
from gemini_diffusion.crafting.terms import Term

Role = Literal["where", "who", ""]
"""Where something is, what the picture is of, or neither for sure."""

_BEFORE = re.compile(
    r"(?:\b(?:in|at|near|over|above|across|around|en|em|no|na|nos|nas|\u00e0|au|aux|a|im|am|bei|nach|nel|nella|su|sul|"
    r"\u0432|\u043d\u0430|\u0444\u064a)|\u5728|\u0641\u064a|\u0e43\u0e19|\u0e17\u0e35\u0e48)\s*(?:the\s+|old\s+)?$",
    re.IGNORECASE,
)
_AFTER = re.compile("^(?:\u3067|\u306b|\uc5d0\uc11c|\uc5d0|\\s+\u092e\u0947\u0902)")
_OF = re.compile("^(?:\u7684|\u306e|\uc758)")
_UNSURE = re.compile(r"\b(?:of|de|di|do|da|du|des|von|from)\s+(?:the\s+)?$", re.IGNORECASE)

_SOUNDS = ("bpvwfu", "ckqgjhxy", "szcxj", "td", "mn", "lr", "aeiouhyj")


def may_sound_alike(said: str, name: str) -> bool:
    """Whether one name may be another's form in another language, by the sound that both begin with: Gen\u00e8ve, Geneva."""
    return any(said[0] in sounds and name[0] in sounds for sounds in _SOUNDS) or not said[0].isascii()


def with_name(prompt: str, term: Term, idea: str, explained: frozenset[str]) -> str:
    """`prompt` with the name of `term` for another that nothing of the request explains; "" where there is none for sure."""
    place = idea.casefold().find(term.said.casefold())
    asked = _role(idea[:place], idea[place + len(term.said) :]) if place >= 0 and idea[:place].isascii() else ""
    text = PromptText(prompt)
    for first, last in _names(text, explained):
        role = _role(prompt[: first.start], prompt[last.end :])
        if role == asked or "" in (role, asked):
            return f"{prompt[: first.start]}{term.english}{prompt[last.end :]}"
    return ""


def _role(before: str, after: str) -> Role:
    if _BEFORE.search(before) or _AFTER.match(after):
        return "where"
    return "" if _UNSURE.search(before) or _OF.match(after) else "who"


def _names(text: PromptText, explained: frozenset[str]) -> Iterator[tuple[Token, Token]]:
    """The first and the last word of each name in a prompt that the request does not hold, outside quotations."""
    quoted = [match.span() for match in QUOTE.finditer(text.text)]
    row: list[Token] = []
    for place, token in enumerate(text.tokens):
        inside = any(start <= token.start < end for start, end in quoted)
        if _is_name(text, place) and not inside and (not row or text.text[row[-1].end : token.start] in (" ", "-")):
            row.append(token)
            continue
        if row and not any(word.root in explained for word in row):
            yield row[0], row[-1]
        row = [token] if _is_name(text, place) and not inside else []
    if row and not any(word.root in explained for word in row):
        yield row[0], row[-1]


def _is_name(text: PromptText, place: int) -> bool:
    """A capital in mid-sentence; at the start of one only an unknown word with a capital, a verb or a small word after it."""
    token, lexicon = text.tokens[place], read_lexicon()
    if not token.word[0].isupper() or token.denied or token.word.lower() in lexicon.stop or token.word.isupper():
        return False
    if place and text.tokens[place - 1].word not in ".!?:":
        return True
    if lexicon.is_kind(token.root, "name"):
        return True
    after = text.tokens[place + 1].word if place + 1 < len(text.tokens) else ","
    if after[0].isupper():
        return True
    known = token.root in lexicon.kinds or token.root in lexicon.things or token.word.endswith(("ing", "ed", "ly"))
    goes_on = not after[0].isalnum() or after in lexicon.stop or after.endswith("ing")
    return not known and goes_on

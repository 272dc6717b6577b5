"""Which words of a prompt a request does not hold: added ones, slips of the pen put right apart."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gemini_diffusion.crafting.lexicon import VERB, fold_accents, read_lexicon, stem
from gemini_diffusion.crafting.prompt_text import PromptText, Token
from gemini_diffusion.crafting.required_terms import RequiredTerms

_LONGEST_SLIP = 24


def is_slip(said: str, meant: str) -> bool:
    """Doubled or exchanged letters; in a word of seven letters or more one or two wrong ones."""
    if (
        not 3 <= len(said) <= _LONGEST_SLIP
        or not 3 <= len(meant) <= _LONGEST_SLIP
        or said[0] != meant[0]
        or abs(len(said) - len(meant)) > 2
    ):
        return False
    if re.sub(r"(.)\1", r"\1", said) == re.sub(r"(.)\1", r"\1", meant):
        return True
    if sorted(said) == sorted(meant):
        return True
    return len(said) >= 7 and _distance(said, meant) <= (1 if len(said) == 7 else 2)


def _distance(one: str, other: str) -> int:
    """Letters to change, add or take out to make one word the other (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, char in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (letter != char))
    return row[-1]


def added_tokens(reading: RequiredTerms, text: PromptText) -> list[Token]:
    """The words of substance in a prompt that the request does not hold, in order."""
    stop = read_lexicon().stop
    fresh = (token for token in text.tokens if token.root and token.root.rstrip(VERB) not in reading.own)
    return [token for token in fresh if token.word.lower() not in stop and not _is_respelled(token, reading)]


def _is_respelled(token: Token, reading: RequiredTerms) -> bool:
    meant = fold_accents(token.word)
    return any(is_slip(said, meant) for said in reading.spellings.get(meant[:1], ()))


def count_words(reading: RequiredTerms, text: PromptText, added: Sequence[Token]) -> int:
    """How many words of substance a prompt adds; words of the request that we could not read may stand for as many."""
    translated = (word for word in reading.foreign if stem(word) not in text.shown)
    allowance = sum(-(-len(word) // 2) if "\u3041" <= word[0] <= "\u9fff" else 1 for word in translated)
    return max(0, len(added) - allowance)


def count_added(reading: RequiredTerms, prompt: str) -> int:
    """How many words of substance a prompt adds."""
    text = PromptText(prompt)
    return count_words(reading, text, added_tokens(reading, text))

"""Colours and numbers that a prompt puts on the noun of a term; changes nothing."""

from __future__ import annotations

from gemini_diffusion.crafting.lexicon import read_lexicon, stem
from gemini_diffusion.crafting.prompt_text import PromptText, Token
from gemini_diffusion.crafting.required_terms import RequiredTerms
from gemini_diffusion.crafting.terms import Term


def others_on_noun(term: Term, text: PromptText, reading: RequiredTerms) -> list[int]:
    """The places of colours (or numbers) before the term's noun that nobody wished for there, and that are clearly others."""
    lexicon = read_lexicon()
    same = (other.stems | other.near for other in reading.terms if other.kind == term.kind and other.of & term.of)
    wanted = term.stems.union(term.near, *same)
    found = []
    for place in text.places(term.of):
        for before in text.before(place):
            token = text.tokens[before]
            of_kind = is_value(token.root, term.kind)
            part_of_it = term.kind == "colour" and before + 1 < len(text.tokens) and _is_part(text.tokens[before + 1], wanted)
            if (
                of_kind
                and token.root not in wanted
                and not part_of_it
                and not (term.kind == "number" and lexicon.is_kind(token.root, "colour"))
            ):
                found.append(before)
    return found


def is_value(root: str, kind: str) -> bool:
    """Whether a stem is a number or, for any other kind, a colour."""
    lexicon = read_lexicon()
    if kind == "number":
        return lexicon.is_kind(root, "number") or root.isdecimal()
    names = lexicon.kinds.get(root, frozenset())
    thing = root in lexicon.things or any(lexicon.is_kind(root, kind) for kind in ("thing", "place", "time"))
    return lexicon.is_kind(root, "colour") or (not thing and any(lexicon.is_kind(stem(name), "colour") for name in names))


def _is_part(token: Token, wanted: frozenset[str]) -> bool:
    """A colour of a part: blue-eyed, white-furred."""
    return token.word.lower().endswith("ed") and token.root not in wanted

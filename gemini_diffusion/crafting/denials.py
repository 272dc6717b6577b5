"""What an English text rules out: "no cars", "free of clouds", "don't make it night"; knows no prompt."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gemini_diffusion.crafting.lexicon import read_lexicon, stem

_THING = r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*"
_DOING = r"(?!(?:clothing|building|painting|lightning|ceiling|writing|lettering|wing|ring|king|string|railing)s?\b)[a-z]+ing\b"
_DONT = r"(?:do not|don['\u2019]?t|never)\s+(?:(?:make|let) it(?: be)?|show|draw|include|add|put|use|want|have)(?:\s+any)?"
_HOW = (
    r"no|without|not a single|not|never any|(?:free|devoid) of|zero|avoid(?:ing)?|exclud(?:e|ing)|minus|"
    rf"lacking|except(?: for)?|(?:everything|anything) (?:but|except)|missing (?:his|her|its|their|the|any)|"
    rf"(?<=with )(?:an?|one|two|some) missing|{_DONT}"
)
_END = (
    r"(?=\s*(?:[,.;:!?)]|$)|\s+(?:and|or|but|nor|in|on|at|by|with|near|under|over|of|to|for|from|anywhere|around|visible|please|is|are)\b"
    rf"|\s+{_DOING})"
)
_DENIAL = re.compile(
    rf"(?:\b(?:with|but|and|has|have|having|(?:that |which |who )?(?:is|are))\s+)?"
    rf"(?:\b(?P<how>{_HOW})|(?:\b(?:that|which|who)\s+)?\b(?:is|are|was|were)n['\u2019]t)\s+"
    rf"(?P<article>(?:(?:a|an|the|any|of|single|in|on|at|wearing|been)\s+)*)(?P<thing>(?:{_THING}\s+){{0,2}}?{_THING}){_END}",
    re.IGNORECASE,
)
_MORE = re.compile(rf"\s*(?:,\s*)?\b(?:or|nor|and no|and without)\s+(?:(?:a|an|the|any)\s+)*({_THING})", re.IGNORECASE)
_NOBODY = re.compile(r"\b(?:no[ -]one|nobody)\b(?: (?:else|around|in sight|there))?", re.IGNORECASE)
_FORBIDDEN = re.compile(
    rf"(?:^|(?<=[,.;(]))\s*(?:(?:any|all|the)\s+)?(?P<before>{_THING}(?:\s+{_THING})?)\s+(?:(?:is|are)\s+)?"
    rf"(?:strictly )?(?:forbidden|prohibited|banned|not allowed|not permitted)\b|\bforbidden:?\s+(?P<after>{_THING})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Denial:
    """Where a denial stands in a text, and the things it rules out."""

    start: int
    end: int
    things: tuple[str, ...]


def denials_in(text: str) -> list[Denial]:
    """Each denial of an English text, in order."""
    found = [Denial(match.start(), match.end(), ("people",)) for match in _NOBODY.finditer(text)]
    found += [Denial(*match.span(), (match["before"] or match["after"],)) for match in _FORBIDDEN.finditer(text)]
    taken = {place for denial in found for place in range(denial.start, denial.end)}
    for match in _DENIAL.finditer(text):
        if match.start() in taken or match.end() - 1 in taken or not _denies(match):
            continue
        things, end = [match["thing"]], match.end()
        while more := _MORE.match(text, end):
            things.append(more[1])
            end = more.end()
        found.append(Denial(match.start(), end, tuple(things)))
    return sorted(found, key=lambda denial: denial.start)


def _denies(match: re.Match[str]) -> bool:
    """Whether it rules a thing out: "no longer" and "not too dark" do not, "not a dog", "not red" and "but not scary" do."""
    lexicon, words = read_lexicon(), match["thing"].lower().split()
    how = (match["how"] or "not").lower()
    if words[0] in lexicon.not_things:
        return False
    if how != "not" or match["how"] is None:
        return True
    if words[0] in lexicon.degrees:
        return False
    quality = lexicon.is_kind(stem(words[0]), "colour") or words[0].endswith("ing")
    return bool(match["article"]) or quality or len(words) == 1

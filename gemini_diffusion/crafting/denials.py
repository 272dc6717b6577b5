"""What an English text rules out: "no cars", "free of clouds", "don't make it night"; knows no prompt."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gemini_diffusion.crafting.lexicon import read_lexicon, stem

_THING = r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*"
_DOING = r"(?!(?:clothing|building|painting|lightning|ceiling|writing|lettering|wing|ring|king|string|railing)s?\b)[a-z]+ing\b"
_DONT = (
    r"(?:(?:i|we)\s+)?(?:do not|don['\u2019]?t|never)\s+"
    r"(?:(?:make|let) it(?: be)?|show|draw|include|add|put|use|want(?:\s+to\s+see)?|have)(?:\s+any)?"
)
_HOW = (
    r"no|without|not a single|not|never any|(?:free|devoid) of|zero|avoid(?:ing)?|exclud(?:e|ing)|minus|neither|"
    r"(?:instead|in place) of|rather than|nothing(?=\s+[a-z]+ing\b)|"
    rf"lacking|except(?: for)?|(?:everything|anything) (?:but|except)|missing (?:his|her|its|their|the|any)|"
    rf"(?<=with )(?:an?|one|two|some) missing|{_DONT}"
)
_END = (
    r"(?=\s*(?:[,.;:!?)]|$)|\s+(?:and|or|but|nor|in|on|at|by|with|near|under|over|of|to|for|from|anywhere|around|visible|please|is|are|he|she|it|they|we|there)\b"
    rf"|\s+{_DOING})"
)
_DENIAL = re.compile(
    rf"(?:\b(?:with|but|and|has|have|having|(?:that |which |who )?(?:is|are))\s+)?"
    rf"(?:\b(?P<how>{_HOW})|(?:\b(?:that|which|who)\s+)?\b(?:is|are|was|were)n['\u2019]t)\s+"
    rf"(?P<article>(?:(?:a|an|the|any|his|her|its|their|of|single|in|on|at|wearing|been)\s+)*)(?P<thing>(?:{_THING}\s+){{0,2}}?{_THING}){_END}",
    re.IGNORECASE,
)
_MORE = re.compile(
    rf"\s*(?:,\s*)?\b(?:or|nor|and no|and without)\s+(?:(?:a|an|the|any)\s+)*((?:{_THING}\s+){{0,2}}?{_THING}){_END}",
    re.IGNORECASE,
)
_FREE = re.compile(rf"(?P<thing>{_THING})-free\b(?!\s+of\b)", re.IGNORECASE)
_EXEMPT = re.compile(r"except(?: for)?|(?:everything|anything) (?:but|except)", re.IGNORECASE)
_BECOMES = re.compile(
    r"\s+(?:is|are|was|should|must|stays?|remains?|turns?|"
    r"in (?:colou?r|black|gr[ae]y|sepia|monochrome|focus|the (?:dark|shade)))\b",
    re.IGNORECASE,
)
"""What follows a thing that is exempt from a quality, and so to be seen."""
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
    found += [Denial(*match.span(), (match["thing"],)) for match in _FREE.finditer(text)]
    taken = {place for denial in found for place in range(denial.start, denial.end)}
    end = 0
    for match in _DENIAL.finditer(text):
        apart = match.start() >= end and match.start() not in taken and match.end() - 1 not in taken
        if not apart or not _denies(match) or _is_exempt(match, text):
            continue
        things, end = [match["thing"]], match.end()
        while more := _MORE.match(text, end):
            things.append(more[1])
            end = more.end()
        found.append(Denial(match.start(), end, tuple(things)))
    return sorted(found, key=lambda denial: denial.start)


def _is_exempt(match: re.Match[str], text: str) -> bool:
    """ "All in black and white except the red umbrella", "everything but the cat is grey": it is to be seen, and alone so."""
    if not _EXEMPT.fullmatch(match["how"] or ""):
        return False
    lexicon = read_lexicon()
    before = text[: match.start()].rpartition(".")[2].lower().split()
    coloured = bool({"everything", "all", "whole", "entire", "entirely", "rest"} & {*before}) or any(
        lexicon.is_kind(stem(word.strip(",;")), "colour") or word.startswith(("monochrom", "blur")) for word in before
    )
    own = any(lexicon.is_kind(stem(word), "colour") for word in match["thing"].split())
    return own or bool(_BECOMES.match(text, match.end())) or (coloured and bool(match["article"]))


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

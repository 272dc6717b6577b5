"""Where the phrases of a prompt stand, and what of it a comma does not part; knows no model and no language."""

from __future__ import annotations

import re

_WHOLE = re.compile(
    r'<[^<>\n]{1,200}>|(?<!\w)"[^"\n]{1,200}"|\u201c[^\u201c\u201d\n]{1,200}\u201d|\u00ab[^\u00ab\u00bb\n]{1,200}\u00bb'
    r"|(?P<open>\\?[(\[{])|(?P<close>\\?[)\]}](?:[0-2]?\.\d{1,4}|[+-]{1,5}(?!\w))?)"
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_DEEPEST = 20  # so that reading stays linear


def whole_spans(prompt: str) -> list[tuple[int, int]]:
    """Start and end of each tag, quotation and group: "<lora:a:0.8>", "(red, blue:1.3)", "[a, b]", "{a|b}"; outermost only."""
    spans, still_open = list[tuple[int, int]](), list[tuple[str, int]]()
    for found in _WHOLE.finditer(prompt):
        start = found.start()
        if found["open"]:
            still_open.append((_CLOSING[found[0][-1]], start))
            continue
        if found["close"]:
            near = range(len(still_open) - 1, max(-1, len(still_open) - 1 - _DEEPEST), -1)
            place = next((at for at in near if still_open[at][0] in found[0][:2]), None)
            if place is None:
                continue
            start = still_open[place][1]
            del still_open[place:]
        while spans and spans[-1][0] >= start:
            spans.pop()
        spans.append((start, found.end()))
    return spans


def phrase_spans(prompt: str, marks: str = ",") -> list[tuple[int, int]]:
    """Start and end of each piece between the `marks` that stand in no group; the marks belong to none."""
    plain = prompt
    for start, end in whole_spans(prompt):
        plain = f"{plain[:start]}{'_' * (end - start)}{plain[end:]}"
    cuts = [place for place, char in enumerate(plain) if char in marks]
    return list(zip([0, *(cut + 1 for cut in cuts)], [*cuts, len(prompt)], strict=True))


def split_phrases(prompt: str) -> tuple[str, ...]:
    """A comma list as phrases, whole and in order, blank ones left out."""
    phrases = (prompt[start:end].strip() for start, end in phrase_spans(prompt))
    return tuple(phrase for phrase in phrases if phrase)

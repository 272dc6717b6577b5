"""Plain-word edits of Postcard pictures, judged: what was named changes, and what was not named stays; knows no window.

`python -m benchmarks.edits [seeds]` draws one picture a seed and each edit of it with the same seed, and prints in how many the
judge sees the change and everything else as before. The claim: 19 of 20 for "make it night".
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

from gemini_diffusion.crafting import PromptRequest, craft_by_rules
from gemini_diffusion.crafting.edits.change_list import ChangeList
from gemini_diffusion.crafting.edits.edit_clauses import read_edit
from gemini_diffusion.crafting.edits.rule_changes import apply_clauses
from gemini_diffusion.engines.models import find_model
from postcard import pipeline
from postcard.judge import Judge, Verdict

MODEL = Path(__file__).resolve().parent.parent / "assets" / "postcard"
IDEA = "a red cat on the beach in the daytime"
EDITS = {"make it night": {"time": "night"}, "the first one but in snow": {"place": "snow"}, "make it blue": {"colour": "blue"}}


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    pipe, judge, seeds = pipeline.load(MODEL), Judge.load(), list(range(1, count + 1))
    prompt = craft_by_rules(PromptRequest(IDEA, find_model("postcard"))).prompt
    before = judge.judge_all(pipeline.draw(pipe, [prompt] * count, seeds))
    print(f"{count} seeds of: {prompt}")
    for text, change in EDITS.items():
        after = judge.judge_all(pipeline.draw(pipe, [edited(text, prompt)] * count, seeds))
        right = [agrees(old, new, change) for old, new in zip(before, after, strict=True)]
        print(f"{text:28} {sum(right):3} of {count}", flush=True)


def edited(text: str, prompt: str) -> str:
    """The prompt as the rules change it. Raises ValueError where they do not understand the edit."""
    message = read_edit(text)
    if message is None:
        raise ValueError(f"The rules do not understand: {text}")
    return apply_clauses(message.clauses, ChangeList(prompt)).prompt


def agrees(before: Verdict, after: Verdict, change: dict[str, str]) -> bool:
    """Whether the judge sees the change and nothing else changed."""
    return asdict(after) == asdict(before) | change


if __name__ == "__main__":
    main()

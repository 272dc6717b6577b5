"""What a message means by rules: tests/data/messages.json holds messages in eight languages with what each of them asks for."""

from __future__ import annotations

import json
import re
from pathlib import Path

from gemini_diffusion.commands import Imagine, PictureCommand, Say
from gemini_diffusion.crafting.edits.change_list import ChangeList
from gemini_diffusion.crafting.edits.edit_clauses import read_edit
from gemini_diffusion.crafting.edits.rule_changes import apply_clauses
from gemini_diffusion.generation.turn.intent_by_rules import read_intent

MESSAGES = json.loads((Path(__file__).parent / "data" / "messages.json").read_text("utf-8"))
PROMPT = "a red cat with a hat on the beach, soft light"


def understood(text: str, means: str) -> bool:
    """Whether the rules read a message as the table says, and make of the prompt what it says."""
    command = read_intent(text, pictures=True).command
    kind, _, wanted = means.partition(": ")
    name, _, number = kind.partition(" #")
    if isinstance(command, Imagine):
        return name == "draw" and wanted in command.idea
    if not isinstance(command, PictureCommand):
        return name == "talk" and command == Say(text)
    if (command.name, command.number) != (name, int(number or 0)):
        return False
    return name != "edit" or _changed(text, wanted.split(", "))


def _changed(text: str, wanted: list[str]) -> bool:
    message = read_edit(text)
    assert message is not None
    hatless = PROMPT.replace(" with a hat", "")
    after = apply_clauses(message.clauses, ChangeList(hatless if "a hat" in wanted or "a red hat" in wanted else PROMPT))
    for part in wanted:
        lost = part.removeprefix("-").removeprefix("no ")
        there = re.search(rf"\b{re.escape(lost)}\b", after.prompt) is not None
        if there == part.startswith(("-", "no ")):
            return False
    return after.prompt.endswith("soft light") or "light" in " ".join(wanted)


def test_rules_know_what_is_asked_for_and_never_draw_on_talk() -> None:
    wrong = [row["text"] for row in MESSAGES if not understood(row["text"], row["means"])]
    talk = [row["text"] for row in MESSAGES if row["means"] == "talk"]
    assert len(MESSAGES) >= 120 and len({row["language"] for row in MESSAGES}) == 8
    assert not set(wrong) & set(talk)
    assert len(wrong) <= 0.15 * (len(MESSAGES) - len(talk)), wrong

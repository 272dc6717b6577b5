"""What a page is sent of one turn: little, and no more for each state because the conversation is long."""

from __future__ import annotations

from pathlib import Path

from benchmarks.window import SteadyEngine
from tests.browser.sketching import open_sketching
from tests.visitor import Visitor

MOST = 80_000
"""Bytes of a turn of 16 steps in an empty conversation, its previews with it."""


def test_a_turn_sends_a_page_little_and_each_state_only_what_changed(tmp_path: Path) -> None:
    engine = SteadyEngine()
    with open_sketching(tmp_path, engine, engine="local") as app:
        visitor = Visitor(app.url)
        for seed in range(5):
            visitor.press("box", "submit", f"/imagine an owl --raw --seed {seed}", "")
        engine.slow = True
        told = visitor.press("box", "submit", "/imagine a fox in the snow --seed 7", "").text
    assert "data:image/jpeg" in told
    assert len(told) < MOST
    states = [line for line in told.splitlines() if '"process_generating"' in line]
    assert len(states) > 2
    told_again = ["an owl" in state for state in states[1:-1]]  # the last one names the conversation
    assert "an owl" in states[0] and not any(told_again)

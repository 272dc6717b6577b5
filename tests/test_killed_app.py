"""A drawing survives kill -9 of the app: what it had taken on goes on at the next start, and nothing is broken."""

from __future__ import annotations

from pathlib import Path

from tests.killed_app import KilledApp


def test_nothing_that_was_taken_on_is_lost_when_the_app_is_killed(tmp_path: Path) -> None:
    app = KilledApp(tmp_path, longest=1.0)
    app.kill()
    assert app.lost() == [] and app.broken() == [] and len(app.taken) == 2

"""Tables of tests that are texts and nothing else: tests/data/*.json, under each name one list of rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).with_name("data")


def read_table(name: str) -> Any:
    """The tables of one file, tuples as lists."""
    return json.loads((DATA / f"{name}.json").read_text("utf-8"))

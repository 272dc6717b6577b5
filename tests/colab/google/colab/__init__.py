"""Stands in for Colab's own package in a notebook that a test runs: what was asked of it is written to the file COLAB_LOG."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def note(part: str, **asked: Any) -> None:
    """One line for each call."""
    with Path(os.environ["COLAB_LOG"]).open("a", encoding="utf-8") as log:
        log.write(json.dumps({"part": part, **asked}) + "\n")

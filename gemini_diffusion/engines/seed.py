"""The number a picture starts from; knows no engine."""

from __future__ import annotations

import secrets

LARGEST = 2**31 - 1
"""The largest seed drawn by ourselves: some services keep seeds in a signed 32-bit number."""


def new_seed() -> int:
    """A random seed, 0 to LARGEST."""
    return secrets.randbelow(LARGEST + 1)

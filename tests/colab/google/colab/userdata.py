"""Secrets: those of the variable COLAB_SECRETS, as JSON; null is one that this notebook may not read."""

from __future__ import annotations

import json
import os


class SecretNotFoundError(Exception):
    pass


class NotebookAccessError(Exception):
    pass


class TimeoutException(Exception):
    pass


def get(key: str) -> str:
    secrets: dict[str, str | None] = json.loads(os.environ["COLAB_SECRETS"])
    if key not in secrets:
        raise SecretNotFoundError(key)
    value = secrets[key]
    if value is None:
        raise NotebookAccessError(key)
    return value

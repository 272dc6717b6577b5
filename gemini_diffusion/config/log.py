"""The log: warnings and errors, on standard error and in a file of the data folder, without any key."""

from __future__ import annotations

import logging
import logging.handlers
import re
import traceback
from pathlib import Path

_KEY = re.compile(r"(AIza|hf_|sk-|Bearer\s+)[\w\-.~+/]{4,}")
_LONGEST = 1_000_000
"""Bytes of the file before it becomes app.log.1 and a new one begins."""


def open_log(home: Path) -> None:
    """Sends what any module logs to standard error and to `home`/logs/app.log; without a file where that cannot be."""
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    try:
        (home / "logs").mkdir(parents=True, exist_ok=True)
        handlers.append(logging.handlers.RotatingFileHandler(home / "logs" / "app.log", "a", _LONGEST, 1, "utf-8"))
    except OSError as error:
        logging.getLogger(__name__).warning("There is no log file: %s", error)
    for handler in handlers:
        handler.addFilter(RedactingFilter())
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s", handlers=handlers, force=True)


def redacted(text: str) -> str:
    """`text` without anything that looks like a key."""
    return _KEY.sub(lambda key: f"{key[1]}[redacted]", text)


class RedactingFilter(logging.Filter):
    """A filter for any log handler: what looks like a key is never written, not in a message and not in a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redacted(record.getMessage()), None
        if record.exc_info and record.exc_info[0]:
            record.exc_text = redacted("".join(traceback.format_exception(*record.exc_info)).rstrip())
        return True

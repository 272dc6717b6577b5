"""The host's settings: what was given, then the environment, .env and the defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.types.errors import BadInput

CHECKOUT = Path(__file__).absolute().parents[2]
"""The folder of app.py, where the program runs from its repository."""


def read_settings(given: Mapping[str, Any] | None = None, env_file: Path | None = None) -> Settings:
    """`given` before the environment before `env_file` before the defaults, and the data folder as a whole path.

    `env_file` None is the .env beside app.py, or the one in the data folder where there is no app.py: never one that merely
    lies in the current folder, since it says where keys are sent. Values that are None or empty count as not given. Raises
    BadInput, naming the name or the value that does not fit.
    """
    chosen = {name: value for name, value in (given or {}).items() if value not in (None, "")}
    file = env_file or _env_file(Settings.from_environment(os.environ).replaced(chosen))
    settings = Settings.from_environment({**_lines(file), **os.environ}).replaced(chosen)
    return settings.replaced({"home": str(_home(settings.home))})


def _env_file(settings: Settings) -> Path:
    return (CHECKOUT if (CHECKOUT / "app.py").is_file() else _home(settings.home)) / ".env"


def _lines(path: Path) -> dict[str, str]:
    """Read here and not put into the environment: libraries must not find keys by themselves."""
    from dotenv import dotenv_values

    try:
        return {name: value for name, value in dotenv_values(path, encoding="utf-8-sig").items() if value}
    except (UnicodeDecodeError, OSError) as error:
        raise BadInput(".env cannot be read.", "Save it again as UTF-8 text.") from error


def _home(given: str) -> Path:
    import platformdirs

    folder = given or platformdirs.user_data_dir("gemini-diffusion", appauthor=False)
    return Path(folder).expanduser().absolute()

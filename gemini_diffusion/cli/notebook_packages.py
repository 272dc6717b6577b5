"""Installs what the app requires into a notebook's own Python; standard library only, since nothing else may be there yet."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.txt"
"""Lies there in a folder of the project; a wheel has the same lines in its metadata."""
_TORCH = ("torch", "torchvision", "torchaudio")
_MODULES = {"pillow": "PIL"}
"""Modules that are not called like the package they come from."""


def install() -> bool:
    """Installs what is missing, with the torch that is here: none is fetched where there is one. Says how it went."""
    present = _installed()
    wanted, kept = choose_requirements(_required(), present)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted, *kept]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"pip could not install everything. Run this cell again, or see what it said: {done.stderr.strip()[-600:]}")
        return False
    importlib.invalidate_caches()
    stale = sorted(name for name, version in _installed().items() if present.get(name, version) != version and _in_use(name))
    if stale:
        print(f"{', '.join(stale)} was in use and is now another version: restart the session, then run the cells again.")
    else:
        print("Everything is installed.")
    return not stale


def choose_requirements(required: Sequence[str], present: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """What pip is asked for, and what it is to leave as it is: torch is asked for only where there is none."""
    wanted = [line for line in required if not (_name(line) in _TORCH and _name(line) in present)]
    return wanted, [f"{name}=={present[name]}" for name in _TORCH if name in present]


def _required() -> list[str]:
    if not REQUIREMENTS.is_file():
        return [line for line in importlib.metadata.requires("gemini-diffusion") or () if "extra ==" not in line]
    lines = (line.partition("#")[0].strip() for line in REQUIREMENTS.read_text("utf-8").splitlines())
    return [line for line in lines if line]


def _installed() -> dict[str, str]:
    return {_name(found.name): found.version for found in importlib.metadata.distributions() if found.name}


def _in_use(name: str) -> bool:
    return _MODULES.get(name, name.replace("-", "_")) in sys.modules


def _name(requirement: str) -> str:
    """The package of a requirement, as every spelling of it is written."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[]", requirement.strip(), maxsplit=1)[0]).lower()

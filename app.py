"""Gemini Diffusion without installing it as a package: `python app.py`, with the .env beside this file."""

from __future__ import annotations

import sys
from pathlib import Path

from gemini_diffusion.cli.main import main

if __name__ == "__main__":
    sys.exit(main(env_file=Path(__file__).with_name(".env")))

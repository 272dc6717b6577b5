"""`python -m gemini_diffusion` is the command `gemini-diffusion`."""

from __future__ import annotations

import sys

from gemini_diffusion.cli.main import main

if __name__ == "__main__":
    sys.exit(main())

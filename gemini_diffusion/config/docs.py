"""The settings as docs/settings.md and as .env.example, both made from the one table of settings.py.

`python -m gemini_diffusion.config.docs` writes both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gemini_diffusion.config.options import Option, Secret
from gemini_diffusion.config.settings import GROUPS, Settings

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "settings.md"
START, END = "<!-- settings: written by python -m gemini_diffusion.config.docs -->", "<!-- end of settings -->"


def settings_tables() -> str:
    """Markdown: a heading and a table for each group, one row a setting, in the order of the Settings tab."""
    return "\n\n".join(_table(group) for group in GROUPS)


def env_example() -> str:
    """Every variable with its sentence, commented out, so that the file can be copied to .env as it is."""
    parts = ["# Copy this file to .env and take the # away from what you set. Keys stay on this machine."]
    for group in GROUPS:
        parts.append(f"\n# --- {group} ---")
        for name, option in Settings.table().items():
            if option.group == group:
                parts.append(f"# {option.label}: {option.help} {_values(name, option)}".rstrip())
                parts.append(f"# {Settings.environment_names(name)[0]}=")
    return "\n".join(parts) + "\n"


def with_tables(page: str) -> str:
    """The page with the tables between its two marks made anew; ValueError where a mark is missing."""
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"{PAGE.name} lacks the marks around the tables of settings.")
    return f"{before}{START}\n{settings_tables()}\n{END}{after}"


def _table(group: str) -> str:
    rows = [_row(name, option) for name, option in Settings.table().items() if option.group == group]
    return "\n".join([f"### {group}\n\n| setting | what it does | values (default) | variable |", "|---|---|---|---|", *rows])


def _row(name: str, option: Option) -> str:
    variables = " or ".join(f"`{variable}`" for variable in Settings.environment_names(name))
    return f"| {option.label} | {option.help} | {_values(name, option)} | {variables} |"


def _values(name: str, option: Option) -> str:
    default = getattr(Settings(), name)
    if isinstance(default, Secret):
        return ""
    said = _said(default)
    if option.choices:
        return f"{', '.join(option.choices)} ({said})"
    return f"{option.range} ({said})".lstrip()


def _said(default: Any) -> str:
    """A default as a person may copy it."""
    if default is None:
        return "the model's own"
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default) or "empty"


def main() -> None:
    """Writes the tables into the page of settings, and .env.example."""
    PAGE.write_text(with_tables(PAGE.read_text("utf-8")), "utf-8")
    (ROOT / ".env.example").write_text(env_example(), "utf-8")


if __name__ == "__main__":
    main()

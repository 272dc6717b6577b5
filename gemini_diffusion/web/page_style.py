"""The theme, the style sheet and the scripts of the page. Bundled fonts only."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from gradio.themes.utils.fonts import LocalFont

_FOLDER = Path(__file__).resolve().parent / "static"
STYLES = tuple(_FOLDER / f"{name}.css" for name in ("style", "easel", "pictures", "conversations"))
ICON = _FOLDER / "icon.svg"
_SCRIPTS = (
    "attach.js", "choices.js", "builder.js", "brush.js", "page.js", "settings.js", "words.js", "keywords.js", "pictures.js",
    "compare.js", "finish.js", "recipe.js", "conversations.js", "filmstrip.js", "full_screen.js", "aloud.js", "terms.js",
    "history.js",
)  # fmt: skip
"""In this order: the first listener may keep a key press for itself."""
_FONT, _CODE = "Source Sans Pro", "IBM Plex Mono"


def build_theme() -> gr.themes.Base:
    """Soft, one accent, generous corners; light or dark as the system wishes."""
    soft = gr.themes.Soft(
        primary_hue="violet",
        secondary_hue="violet",
        neutral_hue="slate",
        radius_size="lg",
        font=(LocalFont(_FONT, weights=(400, 700)), "Segoe UI", "Helvetica Neue", "sans-serif"),
        font_mono=(LocalFont(_CODE, weights=(400, 700)), "ui-monospace", "Consolas", "monospace"),
    )
    return soft.set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
        block_info_text_color="*neutral_500",
        block_info_text_color_dark="*neutral_400",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_500",
        color_accent="*primary_600",
    )


def page_head() -> str:
    """What the page's head needs besides Gradio's own: our scripts."""
    hidden = "<style>#chat-layout { opacity: 0; }</style>"  # until the style sheet comes, so that nothing is seen to move
    viewport = '<meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content">'
    scripts = "\n".join((_FOLDER / name).read_text("utf-8") for name in _SCRIPTS)
    return f"{viewport}\n{hidden}\n<script>\n{scripts}\n</script>"

"""The image panel: the selected picture with its prompt, details and actions, or the welcome before the first one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from gemini_diffusion.types import Alternative
from gemini_diffusion.ui import escape, mask_editor, prompt_words
from gemini_diffusion.ui.live_preview import LivePreview
from gemini_diffusion.ui.mask_editor import MaskEditor
from gemini_diffusion.ui.picture_details import PictureDetails
from gemini_diffusion.ui.progress import Stage
from gemini_diffusion.ui.recovery import place
from gemini_diffusion.ui.welcome import build_welcome

Updates = dict[Any, Any]

_SAME_SEED = "With the same seed"
COMMAND = "Command that draws it again"
FORMATS = [("PNG", "png"), ("JPEG", "jpeg"), ("WebP", "webp")]
_BAR = (
    '<div class="bar" role="progressbar" aria-label="Progress" aria-valuemin="0" aria-valuemax="100" '
    'aria-valuenow="${value}"><div style="width:${value}%"></div></div>'
)
_PREVIEW = (
    '${value ? `<div class="${value.look}"><img src="${value.source}" alt="How it looks so far" decoding="sync"></div>` : ""}'
)


@dataclass(frozen=True, slots=True)
class ImagePanel:
    """The components. `selected` is the id of the picture that the page should show, `shown` of the one it shows."""

    selected: gr.State
    shown: gr.Textbox
    preview: gr.HTML
    stage: gr.Column
    stage_text: gr.Markdown
    bar: gr.HTML
    draw_here: gr.Button
    welcome: gr.Column
    set_up: gr.Markdown
    examples: tuple[gr.Button, ...]
    surprise: gr.Button
    content: gr.Column
    picture: gr.Image
    prompt: gr.Textbox
    words: gr.HTML
    keywords: gr.HTML
    meter: gr.Markdown
    measure: gr.Button
    negative: gr.Textbox
    mask: MaskEditor
    summary: gr.Markdown
    facts: gr.Markdown
    download: gr.DownloadButton
    file_format: gr.Dropdown
    redraw: gr.Button
    reseed: gr.Button
    vary: gr.Button
    vary_strong: gr.Button
    enlarge: gr.Button
    edit: gr.Button
    check: gr.Button
    attach: gr.Button
    finish_steps: gr.Textbox
    finish_keep: gr.Button
    line: gr.Textbox

    def components(self) -> list[Any]:
        """Every component that an event may change."""
        values = (getattr(self, entry.name) for entry in fields(self))
        return [*(value for value in values if isinstance(value, Block)), self.mask.draw, *self.examples]

    def show_picture(self, details: PictureDetails, file: Path, file_format: str) -> Updates:
        """Shows a picture; `file` is what the Download button serves."""
        can_redraw = details.is_drawn or details.can_begin
        facts = "\n\n".join(escape.escape_text(text) for text in (details.facts, details.ignored) if text)
        return {
            self.selected: details.identity,
            self.shown: gr.update(value=details.identity),  # as most of these, so that a page misses all or none
            self.welcome: gr.update(visible=False),
            self.content: gr.update(visible=True),
            self.picture: gr.update(value=str(details.path), alt_text=details.alt, visible=True),
            self.prompt: gr.update(value=details.prompt, placeholder="" if details.is_drawn else "What to draw from it"),
            self.words: gr.update(value=details.words),
            self.keywords: gr.update(value=details.prompt_2),
            self.negative: gr.update(value=details.negative_prompt, visible=details.takes_negative),
            self.summary: escape.escape_text(details.summary),
            self.facts: facts,
            self.download: gr.update(value=str(file)),
            self.file_format: file_format,
            self.line: gr.update(value=details.line, visible=details.is_drawn),
            self.redraw: gr.update(value=_SAME_SEED if details.is_drawn else "Draw from it", visible=can_redraw),
            self.reseed: gr.update(visible=details.is_drawn),
            self.vary: gr.update(visible=details.is_drawn and details.can_begin),
            self.vary_strong: gr.update(visible=details.is_drawn and details.can_begin),
            self.enlarge: gr.update(visible=details.can_grow),
            self.edit: gr.update(visible=details.can_begin),
            self.check: gr.update(visible=details.is_drawn),
            self.attach: gr.update(visible=details.can_begin),
        }

    def progress(self, stage: Stage | None, *, move: Alternative | None = None) -> Updates:
        """Shows the progress of a drawing, or hides it; `move` is the engine that could draw it instead."""
        if stage is None:
            return {self.stage: gr.update(visible=False)}
        return {
            self.draw_here: gr.update(visible=move is not None, value=f"Draw it {place(move)} instead" if move else ""),
            self.stage: gr.update(visible=True),
            self.stage_text: escape.escape_text("\n".join([stage.text, *([move.changes] if move else [])])),
            self.bar: gr.update(value=stage.percent or 0, visible=stage.percent is not None),
        }

    def show_preview(self, seen: LivePreview | None) -> Updates:
        """Shows how the picture looks so far, in place of the selected one."""
        return {self.preview: gr.update(value={"source": seen.source, "look": seen.look} if seen else None)}

    def enable(self, yes: bool) -> Updates:
        """Enables or disables everything that starts a drawing: one at a time."""
        drawing = (
            self.redraw,
            self.reseed,
            self.vary,
            self.vary_strong,
            self.enlarge,
            self.mask.draw,
            self.surprise,
            *self.examples,
        )
        return {button: gr.update(interactive=yes) for button in drawing}


def build(welcome: Sequence[str], filmstrip: gr.HTML) -> ImagePanel:
    """Lays the panel out where it is called, empty; `welcome` says what is set up and what is not, a line each."""
    with gr.Column(elem_id="image-panel", min_width=0):
        gr.Button("Back to the conversation", elem_id="image-panel-close", size="sm")
        selected = gr.State("")
        shown = gr.Textbox(visible="hidden", elem_id="shown")
        with gr.Row(elem_id="easel"):
            view = _view(welcome)
            filmstrip.render()
        with gr.Column(visible=False, elem_id="image-content", min_width=0) as content:
            parts = _actions() | _prompt() | _facts()
    return ImagePanel(selected=selected, shown=shown, content=content, **view, **parts)


def _view(welcome: Sequence[str]) -> dict[str, Any]:
    """The place of the picture, as high as the window allows whatever stands in it, so that nothing below it ever moves."""
    with gr.Column(elem_id="image-view", min_width=0):
        greeting = build_welcome(welcome)
        preview = gr.HTML(None, html_template=_PREVIEW, elem_id="preview")
        picture = gr.Image(
            show_label=False, container=False, interactive=False, buttons=[], elem_id="picture", min_width=0,
            visible=False,
        )  # fmt: skip
        mask_editor.build_canvas()
        with gr.Column(visible=False, elem_id="stage", min_width=0) as stage:
            stage_text = gr.Markdown(elem_id="stage-text")
            bar = gr.HTML(0, html_template=_BAR, visible=False)
            draw_here = gr.Button("Draw it on this machine instead", size="sm", elem_id="draw-here", visible=False)
    return {
        "welcome": greeting.column, "set_up": greeting.set_up, "examples": greeting.examples, "surprise": greeting.surprise,
        "preview": preview, "picture": picture, "stage": stage, "stage_text": stage_text, "bar": bar, "draw_here": draw_here,
    }  # fmt: skip


def _actions() -> dict[str, Any]:
    """What can be done with the selected picture, in one line; two of them open a menu, which page.js shows."""
    with gr.Row(elem_id="actions"):
        download = gr.DownloadButton("Download", variant="primary", size="md", elem_id="download", min_width=0)
        edit, enlarge = _button("Edit"), _button("Enlarge")
        _button("Again")
        with gr.Column(elem_id="again-menu", elem_classes="menu", min_width=0):
            redraw = gr.Button(_SAME_SEED, size="md", elem_id="redraw", min_width=0)
            reseed = gr.Button("With a new seed", size="md", elem_id="reseed", min_width=0)
            vary = gr.Button("A little different", size="md", elem_id="vary", min_width=0)
            vary_strong = gr.Button("Very different", size="md", elem_id="vary-strong", min_width=0)
        _button("More")
        with gr.Column(elem_id="more-menu", elem_classes="menu", min_width=0):
            _button("Finish")
            check = gr.Button("Check what is seen", size="md", elem_id="check-picture", min_width=0)
            attach = gr.Button("Attach to the next message", size="md", elem_id="attach", min_width=0)
            file_format = gr.Radio(FORMATS, value="png", label="Download as", elem_id="file-format", interactive=True)
    finish_steps = gr.Textbox(visible="hidden", elem_id="finish-steps", interactive=True)  # finish.js fills it
    finish_keep = gr.Button("Keep the finished copy", visible="hidden", elem_id="finish-keep")
    return {
        "finish_steps": finish_steps, "finish_keep": finish_keep,
        "download": download, "edit": edit, "enlarge": enlarge, "redraw": redraw, "reseed": reseed,
        "vary": vary, "vary_strong": vary_strong, "check": check, "attach": attach, "file_format": file_format,
    }  # fmt: skip


def _button(text: str) -> gr.Button:
    return gr.Button(text, size="md", elem_id=text.lower(), min_width=0)


def _prompt() -> dict[str, Any]:
    """The prompt to be changed and drawn again, how full it is, what was kept and added; while a mask is painted, its tools."""
    prompt = gr.Textbox(label="Prompt", lines=2, max_lines=10, elem_id="prompt", interactive=True, render=False)
    words = prompt_words.build(prompt)
    keywords = prompt_words.build_keywords()
    meter = gr.Markdown(elem_id="meter")
    measure = gr.Button("Count again", visible="hidden", elem_id="measure")
    summary = gr.Markdown(elem_id="summary")
    negative = gr.Textbox(label="Negative prompt", lines=1, max_lines=4, elem_id="negative", interactive=True)
    mask = mask_editor.build()
    return {
        "prompt": prompt, "words": words, "keywords": keywords, "meter": meter, "measure": measure, "summary": summary,
        "negative": negative, "mask": mask,
    }  # fmt: skip


def _facts() -> dict[str, Any]:
    facts = gr.Markdown(elem_id="details")
    line = gr.Textbox(label=COMMAND, lines=1, max_lines=6, interactive=False, buttons=["copy"], elem_id="line")
    return {"facts": facts, "line": line}

"""What a person reads when a handler of the window fails, and what the log does; a turn's own failures end in the session."""

from __future__ import annotations

import functools
import html
import inspect
import logging
import traceback
from collections.abc import AsyncIterator, Callable
from typing import Any

import gradio as gr

from gemini_diffusion.config.log import redacted
from gemini_diffusion.types.errors import GeminiDiffusionError

UNFORESEEN = "Something unexpected went wrong. Try again; the log on this machine says more."
_LOG = logging.getLogger(__name__)


def error_sentence(error: Exception) -> str:
    """The one thing a person is told of an error: ours as it is written, any other calmly, with the log knowing more."""
    if isinstance(error, GeminiDiffusionError):
        return str(error)
    _LOG.error("A handler of the window failed.\n%s", redacted("".join(traceback.format_exception(error))))
    return UNFORESEEN


def show_errors(text: str) -> None:
    """Shows a sentence for a few seconds over the page; it may hold a person's words."""
    gr.Info(html.escape(text), duration=8)


def show_error(handler: Callable[..., Any]) -> Callable[..., Any]:
    """The handler, its errors shown as a sentence; a generator's updates until then stand."""
    if inspect.isasyncgenfunction(handler):

        @functools.wraps(handler)
        async def stream(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            try:
                async for updates in handler(*args, **kwargs):
                    yield updates
            except Exception as error:  # noqa: BLE001 - the window's last line: whatever it is becomes a sentence
                show_errors(error_sentence(error))
                yield gr.skip()  # Gradio empties whatever a generator that ends has said nothing about

        return stream

    @functools.wraps(handler)
    async def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return await handler(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the window's last line: whatever it is becomes a sentence
            show_errors(error_sentence(error))
            return gr.skip()

    return call

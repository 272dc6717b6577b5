"""Errors of the window's handlers as sentences; a turn's own failures are shown in the conversation."""

from __future__ import annotations

import functools
import html
import inspect
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import gradio as gr

from gemini_diffusion.config.log import redacted
from gemini_diffusion.types.errors import GeminiDiffusionError

UNFORESEEN = "Something unexpected went wrong. Try again; the log on this machine says more."
_LOG = logging.getLogger(__name__)


def error_sentence(error: Exception) -> str:
    """What a person reads of an error: our own message, or for any other a general sentence while the log has the details."""
    if isinstance(error, GeminiDiffusionError):
        return str(error)
    _LOG.error("A handler of the window failed.\n%s", redacted("".join(traceback.format_exception(error))))
    return UNFORESEEN


def answer_errors(handler: Callable[[Any, gr.Request], Awaitable[dict[str, Any]]]) -> Callable[..., Awaitable[dict[str, Any]]]:
    """The handler for a script of the page: its errors are answers too, under "error"."""

    @functools.wraps(handler)
    async def reply(asked: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        try:
            return await handler(asked if isinstance(asked, dict) else {}, request)
        except Exception as error:  # noqa: BLE001 - the window's last line: whatever it is becomes a sentence
            return {"error": error_sentence(error)}

    return reply


def show_errors(text: str) -> None:
    """Shows a sentence over the page for a few seconds; it may contain a person's words."""
    gr.Info(html.escape(text), duration=8)


def show_error(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Wraps a handler so that its errors are shown as sentences; the updates of a generator before the error stay."""
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

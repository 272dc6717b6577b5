"""What must be true of a page whatever is done with it: no error in its console, no request to anybody but the app."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Dialog, Page, Request

from tests import waiting

PATIENCE = 1000 * waiting.PATIENCE
"""Milliseconds."""

ABORTED = ("net::ERR_ABORTED", "signal is aborted", "Connection errored out")
"""What Chromium and Gradio say of requests that a reload of ours cut off."""


class Watch:
    """Listens from the first request on; `settle` says what was not right. `fired` holds what a script that ran would leave."""

    def __init__(self, page: Page, home: str) -> None:
        self.errors: list[str] = []
        self.outside: list[str] = []
        self.fired: list[str] = []
        self.aborted_by_us = False
        self._home = urlsplit(home).netloc
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.errors.append(f"{error}\n{error.stack}"))
        page.on("request", self._asked)
        page.on("dialog", self._opened)
        page.context.on("page", lambda other: self.fired.append(f"opened {other.url}") if other is not page else None)

    def settle(self) -> None:
        assert not self.outside, f"the page asked somebody else: {self.outside}"
        assert not self.fired, f"something of a person's or a model's ran: {self.fired}"
        assert not self.errors, f"the console has errors: {self.errors}"

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not (self.aborted_by_us and any(word in message.text for word in ABORTED)):
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self._home:
            self.outside.append(request.url)

    def _opened(self, dialog: Dialog) -> None:
        self.fired.append(dialog.message)
        dialog.dismiss()

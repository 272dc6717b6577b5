"""The host's page at /host/KEY: visitors, what runs and waits, use and disk, with a button to end or prefer each.

The key is random and new at each start; the terminal says it. Whoever has the address is the host.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from gemini_diffusion.types.errors import GeminiDiffusionError

if TYPE_CHECKING:
    from gemini_diffusion.generation.host_view import HostView, VisitorTurn
    from gemini_diffusion.generation.limits.usage import UsageRow

EVERY = 5
"""Seconds after which the page is loaded again."""
USED = ("Visitor", "Lent", "Pictures", "Tokens in", "Tokens out", "Price", "Drawn here", "Kept")
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="{every}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Gemini Diffusion, for the host</title>
<style>:root {{ color-scheme: light dark }} body {{ font: 16px/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 70rem;
padding: 0 1rem }} table {{ border-collapse: collapse; width: 100% }} section {{ overflow-x: auto }} form {{ display: inline }}
th, td {{ text-align: left; padding: .4rem .8rem .4rem 0; vertical-align: top }} button {{ font: inherit; min-height: 2rem }}
</style></head><body><h1>Gemini Diffusion, for the host</h1><p>{summary}</p>
<section><h2>Running and waiting</h2>{turns}</section><section><h2>Today</h2>{usage}</section></body></html>"""


@dataclass(frozen=True, slots=True)
class HostPage:
    """The page for `view`, behind `key`."""

    view: HostView
    key: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def path(self) -> str:
        return f"/host/{self.key}"

    @property
    def routes(self) -> list[Route]:
        return [Route("/host/{key}", self._show), Route("/host/{key}/{action}/{visitor}/{turn}", self._act, methods=["POST"])]

    async def _show(self, request: Request) -> Response:
        if not self._is_host(request):
            return PlainTextResponse("There is nothing here.", 404)
        return HTMLResponse(await self._page(), headers={"Cache-Control": "no-store"})

    async def _act(self, request: Request) -> Response:
        if not self._is_host(request):
            return PlainTextResponse("There is nothing here.", 404)
        asked = request.path_params
        try:
            if asked["action"] == "end":
                await self.view.end(asked["visitor"], asked["turn"])
            else:
                self.view.bring_to_front(asked["visitor"])
        except GeminiDiffusionError as error:
            return PlainTextResponse(str(error), 409)
        return RedirectResponse(self.path, 303)

    def _is_host(self, request: Request) -> bool:
        return secrets.compare_digest(request.path_params["key"].encode(), self.key.encode())

    async def _page(self) -> str:
        rows = await asyncio.to_thread(self.view.usage)
        seen, turns = self.view.seen, self.view.turns
        lately = sum(seconds < 60 for seconds in seen.values())
        summary = (
            f"Visitors in memory: {len(seen)}, here in the last minute: {lately}; requests that run or wait: {len(turns)}; "
            f"{self.view.free // 1_000_000:,} MB of the disk are free."
        )
        usage = _table(USED, map(_used, rows))
        asked = _table(("Visitor", "Asked", "Now", ""), map(self._asked, turns)) if turns else "<p>Nothing.</p>"
        return _PAGE.format(every=EVERY, summary=escape(summary), turns=asked, usage=usage)

    def _asked(self, each: VisitorTurn) -> tuple[str, ...]:
        words = " ".join(each.turn.asked.split())[:120]
        buttons = f"{self._button('end', each)} {self._button('first', each)}"
        return escape(each.visitor[:8]), escape(words), escape(each.state), buttons

    def _button(self, action: str, each: VisitorTurn) -> str:
        label = "Stop" if action == "end" else "Draw next"
        place = f"{self.path}/{action}/{each.visitor}/{each.turn.id}"
        return f'<form method="post" action="{place}"><button>{label}</button></form>'


def _used(row: UsageRow) -> tuple[str, ...]:
    price = f"${row.dollars:.4f}" if row.dollars else ""
    counts = (f"{row.calls:.0f}", f"{row.pictures:.0f}", f"{row.tokens_in:,.0f}", f"{row.tokens_out:,.0f}")
    return (escape(row.who), *counts, price, f"{row.seconds / 60:.1f} min", f"{row.size / 1e6:.2f} MB")


def _table(names: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    """Cells are HTML already."""
    head = "".join(f"<th>{name}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"

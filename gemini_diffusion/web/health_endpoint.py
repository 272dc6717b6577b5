"""/health for proxies and containers: 200 while the server answers, without a cookie, a login or a known host name."""

from __future__ import annotations

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/health"


class HealthEndpoint:
    """ASGI middleware in front of every other: who asks is not known here, so the answer tells nothing else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and scope["path"] == PATH and scope["method"] in ("GET", "HEAD")
        answer = JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"}) if asked else self.app
        await answer(scope, receive, send)

"""Who is asking: a random cookie, together with the user name under a login; without a cookie the connection."""

from __future__ import annotations

import hashlib
import re
import secrets
from http.cookies import CookieError, SimpleCookie

import gradio as gr
from starlette.datastructures import Headers
from starlette.types import Scope

from gemini_diffusion.generation.visitors import COOKIELESS

COOKIE = "gemini_diffusion_visitor"
A_YEAR = 365 * 24 * 3600
"""Seconds a browser keeps it."""
_ISSUED = re.compile(r"[0-9a-f]{32}")


def new_cookie() -> str:
    """128 random bits in hex."""
    return secrets.token_hex(16)


def is_cookie(value: str | None) -> bool:
    """Whether `value` can be one of ours; anything else counts as no cookie."""
    return bool(value and _ISSUED.fullmatch(value))


def cookie_in(header: str) -> str:
    """Our cookie in a Cookie header, empty where there is none or one that cannot be ours."""
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found and is_cookie(found.value) else ""


def set_cookie(scope: Scope, *, framed: bool) -> str:
    """The Set-Cookie line for somebody who opens the page and has none of ours yet; else empty.

    `framed` says that pages of another site hold ours in a frame, as Colab's do: there a browser sends back no lax cookie.
    """
    headers = Headers(scope=scope)
    if scope["method"] != "GET" or scope["path"] != "/" or cookie_in(headers.get("cookie", "")):
        return ""
    secure = "https" in (scope.get("scheme"), headers.get("x-forwarded-proto", ""))
    line = f"{COOKIE}={new_cookie()}; Path=/; Max-Age={A_YEAR}; HttpOnly"
    if secure and framed:
        return f"{line}; SameSite=None; Secure; Partitioned"
    return f"{line}; SameSite=Lax{'; Secure' if secure else ''}"


def visitor_name(request: gr.Request) -> str:
    """The visitor's name: a digest, so that what is kept on disk under it is no cookie anybody could use."""
    cookie = request.cookies.get(COOKIE)
    known = is_cookie(cookie)
    mark = f"cookie:{cookie}" if known else f"connection:{request.session_hash or new_cookie()}"
    user = getattr(request, "username", None) or ""
    name = hashlib.sha256(f"{user}\0{mark}".encode()).hexdigest()[:32]
    return name if known else f"{COOKIELESS}{name}"

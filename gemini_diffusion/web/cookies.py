"""Who is asking: a random cookie, with the user name under a login; else the connection alone. Knows no visitor's data."""

from __future__ import annotations

import hashlib
import re
import secrets
from http.cookies import CookieError, SimpleCookie

import gradio as gr

from gemini_diffusion.generation.visitors import PASSING

COOKIE = "gemini_diffusion_visitor"
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


def visitor_name(request: gr.Request) -> str:
    """The visitor's name: a digest, so that what is kept on disk under it is no cookie anybody could use."""
    cookie = request.cookies.get(COOKIE)
    known = is_cookie(cookie)
    mark = f"cookie:{cookie}" if known else f"connection:{request.session_hash or new_cookie()}"
    user = getattr(request, "username", None) or ""
    name = hashlib.sha256(f"{user}\0{mark}".encode()).hexdigest()[:32]
    return name if known else f"{PASSING}{name}"

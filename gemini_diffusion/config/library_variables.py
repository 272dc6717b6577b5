"""Variables of the environment that libraries read and we do not: which cannot work as they are. Imports no such library.

A library meets a bad one at its import or when a client is made, and its exception seldom says which variable it was.
"""

from __future__ import annotations

import os
import re
import ssl
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gemini_diffusion.types.errors import BadInput, GeminiDiffusionError


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value has to be, what to set instead, and whether a value is one."""

    what: str
    instead: str
    fits: Callable[[str], bool]


def _has_certificates(path: str) -> bool:
    try:
        ssl.create_default_context(cafile=path)
    except OSError:  # a file that is not there, or, as ssl.SSLError, one that holds something else
        return False
    return True


def _can_be_written(folder: str) -> bool:
    """Whether it is a folder that takes files, or could be made."""
    path = Path(folder).expanduser().absolute()
    nearest = next(place for place in (path, *path.parents) if os.path.lexists(place))
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


def _like(pattern: str) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(pattern, value.strip(), re.IGNORECASE) is not None


_SITE = r"([^\s/@\[\]:]+|\[[0-9a-f:.]+\])(:\d{1,5})?"
_PROXY = Kind(
    "the address of a proxy", "http://host:port or socks5://host:port", _like(rf"((https?|socks5h?)://)?([^\s/]*@)?{_SITE}/?")
)
_ADDRESS = Kind("an address of the web", "one that begins with https://", _like(rf"https?://{_SITE}(/\S*)?"))
_CERTIFICATES = Kind("a file of certificates", "the file that your system or proxy trusts", _has_certificates)
_FOLDER = Kind("a folder that can be written to", "a folder of your own", _can_be_written)
_WHOLE = Kind("a whole number", "one", _like(r"\d{1,6}"))
_YES = Kind("a yes", "1", _like("1|on|yes|true|auto"))
_LOGS = Kind("a list of torch's logs", "one like dynamo,+inductor", _like(r"[+-]?\w[\w.]*(,[+-]?\w[\w.]*)*"))
_NUMBER = Kind("a number", "one", _like(r"\d{1,6}(\.\d+)?"))

VARIABLES: dict[str, Kind] = {
    **dict.fromkeys(("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "https_proxy", "http_proxy"), _PROXY),
    "SSL_CERT_FILE": _CERTIFICATES,
    "HF_ENDPOINT": _ADDRESS,
    **dict.fromkeys(("GRADIO_TEMP_DIR", "HF_HOME", "TMPDIR"), _FOLDER),
    **dict.fromkeys(("GRADIO_NODE_NUM_PORTS", "GRADIO_NUM_PORTS", "GRADIO_SERVER_PORT", "WEB_CONCURRENCY"), _WHOLE),
    **dict.fromkeys(("HF_HUB_DOWNLOAD_TIMEOUT", "HF_HUB_ETAG_TIMEOUT", "DIFFUSERS_TIMEOUT_REMOTE_CODE"), _WHOLE),
    **dict.fromkeys(("GRADIO_ANALYTICS_CACHE_FREQUENCY", "GRADIO_ANALYTICS_MAX_EVENTS"), _WHOLE),
    **dict.fromkeys(("TQDM_NCOLS", "TQDM_POSITION"), _WHOLE),
    "USE_TORCH": _YES,
    "TORCH_LOGS": _LOGS,
    **dict.fromkeys(("TQDM_MAXINTERVAL", "TQDM_MININTERVAL"), _NUMBER),
}
"""Those with which httpx2, gradio, huggingface-hub, diffusers and what they bring have been seen to fail."""


def wrong_variables(environment: Mapping[str, str] | None = None) -> list[BadInput]:
    """An error for each variable of `environment` (os.environ) that is not what libraries expect; values are never quoted."""
    given = os.environ if environment is None else environment
    wrong = [
        BadInput(f"The variable {name} is not {kind.what}.", f"Set it to {kind.instead}, or unset it.")
        for name, kind in VARIABLES.items()
        if name in given and not kind.fits(given[name]) and (given[name] or kind in (_WHOLE, _NUMBER))
    ]
    unset = Path(given.get("TMPDIR") or tempfile.gettempdir()) / "gradio"  # of whoever ran a gradio program here first
    if not (given.get("GRADIO_TEMP_DIR") or _can_be_written(str(unset))):
        wrong.append(BadInput(f"{unset} cannot be written to.", "Set GRADIO_TEMP_DIR to a folder of your own."))
    return wrong


@contextmanager
def naming_variables() -> Iterator[None]:
    """Around imports and the making of clients: what fails there while a variable is wrong leaves as an error that names it."""
    try:
        yield
    except GeminiDiffusionError:
        raise
    except Exception as error:
        if wrong := wrong_variables():
            raise wrong[0] from error
        raise

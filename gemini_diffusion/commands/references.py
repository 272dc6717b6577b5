"""Pictures named at the head of an idea: one's own by its id, others by addresses, of which some are safe to fetch.

It fetches nothing and asks no DNS. A name can still lead to a private address: who fetches must check the address that the
name leads to.
"""

import re
from dataclasses import replace
from ipaddress import ip_address
from urllib.parse import urlsplit

from gemini_diffusion.commands.command import Command, Imagine, Say
from gemini_diffusion.network.addresses import is_public_ip
from gemini_diffusion.types.errors import BadInput

SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,30}://|file:\S|data:\w+/", re.IGNORECASE)

_OWN = re.compile(r"picture:([0-9a-f]{8,64})", re.IGNORECASE)
"""Long enough that no word is mistaken for it, and one digit too few is still told."""
_PLAIN_ADDRESS = re.compile(r"[^\s\"“”„{}\\<>^`|]+")
_NUMBERED = re.compile(r"0x[0-9a-f]*|[0-9]+")
_PRIVATE_NAMES = ("localhost", "local", "internal", "lan", "intranet", "home.arpa", "localdomain")


def is_public(address: str) -> bool:
    """Whether it is an http(s) address whose host is not, by its looks, this machine or a private network."""
    if not _PLAIN_ADDRESS.fullmatch(address):
        return False
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".")
        _ = parts.port
        if ":" not in host:
            host = host.encode("idna").decode("ascii").lower()
    except ValueError:  # not an address at all; UnicodeError of a bad name is one too
        return False
    return parts.scheme in ("http", "https") and bool(host) and _is_public_host(host)


def _is_public_host(host: str) -> bool:
    try:
        return is_public_ip(ip_address(host))
    except ValueError:  # a name, or a number in a spelling that only browsers and curl understand
        spelled_number = _NUMBERED.fullmatch(host.rpartition(".")[2])
        private = any(host == name or host.endswith("." + name) for name in _PRIVATE_NAMES)
        return not spelled_number and not private and ":" not in host


def own_picture(reference: str) -> str:
    """The id in "picture:0123...", which names one of the person's own; empty for any other reference."""
    found = _OWN.fullmatch(reference)
    return found[1].lower() if found else ""


def to_own(identity: str) -> str:
    """The reference to one of the person's own pictures."""
    return f"picture:{identity}"


def is_reference(word: str) -> bool:
    """Whether a word at the head of an idea names a picture."""
    return bool(SCHEME.match(word) or own_picture(word))


def leading(words: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Parts words into (own pictures and safe addresses at the head, refused addresses at the head, the rest)."""
    safe, refused = list[str](), list[str]()
    at = 0
    while at < len(words) and is_reference(words[at]):
        (safe if own_picture(words[at]) or is_public(words[at]) else refused).append(words[at])
        at += 1
    return safe, refused, words[at:]


def with_picture(command: Command, identity: str) -> Command:
    """The command with one of the person's pictures as the one it begins from. Raises BadInput for what takes none."""
    if isinstance(command, Say):
        raise BadInput("A picture goes with /imagine.", "Write /imagine and what should become of it.")
    if not isinstance(command, Imagine):
        return command
    references = (to_own(identity), *command.flags.references)
    return replace(command, flags=replace(command.flags, references=references))

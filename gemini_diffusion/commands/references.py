"""Addresses of pictures at the head of an idea, and which of them are safe to fetch; fetches nothing, asks no DNS.

A name can still lead to a private address: who fetches must check the address that the name leads to.
"""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,30}://|file:\S|data:\w+/", re.IGNORECASE)

_PLAIN_ADDRESS = re.compile(r"[^\s\"“”„{}\\<>^`|]+")
_NUMBERED = re.compile(r"0x[0-9a-f]*|[0-9]+")
_PRIVATE_NAMES = ("localhost", "local", "internal", "lan", "intranet", "home.arpa", "localdomain")
_TRANSLATED = IPv6Network("64:ff9b::/96")  # IPv4 behind a translator, so private ones too


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
        return _is_public_number(ip_address(host))
    except ValueError:  # a name, or a number in a spelling that only browsers and curl understand
        spelled_number = _NUMBERED.fullmatch(host.rpartition(".")[2])
        private = any(host == name or host.endswith("." + name) for name in _PRIVATE_NAMES)
        return not spelled_number and not private and ":" not in host


def _is_public_number(number: IPv4Address | IPv6Address) -> bool:
    if isinstance(number, IPv6Address):
        inside = number.ipv4_mapped or number.sixtofour
        if inside:
            return _is_public_number(inside)
        if number in _TRANSLATED or number.teredo:
            return False
    return number.is_global and not number.is_multicast


def leading(words: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Parts words into (safe addresses at the head, refused ones at the head, the rest)."""
    safe, refused = list[str](), list[str]()
    at = 0
    while at < len(words) and SCHEME.match(words[at]):
        (safe if is_public(words[at]) else refused).append(words[at])
        at += 1
    return safe, refused, words[at:]

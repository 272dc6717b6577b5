"""Which addresses belong to the open internet, and what makes two of them one server."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from gemini_diffusion.types.errors import BadInput

_NAT64 = IPv6Network("64:ff9b::/96")


def origin(address: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


def is_public_ip(ip: IPv4Address | IPv6Address) -> bool:
    """Whether it is neither this machine nor a private network, also where an IPv6 address carries an IPv4 one inside."""
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None)
        if inner:
            return is_public_ip(inner)
    return ip.is_global and not ip.is_multicast


async def refuse_private(address: str) -> None:
    """Raises BadInput unless it begins with https:// and every address that its name stands for is public."""
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname:
        raise BadInput("Only addresses that begin with https:// are asked.", "Check the address.")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise BadInput(f"There is no {parts.hostname}.", "Check the address.") from error
    if not all(is_public_ip(ip_address(entry[4][0])) for entry in found):
        raise BadInput(f"{parts.hostname} is inside a private network, which is not asked.", "Check the address.")

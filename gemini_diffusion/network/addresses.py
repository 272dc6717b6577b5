"""Which IP addresses belong to the open internet; asks no DNS."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")


def is_public_ip(ip: IPv4Address | IPv6Address) -> bool:
    """Whether it is neither this machine nor a private network, also where an IPv6 address carries an IPv4 one inside."""
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None)
        if inner:
            return is_public_ip(inner)
    return ip.is_global and not ip.is_multicast

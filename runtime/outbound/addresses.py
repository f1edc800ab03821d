"""Which addresses are anybody's on the internet. What is not listed as such is not called.

From the IANA special-purpose registries for IPv4 and IPv6, and the clouds' own: some metadata services answer at an
address that looks public. For IPv6 only global unicast (2000::/3) is called, and of that nothing that carries an IPv4
address inside: a translator on the way would take it out again.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

_SPECIAL_V4: Final = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, and a cloud's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's host agent
        "169.254.0.0/16",  # link-local: metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_GLOBAL_V6: Final = ip_network("2000::/3")
_SPECIAL_V6: Final = tuple(
    ip_network(block)
    for block in (
        "2001::/23",  # protocol assignments; Teredo carries IPv4
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries IPv4
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)


def why_not_public(text: str) -> str | None:
    """Say why an address must not be called, None when it may be. For text that a resolver gave."""
    try:
        address = ip_address(text)
    except ValueError:
        return f"{text!r} is no address"
    return _why_not_v4(address) if isinstance(address, IPv4Address) else _why_not_v6(address)


def is_loopback(text: str) -> bool:
    """Tell whether an address is this machine's own."""
    try:
        return ip_address(text).is_loopback
    except ValueError:
        return False


def _why_not_v4(address: IPv4Address) -> str | None:
    block = next((block for block in _SPECIAL_V4 if address in block), None)
    return None if block is None else f"{address} is in {block}, which is not the public internet"


def _why_not_v6(address: IPv6Address) -> str | None:
    if address.scope_id is not None:
        return f"{address} belongs to one network interface"
    if address not in _GLOBAL_V6:  # loopback, link-local, unique local, multicast, mapped, NAT64 and all else
        return f"{address} is not in {_GLOBAL_V6}, which is not the public internet"
    block = next((block for block in _SPECIAL_V6 if address in block), None)
    return None if block is None else f"{address} is in {block}, which is not the public internet"

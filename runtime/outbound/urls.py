"""Which URLs may be called, by their spelling alone; what the name leads to is checked when it is called.

One spelling for one thing: https, a lower-case ASCII domain name whose last label is no number, a port of the list.
Addresses are not taken at all, in whatever notation (dotted, decimal, octal, hexadecimal, IPv6): every parser on the
way would have to read them alike.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

URL_CHARS_MAX: Final = 2048
HOST_CHARS_MAX: Final = 253
PORTS: Final = frozenset({443, 8443})

_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?)")
# Names that never lead to the public internet (RFC 6761, 6762, 8375, 9476, and what private networks use).
_INSIDE: Final = frozenset(
    {"localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "arpa", "alt", "onion", "invalid"}
)
LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class UrlRefused(ValueError):
    """The URL may not be called; the text says what is wrong with it and can be shown to whoever gave it."""


class Reach(Struct, frozen=True, kw_only=True):
    """How far calls may go. ``loopback``: also to this machine, over http and on any port, for development."""

    loopback: bool = False
    ports: frozenset[int] = PORTS


def refuse_loopback(loopback: bool, *, environment: str) -> None:
    """Refuse to reach this machine in production: whoever may register an endpoint could call what runs beside us."""
    if loopback and environment == "production":
        raise ValueError("webhooks_to_loopback is for development; unset it in production")


class HttpUrl(Struct, frozen=True, kw_only=True):
    """A URL in parts: ``target`` is path and query, ``host`` has no brackets."""

    scheme: str
    host: str
    port: int
    target: str
    is_loopback: bool = False

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = 443 if self.scheme == "https" else 80
        return host if self.port == default else f"{host}:{self.port}"


def parse_url(text: str, reach: Reach) -> HttpUrl:
    """Read a URL that may be called. Raises UrlRefused."""
    if len(text) > URL_CHARS_MAX:
        raise UrlRefused(f"it has more than {URL_CHARS_MAX} characters")
    if not _VISIBLE.fullmatch(text) or "\\" in text:
        raise UrlRefused("it holds spaces, backslashes or characters outside ASCII; write names in punycode")
    try:
        parts = urlsplit(text)
        port = parts.port
        host = parts.hostname or ""
    except ValueError as error:
        raise UrlRefused(f"it cannot be read: {error}") from error
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise UrlRefused("it carries a user name or password")
    if "#" in text:
        raise UrlRefused("it has a fragment, which is never sent")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if reach.loopback and host in LOOPBACK_HOSTS and parts.scheme in ("http", "https"):
        chosen = port or (443 if parts.scheme == "https" else 80)
        return HttpUrl(scheme=parts.scheme, host=host, port=chosen, target=target, is_loopback=True)
    if parts.scheme != "https" or not text.startswith("https://"):
        raise UrlRefused("it does not begin with https://")
    if not target.startswith("/"):
        raise UrlRefused("its path does not begin with a slash")
    _require_host(host, parts.netloc)
    if (port or 443) not in reach.ports or port == 0:
        raise UrlRefused(f"its port is not one of {', '.join(map(str, sorted(reach.ports)))}")
    return HttpUrl(scheme="https", host=host, port=port or 443, target=target)


def _require_host(host: str, netloc: str) -> None:
    """Refuse what is not a plain domain name. `netloc` is the original: the parser lowers the case of the host."""
    if not netloc.startswith(host):
        raise UrlRefused("its host is not a lower-case domain name")
    if len(host) > HOST_CHARS_MAX or not _HOST.fullmatch(host):
        raise UrlRefused("its host is not a domain name: addresses and single words are not called")
    last = host.rpartition(".")[2]
    if last in _INSIDE:
        raise UrlRefused(f"names under .{last} do not lead to the public internet")

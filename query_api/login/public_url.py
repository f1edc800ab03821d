"""The address that browsers know: cookies, redirects and the check of origins depend on it."""

from __future__ import annotations

import re
from typing import Final

_ORIGIN: Final = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})


def check_public_url(url: str, *, environment: str) -> None:
    """Raise ValueError unless it is an origin, and over TLS unless it is a development machine's own."""
    found = _ORIGIN.fullmatch(url)
    if found is None:
        raise ValueError("public_url is scheme, host and port in lower case, without a slash at the end")
    is_own_machine = environment == "development" and found[2] in _LOOPBACK
    if found[1] != "https" and not is_own_machine:
        raise ValueError("public_url begins with https:// : a session's cookie must not travel in the clear")

"""Ports of a local stack: free when chosen, the same again at the next start.

Ports come from below the range the kernel hands to outgoing connections. Inside that range a client which keeps
reconnecting to a restarting server can be given the server's own port as its source, and so connect to itself.
"""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

LOOPBACK = "127.0.0.1"
PORT_MIN = 20_000
PORT_MAX = 32_000


class NoFreePort(RuntimeError):
    """Every port of the range is taken."""


def is_free(port: int) -> bool:
    """Tell whether a server could listen on the loopback `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def choose_ports(names: Iterable[str], remembered: Mapping[str, int], *, data_dir: Path) -> dict[str, int]:
    """Return one port per name: the remembered one where it is free, else the next free one.

    The walk starts at a number derived from the folder, so that stacks in different folders seldom meet and a
    folder that lost its memory tends to get the same ports again. Raises `NoFreePort`.
    """
    chosen: dict[str, int] = {}
    wanted = list(names)
    digest = hashlib.sha256(str(data_dir).encode()).digest()
    span = PORT_MAX - PORT_MIN
    start = int.from_bytes(digest[:4], "big") % span
    candidates = (PORT_MIN + (start + step) % span for step in range(span))
    reserved = {remembered[name] for name in wanted if name in remembered}
    for name in wanted:
        port = remembered.get(name)
        if port is not None and is_free(port):
            chosen[name] = port
            continue
        fresh = next((port for port in candidates if port not in reserved and is_free(port)), None)
        if fresh is None:
            raise NoFreePort(f"no free port between {PORT_MIN} and {PORT_MAX} on {LOOPBACK}; stop another stack first")
        chosen[name] = fresh
    return chosen

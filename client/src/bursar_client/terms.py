"""Whom a client asks, as whom, and with how much patience."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict
from urllib.parse import urlsplit

from bursar_client.chance import jitter
from bursar_client.positions import PositionTracker
from bursar_client.retrying import RetryPolicy
from bursar_client.tokens import AsyncTokenSource, TokenSource, source_of

Token = str | Path | TokenSource
AsyncToken = Token | AsyncTokenSource


class Options(TypedDict, total=False):
    """What may be left out when a client is made, and may differ between clients over the same connections.

    `retries`: the bounds of patience. `positions`: shared with other clients. `read_your_writes`: every read waits for
    the newest position in `positions`.
    """

    retries: RetryPolicy
    positions: PositionTracker
    read_your_writes: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """Everything that a conversation needs to know about its client."""

    commands_url: str
    queries_url: str
    token: TokenSource | AsyncTokenSource
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    positions: PositionTracker = field(default_factory=PositionTracker)
    read_your_writes: bool = False
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = jitter

    def __post_init__(self) -> None:
        """Refuse an address that would only fail later, again and again. Raises ValueError."""
        for url in (self.commands_url, self.queries_url):
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
                raise ValueError(f"{url!r} is no address of an API, such as https://bursar.example")

    def changed(self, token: AsyncToken | None, options: Options) -> Terms:
        """Return these terms with what is given instead."""
        given = self.token if token is None else source_of(token)
        return dataclasses.replace(self, token=given, **options)

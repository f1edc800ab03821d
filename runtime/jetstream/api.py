"""Requests to JetStream's own API: JSON out, JSON back, refusals as one exception."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

API_TIMEOUT_S: Final = 5.0
STREAM_NOT_FOUND: Final = 10059
UNREACHABLE: Final = 0  # our own code: no answer came, so nothing is known about what the server did


class JetStreamRefused(RuntimeError):
    """JetStream answered an API request with an error, or did not answer (code UNREACHABLE)."""

    def __init__(self, request: str, code: int, description: str) -> None:
        super().__init__(f"JetStream refused {request}: {description} (error {code})")
        self.code = code


async def call_api(
    nc: Client, verb: str, body: Mapping[str, Any], *, timeout_s: float = API_TIMEOUT_S
) -> dict[str, Any]:
    """Send `$JS.API.<verb>` and return the decoded answer. Raises JetStreamRefused."""
    try:
        answer = await ask(nc, f"$JS.API.{verb}", msgspec.json.encode(body), timeout_s=timeout_s)
    except (NatsError, TimeoutError) as error:
        raise JetStreamRefused(verb, UNREACHABLE, str(error) or type(error).__name__) from error
    decoded: dict[str, Any] = msgspec.json.decode(answer.data)
    if error_found := decoded.get("error"):
        raise JetStreamRefused(verb, error_found.get("err_code", UNREACHABLE), error_found.get("description", ""))
    return decoded


async def ask(
    nc: Client, subject: str, payload: bytes, *, timeout_s: float, headers: dict[str, str] | None = None
) -> Msg:
    """Send a request and return its answer. Raises NatsError.

    A cancellation is kept even where the library waits with Python 3.11's wait_for: that one forgets a cancellation
    which comes in the same moment as the answer, and whoever was to stop would go on.
    """
    task = asyncio.current_task()
    before = 0 if task is None else task.cancelling()
    try:
        return await nc.request(subject, payload, timeout=timeout_s, headers=headers)
    finally:
        if task is not None and task.cancelling() > before:
            raise asyncio.CancelledError

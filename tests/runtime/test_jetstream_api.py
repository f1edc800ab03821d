"""Requests to NATS: what the library's waiting would lose is kept."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from runtime.jetstream.api import ask


class AnswersWhileCancelled:
    """Waits as the library does, and gets its answer in the moment in which whoever asked is cancelled."""

    async def request(self, subject: str, payload: bytes, timeout: float, headers: Any) -> bytes:
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        asking = asyncio.current_task()
        assert asking is not None

        def both() -> None:
            answer.set_result(b"late")
            asking.cancel()

        asyncio.get_running_loop().call_soon(both)
        return await asyncio.wait_for(answer, timeout)


async def test_a_cancellation_that_meets_the_answer_is_not_lost() -> None:
    client: Any = AnswersWhileCancelled()
    asking = asyncio.create_task(ask(client, "subject", b"", timeout_s=5.0))
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert asking.cancelled()

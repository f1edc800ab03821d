"""No answer later than the deadline: a client that waits for ever is worse than one that asks again.

What the request began may still complete, so the problem says that the outcome is unknown and that repeating the
request with the same idempotency key finds out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from runtime.http.asgi import ASGIApp, Message, Receive, Scope, Send
from runtime.http.problems import problem_of, send_problem


class Deadline:
    """Answers 503 `deadline_exceeded` when the application has not begun its answer after `timeout_s`.

    An answer that has begun is left alone, and so are paths under `streams` (prefixes of endless answers).
    """

    def __init__(self, app: ASGIApp, *, timeout_s: float, streams: Sequence[str] = ()) -> None:
        self._app = app
        self._timeout_s = timeout_s
        self._streams = tuple(streams)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request until its answer begins or the time is up."""
        if scope["type"] != "http" or scope["path"].startswith(self._streams):
            await self._app(scope, receive, send)
            return

        async def send_and_stop_waiting(message: Message) -> None:
            deadline.reschedule(None)
            await send(message)

        try:
            async with asyncio.timeout(self._timeout_s) as deadline:
                await self._app(scope, receive, send_and_stop_waiting)
        except TimeoutError:
            if not deadline.expired():  # somebody else's time-out, not ours to explain
                raise
            detail = f"no answer within {self._timeout_s:g} s; the outcome is unknown: repeat with the same key"
            await send_problem(send, problem_of(503, detail, code="deadline_exceeded"), headers={"retry-after": "1"})

"""A receiver of webhooks as a real one should be: verifies, remembers ids, and can be made to refuse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from cli.devstack.ports import choose_ports
from cli.options import CHECKOUT
from cli.simulators.spoiling import BODY_BYTES_MAX, json_answer
from cli.simulators.spoiling import give as give_answer
from runtime.http.asgi import Receive, Scope, Send, read_body
from runtime.server import serve_http
from runtime.shutdown import Shutdown
from runtime.webhooks import Verified, WebhookRefused, verify


class Inbox:
    """What arrived: `taken` once per message id and in order, `arrivals` every time."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/callbacks"
        self.secrets: list[str] = []
        self.taken: dict[str, bytes] = {}
        self.arrivals: list[str] = []
        self.refused: list[WebhookRefused] = []
        self.turn_away = 0
        self._news = asyncio.Condition()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = await read_body(receive, BODY_BYTES_MAX)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        if self.turn_away > 0 or not self.secrets:
            self.turn_away -= 1
            await give_answer(send, json_answer({}, status=503))
            return
        said = verify(headers, body, secrets=self.secrets, now=datetime.now(UTC))
        if isinstance(said, Verified):
            self.arrivals.append(said.message_id)
            self.taken.setdefault(said.message_id, body)
        else:
            self.refused.append(said)
        await give_answer(send, json_answer({}, status=200 if isinstance(said, Verified) else 401))
        async with self._news:
            self._news.notify_all()

    async def take(self, count: int, *, arrivals: int = 0) -> list[tuple[str, bytes]]:
        """Wait for so many messages (and so many arrivals in all); the test's time limit ends the wait."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.taken) >= count and len(self.arrivals) >= arrivals)
        return list(self.taken.items())


@asynccontextmanager
async def receiving() -> AsyncIterator[Inbox]:
    """Serve an inbox for the duration of a block."""
    inbox = Inbox(choose_ports(["inbox"], {}, data_dir=CHECKOUT / "inbox")["inbox"])
    port = int(inbox.url.rsplit(":")[-1].split("/")[0])
    shutdown = Shutdown()
    serving = asyncio.create_task(serve_http(inbox, host="127.0.0.1", port=port, shutdown=shutdown))
    try:
        yield inbox
    finally:
        shutdown.request("the test is over")
        await serving

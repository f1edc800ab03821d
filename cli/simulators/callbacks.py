"""Messages that a counterparty sends by itself: signed, late, twice, out of order, and again until they are taken."""

from __future__ import annotations

import asyncio
from typing import Final

import httpx2
import msgspec
import structlog

from cli.simulators.books import Books
from cli.simulators.misbehaviour import OUT_OF, draw, happens
from runtime import webhooks
from runtime.clock import Clock

FILE: Final = "callbacks"
ATTEMPTS_MAX: Final = 12
RETRY_FIRST_S: Final = 0.2
RETRY_MAX_S: Final = 60.0
POLL_S: Final = 0.05
ANSWER_WITHIN_S: Final = 5.0
SPREAD_S: Final = 1.0  # by how much a message may be put off, so that others overtake it

_log = structlog.get_logger(__name__)


class CallbackSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where messages go and how they are signed. Without a URL they are kept and not sent."""

    url: str | None = None
    secret: str = ""
    seed: int = 0
    profile: str = "none"


class Callbacks:
    """The counterparty's outgoing messages, kept in its books until the other side has taken them."""

    def __init__(self, books: Books, settings: CallbackSettings, clock: Clock) -> None:
        self._books = books
        self._settings = settings
        self._clock = clock

    def put(self, message_id: str, media_type: str, body: bytes, *, times: int = 1, after_s: float = 0.0) -> None:
        """Add a message, in the caller's transaction. It is delivered `times` times, or more if the seed wants it."""
        seed, profile = self._settings.seed, self._settings.profile
        times += happens(seed, profile, "duplicate", message_id)
        is_put_off = happens(seed, profile, "put off", message_id)
        spread_s = SPREAD_S * draw(seed, "spread", message_id) / OUT_OF if is_put_off else 0.0
        due_at = self._clock.now().timestamp() + after_s + spread_s
        self._books.run(FILE, "insert_callback", message_id, media_type, body, due_at, times)

    def undelivered(self) -> int:
        """Count the messages that will still be tried."""
        return int((self._books.row(FILE, "count_undelivered", ATTEMPTS_MAX) or (0,))[0])

    async def deliver(self, stop: asyncio.Event) -> None:
        """Deliver what is due until `stop` is set."""
        async with httpx2.AsyncClient(timeout=ANSWER_WITHIN_S, trust_env=False) as http:
            while not stop.is_set():
                if self._settings.url is not None:
                    await self._deliver_due(http, self._settings.url)
                await wait_for(stop, POLL_S)

    async def _deliver_due(self, http: httpx2.AsyncClient, url: str) -> None:
        now = self._clock.now()
        for row in self._books.rows(FILE, "read_due", ATTEMPTS_MAX, now.timestamp()):
            message_id, media_type, body, attempts, deliveries, wanted = row
            headers = webhooks.sign(message_id, body, secrets=[self._settings.secret], now=self._clock.now())
            try:
                answer = await http.post(url, content=body, headers={**headers, "Content-Type": media_type})
                is_taken = answer.is_success
            except httpx2.HTTPError as error:
                _log.info("callback_not_taken", message_id=message_id, reason=type(error).__name__)
                is_taken = False
            again_s = 0.0 if is_taken and deliveries + 1 >= wanted else backoff_s(attempts)
            self._books.run(FILE, "record_attempt", int(is_taken), self._clock.now().timestamp() + again_s, message_id)


def backoff_s(attempts: int) -> float:
    """Return how long to wait after the attempt with this number (from 0)."""
    return min(RETRY_MAX_S, RETRY_FIRST_S * 2.0**attempts)


async def wait_for(stop: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until `stop` is set."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return

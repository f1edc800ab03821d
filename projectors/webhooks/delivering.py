"""One attempt to deliver one public event to one endpoint, and what to do about its outcome.

The body is the CloudEvent exactly as on the public stream; the message id is the event's id at every attempt and every
replay, so that a receiver drops what it has already dealt with. The signature is made anew each time, for its time.

    answer                          then
    -----------------------------   ------------------------------------------------------------------
    2xx, whatever the body          delivered
    410                             dead, and the endpoint is disabled: its owner says it is gone
    anything else, 3xx included     again, on the schedule; Retry-After may lengthen a pause
    none in time, or refused by us  again, on the schedule
    after the last attempt          dead; it can be replayed
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from contracts.public_events.cloud_event import MEDIA_TYPE, CloudEvent, encode_cloud_event
from projectors.webhooks.schedule import Chance, asked_seconds, pause_after
from runtime.clock import Clock
from runtime.outbound import Answered, NotSent, Sender
from runtime.webhooks import sign

USER_AGENT: Final = "Bursar-Webhooks/1"
GONE: Final = 410


class Endpoint(Struct, frozen=True, kw_only=True):
    """Where to deliver, and the secrets to sign with: the newest, and an older one while both are valid, in clear."""

    endpoint_id: str
    url: str
    secrets: Sequence[str]

    def __repr__(self) -> str:
        """Show no secret, wherever this may be printed."""
        return f"Endpoint({self.endpoint_id})"


class Delivered(Struct, frozen=True, kw_only=True):
    """The receiver has it."""

    status: int


class Again(Struct, frozen=True, kw_only=True):
    """The receiver may not have it; once more after ``after_s`` seconds. ``why`` holds no secret and no payload."""

    after_s: float
    why: str


class Dead(Struct, frozen=True, kw_only=True):
    """Given up. ``is_gone``: the receiver says it is gone for good."""

    why: str
    is_gone: bool = False


Delivery = Delivered | Again | Dead


class Deliverer:
    """Delivers; keeps nothing between two calls."""

    def __init__(self, sender: Sender, *, clock: Clock, chance: Chance) -> None:
        self._sender = sender
        self._clock = clock
        self._chance = chance

    async def deliver(self, endpoint: Endpoint, event: CloudEvent, *, attempt: int) -> Delivery:
        """Try once. ``attempt``: 1 for the first. Raises runtime.webhooks.SecretMalformed."""
        body = encode_cloud_event(event)
        headers = {"Content-Type": MEDIA_TYPE, "User-Agent": USER_AGENT}
        if isinstance(event.traceparent, str):
            headers["traceparent"] = event.traceparent
        headers |= sign(event.id, body, secrets=endpoint.secrets, now=self._clock.now())
        outcome = await self._sender.post(endpoint.url, body, headers)
        if isinstance(outcome, NotSent):
            return self._failed(outcome.why, attempt)
        if 200 <= outcome.status < 300:
            return Delivered(status=outcome.status)
        if outcome.status == GONE:
            return Dead(why="the receiver answered 410: it is gone", is_gone=True)
        return self._failed(_words_of(outcome), attempt, retry_after=outcome.retry_after)

    def _failed(self, why: str, attempt: int, *, retry_after: str | None = None) -> Again | Dead:
        asked_s = asked_seconds(retry_after, now=self._clock.now())
        after_s = pause_after(attempt, asked_s=asked_s, chance=self._chance)
        return (
            Dead(why=f"{why}; attempt {attempt} was the last") if after_s is None else Again(after_s=after_s, why=why)
        )


def _words_of(outcome: Answered) -> str:
    redirect = ": redirects are not followed" if 300 <= outcome.status < 400 else ""
    return f"the receiver answered {outcome.status}{redirect}"

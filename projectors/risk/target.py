"""The risk model in Redis: one script call per batch moves counters and checkpoint together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha1
from pathlib import Path
from typing import Any, Final

import msgspec
import redis.asyncio as redis
from redis.exceptions import NoScriptError, RedisError

from contracts.read_models import checkpoint_of
from contracts.risk import PaymentFact
from contracts.risk_features import (
    DISTINCT_MAX,
    DISTINCT_WINDOW_S,
    FIGURE_MAX,
    MEMORY_S,
    PAYMENT_MEMORY_S,
    RINGS,
    RiskKeys,
    amount_step,
)
from projectors.apply import Fenced, Outcome, TargetUnreachable
from projectors.events import Batch
from projectors.feed import Pace
from projectors.risk.facts import facts_of
from runtime.redis_client import connect_redis

BATCH_EVENTS_MAX: Final = 200  # a payment costs about forty commands, and the score at the door waits meanwhile
PACE: Final = Pace(events_max=BATCH_EVENTS_MAX)

APPLY_LUA: Final = (Path(__file__).parent / "apply.lua").read_text(encoding="utf-8")
LAYOUT: Final = {
    "rings": [tuple(ring) for ring in RINGS],
    "figure_max": FIGURE_MAX,
    "memory_s": MEMORY_S,
    "payment_s": PAYMENT_MEMORY_S,
    "distinct_s": DISTINCT_WINDOW_S,
    "distinct_max": DISTINCT_MAX,
}
_pack: Final = msgspec.msgpack.Encoder().encode


class RiskTarget:
    """The risk model of one ledger. Connects when first asked, so that a dead Redis delays nothing else."""

    def __init__(
        self, redis_url: str, keys: RiskKeys, *, script: str = APPLY_LUA, layout: dict[str, Any] = LAYOUT
    ) -> None:
        self._url = redis_url
        self._keys = keys
        self._script = script
        self._script_name = sha1(script.encode(), usedforsecurity=False).hexdigest()  # as Redis names it
        self._layout = layout
        self._client: redis.Redis | None = None

    async def checkpoint(self) -> int:
        """Return the model's position; 0 in an empty Redis, which makes the loop build the model from the book."""
        client = await self._connect()
        try:
            fields: dict[Any, Any] = await client.hgetall(self._keys.checkpoint)
        except RedisError as error:
            raise TargetUnreachable(f"Redis does not answer: {str(error) or type(error).__name__}") from error
        found = checkpoint_of(fields)
        if found.fence is not None:
            raise Fenced(f"the model is fenced ({found.fence}); if no rebuild is running, run `bursar rebuild risk`")
        return found.position

    async def apply(self, batch: Batch) -> Outcome:
        """Apply what the batch says of payments, and move the checkpoint, in one script call."""
        recorded_at = batch.events[-1].envelope.recorded_at
        return await self.apply_facts(
            facts_of(batch.events), first=batch.first, last=batch.last, recorded_at=recorded_at
        )

    async def apply_facts(
        self, facts: Iterable[PaymentFact], *, first: int, last: int, recorded_at: datetime
    ) -> Outcome:
        """Apply the facts that the events from `first` to `last` teach. Raises TargetUnreachable."""
        arguments = (
            1,
            self._keys.checkpoint,
            self._keys.prefix,
            first,
            last,
            recorded_at.isoformat(),
            _pack(([_packed(fact) for fact in facts], self._layout)),
        )
        client = await self._connect()
        try:
            return Outcome((await self._call(client, arguments)).decode())
        except RedisError as error:
            raise TargetUnreachable(f"Redis did not apply the batch: {str(error) or type(error).__name__}") from error

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _call(self, client: redis.Redis, arguments: tuple[Any, ...]) -> bytes:
        """Call the script by its name, and with its text where that is not known: after a restart or SCRIPT FLUSH."""
        try:
            answer: bytes = await client.evalsha(self._script_name, *arguments)
        except NoScriptError:
            answer = await client.eval(self._script, *arguments)
        return answer

    async def _connect(self) -> redis.Redis:
        if self._client is None:
            try:
                self._client = await connect_redis(self._url)
            except RedisError as error:
                raise TargetUnreachable(f"Redis does not answer: {str(error) or type(error).__name__}") from error
        return self._client


def _packed(fact: PaymentFact) -> dict[str, Any]:
    """Write a fact as the script reads it."""
    packed: dict[str, Any] = {"position": fact.position, "kind": fact.kind, "id": fact.payment_id, "at": fact.at}
    if fact.kind == "initiated":
        packed["payment"] = {
            "customer": fact.customer_id,
            "payee": fact.payee_id,
            "device": fact.device_id,
            "currency": fact.currency,
            "amount": min(fact.amount_minor, FIGURE_MAX),
            "step": str(amount_step(fact.amount_minor)),
        }
    return packed

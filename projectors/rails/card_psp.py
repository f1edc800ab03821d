"""Card charges, payouts and refunds of charges at a processor, over JSON.

The instruction id is the processor's idempotency key, so that a repeated request is the same movement. The outcome
normally comes by webhook; whoever misses it asks by GET, with the reference. An answer counts only if it repeats our
reference, kind, amount and currency, and does not contradict itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, TypeVar

import httpx2
import msgspec

from contracts.card_processor import CardInstruction, CardMovement, CardMovementList, CardMovementRequest, reason_of
from projectors.rails.exchanging import Reply, checked_url, exchange, open_http
from projectors.rails.guard import Guard, RailLimits, Unusable
from projectors.rails.metrics import RailMetrics
from projectors.rails.rail import Accepted, NotFound, Pending, RailAnswer, Rejected
from runtime.clock import Clock

JSON: Final = "application/json"
PATHS: Final = MappingProxyType({"charge": "/v1/charges", "payout": "/v1/payouts", "refund": "/v1/refunds"})

T = TypeVar("T")


class CardPsp:
    """The rail `card_psp` to one processor. `http` carries the credentials."""

    name = "card_psp"

    def __init__(self, http: httpx2.AsyncClient, url: str, *, guard: Guard) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._guard = guard

    async def send(self, instruction: CardInstruction) -> RailAnswer:
        """Create the movement, or find the one that this instruction id has made before."""
        request = CardMovementRequest(
            reference=instruction.instruction_id,
            amount_minor=instruction.amount_minor,
            currency=instruction.currency,
            card_token=instruction.card_token,
            charge=instruction.charge,
        )
        content = msgspec.json.encode(request)
        headers = {"Content-Type": JSON, "Accept": JSON, "Idempotency-Key": instruction.instruction_id}

        async def ask() -> RailAnswer:
            url = self._url + PATHS[instruction.kind]
            reply = await self._exchange("POST", url, content=content, headers=headers)
            return _answer_of(_movement_about(instruction, _decoded(reply, CardMovement)))

        return await self._guard.ask("send", ask, within_s=self._guard.limits.answer_within_s)

    async def inquire(self, instruction: CardInstruction) -> RailAnswer:
        """Ask by reference what became of it."""

        async def ask() -> RailAnswer:
            url = f"{self._url}{PATHS[instruction.kind]}?reference={instruction.instruction_id}"
            found = _decoded(await self._exchange("GET", url, headers={"Accept": JSON}), CardMovementList)
            if found.reference != instruction.instruction_id:
                raise Unusable("about another reference")
            if not found.data:
                return NotFound()
            if len(found.data) > 1:
                raise Unusable("several movements under one reference")
            return _answer_of(_movement_about(instruction, found.data[0]))

        return await self._guard.ask("inquire", ask, within_s=self._guard.limits.answer_within_s)

    async def _exchange(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes | None = None
    ) -> Reply:
        reply = await exchange(self._http, method, url, content=content, headers=headers)
        self._guard.note_own_delay(reply.own_delay_ms)
        return reply


@asynccontextmanager
async def open_card_psp(
    url: str, *, api_key: str, metrics: RailMetrics, clock: Clock, limits: RailLimits | None = None
) -> AsyncIterator[CardPsp]:
    """Open the rail with a connection pool, bulkhead and breaker of its own. Raises ValueError for an unsafe URL.

    Without a key (the simulated processor asks for none) no credentials are sent.
    """
    limits = limits or RailLimits()
    guard = Guard(CardPsp.name, limits=limits, metrics=metrics, clock=clock)
    async with open_http(limits, headers={"Authorization": f"Bearer {api_key}"} if api_key else {}) as http:
        yield CardPsp(http, checked_url(url), guard=guard)


def _decoded(reply: Reply, kind: type[T]) -> T:
    if reply.status not in (HTTPStatus.OK, HTTPStatus.CREATED):
        raise Unusable(f"HTTP status {reply.status}")
    if reply.media_type != JSON:
        raise Unusable(f"not {JSON}")
    try:
        return msgspec.json.decode(reply.content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unusable(f"not a {kind.__name__}") from error


def _movement_about(instruction: CardInstruction, movement: CardMovement) -> CardMovement:
    wanted = (instruction.instruction_id, instruction.kind, instruction.amount_minor, instruction.currency)
    if (movement.reference, movement.kind, movement.amount_minor, movement.currency) != wanted:
        raise Unusable("about another movement")
    if (movement.failure_code is not None) != (movement.status == "failed"):
        raise Unusable("contradictory: status and failure code do not go together")
    if movement.kind != "charge" and movement.status == "disputed":
        raise Unusable(f"a {movement.kind} is never disputed")
    return movement


def _answer_of(movement: CardMovement) -> RailAnswer:
    match movement.status:
        case "pending":
            return Pending(movement.id)
        case "succeeded" | "disputed":  # a dispute follows success, and comes as an event of its own
            return Accepted(movement.id)
        case "failed":
            return Rejected(reason_of(movement.failure_code))

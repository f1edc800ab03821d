"""The simulated card processor's door: charges, payouts and refunds in JSON, a settlement report, an audit page.

| Request | Answer |
|---|---|
| `POST /v1/charges`, `/v1/payouts`, `/v1/refunds`, with `Idempotency-Key` | the movement; its outcome by webhook |
| `GET /v1/charges?reference=…`, the same for payouts and refunds | none or one movement |
| `GET /v1/settlements?date=2026-11-30&currency=EUR` | what was settled on that day, with fees |
| `GET /audit` | what was executed, how often it came, what should not have come |
"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Final
from urllib.parse import parse_qs

import msgspec

from cli.simulators.callbacks import wait_for
from cli.simulators.card_books import CardBooks, CardTerms
from cli.simulators.misbehaviour import NOT_NOTICED, Kind, answer_of, treatment_of
from cli.simulators.spoiling import (
    BODY_BYTES_MAX,
    Answer,
    Pace,
    give,
    give_spoilt,
    hold,
    json_answer,
    serve,
    wants,
)
from contracts.card_processor import CardKind, CardMovement, CardMovementList, CardMovementRequest
from runtime.clock import Clock
from runtime.http.asgi import Receive, Scope, Send, header, read_body

DECIDE_EVERY_S: Final = 0.05
PATHS: Final[dict[str, CardKind]] = {"/v1/charges": "charge", "/v1/payouts": "payout", "/v1/refunds": "refund"}


class CardProcessor:
    """The processor as an ASGI application."""

    def __init__(self, books: CardBooks, terms: CardTerms, pace: Pace, *, clock: Clock, stop: asyncio.Event) -> None:
        self._books = books
        self._terms = terms
        self._pace = pace
        self._clock = clock
        self._stop = stop

    async def decide_later(self) -> None:
        """Decide what is pending, until the process stops."""
        while not self._stop.is_set():
            self._books.decide_due(self._clock.now())
            await wait_for(self._stop, DECIDE_EVERY_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await serve(self._answer, scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = {name: values[0] for name, values in parse_qs(scope["query_string"].decode("ascii")).items()}
        kind = PATHS.get(scope["path"])
        if kind is not None and scope["method"] == "POST":
            wish = msgspec.json.decode(await read_body(receive, BODY_BYTES_MAX), type=CardMovementRequest)
            if header(scope, b"idempotency-key") != wish.reference.encode():
                raise ValueError("Idempotency-Key must repeat the reference")
            if (wish.charge is None) == (kind == "refund") or (wish.card_token is None) != (kind == "refund"):
                raise ValueError("a refund names a charge, everything else a card")
            await self._create(kind, wish, receive, send)
        elif kind is not None and scope["method"] == "GET":
            await self._look_up(kind, given.get("reference", ""), receive, send)
        elif wants(scope, "GET", "/v1/settlements"):
            day = date.fromisoformat(given.get("date", ""))
            await give(send, json_answer(self._books.settlement_of(day, given.get("currency", "EUR"))))
        elif wants(scope, "GET", "/audit"):
            await give(send, json_answer(self._books.audit()))
        else:
            await give(send, json_answer({"detail": "no such page"}, status=404))

    async def _create(self, kind: CardKind, wish: CardMovementRequest, receive: Receive, send: Send) -> None:
        one = wish.reference
        treatment = treatment_of(self._terms.seed, self._terms.profile, one)
        known = self._books.find(one)
        if known is None and treatment in NOT_NOTICED and self._books.count(one, "not noticed") == 1:
            await give_spoilt(treatment, _NOTHING, receive, send, self._stop)
            return
        if treatment in NOT_NOTICED:
            treatment = Kind.PROMPT
        kept = self._books.take(kind, wish, treatment, now=self._clock.now())
        if not kept.is_same:
            await give(send, json_answer({"code": "idempotency_key_reused", "reference": one}, status=409))
            return
        spoilt = treatment if kept.is_new else self._later_answer(one, "sending", kept.arrivals - 1)
        if not await hold(receive, self._stop, self._pace.wait_s(spoilt)):
            return
        if spoilt is Kind.DAWDLING:
            spoilt = Kind.PROMPT  # here it is the webhook that never comes
        body = self._spoil(kept.movement, spoilt)
        await give_spoilt(spoilt, self._pace.marked(json_answer(body)), receive, send, self._stop)

    async def _look_up(self, kind: CardKind, reference: str, receive: Receive, send: Send) -> None:
        spoilt = self._later_answer(reference, "inquiry", self._books.count(reference, "inquiry"))
        if not await hold(receive, self._stop, self._pace.wait_s(spoilt)):
            return
        kept = self._books.find(reference)
        found = () if kept is None or kept.movement.kind != kind else (self._spoil(kept.movement, spoilt),)
        answer = json_answer(CardMovementList(reference=reference, data=found))
        await give_spoilt(spoilt, self._pace.marked(answer), receive, send, self._stop)

    def _later_answer(self, reference: str, question: str, number: int) -> Kind:
        return answer_of(self._terms.seed, self._terms.profile, reference, question=question, number=number)

    def _spoil(self, movement: CardMovement, kind: Kind) -> CardMovement:
        if kind is Kind.CONTRADICTORY:
            code = None if movement.status == "failed" else "refused_by_issuer"
            return msgspec.structs.replace(
                movement, status="failed" if code is None else "succeeded", failure_code=code
            )
        if kind is Kind.WRONG_IDS:
            return msgspec.structs.replace(movement, reference=f"other-{movement.amount_minor}", status="succeeded")
        return movement


_NOTHING: Final = Answer(body=b"", media_type="application/json")

"""Questions about payments: lists and work queues, one, its timeline, and why it was decided as it was.

Lists and states come from `wallets`. What an event said stands in the book and nowhere else, so a timeline is read
there, at the positions that the read model names: both are of one moment.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from contracts.desk import without_sealed
from contracts.envelope import Envelope, decode_data
from contracts.events import PaymentInitiated
from contracts.ids import position_of
from contracts.payment_codes import REASON_WORDS
from contracts.payment_views import PaymentExplanation, PaymentStep, PaymentTimeline
from contracts.read_models import WALLETS, PaymentState, WalletsKeys, payment_of
from contracts.risk import explain
from contracts.views import AsOf, PaymentLine, PaymentPage, PaymentView
from query_api.book import Book
from query_api.dating import Dating
from query_api.freshness import Dated, Fresh, Freshness
from query_api.pages import write_cursor
from query_api.questions import PAYMENTS, PaymentsAsked
from query_api.refusals import ReadRefused, Refusal, SourceDown
from query_api.ruleset_words import RulesetShelf
from query_api.wallets import Wallets

PAYMENTS_EXAMINED_MAX: Final = 1_000  # per page, when more than one filter applies: what one script call may look at

# Steps that say why a payment waits or ended, for the explanation.
TELLING: Final = frozenset(
    f"payment_{what}"
    for what in (
        *("held_for_review", "reviewed", "authorisation_requested", "authorisation_failed", "parked"),
        *("resolution_proposed", "resumed", "rejected", "cancelled", "returned", "contradicted"),
    )
)
# Said elsewhere in a step or in the payment itself, or of no use to a reader.
_NOT_SAID: Final = frozenset(
    {"payment_id", "status", "facts", "postings", "balances", "assessment", "debtor", "creditor", "subject"}
)
_OWN: Final = ("reason", "reason_code", "detail", "cause", "decision", "instruction_id", "outcome", "rail_reference")

V = TypeVar("V", bound=Dated)
S = TypeVar("S", bound=msgspec.Struct)


class Payments:
    """All answers about payments. Every method raises ReadRefused."""

    def __init__(
        self, *, wallets: Wallets, book: Book, freshness: Freshness, dating: Dating, rulesets: RulesetShelf
    ) -> None:
        self._wallets = wallets
        self._book = book
        self._freshness = freshness
        self._dating = dating
        self._rulesets = rulesets

    async def page(self, asked: PaymentsAsked, fresh: Fresh) -> PaymentPage:
        """Read a page of payments, newest first."""

        async def read() -> PaymentPage:
            by = _narrowest(asked)
            is_filtered = len(_wanted(asked)) > (by is not None)
            examined_max = PAYMENTS_EXAMINED_MAX if is_filtered else asked.limit + 1
            start = "+inf" if asked.before is None else f"({asked.before}"
            page = await self._wallets.read_page(
                lambda keys: _index_of(keys, by),
                (start, "-inf", "BYSCORE", "REV", "LIMIT", 0, examined_max),
                hash_of=lambda keys, payment_id: keys.payment(payment_id),
            )
            examined = [
                payment_of(name.decode(), fields) for name, fields in zip(page.members, page.hashes, strict=True)
            ]
            matching = [payment for payment in examined if _matches(payment, asked)]
            shown = matching[: asked.limit]
            last = None
            if len(matching) > asked.limit:
                last = position_of(shown[-1].payment_id)
            elif len(examined) == examined_max:
                last = position_of(examined[-1].payment_id)
            return PaymentPage(
                payments=tuple(_view(payment, PaymentLine) for payment in shown),
                next_cursor=None if last is None else write_cursor(last, listing=PAYMENTS, filters=asked.filters),
                as_of=self._as_of(page.checkpoint),
            )

        return await self._read(read, fresh)

    async def payment(self, payment_id: str, fresh: Fresh) -> PaymentView:
        """Read a payment with its events."""

        async def read() -> PaymentView:
            payment, as_of = await self._payment(payment_id)
            return _view(payment, PaymentView, as_of=as_of)

        return await self._read(read, fresh)

    async def timeline(self, payment_id: str, fresh: Fresh) -> PaymentTimeline:
        """Read all that happened to a payment, in its events' own words."""

        async def read() -> PaymentTimeline:
            payment, as_of = await self._payment(payment_id)
            _, steps = await self._steps(payment)
            return PaymentTimeline(payment_id=payment_id, status=payment.status, steps=steps, as_of=as_of)

        return await self._read(read, fresh)

    async def explanation(self, payment_id: str, fresh: Fresh) -> PaymentExplanation:
        """Read why a payment is where it is."""

        async def read() -> PaymentExplanation:
            payment, as_of = await self._payment(payment_id)
            initiated, steps = await self._steps(payment)
            assessed = initiated.assessment.risk
            words = None if assessed is None else await self._rulesets.words(assessed.ruleset_version)
            return PaymentExplanation(
                payment_id=payment_id,
                status=payment.status,
                queue=_queue_of(payment),
                reason_code=payment.reason_code,
                words=None if payment.reason_code is None else REASON_WORDS.get(payment.reason_code),
                detail=payment.detail,
                cause=payment.cause,
                causes=payment.causes,
                parked=payment.parked,
                risk=None if assessed is None or words is None else explain(assessed, words.words),
                words_of=None if words is None else words.version,
                screening=initiated.assessment.screening,
                steps=tuple(step for step in steps if step.type in TELLING),
                as_of=as_of,
            )

        return await self._read(read, fresh)

    async def _read(self, read: Callable[[], Awaitable[V]], fresh: Fresh) -> V:
        async def attempt() -> V:
            try:
                return await read()
            except SourceDown as down:
                raise ReadRefused(Refusal.SOURCE_UNAVAILABLE, str(down)) from down

        return await self._freshness.read(attempt, fresh, model=WALLETS)

    async def _payment(self, payment_id: str) -> tuple[PaymentState, AsOf]:
        checkpoint, fields = await self._wallets.read_hash(lambda keys: keys.payment(payment_id))
        if not fields:
            detail = f"there is no payment {payment_id} as of position {checkpoint.position}"
            raise ReadRefused(Refusal.PAYMENT_NOT_FOUND, detail, position=checkpoint.position)
        return payment_of(payment_id, fields), self._as_of(checkpoint)

    async def _steps(self, payment: PaymentState) -> tuple[PaymentInitiated, tuple[PaymentStep, ...]]:
        events = await self._book.read_events([step.position for step in payment.events])
        initiated = decode_data(events[0])
        assert isinstance(initiated, PaymentInitiated)
        return initiated, tuple(_step(event) for event in events)

    def _as_of(self, checkpoint: Any) -> AsOf:
        return self._dating.as_of(checkpoint.position, checkpoint.recorded_at, source="read_model")


def _wanted(asked: PaymentsAsked) -> list[Any]:
    return [value for value in asked.filters if value is not None]


def _narrowest(asked: PaymentsAsked) -> tuple[str, str] | None:
    """Choose the shortest list that holds every payment that is asked for."""
    queue = "parked" if asked.queue is None and asked.parked else asked.queue
    candidates: Mapping[str, str | None] = {
        "end_to_end_id": asked.end_to_end_id,
        "payee_id": asked.payee_id,
        "queue": queue,
        "customer_id": asked.customer_id,
        "status": asked.status,
    }
    return next(((name, value) for name, value in candidates.items() if value is not None), None)


def _index_of(keys: WalletsKeys, by: tuple[str, str] | None) -> str:
    if by is None:
        return keys.payments
    return keys.payments_in(by[1]) if by[0] == "status" else keys.payments_by(*by)


def _queue_of(payment: PaymentState) -> str | None:
    """Tell where a payment waits, by the same rules as the lists of the read model."""
    if payment.parked:
        return "parked"
    if payment.status == "PDNG":
        return "review"
    waiting = {"payment_presented", "payment_authorisation_requested", "payment_authorisation_failed"}
    return "authorisation" if payment.events[-1].type in waiting and payment.status == "RCVD" else None


def _matches(payment: PaymentState, asked: PaymentsAsked) -> bool:
    has = (
        *(payment.status, payment.rail, payment.payment_type, payment.customer_id),
        *(payment.payee_id, payment.end_to_end_id, _queue_of(payment), bool(payment.parked)),
    )
    return all(want is None or want == have for want, have in zip(asked.filters, has, strict=True))


def _step(event: Envelope) -> PaymentStep:
    data: Any = decode_data(event)
    instruction = getattr(data, "instruction", None)
    own = {name: value for name in _OWN if isinstance(value := getattr(data, name, None), str)}
    if hasattr(data, "action"):
        own["decision"] = data.action
    if instruction is not None:
        own["instruction_id"] = instruction.instruction_id
    said = without_sealed(msgspec.to_builtins(data))
    code = own.get("reason_code")
    return PaymentStep(
        position=event.position,
        type=event.type,
        recorded_at=event.recorded_at,
        actor=event.principal.subject,
        status=data.status,
        words=None if code is None else REASON_WORDS.get(code),
        attempt=None if instruction is None else instruction.attempt,
        said={
            name: value
            for name, value in said.items()
            if name not in _NOT_SAID and name not in own and name not in ("action", "instruction") and value is not None
        },
        **own,
    )


def _view(state: msgspec.Struct, kind: type[S], **more: object) -> S:
    shared = {name: getattr(state, name) for name in kind.__struct_fields__ if name not in more}
    return kind(**shared, **more)

"""Random stories for read models, decided by the ledger itself: whatever the pure functions accept, in their events.

A story is a list of wishes, small numbers that hypothesis may shrink. Wishes that the ledger refuses leave no trace.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

from hypothesis import strategies as st

from contracts import commands as c
from contracts import events as e
from contracts.assessment import Assessment
from contracts.envelope import Actor, Origin, encode_actor, encode_event
from projectors.events import Event, decode_events
from tests.support.ledger import (
    BookInMemory,
    capture,
    credit,
    debit,
    hold,
    leg,
    move,
    open_account,
    pay,
    post,
    reverse,
)
from tests.support.payments import assessed, risk

LEDGER: Final = "main"
WALLETS: Final = ("alice", "bob", "carol:shop", "dora")
ACTORS: Final[tuple[tuple[str, str | None], ...]] = (("anna", "phone"), ("ben", None), ("svc:till", "terminal"))

Wish = tuple[int, int, int, int]  # what, who, with whom, how much
wishes = st.lists(
    st.tuples(st.integers(0, 26), st.integers(0, 3), st.integers(0, 3), st.integers(1, 400)), min_size=25, max_size=70
)


@dataclass
class Story:
    """The events in the book's own bytes, decoded as a projector does, and the book that decided them."""

    events: list[Event]
    bodies: list[tuple[int, bytes]]
    book: BookInMemory


def tell(asked: list[Wish]) -> Story:
    """Decide the wishes one after another."""
    book = BookInMemory()
    book.do(
        open_account("world", account_type="equity", overdraft="unlimited"),
        *(open_account(name) for name in WALLETS),
        open_account("points", currency="JPY"),
        *(move("world", name, 2_000) for name in WALLETS),
    )
    told = [(book.now, ACTORS[0])] * book.position
    for wish in asked:
        book.now += timedelta(seconds=1 + wish[3] * wish[0])
        actor = ACTORS[wish[3] % len(ACTORS)]
        book.subject = actor[0]
        with contextlib.suppress(LookupError):
            book.attempt(WISHES[wish[0]](Wisher(book, WALLETS[wish[1]], WALLETS[wish[2]], wish[3])))
            told += [(book.now, actor)] * (book.position - len(told))
    bodies = []
    for position, (data, (moment, (subject, device))) in enumerate(zip(book.events, told, strict=True), start=1):
        origin = Origin(
            ledger=LEDGER,
            actor_json=encode_actor(Actor(subject=subject, tenant="t1", device=device)),
            key=f"key-{position}",
            trace=None,
            occurred_at=moment,
        )
        bodies.append((position, encode_event(data, position=position, recorded_at=moment, origin=origin)))
    events, stop = decode_events(bodies, ledger=LEDGER)
    assert stop is None
    return Story(events, bodies, book)


@dataclass
class Wisher:
    """Who wishes, with what there is to wish about."""

    book: BookInMemory
    payer: str
    payee: str
    amount: int

    def one(self, kind: type[e.EventData], field: str) -> str:
        """One of the newest things of a kind; LookupError when there is none."""
        things = [getattr(event, field) for event in self.book.events if isinstance(event, kind)]
        return str(things[-1 - self.amount % min(len(things), 3)]) if things else _nothing()

    @property
    def is_odd(self) -> bool:
        return self.amount % 2 == 1

    @property
    def hold(self) -> str:
        return self.one(e.HoldPlaced, "hold_id")

    @property
    def payment(self) -> str:
        return self.one(e.PaymentInitiated, "payment_id")

    @property
    def value(self) -> str:
        return f"{self.amount // 100}.{self.amount % 100:02}"


def _nothing() -> str:
    raise LookupError


def _split(w: Wisher) -> Any:
    part = (w.amount + 1) // 2
    return post(debit(w.payer, w.amount + 1), credit("world", part), credit(w.payee, w.amount + 1 - part))


def _hold(w: Wisher) -> Any:
    until = w.book.now + timedelta(days=1 + w.amount % 4)
    return hold(leg(w.payer, w.payee, w.amount), leg(w.payer, "world", 3), until=until)


def _review(w: Wisher) -> Any:
    decision: Literal["release", "reject"] = "release" if w.is_odd else "reject"
    return c.ReviewPayment(payment_id=w.payment, decision=decision, reason="seen")


def _hook(w: Wisher) -> Any:
    change = c.DisableWebhookEndpoint if w.is_odd else c.EnableWebhookEndpoint
    return change(endpoint_id=w.one(e.WebhookEndpointCreated, "endpoint_id"))


def _limit(w: Wisher) -> Any:
    limit = c.Limit(currency="EUR", window_hours=24, amount_max_minor=w.amount * 50)
    return c.DefineLimits(subject=f"account:{w.payer}", limits=(limit,))


def _freeze(w: Wisher) -> Any:
    thaws = w.book.account(w.payer).status == "frozen"
    return c.UnfreezeAccount(account_id=w.payer) if thaws else c.FreezeAccount(account_id=w.payer)


_ODD: Final = Assessment(risk=risk("review", "ODD"))
_MOST: Final = (
    lambda w: move(w.payer, w.payee, w.amount),
    _split,
    _hold,
    lambda w: capture(w.hold),
    lambda w: capture(w.hold, w.amount % 40, 1, final=w.is_odd),
    lambda w: c.ReleaseHold(hold_id=w.hold),
    lambda w: pay(w.payer, w.payee, w.value),
    lambda w: assessed(pay(w.payer, w.payee, w.value), assessment=_ODD),
    _review,
)
WISHES: Final[tuple[Callable[[Wisher], Any], ...]] = (
    *_MOST,
    *_MOST,
    _freeze,
    _hook,
    _limit,
    lambda w: c.ExpireHold(hold_id=w.hold),
    lambda w: c.ExtendHold(hold_id=w.hold, expires_at=w.book.now + timedelta(days=9)),
    lambda w: reverse(w.one(e.TransferPosted, "transfer_id")),
    lambda w: c.RefundPayment(payment_id=w.payment, amount_minor=1 if w.is_odd else None),
    lambda w: assessed(c.CreateWebhookEndpoint(url=f"https://hooks.example.com/{w.amount}", kinds=("*",))),
    lambda w: open_account(f"later:n{w.book.position}"),
)

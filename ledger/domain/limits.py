"""Limits: how much and how often a subject may pay within a rolling window, exact inside the commit.

A payment counts from the moment it is accepted or booked, for the account that pays, its customer, and the payee. It
stops counting when it ends without having been executed. What is refunded or returned later frees a net limit, not a
gross one. Each use is remembered with its second until it falls out of the longest window, so the window truly rolls;
a subject with more than USES_MAX uses in it is refused rather than counted wrongly.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from contracts.commands.limits import DefineLimits
from contracts.events import LimitsDefined
from contracts.events.limits import LimitSet
from ledger.domain.contexts import Context, Touched
from ledger.domain.records import Record
from ledger.domain.state import Moment, State

LIMIT: Final = "limit"
USES_MAX: Final = 5_000
SECONDS_PER_HOUR: Final = 3_600
AMOUNT_REACHED: Final = "AM14"
COUNT_REACHED: Final = "AM21"


class Use(Struct, frozen=True, gc=False):
    """One payment counted against a subject. ``given_back_minor``: refunded or returned since."""

    payment_id: str
    at_s: int
    currency: str
    amount_minor: int
    given_back_minor: int = 0


class Limits(Record, frozen=True, kw_only=True):
    """The limits of a subject and what was used of them."""

    limits: tuple[LimitSet, ...]
    uses: tuple[Use, ...] = ()


class Reached(Struct, frozen=True):
    """A limit that a payment would exceed: ISO 20022's reason, and words for the client."""

    reason_code: str
    detail: str


def subjects_of(*, account_id: str | None, customer_id: str | None, payee_id: str | None) -> tuple[str, ...]:
    """Against whom a payment counts. Money that comes in counts against nobody."""
    if account_id is None:
        return ()
    named = (("account", account_id), ("customer", customer_id), ("payee", payee_id))
    return tuple(f"{kind}:{name}" for kind, name in named if name is not None)


def limited_subjects(subjects: Iterable[str], state: State) -> tuple[str, ...]:
    """Those of the subjects that have limits."""
    return tuple(subject for subject in subjects if (found := _limits_of(state, subject)) is not None and found.limits)


def reached(
    subjects: Sequence[str], state: State, *, currency: str, amount_minor: int, now: datetime
) -> Reached | None:
    """The first limit that another payment of this amount would exceed; None when all allow it."""
    for subject in subjects:
        found = _limits_of(state, subject)
        assert found is not None
        if len(found.uses) >= USES_MAX and len(_within(found, now)) >= USES_MAX:
            return Reached(COUNT_REACHED, f"{subject} has more payments in its window than can be counted")
        for limit in found.limits:
            over = _over(limit, found.uses, currency=currency, amount_minor=amount_minor, now=now)
            if over is not None:
                return Reached(over[0], f"{subject}: {over[1]}")
    return None


def _over(
    limit: LimitSet, uses: Iterable[Use], *, currency: str, amount_minor: int, now: datetime
) -> tuple[str, str] | None:
    if limit.currency != currency:
        return None
    since_s = int(now.timestamp()) - limit.window_hours * SECONDS_PER_HOUR
    counted = [use for use in uses if use.currency == currency and use.at_s > since_s]
    used_minor = sum(use.amount_minor - (use.given_back_minor if limit.basis == "net" else 0) for use in counted)
    window = f"in {limit.window_hours} h"
    if limit.amount_max_minor is not None and used_minor + amount_minor > limit.amount_max_minor:
        left_minor = max(0, limit.amount_max_minor - used_minor)
        return AMOUNT_REACHED, f"{left_minor} of {limit.amount_max_minor} {currency} minor units are left {window}"
    if limit.count_max is not None and len(counted) >= limit.count_max:
        return COUNT_REACHED, f"{limit.count_max} payments {window} are allowed"
    return None


def _within(found: Limits, now: datetime) -> tuple[Use, ...]:
    longest_h = max((limit.window_hours for limit in found.limits), default=0)
    since_s = int(now.timestamp()) - longest_h * SECONDS_PER_HOUR
    return tuple(use for use in found.uses if use.at_s > since_s)


def count_use(
    state: State, subjects: Iterable[str], *, payment_id: str, currency: str, amount_minor: int, at: datetime
) -> None:
    """Count an accepted payment, and forget what has left the longest window."""
    for subject in subjects:
        found = _limits_of(state, subject)
        assert found is not None
        use = Use(payment_id, int(at.timestamp()), currency, amount_minor)
        _put(state, subject, found, (*_within(found, at), use))


def stop_counting(state: State, subjects: Iterable[str], *, payment_id: str) -> None:
    """A payment that was accepted ended without being executed."""
    for subject in subjects:
        found = _limits_of(state, subject)
        if found is not None:
            _put(state, subject, found, tuple(use for use in found.uses if use.payment_id != payment_id))


def give_back(state: State, subjects: Iterable[str], *, payment_id: str, amount_minor: int) -> None:
    """A part of a counted payment was refunded or returned."""
    for subject in subjects:
        found = _limits_of(state, subject)
        if found is not None:
            uses = tuple(
                msgspec.structs.replace(use, given_back_minor=use.given_back_minor + amount_minor)
                if use.payment_id == payment_id
                else use
                for use in found.uses
            )
            _put(state, subject, found, uses)


def _put(state: State, subject: str, found: Limits, uses: tuple[Use, ...]) -> None:
    state.records[LIMIT, subject] = msgspec.structs.replace(found, uses=uses)


def _limits_of(state: State, subject: str) -> Limits | None:
    found = state.record(LIMIT, subject)
    assert found is None or isinstance(found, Limits)
    return found


def decide_define(command: DefineLimits, state: State, moment: Moment) -> LimitsDefined:
    """Set all limits of a subject."""
    return LimitsDefined(
        subject=command.subject,
        limits=tuple(
            LimitSet(
                currency=limit.currency,
                window_hours=limit.window_hours,
                amount_max_minor=limit.amount_max_minor,
                count_max=limit.count_max,
                basis=limit.basis,
            )
            for limit in command.limits
        ),
    )


def evolve_defined(state: State, event: LimitsDefined, position: int) -> None:
    """Keep what was used; only the limits are new."""
    found = _limits_of(state, event.subject)
    uses = () if found is None else found.uses
    state.records[LIMIT, event.subject] = Limits(limits=event.limits, uses=uses)


def _touch(command: DefineLimits, touched: Touched) -> None:
    touched.records.add((LIMIT, command.subject))


CONTEXT: Final = Context(
    deciders={DefineLimits: decide_define},
    evolvers={LimitsDefined: evolve_defined},
    touches={DefineLimits: _touch},
    records={LIMIT: Limits},
)

"""Life cycles are tables, and the tables are whole: every status meets every event."""

from __future__ import annotations

from typing import get_args

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.payment_codes import FINAL_STATES, STATUS_OF, PaymentState
from contracts.rejections import Refused
from ledger.domain.accounts import ACCOUNT_REFUSALS, ACCOUNT_TRANSITIONS
from ledger.domain.book import DECIDERS, EVOLVERS, TOUCHES
from ledger.domain.customers.cases import ScreenedCustomer
from ledger.domain.customers.onboarding import AssessedApplication
from ledger.domain.holds import HOLD_REFUSALS, HOLD_TRANSITIONS
from ledger.domain.payment_files import SealedIban, UnpayableTransaction
from ledger.domain.payments.authorisation import ProvenAuthorisation
from ledger.domain.payments.initiation import AssessedPayment
from ledger.domain.payments.life_cycle import PAYMENT_TRANSITIONS
from ledger.domain.settlement.terms import AssessedMerchant
from ledger.domain.standing_orders.creation import AssessedOrder, ProvenSeries
from ledger.domain.webhooks import EndpointWithSecret, RotationWithSecret
from tests.ledger.refusals import BANK
from tests.support.ledger import TOMORROW, a_bank, capture

ACCOUNT_STATUSES = ("open", "frozen", "closed")
ACCOUNT_EVENTS = (e.AccountFrozen, e.AccountUnfrozen, e.AccountClosed)
HOLD_EVENTS = (e.HoldExtended, e.HoldCaptured, e.HoldReleased, e.HoldExpired)


def test_every_command_has_a_decision_and_every_event_an_evolution() -> None:
    assessed: dict[type, type] = {
        AssessedPayment: c.InitiatePayment,
        ProvenAuthorisation: c.AuthorisePayment,
        AssessedOrder: c.CreateStandingOrder,
        ProvenSeries: c.AuthoriseStandingOrder,
        SealedIban: c.AssignIban,
        EndpointWithSecret: c.CreateWebhookEndpoint,
        RotationWithSecret: c.RotateWebhookSecret,
        AssessedApplication: c.ApplyCustomer,
        ScreenedCustomer: c.RescreenCustomer,
        AssessedMerchant: c.DefineMerchant,
    }
    of_the_door = {UnpayableTransaction}  # no client can ask for it
    assert {assessed.get(kind, kind) for kind in DECIDERS.keys() - of_the_door} == set(c.Command.__subclasses__())
    assert set(DECIDERS) == set(TOUCHES)
    assert set(EVOLVERS) == set(e.EVENT_TYPES.values())


def test_every_account_status_either_moves_or_refuses_at_every_event() -> None:
    every = {(status, event) for status in ACCOUNT_STATUSES for event in ACCOUNT_EVENTS}

    assert ACCOUNT_TRANSITIONS.keys() | ACCOUNT_REFUSALS.keys() == every
    assert not ACCOUNT_TRANSITIONS.keys() & ACCOUNT_REFUSALS.keys()


def test_nothing_leaves_a_final_status() -> None:
    assert {status for status, _ in ACCOUNT_TRANSITIONS} == {"open", "frozen"}
    assert {status for status, _ in HOLD_TRANSITIONS} == {"open"}
    for (state, event), after in PAYMENT_TRANSITIONS.items():
        if state in FINAL_STATES:
            assert after == {state}, event


def test_every_hold_status_either_moves_or_refuses_at_every_event() -> None:
    assert {event for _, event in HOLD_TRANSITIONS} == set(HOLD_EVENTS)
    assert {"open", *HOLD_REFUSALS} == set(get_args(e.HoldStatus))
    assert set().union(*HOLD_TRANSITIONS.values()) == set(get_args(e.HoldStatus))


def test_every_payment_status_is_reached() -> None:
    assert set().union(*PAYMENT_TRANSITIONS.values()) == set(get_args(PaymentState))


def test_every_payment_status_is_some_states() -> None:
    assert set(STATUS_OF) == set(get_args(PaymentState))
    assert set(STATUS_OF.values()) == set(get_args(e.PaymentStatus))


@pytest.mark.parametrize(
    ("account_id", "command", "status"),
    [
        ("alice", c.FreezeAccount(account_id="alice", reason="fraud"), "frozen"),
        ("frozen", c.UnfreezeAccount(account_id="frozen"), "open"),
        ("carol", c.CloseAccount(account_id="carol"), "closed"),
    ],
)
def test_an_account_moves_along_its_life_cycle_and_keeps_its_money(
    account_id: str, command: c.Command, status: str
) -> None:
    bank = a_bank()
    before = bank.account(account_id)

    event = bank.do(command)

    after = bank.account(account_id)
    assert (event.account_id, event.reason) == (account_id, command.reason)  # type: ignore[attr-defined]
    assert (after.status, after.terms) == (status, before.terms)
    assert (after.posted_minor, after.held_minor) == (before.posted_minor, before.held_minor)


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (c.ExtendHold(hold_id=BANK.open_hold, expires_at=TOMORROW.replace(day=20)), "open"),
        (capture(BANK.open_hold, 999), "open"),
        (capture(BANK.open_hold, 999, final=True), "captured"),
        (capture(BANK.open_hold, 1_000), "captured"),
        (capture(BANK.open_hold), "captured"),
        (c.ReleaseHold(hold_id=BANK.open_hold), "released"),
        (c.ExpireHold(hold_id=BANK.overdue_hold), "expired"),
    ],
)
def test_a_hold_moves_along_its_life_cycle(command: c.Command, status: str) -> None:
    bank = a_bank()

    event = bank.do(command)

    hold = bank.state.hold(int(event.hold_id.removeprefix("hold_")))
    assert hold is not None
    assert hold.status == status
    assert getattr(event, "status", status) == status


@pytest.mark.parametrize("end", [capture(BANK.open_hold), c.ReleaseHold(hold_id=BANK.open_hold)])
@pytest.mark.parametrize(
    "then",
    [
        capture(BANK.open_hold),
        c.ReleaseHold(hold_id=BANK.open_hold),
        c.ExpireHold(hold_id=BANK.open_hold),
        c.ExtendHold(hold_id=BANK.open_hold, expires_at=TOMORROW.replace(day=20)),
    ],
)
def test_an_ended_hold_never_moves_again(end: c.Command, then: c.Command) -> None:
    bank = a_bank()
    event = bank.do(end)

    refused = bank.attempt(then)

    assert isinstance(refused, Refused)
    status: e.HoldStatus = "captured" if isinstance(event, e.HoldCaptured) else "released"
    assert refused.rejection is HOLD_REFUSALS[status]

"""Every state meets every command: it moves as the table says, or it is refused and nothing changes."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final, get_args

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.payment_codes import FINAL_STATES, PaymentState
from contracts.rejections import Refused
from contracts.rejections import Rejection as R
from ledger.domain.payments.context import ABOUT_A_PAYMENT
from ledger.domain.payments.life_cycle import PAYMENT_TRANSITIONS, Payment
from tests.ledger.payments.bank import (
    PaymentBank,
    a_payment_bank,
    authorise,
    give_back,
    outcome,
    recall_answer,
    refund_outcome,
    resolve,
    review,
)

BANK: Final = a_payment_bank()
AFTERWARDS: Final = (
    e.PaymentRefundRequested, e.PaymentRefunded, e.PaymentRefundFailed, e.PaymentReturned, e.PaymentRecallRequested,
    e.PaymentRecallAnswered, e.PaymentContradicted,
)  # fmt: skip
WITHIN_A_COMMIT: Final = {"received", "cleared"}

SETTLED_BY_A_RAIL: Final = (
    "settled_by_rail", "settled_by_card", "recalled", "returned", "topped_up", "refund_asked",
)  # fmt: skip

# What each command does to a payment of the bank that it can do something to: the states before and after.
MOVES: Final[dict[str, dict[str, PaymentState]]] = {
    "authorise": {"awaiting_authorisation": "accepted", "awaiting_payer": "settled"},
    "authorise_wrongly": {
        "awaiting_authorisation": "awaiting_authorisation",
        "awaiting_payer": "awaiting_payer",
    },
    "decline": {"awaiting_payer": "cancelled", "request_overdue": "cancelled"},
    "cancel": dict.fromkeys(
        ("scheduled", "in_review", "reviewed_once", "awaiting_authorisation", "awaiting_payer", "accepted", "overdue",
         "request_overdue"),
        "cancelled",
    ),
    "expire": {"overdue": "cancelled", "request_overdue": "cancelled"},
    "release": {"in_review": "in_review", "reviewed_once": "accepted"},
    "reject": {"in_review": "in_review"},
    "retry": {"unknown": "instructed", "parked": "instructed"},
    "fail": {"unknown": "instructed", "parked": "instructed", "proposed": "rejected"},
    "force_settle": {"unknown": "instructed", "parked": "instructed"},
    "start": {},
    "instruct": {"accepted": "instructed"},
    "accepted": dict.fromkeys(("instructed", "unknown", "parked", "proposed"), "settled"),
    "rejected": {
        **dict.fromkeys(("instructed", "unknown", "parked", "proposed"), "rejected"),
        **dict.fromkeys(SETTLED_BY_A_RAIL, "settled"),  # contradicted
    },
    "not_known": dict.fromkeys(("instructed", "unknown", "parked", "proposed"), "instructed"),
    "not_found": {
        **dict.fromkeys(("instructed", "unknown", "parked", "proposed"), "accepted"),
        **dict.fromkeys(SETTLED_BY_A_RAIL, "settled"),  # contradicted
    },
    "park": dict.fromkeys(("instructed", "unknown", "proposed"), "instructed"),
    "refund": dict.fromkeys(("settled", "topped_up", "refund_asked"), "settled"),
    "refund_paid": {"refund_asked": "settled"},
    "refund_failed": {"refund_asked": "settled"},
    "return": dict.fromkeys(("settled_by_rail", "settled_by_card", "recalled", "topped_up", "refund_asked"), "settled"),
    "recall": dict.fromkeys(("settled_by_rail", "returned"), "settled"),
    "recall_agreed": {"recalled": "settled"},
    "recall_refused": {"recalled": "settled"},
}  # fmt: skip


def command_for(action: str, payment: Payment) -> Any:
    """The command that an action is."""
    payment_id = payment.payment_id
    match action:
        case "authorise":
            return authorise(payment)
        case "authorise_wrongly":
            return authorise(payment, value="9.00")
        case "release" | "reject":
            return review(payment, action)
        case "retry" | "fail" | "force_settle":
            return resolve(payment, action)
        case "accepted" | "rejected" | "not_found" | "not_known":
            attempt = max(payment.attempt, 1)
            return outcome(payment, action if action != "not_known" else "unknown", attempt=attempt)
        case "refund_paid" | "refund_failed":
            return refund_outcome(payment, "accepted" if action == "refund_paid" else "rejected")
        case "recall_agreed" | "recall_refused":
            return recall_answer(payment, action.removeprefix("recall_").replace("agreed", "accepted"))
        case "return":
            return give_back(payment, 100)
        case "recall":
            return c.RecallPayment(payment_id=payment_id, reason="wrong")
        case "park":
            return c.ParkPayment(payment_id=payment_id, reason="no answer")
    kinds: dict[str, type[Any]] = {
        "decline": c.DeclinePayment, "cancel": c.CancelPayment, "expire": c.ExpirePayment, "start": c.StartPayment,
        "instruct": c.InstructPayment, "refund": c.RefundPayment,
    }  # fmt: skip
    return kinds[action](payment_id=payment_id)


def test_the_bank_has_every_state_and_the_actions_are_every_command() -> None:
    assert {BANK.payment(name).state for name in BANK.named} == set(get_args(PaymentState)) - WITHIN_A_COMMIT
    asked = {type(command_for(action, BANK.payment("accepted"))) for action in MOVES}
    assert asked == {*ABOUT_A_PAYMENT, c.AuthorisePayment}


@pytest.mark.parametrize("name", BANK.named)
@pytest.mark.parametrize("action", MOVES)
def test_a_payment_moves_as_the_table_says_or_refuses(name: str, action: str) -> None:
    bank = deepcopy(BANK)
    before = bank.payment(name)

    decided = bank.attempt(command_for(action, before))

    after = bank.payment(name)
    if name not in MOVES[action]:
        assert isinstance(decided, Refused), f"{name} took {action}: {decided}"
        assert bank.state.records == BANK.state.records
        assert bank.state.accounts == BANK.state.accounts
        return
    assert not isinstance(decided, Refused), f"{name} refused {action}: {decided}"
    assert after.state == MOVES[action][name]
    if after.is_final:
        assert (after.held_minor, after.due_at, after.parked, after.votes) == (0, None, None, ())


@pytest.mark.parametrize("name", [name for name in BANK.named if BANK.payment(name).is_final])
@pytest.mark.parametrize("action", MOVES)
def test_nothing_leaves_a_final_state(name: str, action: str) -> None:
    bank = deepcopy(BANK)
    before = bank.payment(name)

    decided = bank.attempt(command_for(action, before))

    assert bank.payment(name).state == before.state
    if not isinstance(decided, Refused):
        assert isinstance(decided[0], AFTERWARDS)


def test_every_event_of_the_table_happens() -> None:
    """In the bank, and in what its payments may do next."""
    seen = {type(event) for event in BANK.events}
    for action, names in MOVES.items():
        for name in names:
            bank = deepcopy(BANK)
            bank.do(command_for(action, bank.payment(name)))
            seen |= {type(event) for event in bank.events}
    assert seen >= {event for _, event in PAYMENT_TRANSITIONS}


def test_final_states_are_those_that_nothing_leaves() -> None:
    leaving = {state for (state, _), after in PAYMENT_TRANSITIONS.items() if after != {state}}
    assert leaving.isdisjoint(FINAL_STATES)


def test_attempts_that_lapse_are_repeated_up_to_a_bound_and_then_rejected() -> None:
    bank = PaymentBank()
    payment = bank.accept()
    for attempt in (1, 2, 3):
        payment = bank.instruct_again(payment.payment_id)
        assert payment.instruction.instruction_id == f"{payment.payment_id}.{attempt}"
        payment = bank.lapse(payment.payment_id)
        assert (payment.state, payment.held_minor) == ("accepted", 1_000)

    (rejected,) = bank.attempt(c.InstructPayment(payment_id=payment.payment_id))  # type: ignore[misc]

    assert isinstance(rejected, e.PaymentRejected)
    assert rejected.reason_code == "AB06"
    assert bank.balances("alice") == [(1_000_000, 0)]


@pytest.mark.parametrize(
    ("said_first", "said_then", "contradicts"),
    [
        ("accepted", "accepted", False), ("accepted", "unknown", False), ("accepted", "rejected", True),
        ("accepted", "not_found", True), ("rejected", "rejected", False), ("rejected", "not_found", False),
        ("rejected", "unknown", False), ("rejected", "accepted", True),
    ],
)  # fmt: skip
def test_an_answer_after_the_end_repeats_or_contradicts(said_first: str, said_then: str, contradicts: bool) -> None:
    """A repetition changes nothing; a contradiction is recorded and books nothing."""
    bank = PaymentBank()
    payment = bank.instruct()
    bank.do(outcome(payment, said_first))
    before = dict(bank.state.accounts)

    decided = bank.attempt(outcome(payment, said_then))

    assert bank.state.accounts == before
    if contradicts:
        assert isinstance(decided, tuple)
        assert [type(event) for event in decided] == [e.PaymentContradicted]
    else:
        assert isinstance(decided, Refused)
        assert decided.rejection is R.PAYMENT_STATE_CONFLICT


def test_an_execution_after_the_attempt_lapsed_is_booked_while_there_is_no_other() -> None:
    """Or the next attempt would pay twice."""
    bank = PaymentBank()
    payment = bank.lapse(bank.instruct().payment_id)

    decided = bank.attempt(outcome(payment, "accepted"))

    assert [type(event) for event in decided] == [e.PaymentContradicted, e.PaymentSettled]  # type: ignore[union-attr]
    assert bank.balances("alice", "clearing:sct_inst:eur") == [(999_000, 0), (-1_000, 0)]
    assert isinstance(bank.attempt(c.InstructPayment(payment_id=payment.payment_id)), Refused)


@pytest.mark.parametrize("said", ["accepted", "rejected", "unknown", "not_found"])
@pytest.mark.parametrize("then", ["instructed", "settled", "rejected"])
def test_of_an_earlier_attempt_only_an_execution_contradicts(said: str, then: str) -> None:
    bank = PaymentBank()
    payment = bank.instruct_again(bank.lapse(bank.instruct().payment_id).payment_id)
    if then != "instructed":
        bank.do(outcome(payment, "accepted" if then == "settled" else "rejected"))

    decided = bank.attempt(outcome(payment, said, attempt=1))

    assert bank.payment(payment.payment_id).state == then
    assert isinstance(decided, tuple) == (said == "accepted")


def test_a_proposal_about_a_lapsed_attempt_does_not_count_for_the_next() -> None:
    bank = PaymentBank()
    payment = bank.instruct()
    bank.do(outcome(payment, "unknown"))
    bank.as_("rita", resolve(payment, "force_settle"))
    payment = bank.instruct_again(bank.lapse(payment.payment_id).payment_id)
    bank.do(outcome(payment, "unknown"))

    bank.as_("rolf", resolve(payment, "force_settle"))

    assert bank.payment(payment.payment_id).state == "instructed"

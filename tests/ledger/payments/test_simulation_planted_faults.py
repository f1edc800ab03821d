"""The simulation can fail: each fault planted into deciders or saga makes its audit find something."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from msgspec.structs import replace

from contracts import commands as c
from contracts import events as e
from contracts.rejections import Refused
from ledger.domain import limits
from ledger.domain.book import DECIDERS, EVOLVERS
from ledger.domain.payments import authorisation, booking, execution, gates, life_cycle, refunds
from ledger.domain.payments.life_cycle import PAYMENT
from ledger.domain.transfers import move_balances
from projectors.payments import saga
from projectors.rails.rail import Unknown
from tests.ledger.payments.simulated.world import World
from tests.ledger.payments.test_simulation import live

WORLDS_MAX: Final = 300
SEED: Final = 1
Plant = Callable[[pytest.MonkeyPatch], None]


def book_a_repeated_outcome_twice(patch: pytest.MonkeyPatch) -> None:
    """The saga's outcomes have no key, and the state does not look."""
    without_keys_for_outcomes(patch)
    real = execution.decide_outcome

    def again(command: Any, state: Any, moment: Any) -> Any:
        payment = state.record(PAYMENT, command.payment_id)
        if payment.state == "settled" and command.outcome == "accepted":
            settled = gates.settle(replace(payment, state="instructed"), state, moment)
            return settled if isinstance(settled, Refused) else (settled,)
        return real(command, state, moment)

    patch.setitem(DECIDERS, c.RecordRailOutcome, again)  # type: ignore[misc]
    patch.setitem(life_cycle.PAYMENT_TRANSITIONS, ("settled", e.PaymentSettled), frozenset({"settled"}))  # type: ignore[misc]


def without_keys_for_outcomes(patch: pytest.MonkeyPatch) -> None:
    """Every outcome is said under a key of its own."""
    real = World.send

    def send(world: World, command: Any, key: str, *, by: str = "bursar:saga") -> Any:
        unique = f"{key}:{world.position}:{world.now}" if isinstance(command, c.RecordRailOutcome) else key
        return real(world, command, unique, by=by)

    patch.setattr(World, "send", send)


def settle_before_the_rail_answers(patch: pytest.MonkeyPatch) -> None:
    real = execution.decide_instruct

    def too_soon(command: Any, state: Any, moment: Any) -> Any:
        decided = real(command, state, moment)
        if isinstance(decided, Refused) or not isinstance(decided[0], e.PaymentInstructed):
            return decided
        payment = replace(state.record(PAYMENT, command.payment_id), state="instructed")
        return (*decided, gates.settle(payment, state, moment.after(1)))

    patch.setitem(DECIDERS, c.InstructPayment, too_soon)  # type: ignore[misc]


def give_the_hold_back_and_forget_the_record(patch: pytest.MonkeyPatch) -> None:
    def forgetful(state: Any, event: Any, position: int) -> None:
        payment = state.record(PAYMENT, event.payment_id)
        if payment.state not in ("accepted", "instructed"):
            execution.evolve_ended(state, event, position)
            return
        state.records[PAYMENT, event.payment_id] = replace(payment, state="accepted", held_minor=0)
        move_balances(state, event.balances)

    for kind in (e.PaymentRejected, e.PaymentCancelled):
        patch.setitem(EVOLVERS, kind, forgetful)


def send_again_under_another_id_after_a_time_out(patch: pytest.MonkeyPatch) -> None:
    real = saga.next_move

    def impatient(answer: Any, **more: Any) -> Any:
        return saga.Record(outcome="not_found") if isinstance(answer, Unknown) else real(answer, **more)

    patch.setattr(saga, "next_move", impatient)


def count_refunds_twice_for_net_limits(patch: pytest.MonkeyPatch) -> None:
    real = limits.give_back
    patch.setattr(limits, "give_back", lambda state, subjects, *, payment_id, amount_minor: real(
        state, subjects, payment_id=payment_id, amount_minor=2 * amount_minor))  # fmt: skip


def forget_to_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "count_use", lambda *_, **__: None)


def let_the_window_end_early(patch: pytest.MonkeyPatch) -> None:
    real = limits.reached
    patch.setattr(limits, "reached", lambda subjects, state, *, now, **more: real(
        subjects, state, now=now + timedelta(minutes=30), **more))  # fmt: skip


def bind_authorisations_to_no_payee(patch: pytest.MonkeyPatch) -> None:
    real = gates.binding_of
    patch.setattr(authorisation, "binding_of", lambda payment_id, amount_minor, currency, payee_id: real(
        payment_id, amount_minor, currency, None))  # fmt: skip


def keep_the_hold_of_what_ended(patch: pytest.MonkeyPatch) -> None:
    for module in (gates, authorisation):
        patch.setattr(module, "free_funds", lambda payment, state: ())


def settle_without_freeing_the_hold(patch: pytest.MonkeyPatch) -> None:
    real = booking.book_payment
    patch.setattr(gates, "book_payment", lambda payment, state, **more: real(
        replace(payment, held_minor=0), state, **more))  # fmt: skip


def return_more_than_was_paid(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(life_cycle.Payment, "left_minor", property(lambda payment: payment.amount_minor))


def ask_for_a_refund_without_holding_it(patch: pytest.MonkeyPatch) -> None:
    """What is asked back may be spent meanwhile."""
    real = refunds.decide_refund

    def careless(command: Any, state: Any, moment: Any) -> Any:
        event = real(command, state, moment)
        return replace(event, balances=()) if isinstance(event, e.PaymentRefundRequested) else event

    patch.setitem(DECIDERS, c.RefundPayment, careless)  # type: ignore[misc]


def forget_a_refund_that_was_asked(patch: pytest.MonkeyPatch) -> None:
    """The second half of a payment may be refunded twice while the rail has not answered."""
    patch.setattr(life_cycle.Payment, "left_minor", property(
        lambda payment: payment.amount_minor - payment.refunded_minor - payment.returned_minor))  # fmt: skip


def book_a_refund_as_soon_as_it_is_asked(patch: pytest.MonkeyPatch) -> None:
    real = refunds._requested
    patch.setattr(refunds, "_requested", lambda payment, refund, state, moment: (
        refused if isinstance(refused := real(payment, refund, state, moment), Refused)
        else refunds._refunded(replace(payment, rail="book"), refund, state, moment)))  # fmt: skip


def keep_what_a_failed_refund_held(patch: pytest.MonkeyPatch) -> None:
    def forgetful(state: Any, event: Any, position: int) -> None:
        refunds.evolve_refund_failed(state, replace(event, balances=()), position)

    patch.setitem(EVOLVERS, e.PaymentRefundFailed, forgetful)  # type: ignore[misc]


def overlook_contradictions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(execution, "_contradicts", lambda command, payment, *, is_current: False)


def let_suspense_choose_the_sides(patch: pytest.MonkeyPatch) -> None:
    real = booking._move
    patch.setattr(booking, "_move", lambda payer, payee, amount_minor, currency, *, state, led_by: real(
        payer, payee, amount_minor, currency, state=state,
        led_by=next((name for name in (payer, payee) if name.startswith("suspense")), led_by)))  # fmt: skip


def reject_what_was_executed_and_does_not_fit(patch: pytest.MonkeyPatch) -> None:
    """No diversion to suspense: a payment that the customer's account cannot take is rejected."""
    real = gates.settle

    def rejecting(payment: Any, state: Any, moment: Any, **more: Any) -> Any:
        booked = booking.book_payment(payment, state)
        if isinstance(booked, Refused):
            return gates.reject(payment, state, "AM14", booked.detail)
        return real(payment, state, moment, **more)

    patch.setattr(execution, "settle", rejecting)


FAULTS: Final[tuple[Plant, ...]] = (
    book_a_repeated_outcome_twice,
    settle_before_the_rail_answers,
    give_the_hold_back_and_forget_the_record,
    send_again_under_another_id_after_a_time_out,
    count_refunds_twice_for_net_limits,
    forget_to_count,
    let_the_window_end_early,
    bind_authorisations_to_no_payee,
    keep_the_hold_of_what_ended,
    settle_without_freeing_the_hold,
    return_more_than_was_paid,
    ask_for_a_refund_without_holding_it,
    forget_a_refund_that_was_asked,
    book_a_refund_as_soon_as_it_is_asked,
    keep_what_a_failed_refund_held,
    overlook_contradictions,
    let_suspense_choose_the_sides,
    reject_what_was_executed_and_does_not_fit,
)


def live_in_worlds(count: int) -> None:
    """Run and audit worlds, always the same ones."""
    for seed in range(SEED, SEED + count):
        live(seed)


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_the_simulation_fails_when(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)

    with pytest.raises(AssertionError):
        live_in_worlds(WORLDS_MAX)


def test_an_outcome_without_a_key_changes_nothing_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is the first guard, the state of the payment the second."""
    without_keys_for_outcomes(monkeypatch)

    live_in_worlds(20)

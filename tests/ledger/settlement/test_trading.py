"""Any interleaving of trading, cut-offs and payouts settles to the minor unit; and each planted fault is noticed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from msgspec.structs import replace

from contracts import events as e
from ledger.domain import payouts, takings
from ledger.domain.book import EVOLVERS
from ledger.domain.payouts import SETTLEMENT
from ledger.domain.settlement.terms import MERCHANT
from ledger.domain.state import State
from ledger.domain.takings import TAKINGS
from tests.ledger.settlement.trading import STEPS, Step, check_trading

EXAMPLES: Final = 150
EXAMPLES_OF_A_FAULT: Final = 1_500  # the first failure ends the run
Plant = Callable[[pytest.MonkeyPatch], None]


@given(steps=STEPS)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_happens_in_between_every_position_is_settled_once_and_every_unit_is_somewhere(
    steps: list[Step],
) -> None:
    check_trading(steps)


def exchange(patch: pytest.MonkeyPatch, function: Callable[..., Any]) -> None:
    """Put another evolution of a settlement into the book's table."""
    table: Any = EVOLVERS
    patch.setitem(table, e.SettlementClosed, function)


def count_a_period_again(patch: pytest.MonkeyPatch) -> None:
    """The cut-off does not begin a new period."""
    real = EVOLVERS[e.SettlementClosed]

    def evolve(state: State, event: e.SettlementClosed, position: int) -> None:
        before = takings.takings_of(state, event.account_id)
        assert before is not None
        real(state, event, position)
        after = takings.takings_of(state, event.account_id)
        assert after is not None
        state.records[TAKINGS, event.account_id] = replace(after, counted=before.counted)

    exchange(patch, evolve)


def settle_the_next_position_twice(patch: pytest.MonkeyPatch) -> None:
    """A period begins at the last position of the one before."""
    real = EVOLVERS[e.SettlementClosed]

    def evolve(state: State, event: e.SettlementClosed, position: int) -> None:
        real(state, event, position)
        after = takings.takings_of(state, event.account_id)
        assert after is not None
        state.records[TAKINGS, event.account_id] = replace(after, from_position=position)

    exchange(patch, evolve)


def turn_the_refund_fee_around(patch: pytest.MonkeyPatch) -> None:
    real = takings.count_refund

    def count(state: State, account_id: str, event: e.PaymentRefunded) -> None:
        before = takings.takings_of(state, account_id)
        real(state, account_id, event)
        after = takings.takings_of(state, account_id)
        if before is not None and after is not None:
            fee_minor = 2 * before.counted.fee_minor - after.counted.fee_minor
            state.records[TAKINGS, account_id] = replace(after, counted=replace(after.counted, fee_minor=fee_minor))

    patch.setattr(takings, "count_refund", count)


def pay_out_again(patch: pytest.MonkeyPatch) -> None:
    """What has arrived counts as unpaid."""
    real = payouts.arrive

    def arrive(state: State, settlement_id: str | None) -> None:
        settlement = None if settlement_id is None else payouts.settlement_of(state, settlement_id)
        real(state, settlement_id)
        if settlement is not None and settlement_id is not None:
            after = payouts.settlement_of(state, settlement_id)
            assert after is not None
            state.records[SETTLEMENT, settlement_id] = replace(
                after, unpaid_minor=after.unpaid_minor + settlement.on_its_way_minor, state="failed"
            )

    patch.setattr(payouts, "arrive", arrive)


def pay_again_what_was_diverted(patch: pytest.MonkeyPatch) -> None:
    real: Any = payouts.come_back

    def come_back(state: State, settlement_id: str | None, *, amount_minor: int, diverted: bool) -> None:
        real(state, settlement_id, amount_minor=amount_minor, diverted=False)

    patch.setattr(payouts, "come_back", come_back)


def release_a_reserve_again(patch: pytest.MonkeyPatch) -> None:
    real = EVOLVERS[e.SettlementClosed]

    def evolve(state: State, event: e.SettlementClosed, position: int) -> None:
        before: Any = state.record(MERCHANT, event.merchant_id)
        real(state, event, position)
        after: Any = state.record(MERCHANT, event.merchant_id)
        kept = tuple(reserve for reserve in before.reserves if reserve not in after.reserves)
        state.records[MERCHANT, event.merchant_id] = replace(after, reserves=(*kept, *after.reserves))

    exchange(patch, evolve)


def charge_by_the_sum(patch: pytest.MonkeyPatch) -> None:
    """A share that is always rounded down."""
    patch.setattr(takings, "rounded_share", lambda amount_minor, points, rule: amount_minor * points // 10_000)


def forget_a_charge_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(takings, "count_return", lambda *_: None)


FAULTS: Final[tuple[Plant, ...]] = (
    count_a_period_again,
    settle_the_next_position_twice,
    turn_the_refund_fee_around,
    pay_out_again,
    pay_again_what_was_diverted,
    release_a_reserve_again,
    charge_by_the_sum,
    forget_a_charge_back,
)


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_noticed(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)

    @given(steps=STEPS)
    @settings(
        max_examples=EXAMPLES_OF_A_FAULT,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(steps: list[Step]) -> None:
        check_trading(steps)

    with pytest.raises((AssertionError, BaseExceptionGroup)):
        run()

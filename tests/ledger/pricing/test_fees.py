"""Fees: figures by hand, what holds for every schedule, and that a fee and its payment are one booking."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import commands as c
from contracts import events as e
from contracts.money import AMOUNT_MINOR_MAX
from contracts.rejections import Refused, Rejection
from ledger.domain.fees import FeeSchedule, fees_of
from tests.ledger.payments.bank import PaymentBank, outcome, pay_in_book, pay_out, suspense_of
from tests.ledger.pricing.bank import FEES, PricingBank, amount, fees, tier, wallet
from tests.support.ledger import move, open_account, sums


def schedule(*tiers: c.FeeTier, **other: Any) -> FeeSchedule:
    """A schedule as the book keeps it."""
    kept = tuple(
        e.FeeTierSet(from_minor=one.from_minor, flat_minor=one.flat_minor, basis_points=one.basis_points)
        for one in tiers
    )
    terms = {
        "fee_account_id": FEES,
        "tiering": "marginal",
        "minimum_minor": None,
        "maximum_minor": None,
        "rounding": "half_even",
    }
    return FeeSchedule(tiers=kept, **{**terms, **other})


TWO_TIERS = (tier(0, flat=20, points=100), tier(1_000, flat=5, points=50))
VECTORS = [
    # tiers, other terms, amount, fee
    ((), {}, 10_000, 0),
    ((tier(0, flat=35),), {}, 1, 35),
    ((tier(0, points=25),), {"rounding": "half_even"}, 200, 0),  # 0.5
    ((tier(0, points=25),), {"rounding": "half_up"}, 200, 1),
    ((tier(0, points=25),), {"rounding": "up"}, 200, 1),
    ((tier(0, points=25),), {"rounding": "half_even"}, 600, 2),  # 1.5
    ((tier(0, points=25),), {"rounding": "half_even"}, 1_000, 2),  # 2.5
    ((tier(0, points=25),), {"rounding": "half_up"}, 1_000, 3),
    ((tier(0, points=1),), {"rounding": "up"}, 1, 1),  # 0.0001
    ((tier(0, points=1),), {"rounding": "half_up"}, 4_999, 0),
    ((tier(0, points=10_000),), {}, 777, 777),
    (TWO_TIERS, {"tiering": "marginal"}, 999, 30),  # 20 + 9.99
    (TWO_TIERS, {"tiering": "marginal"}, 1_000, 35),  # 20 + 10 + 5
    (TWO_TIERS, {"tiering": "marginal"}, 3_000, 45),  # 20 + 10 + 5 + 10
    (TWO_TIERS, {"tiering": "whole"}, 999, 30),
    (TWO_TIERS, {"tiering": "whole"}, 1_000, 10),  # 5 + 5
    (TWO_TIERS, {"tiering": "whole"}, 3_000, 20),  # 5 + 15
    ((tier(0, points=100),), {"minimum_minor": 50}, 100, 50),
    ((tier(0, points=100),), {"maximum_minor": 50}, 100_000, 50),
    ((tier(0, points=100),), {"minimum_minor": 50, "maximum_minor": 50}, 7_000, 50),
    ((tier(0, points=1),), {"rounding": "half_even"}, AMOUNT_MINOR_MAX, 922_337_203_685_478),
]  # fmt: skip


@pytest.mark.parametrize(("tiers", "terms", "amount_minor", "fee_minor"), VECTORS)
def test_a_fee_by_hand(tiers: tuple[c.FeeTier, ...], terms: dict[str, Any], amount_minor: int, fee_minor: int) -> None:
    assert fees_of(schedule(*tiers, **terms), amount_minor) == fee_minor


@pytest.mark.parametrize(
    ("currency", "value", "fee_minor"),
    [("JPY", "12345", 31), ("EUR", "123.45", 31), ("KWD", "12.345", 31)],  # 30.8625 minor units at 25 points
)
def test_a_fee_counts_minor_units_whatever_the_scale(currency: str, value: str, fee_minor: int) -> None:
    bank = PricingBank()
    bank.do(open_account("bank:other", currency=currency, account_type="income"))
    bank.do(fees(tier(0, points=25), currency=currency, fee_account_id="bank:other", rounding="half_up"))

    bank.do(transfer(currency=currency, value=value))

    assert bank.posted("bank:other") == fee_minor


def transfer(debtor: str = "alice", creditor: str = "bob", *, currency: str = "EUR", value: str) -> c.InitiatePayment:
    """Pay from wallet to wallet."""
    return c.InitiatePayment(
        debtor_account_id=wallet(debtor, currency),
        creditor_account_id=wallet(creditor, currency),
        instructed_amount=c.InstructedAmount(currency=currency, value=value),
        end_to_end_id="E2E",
    )


points = st.integers(0, 10_000)
flats = st.integers(0, 10**9)


@st.composite
def schedules(draw: st.DrawFn, *, tierings: tuple[str, ...] = ("marginal", "whole")) -> FeeSchedule:
    """Any schedule that a client could define."""
    starts = [0, *sorted(draw(st.sets(st.integers(1, 10**12), max_size=4)))]
    bounds = sorted(draw(st.lists(st.integers(0, 10**10), min_size=2, max_size=2)))
    minimum, maximum = (bound if draw(st.booleans()) else None for bound in bounds)
    return schedule(
        *(tier(start, flat=draw(flats), points=draw(points)) for start in starts),
        tiering=draw(st.sampled_from(tierings)),
        minimum_minor=minimum,
        maximum_minor=maximum,
        rounding=draw(st.sampled_from(("half_even", "half_up", "up"))),
    )


amounts = st.integers(1, 10**13)


@given(schedules(tierings=("marginal",)), amounts, amounts)
def test_a_marginal_fee_never_falls_when_the_amount_rises(terms: FeeSchedule, one: int, other: int) -> None:
    less, more = sorted((one, other))

    assert fees_of(terms, less) <= fees_of(terms, more)


@given(schedules(), amounts)
def test_a_fee_is_the_exact_sum_rounded_once_within_its_bounds(terms: FeeSchedule, amount_minor: int) -> None:
    expect_exact_fee(terms, amount_minor)


def expect_exact_fee(terms: FeeSchedule, amount_minor: int) -> None:
    """By fractions, tier by tier, in code that shares nothing with the schedule's."""
    exact = Fraction(0)
    for at, one in enumerate(terms.tiers):
        ends = [later.from_minor for later in terms.tiers[at + 1 :]]
        if one.from_minor > amount_minor or (terms.tiering == "whole" and ends and ends[0] <= amount_minor):
            continue
        start, end = (0, amount_minor) if terms.tiering == "whole" else (one.from_minor, min([amount_minor, *ends]))
        exact += one.flat_minor + Fraction(one.basis_points, 10_000) * (end - start)
    nearest = {"half_even": round(exact), "half_up": floor(exact + Fraction(1, 2)), "up": ceil(exact)}[terms.rounding]
    raised = nearest if terms.minimum_minor is None else max(nearest, terms.minimum_minor)

    expected = raised if terms.maximum_minor is None else min(raised, terms.maximum_minor)
    assert fees_of(terms, amount_minor) == expected


@given(schedules(), amounts)
def test_a_fee_is_within_its_bounds(terms: FeeSchedule, amount_minor: int) -> None:
    fee_minor = fees_of(terms, amount_minor)

    assert type(fee_minor) is int
    assert fee_minor >= (terms.minimum_minor or 0)
    assert terms.maximum_minor is None or fee_minor <= terms.maximum_minor


@settings(max_examples=50)
@given(st.integers(1, 10**12), points, flats)
def test_entries_of_a_payment_with_its_fee_add_up_to_zero(amount_minor: int, share: int, flat: int) -> None:
    bank = PricingBank()
    bank.do(fees(tier(0, flat=flat, points=share)))
    before = bank.balances(wallet("alice", "EUR"), wallet("bob", "EUR"), FEES)

    last = bank.do(transfer(value=amount(amount_minor, "EUR").value))

    assert set(sums(bank.lines).values()) == {0}
    after = bank.balances(wallet("alice", "EUR"), wallet("bob", "EUR"), FEES)
    changes = [now[0] - then[0] for then, now in zip(before, after, strict=True)]
    if isinstance(last, e.PaymentRejected):
        assert (last.reason_code, changes) == ("AM04", [0, 0, 0])
    else:
        fee_minor = bank.payment(last.payment_id).fee_minor
        assert changes == [-amount_minor - fee_minor, amount_minor, fee_minor]


class TestWhoPays:
    def test_a_payer_who_has_the_amount_but_not_the_fee_pays_neither(self) -> None:
        bank = PricingBank()
        bank.do(open_account("poor"), move(wallet("alice", "EUR"), "poor", 1_000), fees(tier(0, flat=1)))

        rejected = bank.do(pay_in_book("10.00", debtor="poor", creditor=wallet("bob", "EUR")))

        assert (rejected.reason_code, bank.posted("poor"), bank.posted(FEES)) == ("AM04", 1_000, 0)

    def test_a_closed_fee_account_rejects_the_payment_and_is_no_fault_of_the_client(self) -> None:
        bank = PricingBank()
        bank.do(fees(tier(0, flat=1)), c.CloseAccount(account_id=FEES))

        rejected = bank.do(transfer(value="10.00"))

        assert (rejected.reason_code, rejected.detail) == ("MS03", f"account {FEES} is closed")

    def test_the_banks_own_accounts_and_the_fee_account_pay_no_fee(self) -> None:
        bank = PricingBank()
        bank.do(fees(tier(0, flat=100)), open_account("till", account_type="asset"))
        bank.do(transfer(value="10.00"))

        own = bank.do(pay_in_book("1.00", debtor=wallet("nostro", "EUR"), creditor="till"))
        from_fees = bank.do(pay_in_book("1.00", debtor=FEES, creditor=wallet("bob", "EUR")))

        assert [type(one) for one in (own, from_fees)] == [e.PaymentSettled, e.PaymentSettled]
        assert bank.posted(FEES) == 0

    def test_the_rails_own_schedule_counts_before_the_one_for_any_and_none_of_its_tiers_is_free(self) -> None:
        bank = a_bank_with_rails()
        any_rail = {"payment_type": "credit_transfer", "fee_account_id": "fees"}
        bank.do(fees(tier(0, flat=30), **any_rail), fees(tier(0, flat=50), rail="sct_inst", **any_rail))

        fee_of = {rail: bank.accept(rail=rail).fee_minor for rail in ("sct_inst", "file")}
        bank.do(fees(rail="sct_inst", **any_rail))

        assert fee_of == {"sct_inst": 50, "file": 30}
        assert bank.accept().fee_minor == 0

    def test_amount_and_fee_together_are_an_amount(self) -> None:
        bank = PricingBank()
        bank.do(fees(tier(0, flat=1)))

        refused = bank.attempt(transfer(value=amount(AMOUNT_MINOR_MAX, "EUR").value))

        assert isinstance(refused, Refused)
        assert refused.rejection == Rejection.AMOUNT_OUT_OF_RANGE
        assert "its fee of 1" in refused.detail


def a_bank_with_rails() -> PaymentBank:
    bank = PaymentBank()
    bank.do(open_account("fees", account_type="income"))
    return bank


class TestOnARail:
    def test_the_fee_is_held_with_the_amount_and_booked_with_it(self) -> None:
        bank = a_bank_with_rails()
        bank.do(fees(tier(0, flat=30), payment_type="credit_transfer", fee_account_id="fees"))

        payment = bank.instruct("10.00")
        assert (payment.fee_minor, payment.held_minor) == (30, 1_030)
        settled = bank.do(outcome(payment, "accepted"))

        assert [(p.account_id, p.amount_minor) for p in settled.postings][2:] == [("alice", 30), ("fees", 30)]
        assert bank.balances("alice", "fees") == [(1_000_000 - 1_030, 0), (30, 0)]

    def test_a_payment_under_way_keeps_its_fee_and_a_fee_account_closed_meanwhile_is_replaced(self) -> None:
        bank = a_bank_with_rails()
        bank.do(fees(tier(0, flat=30), payment_type="credit_transfer", fee_account_id="fees"))
        payment = bank.instruct("10.00")
        bank.do(fees(payment_type="credit_transfer", fee_account_id="fees"), c.CloseAccount(account_id="fees"))

        settled = bank.do(outcome(payment, "accepted"))

        assert isinstance(settled, e.PaymentSettled)
        assert settled.postings[3].account_id == suspense_of("sct_inst")
        assert bank.payment(payment.payment_id).diverted is False
        assert bank.balances("alice", suspense_of("sct_inst")) == [(1_000_000 - 1_030, 0), (30, 0)]

    def test_a_closed_fee_account_stops_a_payment_before_its_rail_is_told(self) -> None:
        bank = a_bank_with_rails()
        bank.do(fees(tier(0, flat=30), payment_type="credit_transfer", fee_account_id="fees"))
        bank.do(c.CloseAccount(account_id="fees"))

        rejected = bank.do(pay_out())

        assert (rejected.reason_code, bank.account("alice").held_minor) == ("MS03", 0)

    @pytest.mark.parametrize("cancel", [True, False])
    def test_a_payment_that_is_not_executed_gives_the_fee_back_with_the_amount(self, cancel: bool) -> None:
        bank = a_bank_with_rails()
        bank.do(fees(tier(0, flat=30), payment_type="credit_transfer", fee_account_id="fees"))
        payment = bank.accept() if cancel else bank.instruct()

        command = c.CancelPayment(payment_id=payment.payment_id) if cancel else outcome(payment, "rejected")
        bank.do(command)

        assert bank.balances("alice", "fees") == [(1_000_000, 0), (0, 0)]


def test_a_refund_gives_the_amount_back_and_not_the_fee() -> None:
    bank = PricingBank()
    bank.do(fees(tier(0, flat=30)))
    before = bank.posted(wallet("alice", "EUR"))
    settled = bank.do(transfer(value="10.00"))

    bank.do(c.RefundPayment(payment_id=settled.payment_id))

    assert (bank.posted(wallet("alice", "EUR")), bank.posted(FEES)) == (before - 30, 30)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tiers": (tier(1),)}, "from_minor 0"),
        ({"tiers": (tier(0), tier(5), tier(5))}, "above the one before"),
        ({"tiers": (), "minimum_minor": 1}, "no fee"),
        ({"tiers": (tier(0),), "minimum_minor": 2, "maximum_minor": 1}, "above maximum_minor"),
        ({"tiers": (tier(0),), "rail": "file"}, "goes by book"),
    ],
)
def test_a_schedule_that_contradicts_itself_is_malformed(wrong: dict[str, Any], words: str) -> None:
    terms = {"payment_type": "book_transfer", "currency": "EUR", "fee_account_id": FEES, "rounding": "up"}

    with pytest.raises(ValueError, match=words):
        c.DefineFees(**{**terms, **wrong})

"""Transfers, reversals, dates and limits that are accepted: what they leave behind."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from contracts import commands as c
from contracts.money import BALANCE_MINOR_MAX
from contracts.rejections import Refused, Rejection
from tests.support.ledger import (
    CLOSED_THROUGH,
    TODAY,
    BookInMemory,
    a_bank,
    capture,
    credit,
    debit,
    move,
    open_account,
    post,
    reverse,
    sums,
)


class TestAPostedTransfer:
    def test_moves_each_account_in_its_normal_side(self) -> None:
        """A debit makes an asset or expense larger, a liability, equity or income smaller."""
        book = BookInMemory()
        for kind in ("asset", "expense", "liability", "equity", "income"):
            book.do(open_account(kind, account_type=kind, overdraft="unlimited"))

        book.do(post(*[debit(kind, 10) for kind in ("asset", "expense", "liability", "equity", "income")],
                     credit("equity", 50)))  # fmt: skip

        assert book.balances("asset", "expense", "liability", "equity", "income") == [
            (10, 0), (10, 0), (-10, 0), (40, 0), (-10, 0),
        ]  # fmt: skip

    def test_says_the_balance_after_each_posting_and_what_is_held(self) -> None:
        bank = a_bank()
        posted, held = bank.balances("alice")[0]

        event = bank.do(post(debit("alice", 10), credit("bob", 4), debit("alice", 20), credit("fees", 26)))

        assert [(p.posted_minor, p.held_minor) for p in event.postings if p.account_id == "alice"] == [
            (posted - 10, held),
            (posted - 30, held),
        ]
        assert bank.balances("alice") == [(posted - 30, held)]

    def test_is_judged_as_a_whole_so_the_order_of_postings_never_decides(self) -> None:
        """Erin has nothing, gives 50 first and gets 50 afterwards."""
        bank = a_bank()

        event = bank.do(post(debit("erin", 50), credit("bob", 50), debit("alice", 50), credit("erin", 50)))

        assert [p.posted_minor for p in event.postings if p.account_id == "erin"] == [-50, 0]

    def test_balances_in_every_currency_on_its_own(self) -> None:
        bank = a_bank()

        bank.do(
            post(
                debit("alice", 90), credit("world", 90), debit("world:usd", 100, "USD"), credit("dave:usd", 100, "USD")
            )
        )

        assert sums(bank.lines) == {"EUR": 0, "USD": 0}
        assert bank.balances("dave:usd") == [(100, 0)]

    def test_is_named_after_its_position(self) -> None:
        bank = a_bank()

        event = bank.do(move("alice", "bob", 1))

        assert event.transfer_id == f"xfer_{bank.position}"

    @pytest.mark.parametrize("on", [None, TODAY, TODAY - timedelta(days=1), CLOSED_THROUGH + timedelta(days=1)])
    def test_takes_effect_today_or_on_an_earlier_open_day(self, on: date | None) -> None:
        bank = a_bank()

        event = bank.do(move("alice", "bob", 1, on=on))

        assert event.effective_date == (on or TODAY)
        assert bank.lines[-1][5] == (on or TODAY)


class TestLimits:
    """Each at its edge: the last amount that is allowed, and one more."""

    @pytest.mark.parametrize(
        ("terms", "debited", "credited", "most"),
        [
            ({}, "wallet", "world", 100),
            ({"overdraft": "limited", "credit_limit_minor": 40}, "wallet", "world", 140),
            ({"overdraft": "limited", "credit_limit_minor": BALANCE_MINOR_MAX}, "wallet", "world", BALANCE_MINOR_MAX),
            ({"max_balance_minor": 130}, "world", "wallet", 30),
            ({"overdraft": "unlimited"}, "world", "wallet", BALANCE_MINOR_MAX - 100),
            ({"account_type": "asset"}, "world", "wallet", 100),
            ({"account_type": "asset", "max_balance_minor": 130}, "wallet", "world", 30),
            ({"account_type": "asset", "overdraft": "unlimited"}, "wallet", "world", BALANCE_MINOR_MAX - 100),
        ],
    )
    def test_the_last_amount_within_a_limit_is_taken_and_one_more_is_not(
        self, terms: dict[str, Any], debited: str, credited: str, most: int
    ) -> None:
        """The wallet begins with 100 in its normal side."""
        for amount_minor, is_taken in ((most, True), (most + 1, False)):
            if amount_minor > BALANCE_MINOR_MAX:
                continue
            book = BookInMemory()
            book.do(
                open_account("world", account_type="equity", overdraft="unlimited"), open_account("wallet", **terms)
            )
            grows = ("wallet", "world") if terms.get("account_type") == "asset" else ("world", "wallet")
            book.do(move(*grows, 100))

            decided = book.attempt(move(debited, credited, amount_minor))

            assert isinstance(decided, Refused) is not is_taken, decided

    def test_a_balance_never_leaves_64_bits_also_between_two_postings_of_one_transfer(self) -> None:
        book = BookInMemory()
        book.do(*[open_account(name, account_type="equity", overdraft="unlimited") for name in ("a", "b")])
        book.do(move("a", "b", BALANCE_MINOR_MAX))

        refused = book.attempt(post(credit("b", 1), debit("b", 1)))

        assert isinstance(refused, Refused)
        assert refused.rejection is Rejection.BALANCE_OUT_OF_RANGE
        assert refused.pointer == "/postings/0/amount_minor"
        book.do(post(debit("b", 1), credit("b", 1)))  # the same the other way round stays inside


class TestAReversal:
    def test_of_all_exchanges_the_sides_and_restores_every_balance(self) -> None:
        bank = a_bank()
        before = bank.balances("alice", "bob", "fees")
        transfer = bank.do(post(debit("alice", 30), credit("bob", 20), credit("fees", 10))).transfer_id

        event = bank.do(reverse(transfer))

        assert [(p.account_id, p.side, p.amount_minor) for p in event.postings] == [
            ("alice", "credit", 30), ("bob", "debit", 20), ("fees", "debit", 10),
        ]  # fmt: skip
        assert bank.balances("alice", "bob", "fees") == before
        assert (event.transfer_id, event.reversal_id) == (transfer, f"xfer_{bank.position}")

    def test_in_parts_ends_exactly_at_the_original(self) -> None:
        bank = a_bank()
        before = bank.balances("alice", "bob")
        transfer = bank.do(move("alice", "bob", 30)).transfer_id
        for part in (10, 15):
            bank.do(reverse(transfer, debit("bob", part), credit("alice", part)))

        refused = bank.attempt(reverse(transfer, debit("bob", 6), credit("alice", 6)))
        rest = bank.do(reverse(transfer))
        again = bank.attempt(reverse(transfer))

        assert isinstance(refused, Refused)
        assert refused.rejection is Rejection.REVERSAL_EXCEEDS_ORIGINAL
        assert [p.amount_minor for p in rest.postings] == [5, 5]
        assert isinstance(again, Refused)
        assert again.rejection is Rejection.TRANSFER_ALREADY_REVERSED
        assert bank.balances("alice", "bob") == before

    def test_of_one_leg_of_many_leaves_the_others(self) -> None:
        bank = a_bank()
        transfer = bank.do(post(debit("alice", 30), credit("bob", 20), credit("fees", 10))).transfer_id

        bank.do(reverse(transfer, debit("fees", 10), credit("alice", 10)))
        rest = bank.do(reverse(transfer))

        assert [(p.account_id, p.amount_minor) for p in rest.postings] == [("alice", 20), ("bob", 20)]

    def test_allots_to_several_postings_of_the_same_account_and_side(self) -> None:
        bank = a_bank()
        transfer = bank.do(post(debit("alice", 10), debit("alice", 20), credit("bob", 30))).transfer_id

        bank.do(reverse(transfer, credit("alice", 25), debit("bob", 25)))
        rest = bank.do(reverse(transfer))

        assert [(p.account_id, p.amount_minor) for p in rest.postings] == [("alice", 5), ("bob", 5)]

    def test_undoes_a_capture_and_a_payment_as_well(self) -> None:
        bank = a_bank()
        captured = bank.do(capture(bank.open_hold))
        before = bank.balances("alice", "bob")

        bank.do(reverse(captured.transfer_id))

        (alice, _), (bob, _) = before
        assert [posted for posted, _ in bank.balances("alice", "bob")] == [alice + 1_000, bob - 1_000]

    def test_takes_effect_on_the_day_asked_for(self) -> None:
        bank = a_bank()

        event = bank.do(reverse(bank.transfer, on=TODAY - timedelta(days=2)))

        assert event.effective_date == TODAY - timedelta(days=2)


class TestAPeriod:
    def test_closes_through_yesterday_and_then_only_further(self) -> None:
        bank = a_bank()
        yesterday = TODAY - timedelta(days=1)

        bank.do(move("alice", "bob", 1, on=yesterday), c.ClosePeriod(through=yesterday))
        backdated = bank.attempt(move("alice", "bob", 1, on=yesterday))
        again = bank.attempt(c.ClosePeriod(through=yesterday))

        for refused in (backdated, again):
            assert isinstance(refused, Refused)
            assert refused.rejection is Rejection.PERIOD_CLOSED
        bank.do(move("alice", "bob", 1))

    def test_of_a_batch_being_decided_counts_for_what_is_decided_after_it(self) -> None:
        """A layer on top starts from the closed day below, and hands its own back when it is absorbed."""
        bank = a_bank()
        below = bank.state
        bank.state = type(below)(below)

        bank.do(c.ClosePeriod(through=TODAY - timedelta(days=1)))

        assert below.closed_through == CLOSED_THROUGH
        below.absorb(bank.state)
        assert below.closed_through == TODAY - timedelta(days=1)

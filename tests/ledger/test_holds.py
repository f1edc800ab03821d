"""Holds: what they reserve, what a capture books, what comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts import commands as c
from contracts.rejections import Refused, Rejection
from ledger.domain.holds import HOLD_DAYS_MAX
from tests.support.ledger import NOON, TODAY, TOMORROW, Bank, a_bank, capture, hold, leg, move, sums


def held(bank: Bank, *account_ids: str) -> list[int]:
    return [held_minor for _, held_minor in bank.balances(*account_ids)]


class TestAPlacedHold:
    @pytest.mark.parametrize(
        ("debited", "credited", "reserved"),
        [
            ("alice", "bob", [10, 0]),  # a wallet gets smaller by a debit
            ("till", "alice", [0, 0]),  # both get larger
            ("alice", "till", [10, 10]),  # both get smaller
            ("safe", "till", [0, 10]),  # of two assets the credited one gets smaller
            ("costs", "world", [0, 0]),
        ],
    )
    def test_reserves_where_a_capture_would_make_an_account_smaller(
        self, debited: str, credited: str, reserved: list[int]
    ) -> None:
        bank = a_bank()
        before = held(bank, debited, credited)
        posted = [posted_minor for posted_minor, _ in bank.balances(debited, credited)]

        event = bank.do(hold(leg(debited, credited, 10)))

        assert [now - then for now, then in zip(held(bank, debited, credited), before, strict=True)] == reserved
        assert [posted_minor for posted_minor, _ in bank.balances(debited, credited)] == posted
        assert event.hold_id == f"hold_{bank.position}"
        assert [b.account_id for b in event.balances] == [
            name for name, minor in zip((debited, credited), reserved, strict=True) if minor
        ]

    def test_takes_the_money_out_of_what_is_available(self) -> None:
        bank = a_bank()
        bank.do(c.OpenAccount(account_id="new", currency="EUR", account_type="liability"))
        bank.do(move("world", "new", 100), hold(leg("new", "bob", 60)))

        refused = bank.attempt(move("new", "bob", 41))
        bank.do(move("new", "bob", 40))

        assert isinstance(refused, Refused)
        assert refused.rejection is Rejection.INSUFFICIENT_FUNDS

    def test_of_many_legs_reserves_all_or_nothing(self) -> None:
        bank = a_bank()
        before = held(bank, "alice", "erin")

        refused = bank.attempt(hold(leg("alice", "bob", 10), leg("erin", "bob", 1)))

        assert isinstance(refused, Refused)
        assert refused.rejection is Rejection.INSUFFICIENT_FUNDS
        assert held(bank, "alice", "erin") == before

    def test_may_last_as_long_as_the_longest_hold(self) -> None:
        bank = a_bank()

        bank.do(hold(leg("alice", "bob", 1), until=NOON + timedelta(days=HOLD_DAYS_MAX)))

    def test_may_use_an_agreed_overdraft(self) -> None:
        bank = a_bank()

        bank.do(hold(leg("carol", "bob", 500)))

        assert held(bank, "carol") == [500]
        refused = bank.attempt(hold(leg("carol", "bob", 1)))
        assert isinstance(refused, Refused)


class TestACapture:
    def test_of_all_books_every_leg_and_frees_what_it_booked(self) -> None:
        bank = a_bank()
        (alice, alice_held), (bob, _), (fees, _) = bank.balances("alice", "bob", "fees")

        event = bank.do(capture(bank.two_leg_hold))

        assert event.amounts_minor == (200, 10)
        assert (event.remaining_minor, event.status) == ((0, 0), "captured")
        assert bank.balances("alice", "bob", "fees")[0] == (alice - 210, alice_held - 210)
        assert [posted for posted, _ in bank.balances("bob", "fees")] == [bob + 200, fees + 10]
        assert sums(bank.lines)["EUR"] == 0

    def test_in_parts_keeps_the_rest_reserved(self) -> None:
        bank = a_bank()
        (before,) = held(bank, "alice")

        first = bank.do(capture(bank.open_hold, 300))
        (between,) = held(bank, "alice")
        second = bank.do(capture(bank.open_hold))

        assert (first.remaining_minor, first.status, between) == ((700,), "open", before - 300)
        assert (second.amounts_minor, second.status) == ((700,), "captured")
        assert held(bank, "alice") == [before - 1_000]

    def test_may_skip_a_leg_with_zero(self) -> None:
        bank = a_bank()

        event = bank.do(capture(bank.two_leg_hold, 0, 10))

        assert [p.account_id for p in event.postings] == ["alice", "fees"]
        assert (event.remaining_minor, event.status) == ((200, 0), "open")
        rest = bank.do(capture(bank.two_leg_hold))
        assert [p.amount_minor for p in rest.postings] == [200, 200]

    def test_that_is_final_gives_the_rest_back(self) -> None:
        bank = a_bank()
        (before,) = held(bank, "alice")

        event = bank.do(capture(bank.two_leg_hold, 150, 0, final=True))

        assert (event.remaining_minor, event.status) == ((0, 0), "captured")
        assert held(bank, "alice") == [before - 210]
        assert sum(p.amount_minor for p in event.postings) == 2 * 150

    def test_says_what_is_still_held_in_its_postings_and_balances(self) -> None:
        bank = a_bank()
        (alice, alice_held), (bob, bob_held) = bank.balances("alice", "bob")

        event = bank.do(capture(bank.open_hold, 400))

        assert [(p.posted_minor, p.held_minor) for p in event.postings] == [
            (alice - 400, alice_held - 400), (bob + 400, bob_held),
        ]  # fmt: skip
        assert [(b.account_id, b.posted_minor, b.held_minor) for b in event.balances] == [
            ("alice", alice - 400, alice_held - 400),
            ("bob", bob + 400, bob_held),
        ]

    @pytest.mark.parametrize(("debited", "credited"), [("safe", "till"), ("alice", "till"), ("till", "alice")])
    def test_frees_exactly_what_was_reserved_whatever_the_normal_sides(self, debited: str, credited: str) -> None:
        bank = a_bank()
        before = held(bank, debited, credited)
        name = bank.do(hold(leg(debited, credited, 10), leg(debited, credited, 5))).hold_id

        bank.do(capture(name, 4, 0), capture(name, 1, 2), capture(name, 0, 3, final=True))

        assert held(bank, debited, credited) == before

    def test_may_take_effect_on_an_earlier_day_while_the_reserve_is_freed_today(self) -> None:
        bank = a_bank()

        bank.do(capture(bank.open_hold, on=TODAY - timedelta(days=1)))

        booked = [line for line in bank.lines[-3:] if line[3]]
        freed = [line for line in bank.lines[-3:] if line[4]]
        assert [line[5] for line in booked] == [TODAY - timedelta(days=1)] * 2
        assert [(line[4], line[5]) for line in freed] == [(-1_000, TODAY)]


class TestTheEndOfAHold:
    @pytest.mark.parametrize("how", ["release", "expire"])
    def test_gives_back_what_is_left_and_nothing_else(self, how: str) -> None:
        bank = a_bank()
        (alice, before) = bank.balances("alice")[0]
        name = bank.do(hold(leg("alice", "bob", 100), until=TOMORROW)).hold_id
        bank.do(capture(name, 30))
        if how == "expire":
            bank.now = TOMORROW

        event = bank.do(c.ReleaseHold(hold_id=name) if how == "release" else c.ExpireHold(hold_id=name))

        assert bank.balances("alice") == [(alice - 30, before)]
        assert [(b.account_id, b.held_minor) for b in event.balances] == [("alice", before)]

    def test_comes_back_from_a_frozen_account_too(self) -> None:
        bank = a_bank()

        bank.do(c.ReleaseHold(hold_id=bank.hold_from_frozen))

        assert held(bank, "frozen") == [0]
        assert bank.account("frozen").status == "frozen"

    def test_at_the_deadline_a_capture_is_late_and_the_timer_is_not_early(self) -> None:
        bank = a_bank()
        name = bank.do(hold(leg("alice", "bob", 1), until=TOMORROW)).hold_id

        bank.now = TOMORROW - timedelta(microseconds=1)
        early = bank.attempt(c.ExpireHold(hold_id=name))
        bank.now = TOMORROW
        late = bank.attempt(capture(name))

        assert isinstance(early, Refused)
        assert early.rejection is Rejection.HOLD_DEADLINE_NOT_PASSED
        assert isinstance(late, Refused)
        assert late.rejection is Rejection.HOLD_DEADLINE_PASSED
        bank.do(c.ExpireHold(hold_id=name))

    def test_moves_with_an_extension(self) -> None:
        bank = a_bank()
        name = bank.do(hold(leg("alice", "bob", 1), until=TOMORROW)).hold_id

        bank.do(c.ExtendHold(hold_id=name, expires_at=TOMORROW + timedelta(hours=1)))
        bank.now = TOMORROW

        bank.do(capture(name))

"""What an import counts."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from cli.importing.movements import Movement
from cli.importing.tally import Positions, Tally, nearest_difference
from contracts.commands import OpenAccount, Side

ACCOUNT = OpenAccount(account_id="customers:1:czk", currency="CZK", account_type="liability")


def movement(day: date, balance_minor: int, *, side: Side = "credit", amount_minor: int = 100) -> Movement:
    """A movement of the one account here."""
    return Movement(
        key="k", account=ACCOUNT, counter=ACCOUNT, side=side, amount_minor=amount_minor, day=day,
        balance_minor=balance_minor, item=b"",
    )  # fmt: skip


@given(st.lists(st.integers(1, 5_000)))
def test_positions_are_a_set(positions: list[int]) -> None:
    """The bits say the same as Python's set."""
    bits, known = Positions(), set[int]()
    for position in positions:
        assert bits.add(position) == (position not in known)
        known.add(position)


def test_every_line_of_the_last_day_may_be_the_closing_one() -> None:
    """Whatever the order of lines and days in the file."""
    tally = Tally()
    for day, balance_minor in [(3, 30), (9, 90), (5, 50), (9, 91)]:
        tally.saw(movement(date(1993, 1, day), balance_minor))
    closing = tally.closings["customers:1:czk"]
    assert (closing.day, sorted(closing.balances_minor)) == (date(1993, 1, 9), [90, 91])
    assert tally.last_day == date(1993, 1, 9)


def test_the_nearest_of_several_balances_counts() -> None:
    """The sign tells who has more."""
    assert nearest_difference(100, [70, 160, 99]) == 1
    assert nearest_difference(100, [70, 160, 103]) == -3
    assert nearest_difference(0, [0]) == 0


def test_a_line_that_is_in_the_book_once_counts_once() -> None:
    """A replay by an earlier run is money; the same line twice in a file is not twice the money."""
    tally = Tally()
    first, second = movement(date(1993, 1, 1), 0), movement(date(1993, 1, 1), 0, side="debit", amount_minor=30)
    tally.booked(first, position=7, replayed=True)
    tally.booked(first, position=7, replayed=True)
    tally.booked(second, position=8, replayed=False)
    assert (tally.credits_minor, tally.debits_minor) == (100, 30)
    assert (tally.accepted, tally.replayed, tally.duplicates, tally.position) == (1, 2, 1, 8)

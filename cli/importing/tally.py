"""What an import counts: lines by their fate, money in the book, and what the bank says of each account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import msgspec

from cli.importing.movements import Movement

POSITIONS_PER_BYTE: Final = 8


class BankClosing(msgspec.Struct):
    """An account's last day in the file, with the bank's balance after each of that day's lines, in no known order."""

    day: date
    balances_minor: list[int]


class Positions:
    """A set of positions at a bit each, so that even a file of millions of lines needs little memory."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, position: int) -> bool:
        """Add a position; False if it was there already."""
        index, bit = divmod(position, POSITIONS_PER_BYTE)
        if index >= len(self._bits):
            self._bits.extend(bytes(index + 1 - len(self._bits) + len(self._bits) // 8))
        if self._bits[index] >> bit & 1:
            return False
        self._bits[index] |= 1 << bit
        return True


class Tally:
    """The running totals of one import.

    Every line ends in exactly one of `accepted` (new in the book), `replayed` (there already), `skipped` and `refused`.
    The money is what the book holds of this file: a line that stands in the file twice is in the book once.
    """

    def __init__(self) -> None:
        self.lines = 0
        self.accepted = 0
        self.replayed = 0
        self.duplicates = 0
        self.skipped = 0
        self.refused = 0
        self.accounts_opened = 0
        self.credits_minor = 0
        self.debits_minor = 0
        self.position = 0
        self.closings: dict[str, BankClosing] = {}
        self._booked = Positions()

    def saw(self, movement: Movement) -> None:
        """Remember the bank's balance if this is the account's last day so far; the lines of a day have no order."""
        if movement.balance_minor is None:
            return
        account_id = movement.account.account_id
        closing = self.closings.get(account_id)
        if closing is None or movement.day > closing.day:
            self.closings[account_id] = BankClosing(movement.day, [movement.balance_minor])
        elif movement.day == closing.day:
            closing.balances_minor.append(movement.balance_minor)

    def booked(self, movement: Movement, *, position: int, replayed: bool) -> None:
        """Count a line that is in the book."""
        self.reached(position)
        if replayed:
            self.replayed += 1
        else:
            self.accepted += 1
        if self._booked.add(position):
            self.counted(movement)
        else:
            self.duplicates += 1

    def counted(self, movement: Movement) -> None:
        """Add a line's money."""
        if movement.side == "credit":
            self.credits_minor += movement.amount_minor
        else:
            self.debits_minor += movement.amount_minor

    def reached(self, position: int) -> None:
        """Remember the highest position that this import has caused or met."""
        self.position = max(self.position, position)

    @property
    def last_day(self) -> date | None:
        """The newest effective date of the file."""
        return max((closing.day for closing in self.closings.values()), default=None)


def nearest_difference(book_minor: int, balances_minor: Sequence[int]) -> int:
    """Compare a balance with those of a bank's last day, any of which may be the closing one: the least difference."""
    return min((book_minor - balance_minor for balance_minor in balances_minor), key=abs)

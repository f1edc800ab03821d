"""A second, tiny ledger to compare with: sums over what was asked, nothing of Bursar's own code.

It is told every command that was accepted, and works from the command alone: it never looks at an event or a balance
that Bursar gave. Where Bursar keeps balances, it adds up the whole journal; where Bursar counts down, it counts up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

DEBIT, CREDIT = 1, -1


@dataclass
class ModelAccount:
    """An account's terms; ``sign``: the side that makes it larger."""

    currency: str
    sign: int
    floor: int | None
    ceiling: int | None


@dataclass
class ModelHold:
    """What was reserved, leg by leg, and what was captured of it."""

    legs: list[tuple[str, str, int]]
    captured: list[int]
    is_open: bool = True


@dataclass
class ModelLedger:
    """Journal lines are (account, signed amount), debit positive."""

    accounts: dict[str, ModelAccount] = field(default_factory=dict)
    journal: list[tuple[str, int]] = field(default_factory=list)
    transfers: dict[str, Counter[tuple[str, int]]] = field(default_factory=dict)
    undone: dict[str, Counter[tuple[str, int]]] = field(default_factory=dict)
    holds: dict[str, ModelHold] = field(default_factory=dict)

    def book(self, name: str, lines: Iterable[tuple[str, int]]) -> None:
        """Add a journal entry under a name."""
        kept = list(lines)
        self.journal += kept
        self.transfers[name] = _by_side(kept)

    def undo(self, name: str, lines: Iterable[tuple[str, int]]) -> None:
        """Add a journal entry that undoes (part of) an earlier one."""
        kept = list(lines)
        self.journal += kept
        undone = self.undone.setdefault(name, Counter())
        undone.update(_by_side((account, -amount) for account, amount in kept))

    def left_of(self, name: str) -> list[tuple[str, int]]:
        """The lines that would undo all that is left of an entry."""
        left = self.transfers[name] - self.undone.get(name, Counter())
        return [(account, -side * amount) for (account, side), amount in left.items()]

    def reserve(self, name: str, legs: list[tuple[str, str, int]]) -> None:
        """Place a hold."""
        self.holds[name] = ModelHold(legs, [0] * len(legs))

    def capture(self, name: str, amounts: Iterable[int] | None, *, final: bool, transfer: str) -> None:
        """Book held money."""
        held = self.holds[name]
        taken = list(amounts) if amounts is not None else self.remaining(name)
        lines = []
        for at, ((debited, credited, _), amount) in enumerate(zip(held.legs, taken, strict=True)):
            held.captured[at] += amount
            lines += [(debited, amount), (credited, -amount)]
        self.book(transfer, [line for line in lines if line[1]])
        held.is_open = not final and any(self.remaining(name))

    def end(self, name: str) -> None:
        """Release or expire a hold."""
        self.holds[name].is_open = False

    def remaining(self, name: str) -> list[int]:
        """What is left of each leg."""
        held = self.holds[name]
        return [amount - captured for (_, _, amount), captured in zip(held.legs, held.captured, strict=True)]

    def posted(self, account: str) -> int:
        """The balance in the account's normal side: the whole journal, added up."""
        return self.accounts[account].sign * sum(amount for name, amount in self.journal if name == account)

    def held(self, account: str) -> int:
        """What open holds would take away from the account."""
        total = 0
        for name, held in self.holds.items():
            if held.is_open:
                for (debited, credited, _), left in zip(held.legs, self.remaining(name), strict=True):
                    total += left * (debited == account and self.accounts[account].sign == CREDIT)
                    total += left * (credited == account and self.accounts[account].sign == DEBIT)
        return total

    def faults(self) -> list[str]:
        """Everything that must never be true."""
        found = []
        totals: Counter[str] = Counter()
        for account, amount in self.journal:
            totals[self.accounts[account].currency] += amount
        found += [f"{currency} was made or lost: {total}" for currency, total in totals.items() if total]
        for name, terms in self.accounts.items():
            posted, available = self.posted(name), self.posted(name) - self.held(name)
            if terms.floor is not None and available < terms.floor:
                found.append(f"{name} has {available} available, below {terms.floor}")
            if terms.ceiling is not None and posted > terms.ceiling:
                found.append(f"{name} has {posted}, above {terms.ceiling}")
        for name, undone in self.undone.items():
            if undone - self.transfers[name]:
                found.append(f"more of {name} was reversed than booked: {undone - self.transfers[name]}")
        for name in self.holds:
            if min(self.remaining(name)) < 0:
                found.append(f"more of {name} was captured than held: {self.remaining(name)}")
        return found


def _by_side(lines: Iterable[tuple[str, int]]) -> Counter[tuple[str, int]]:
    total: Counter[tuple[str, int]] = Counter()
    for account, amount in lines:
        total[account, DEBIT if amount > 0 else CREDIT] += abs(amount)
    return total

"""A made-up bank that writes its transactions as the bank of PKDD'99 did, traps included.

Withdrawals come under two type names, an account has several lines a day in shuffled order, and the bank keeps
fractions of a haler that its printed balances round away. Account and transaction numbers start where the test says,
so that the tests of one stack do not meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

from contracts.money import text_of

HEADER = '"trans_id";"account_id";"date";"type";"operation";"amount";"balance";"k_symbol";"bank";"account"'
FRACTIONS = 100  # the bank counts in hundredths of a haler
DIME = 10  # and prints whole dimes of halers


@dataclass(frozen=True, kw_only=True)
class Line:
    """One transaction as the bank prints it; amounts in halers."""

    trans_id: int
    account_id: int
    day: date
    kind: str
    operation: str
    amount_minor: int
    balance_minor: int
    k_symbol: str = ""
    bank: str = ""
    account: str = ""

    @property
    def signed_minor(self) -> int:
        """What it adds to the account."""
        return self.amount_minor if self.kind == "PRIJEM" else -self.amount_minor

    def __str__(self) -> str:
        """The line as it stands in the file."""
        amount, balance = text_of(self.amount_minor, scale=2), text_of(self.balance_minor, scale=2)
        return (
            f'{self.trans_id};{self.account_id};{self.day:%y%m%d};"{self.kind}";"{self.operation}";{amount};{balance};'
            f'"{self.k_symbol}";"{self.bank}";{self.account and chr(34) + self.account + chr(34)}'
        )


@dataclass
class Bank:
    """Writes lines; `first_number` keeps its accounts and transactions apart from another bank's."""

    first_number: int
    accounts: int = 5
    seed: int = 1
    _true_fractions: dict[int, int] = field(default_factory=dict)
    _made: int = 0

    def quarter(self, first_day: date, *, days: int = 90, lines_per_account: int = 20) -> list[Line]:
        """A quarter of every account, in an order that is right by day only; ends with the bank's interest."""
        random = Random(self.seed * 1_000_003 + first_day.toordinal())
        lines: list[Line] = []
        for account in range(self.first_number, self.first_number + self.accounts):
            days_of = sorted(random.randrange(days) for _ in range(lines_per_account))
            lines += [self._line(account, first_day + timedelta(days=day), random) for day in days_of]
            lines += self._interest(account, first_day + timedelta(days=days - 1), random)
        random.shuffle(lines)
        return sorted(lines, key=lambda line: line.day)

    def _line(self, account: int, day: date, random: Random) -> Line:
        amount_minor = random.randrange(10, 400_000, DIME)
        kind, operation, k_symbol, bank = random.choice(
            [
                ("PRIJEM", "VKLAD", "", ""),
                ("PRIJEM", "PREVOD Z UCTU", "DUCHOD", "YZ"),
                ("VYDAJ", "VYBER", "", ""),
                ("VYBER", "VYBER", "", ""),
                ("VYDAJ", "VYBER", "SLUZBY", ""),
                ("VYDAJ", "PREVOD NA UCET", " ", "ST"),
                ("VYDAJ", "VYBER KARTOU", "", ""),
            ]
        )
        sign = 1 if kind == "PRIJEM" else -1
        balance = self._move(account, sign * amount_minor * FRACTIONS)
        return Line(
            trans_id=self._next(),
            account_id=account,
            day=day,
            kind=kind,
            operation=operation,
            amount_minor=amount_minor,
            balance_minor=balance,
            k_symbol=k_symbol,
            bank=bank,
            account="87144583" if bank else "",
        )

    def _interest(self, account: int, day: date, random: Random) -> list[Line]:
        """Two lines on one day: what the bank adds has fractions that the printed amount has not."""
        lines = []
        for _ in range(2):
            true_fractions = random.randrange(1_000, 900_000)
            printed = max(DIME, round(true_fractions / FRACTIONS / DIME) * DIME)
            balance = self._move(account, true_fractions)
            lines.append(
                Line(
                    trans_id=self._next(),
                    account_id=account,
                    day=day,
                    kind="PRIJEM",
                    operation="",
                    amount_minor=printed,
                    balance_minor=balance,
                    k_symbol="UROK",
                )
            )
        return lines

    def _move(self, account: int, fractions: int) -> int:
        self._true_fractions[account] = self._true_fractions.get(account, 0) + fractions
        return round(self._true_fractions[account] / FRACTIONS / DIME) * DIME

    def _next(self) -> int:
        self._made += 1
        return self.first_number * 10 + self._made


def write(file: Path, lines: Sequence[Line | str | bytes]) -> Path:
    """Write a file as the bank does: header, quotes, semicolons, CR LF."""
    text = [line if isinstance(line, bytes) else str(line).encode() for line in (HEADER, *lines)]
    file.write_bytes(b"".join(line + b"\r\n" for line in text))
    return file


def balances(lines: Sequence[Line]) -> dict[str, int]:
    """What a book must hold per account after these lines."""
    sums: dict[str, int] = {}
    for line in lines:
        account_id = f"customers:{line.account_id}:czk"
        sums[account_id] = sums.get(account_id, 0) + line.signed_minor
    return sums


def changed(line: Line, *, amount_minor: int) -> Line:
    """The same transaction over another amount."""
    return replace(line, amount_minor=amount_minor)

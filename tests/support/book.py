"""Random valid books: the events a ledger could have written, their hash chain, and the rows beside them.

    book = RandomBook(seed=7)
    lines = book.write(200)                     # events 1..200 or a few more (a payment is two events)
    more = book.write(50)                       # continues
    book.accounts["world:eur"].posted_minor     # the balances the events add up to: the plain fold to compare with
    book.post("world:eur", "customers:c1:eur", 500)   # or write what the test needs, see plain_book.py

    await apply_schema(connection)              # as bursar_owner, in an empty database
    await insert_lines(connection, lines)       # events, head, accounts, entries (whose trigger moves the balances)
    await publish_lines(nc, lines)              # to the ledger's stream; the stream must end right before

Every customer account is a liability that cannot be overdrawn; `world:<currency>` is equity and funds them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from contracts import events as e
from contracts.commands import HoldLeg, InstructedAmount, Side
from contracts.ids import hold_id, payment_id, transfer_id
from contracts.money import text_of
from tests.support import payments
from tests.support.book_store import apply_schema, insert_lines, publish_lines
from tests.support.plain_book import BEGIN, SCALES, BookAccount, BookHold, Line, PlainBook, every_second

__all__ = ["BEGIN", "Line", "PlainBook", "RandomBook", "apply_schema", "insert_lines", "publish_lines"]


class RandomBook(PlainBook):
    """A ledger that does something plausible at each step, the same for the same seed."""

    def __init__(
        self, *, seed: int, ledger: str = "main", recorded_at: Callable[[int], datetime] = every_second
    ) -> None:
        super().__init__(ledger=ledger, recorded_at=recorded_at)
        self._random = random.Random(seed)

    def write(self, events: int) -> list[Line]:
        """Write at least that many more events and return them."""
        before = len(self.lines)
        while len(self.lines) < before + events:  # every step writes at least one event
            self.step()
        return self.lines[before:]

    def step(self) -> None:
        """Do one random thing that is possible now."""
        if len(self.accounts) < 6:
            currency = "JPY" if len(self.accounts) in (3, 5) else "EUR"
            if f"world:{currency.lower()}" not in self.accounts:
                self.open_account(f"world:{currency.lower()}", currency, "equity")
            self.open_account(f"customers:c{len(self.accounts)}:{currency.lower()}", currency)
            return
        doings = (
            (self._transfer, 40),
            (self._fund, 20),
            (self._place_hold, 10),
            (self._end_hold, 10),
            (self._pay, 10),
            (self._reverse, 3),
            (self._open_one_more, 3),
            (self._freeze_and_thaw, 2),
            (self._rarely, 2),
        )
        choose = self._random.choices([do for do, _ in doings], [weight for _, weight in doings])
        choose[0]()

    def _customers(self, currency: str, *, spendable: bool = False) -> list[BookAccount]:
        return [
            account
            for account in self.accounts.values()
            if account.account_type == "liability"
            and account.status == "open"
            and account.currency == currency
            and (not spendable or account.posted_minor - account.held_minor > 0)
        ]

    def _some_currency(self) -> str:
        return self._random.choices(["EUR", "JPY"], [4, 1])[0]

    def _some_amount(self, account: BookAccount) -> int:
        return self._random.randint(1, account.posted_minor - account.held_minor)

    def _pair(self) -> tuple[BookAccount, BookAccount] | None:
        currency = self._some_currency()
        rich = self._customers(currency, spendable=True)
        if not rich:
            return None
        source = self._random.choice(rich)
        others = [account for account in self._customers(currency) if account is not source]
        return (source, self._random.choice(others)) if others else None

    def _fund(self) -> None:
        currency = self._some_currency()
        target = self._random.choice(self._customers(currency) or [self.accounts[f"world:{currency.lower()}"]])
        if target.account_type == "equity":
            self._open_one_more()
            return
        self.post(f"world:{currency.lower()}", target.account_id, self._random.randint(1, 100_000), reference="top-up")

    def _transfer(self) -> None:
        pair = self._pair()
        if pair is None:
            self._fund()
            return
        source, target = pair
        amount_minor = self._some_amount(source)
        fee_minor = min(amount_minor // 10, 50)
        moves: list[tuple[str, Side, int]] = [(source.account_id, "debit", amount_minor)]
        if fee_minor:
            moves.append((f"world:{source.currency.lower()}", "credit", fee_minor))
        moves.append((target.account_id, "credit", amount_minor - fee_minor))
        self._post(moves, self._random.choice([None, "rent", "Müller & Söhne"]))

    def _reverse(self) -> None:
        candidates = [name for name in self.transfers[-20:] if self._can_reverse(name[1])]
        if not candidates:
            self._fund()
            return
        chosen = self._random.choice(candidates)
        self.transfers.remove(chosen)
        other: dict[Side, Side] = {"debit": "credit", "credit": "debit"}
        moves = [(posting.account_id, other[posting.side], posting.amount_minor) for posting in chosen[1]]
        name = transfer_id(self.position + 1)
        self.append(
            e.TransferReversed(
                reversal_id=name,
                transfer_id=chosen[0],
                postings=self._move(moves),
                effective_date=self._today(),
                reference=None,
                reason="mistake",
                metadata=None,
            )
        )

    def _can_reverse(self, postings: tuple[e.PostedPosting, ...]) -> bool:
        for posting in postings:
            account = self.accounts[posting.account_id]
            gives = posting.side == account.normal_side
            free_minor = account.posted_minor - account.held_minor
            if account.status != "open" or (
                gives and account.account_type != "equity" and free_minor < posting.amount_minor
            ):
                return False
        return True

    def _place_hold(self) -> None:
        pair = self._pair()
        if pair is None:
            self._fund()
            return
        source, target = pair
        whole = self._some_amount(source)
        amounts = [whole] if whole < 2 or self._random.random() < 0.5 else [whole // 2, whole - whole // 2]
        legs = tuple(
            HoldLeg(
                debit_account_id=source.account_id,
                credit_account_id=target.account_id,
                amount_minor=amount_minor,
                currency=source.currency,
            )
            for amount_minor in amounts
        )
        name = hold_id(self.position + 1)
        self.holds[name] = BookHold(name, legs, list(amounts))
        balances = self._hold_back([(leg.debit_account_id, leg.amount_minor) for leg in legs])
        expires_at = self._recorded_at(self.position + 1) + timedelta(days=7)
        self.append(
            e.HoldPlaced(
                hold_id=name, legs=legs, expires_at=expires_at, reference="card", metadata=None, balances=balances
            )
        )

    def _end_hold(self) -> None:
        still_open = [hold for hold in self.holds.values() if hold.status == "open"]
        if not still_open:
            self._place_hold()
            return
        hold = self._random.choice(still_open)
        how = self._random.choice(["extend", "capture", "capture", "part", "release", "expire"])
        if how == "extend":
            later = self._recorded_at(self.position + 1) + timedelta(days=9)
            self.append(e.HoldExtended(hold_id=hold.hold_id, expires_at=later))
        elif how in ("capture", "part"):
            self._capture(hold, final=how == "capture")
        else:
            self._give_back(hold, "released" if how == "release" else "expired")

    def _capture(self, hold: BookHold, *, final: bool) -> None:
        amounts = [self._random.randint(0, left) for left in hold.remaining_minor]
        if not any(amounts):
            amounts = list(hold.remaining_minor)
        name = transfer_id(self.position + 1)
        moves: list[tuple[str, Side, int]] = []
        held: list[int] = []
        for leg, amount_minor in zip(hold.legs, amounts, strict=True):
            if amount_minor:
                moves += [
                    (leg.debit_account_id, "debit", amount_minor),
                    (leg.credit_account_id, "credit", amount_minor),
                ]
                held += [-amount_minor, 0]
        hold.remaining_minor = [left - taken for left, taken in zip(hold.remaining_minor, amounts, strict=True)]
        postings = self._move(moves, held)
        rest = hold.remaining_minor if final else [0] * len(amounts)
        self._hold_back([(leg.debit_account_id, -left) for leg, left in zip(hold.legs, rest, strict=True)])
        if final:
            hold.remaining_minor = [0] * len(amounts)
        hold.status = "open" if any(hold.remaining_minor) else "captured"
        touched = [name for leg in hold.legs for name in (leg.debit_account_id, leg.credit_account_id)]
        self.append(
            e.HoldCaptured(
                hold_id=hold.hold_id,
                transfer_id=name,
                amounts_minor=tuple(amounts),
                final=final,
                effective_date=self._today(),
                reference=None,
                postings=postings,
                balances=self._balances(touched),
                remaining_minor=tuple(hold.remaining_minor),
                status=hold.status,  # type: ignore[arg-type]
            )
        )

    def _give_back(self, hold: BookHold, status: str) -> None:
        balances = self._hold_back(
            [(leg.debit_account_id, -left) for leg, left in zip(hold.legs, hold.remaining_minor, strict=True)]
        )
        hold.status = status
        if status == "released":
            self.append(e.HoldReleased(hold_id=hold.hold_id, reason=None, balances=balances))
        else:
            self.append(e.HoldExpired(hold_id=hold.hold_id, balances=balances))

    def _pay(self) -> None:
        pair = self._pair()
        if pair is None:
            self._fund()
            return
        source, target = pair
        amount_minor = self._some_amount(source)
        name = payment_id(self.position + 1)
        end_to_end_id = f"E2E-{self.position + 1}"
        value = text_of(amount_minor, scale=SCALES[source.currency])
        amount = InstructedAmount(currency=source.currency, value=value)
        facts = payments.facts(end_to_end_id, source.account_id, target.account_id, amount, amount_minor)
        self.append(payments.initiated(name, facts, amount, remittance="invoice 42"))
        if self._random.random() < 0.3:
            self.append(payments.rejected(name, facts, detail="no funds"))
            return
        moves: list[tuple[str, Side, int]] = [
            (source.account_id, "debit", amount_minor),
            (target.account_id, "credit", amount_minor),
        ]
        booked = transfer_id(self.position + 1)
        self.append(payments.settled(name, facts, self._move(moves), transfer_id=booked, day=self._today()))

    def _open_one_more(self) -> None:
        currency = self._some_currency()
        self.open_account(f"customers:c{len(self.accounts)}:{currency.lower()}", currency)

    def _freeze_and_thaw(self) -> None:
        account = self._random.choice(self._customers("EUR"))
        self.append(e.AccountFrozen(account_id=account.account_id, reason="check"))
        self.append(e.AccountUnfrozen(account_id=account.account_id, reason=None))

    def _rarely(self) -> None:
        empty = [
            a for a in self._customers("EUR") if a.posted_minor == 0 and a.held_minor == 0 and not self._is_used(a)
        ]
        if empty and len(self._customers("EUR")) > 3:
            empty[0].status = "closed"
            self.append(e.AccountClosed(account_id=empty[0].account_id, reason="left"))
        elif self._random.random() < 0.5:
            self.append(e.AssetDeclared(currency=f"PTS{self.position}", scale=3))
        else:
            self.append(e.PeriodClosed(through=BEGIN.date() - timedelta(days=1)))

    def _is_used(self, account: BookAccount) -> bool:
        """Whether an open hold could still book on the account."""
        return any(
            account.account_id in (leg.debit_account_id, leg.credit_account_id)
            for hold in self.holds.values()
            if hold.status == "open"
            for leg in hold.legs
        )

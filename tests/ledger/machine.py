"""Random commands against decide/evolve, beside the model ledger; after every step both must agree.

``BookMachine`` is run as it is (test_machine.py) and with planted faults, under which it must fail
(test_planted_faults.py).
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from contracts import commands as c
from contracts.rejections import Refused
from tests.ledger.test_refusals import REFUSALS_OF
from tests.support.ledger import BookInMemory, capture, credit, debit, hold, leg, open_account, pay, post, reverse
from tests.support.model_ledger import CREDIT, DEBIT, ModelAccount, ModelLedger

# id -> (currency, type, overdraft, credit limit, ceiling)
ACCOUNTS: Final[dict[str, tuple[str, str, str, int, int | None]]] = {
    "world": ("EUR", "equity", "unlimited", 0, None),
    "alice": ("EUR", "liability", "forbidden", 0, None),
    "bob": ("EUR", "liability", "limited", 30, 150),
    "till": ("EUR", "asset", "forbidden", 0, None),
    "costs": ("EUR", "expense", "limited", 20, 200),
    "fees": ("EUR", "income", "unlimited", 0, None),
    "usd": ("USD", "liability", "forbidden", 0, None),
    "world_usd": ("USD", "asset", "unlimited", 0, None),
}
FUNDS: Final = (("world", "alice", 200), ("world", "bob", 100), ("till", "world", 150), ("costs", "world", 100))
EUROS: Final = tuple(name for name, terms in ACCOUNTS.items() if terms[0] == "EUR")
# What funds hold back is best explored with small figures: limits are met often.
amounts = st.integers(min_value=1, max_value=60)
names = st.sampled_from(EUROS)
pairs = st.sampled_from([(debited, credited) for debited in EUROS for credited in EUROS if debited != credited])
legs_of_holds = st.builds(lambda pair, amount: (*pair, amount), pairs, st.integers(min_value=2, max_value=25))
any_names = st.sampled_from(tuple(ACCOUNTS))


class Steps:
    """Steps taken by all machines together."""

    taken = 0


class BookMachine(RuleBasedStateMachine):
    """Bursar's book and the model, side by side."""

    transfers: Bundle[str] = Bundle("transfers")
    holds: Bundle[str] = Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        self.book = BookInMemory()
        self.model = ModelLedger()
        self.frozen: dict[str, tuple[int, int]] = {}
        for name, (currency, kind, overdraft, limit, ceiling) in ACCOUNTS.items():
            self.book.do(
                open_account(name, currency=currency, account_type=kind, overdraft=overdraft,
                             credit_limit_minor=limit, max_balance_minor=ceiling)
            )  # fmt: skip
            self.model.accounts[name] = ModelAccount(
                currency,
                DEBIT if kind in ("asset", "expense") else CREDIT,
                {"forbidden": 0, "limited": -limit, "unlimited": None}[overdraft],
                ceiling,
            )
        for name, credited, amount in FUNDS:
            self.post([(name, amount), (credited, -amount)])

    def attempt(self, command: c.Command) -> Any:
        """Book the command or give None; a refusal must be one of this command's, and must change nothing."""
        Steps.taken += 1
        before = self.snapshot()
        decided = self.book.attempt(command)
        if not isinstance(decided, Refused):
            return decided[-1]
        assert self.snapshot() == before, f"{command} was refused ({decided.rejection}) and changed the book"
        assert decided.rejection in REFUSALS_OF[type(command)]
        return None

    def snapshot(self) -> Any:
        state = self.book.state
        return dict(state.accounts), dict(state.holds), dict(state.originals), state.closed_through, self.book.position

    def fits(self, lines: list[tuple[str, int]]) -> bool:
        """The model's own opinion whether a transfer keeps every limit."""
        self.model.journal += lines
        fits = not self.model.faults()
        del self.model.journal[len(self.model.journal) - len(lines) :]
        return fits and not {name for name, _ in lines} & self.frozen.keys()

    @rule(target=transfers, debited=names, credited=names, amount=amounts)
    def transfer(self, debited: str, credited: str, amount: int) -> Any:
        return self.post([(debited, amount), (credited, -amount)])

    @rule(target=transfers, lines=st.lists(st.tuples(any_names, st.integers(-40, 40)), min_size=1, max_size=4))
    def journal_entry(self, lines: list[tuple[str, int]]) -> Any:
        """Balanced in each currency by a last posting, most of the time."""
        rest: Counter[str] = Counter()
        for name, amount in lines:
            rest[ACCOUNTS[name][0]] += amount
        closing = [("world" if currency == "EUR" else "world_usd", -left) for currency, left in rest.items()]
        return self.post([line for line in (*lines, *closing) if line[1]])

    @rule(debited=names, credited=names, amount=amounts, more=st.integers(1, 5))
    def unbalanced(self, debited: str, credited: str, amount: int, more: int) -> None:
        assert self.attempt(post(debit(debited, amount), credit(credited, amount + more))) is None

    def post(self, lines: list[tuple[str, int]]) -> Any:
        if len(lines) < 2:
            return multiple()
        fits = self.fits(lines)
        event = self.attempt(post(*[_posting(name, amount) for name, amount in lines]))
        assert (event is not None) == fits, f"accepted: {event is not None}, the model says {fits}"
        if event is None:
            return multiple()
        self.model.book(event.transfer_id, lines)
        return event.transfer_id

    @rule(target=transfers, debtor=any_names, creditor=any_names, amount=amounts)
    def payment(self, debtor: str, creditor: str, amount: int) -> Any:
        event = self.attempt(pay(debtor, creditor, f"0.{amount:02}"))
        if event is None or event.status == "RJCT":
            return multiple()
        side = -self.model.accounts[debtor].sign
        self.model.book(event.transfer_id, [(debtor, side * amount), (creditor, -side * amount)])
        return event.transfer_id

    @rule(name=transfers)
    def reverse_all(self, name: str) -> None:
        left = self.model.left_of(name)
        event = self.attempt(reverse(name))
        assert event is None or left, f"{name} was reversed although nothing was left of it"
        if event is not None:
            self.model.undo(name, left)

    @rule(name=transfers, debited=names, credited=names, amount=amounts)
    def reverse_a_part(self, name: str, debited: str, credited: str, amount: int) -> None:
        if self.attempt(reverse(name, debit(debited, amount), credit(credited, amount))) is not None:
            self.model.undo(name, [(debited, amount), (credited, -amount)])

    @rule(target=holds, legs=st.lists(legs_of_holds, min_size=1, max_size=3), hours=st.integers(3, 20))
    def place_hold(self, legs: list[tuple[str, str, int]], hours: int) -> Any:
        until = self.book.now + timedelta(hours=hours)
        event = self.attempt(hold(*[leg(*parts) for parts in legs], until=until))
        if event is None:
            return multiple()
        self.model.reserve(event.hold_id, legs)
        return event.hold_id

    @rule(
        target=transfers, name=holds, halves=st.lists(st.integers(0, 2), min_size=3, max_size=3), last=st.integers(0, 3)
    )
    def capture_a_part(self, name: str, halves: tuple[int, ...], last: int) -> Any:
        """Nothing, half or all of what is left of each leg."""
        parts = zip(self.model.remaining(name), halves, strict=False)
        return self.capture(name, [left * half // 2 for left, half in parts], final=last == 0)

    @rule(target=transfers, name=holds, amounts=st.none() | st.lists(st.integers(0, 60), min_size=1, max_size=3))
    def capture_whatever(self, name: str, amounts: list[int] | None) -> Any:
        return self.capture(name, amounts, final=False)

    def capture(self, name: str, amounts: list[int] | None, *, final: bool) -> Any:
        event = self.attempt(capture(name, *(amounts or ()), final=final))
        if event is None:
            return multiple()
        assert self.model.holds[name].is_open, f"{name} was captured after its end"
        assert amounts is None or len(amounts) == len(self.model.holds[name].legs)
        self.model.capture(name, amounts, final=final, transfer=event.transfer_id)
        return event.transfer_id

    @rule(name=holds, end=st.sampled_from([c.ReleaseHold, c.ExpireHold]))
    def end_hold(self, name: str, end: type[c.ReleaseHold | c.ExpireHold]) -> None:
        if self.attempt(end(hold_id=name)) is not None:
            assert self.model.holds[name].is_open, f"{name} ended twice"
            self.model.end(name)

    @rule(name=holds, hours=st.integers(1, 9))
    def extend_hold(self, name: str, hours: int) -> None:
        self.attempt(c.ExtendHold(hold_id=name, expires_at=self.book.now + timedelta(hours=hours)))

    @rule(hours=st.integers(1, 3), days=st.none() | st.integers(0, 2))
    def time_passes(self, hours: int, days: int | None) -> None:
        """And now and then the books are closed."""
        self.book.now += timedelta(hours=hours)
        if days is not None:
            self.attempt(c.ClosePeriod(through=self.book.now.date() - timedelta(days=days)))

    @rule(name=names)
    def freeze_or_thaw(self, name: str) -> None:
        """One account at a time, so that the rest keeps moving."""
        for frozen in list(self.frozen):
            assert self.attempt(c.UnfreezeAccount(account_id=frozen)) is not None
            del self.frozen[frozen]
            return
        assert self.attempt(c.FreezeAccount(account_id=name)) is not None
        self.frozen[name] = (self.model.posted(name), self.model.held(name))

    @invariant()
    def the_model_finds_nothing_wrong(self) -> None:
        """Money conserved, limits kept, no more reversed than booked, no more captured than held."""
        assert self.model.faults() == []

    @invariant()
    def balances_are_what_the_model_adds_up(self) -> None:
        for name in ACCOUNTS:
            assert self.book.balances(name) == [(self.model.posted(name), self.model.held(name))], name

    @invariant()
    def entries_add_up_to_the_balances_and_to_zero(self) -> None:
        posted: Counter[int] = Counter()
        held: Counter[int] = Counter()
        totals: Counter[str] = Counter()
        for no, _, currency, amount_minor, held_minor, _ in self.book.lines:
            posted[no] += amount_minor
            held[no] += held_minor
            totals[currency] += amount_minor
        assert not any(totals.values())
        for name in ACCOUNTS:
            account = self.book.account(name)
            terms = account.terms
            assert account.posted_minor == terms.normal_sign * posted[terms.no], name
            assert account.held_minor == held[terms.no], name

    @invariant()
    def nothing_is_booked_on_a_frozen_account(self) -> None:
        """What is reserved on it may come back."""
        for name, (posted, held) in self.frozen.items():
            assert self.model.posted(name) == posted
            assert self.model.held(name) <= held


def _posting(name: str, amount: int) -> c.Posting:
    make = debit if amount > 0 else credit
    return make(name, abs(amount), ACCOUNTS[name][0])

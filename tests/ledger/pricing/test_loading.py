"""A decision finds everything it looks at by what its command names: decided on that alone, it is the same decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from contracts import commands as c
from contracts.rejections import Refused
from ledger.domain.book import FOLLOWS, TOUCHES, decide
from ledger.domain.contexts import FOLLOW_ROUNDS_MAX, Touched
from ledger.domain.fx import positions, quotes
from ledger.domain.state import State
from tests.ledger.payments.bank import PaymentBank, outcome, pay_out
from tests.ledger.pricing.bank import PricingBank, define_fx, fees, pay_at, tier, wallet
from tests.support.ledger import BookInMemory, open_account
from tests.support.payments import assessed

Case = Callable[[], tuple[BookInMemory, c.Command]]


def what_is_loaded(command: Any, book: State) -> State:
    """The part of a book that the sequencer would load for a command."""
    touched, loaded = Touched(), State()
    TOUCHES[type(command)](command, touched)
    for _ in range(FOLLOW_ROUNDS_MAX):
        for name in touched.accounts:
            account = book.account(name)
            if account is not None:
                loaded.accounts[name] = account
        loaded.records.update({key: book.record(*key) for key in touched.records})
        if type(command) in FOLLOWS:
            FOLLOWS[type(command)](command, loaded, touched)
    return loaded


def a_bank() -> PricingBank:
    """Fees, a rate of every pair, a position in dollars."""
    bank = PricingBank()
    bank.do(fees(tier(0, flat=35)), fees(tier(0, flat=2), currency="USD", fee_account_id="bank:usd:position"))
    bank.publish("EUR", "USD", "1.0843")
    bank.publish("USD", "JPY", "150")
    bank.publish("EUR", "JPY", "170")
    bank.trade("USD", "EUR", sell_minor=10_000)
    bank.publish("EUR", "USD", "1.2")
    return bank


def pay_with_a_fee() -> tuple[BookInMemory, c.Command]:
    bank = a_bank()
    return bank, c.InitiatePayment(
        debtor_account_id=wallet("alice", "EUR"),
        creditor_account_id=wallet("bob", "EUR"),
        instructed_amount=c.InstructedAmount(currency="EUR", value="10.00"),
        end_to_end_id="E2E",
    )


def pay_at_a_quote_and_realise() -> tuple[BookInMemory, c.Command]:
    bank = a_bank()
    return bank, pay_at(bank.quote("EUR", "USD", sell_minor=5_000))


def pay_between_foreign_currencies() -> tuple[BookInMemory, c.Command]:
    bank = a_bank()
    return bank, pay_at(bank.quote("USD", "JPY", sell_minor=5_000))


def authorise_at_a_quote() -> tuple[BookInMemory, c.Command]:
    bank = a_bank()
    bank.do(c.DefineAuthentication(currency="EUR", amount_from_minor=1))
    wish = pay_at(bank.quote("EUR", "USD", sell_minor=5_000))
    waiting = bank.do(wish)
    assert wish.creditor_account_id is not None
    return bank, c.AuthorisePayment(
        payment_id=waiting.payment_id, instructed_amount=wish.instructed_amount, payee=wish.creditor_account_id
    )


def refund_at_a_quote() -> tuple[BookInMemory, c.Command]:
    bank = a_bank()
    return bank, c.RefundPayment(payment_id=bank.trade("EUR", "USD", sell_minor=5_000).payment_id)


def ask_between_foreign_currencies() -> tuple[BookInMemory, c.Command]:
    return a_bank(), c.RequestQuote(sell_currency="JPY", buy_currency="USD", buy_minor=5_000)


def revalue() -> tuple[BookInMemory, c.Command]:
    return a_bank(), c.RevaluePositions()


def define_fx_again() -> tuple[BookInMemory, c.Command]:
    return a_bank(), define_fx("USD")


def define_other_fees() -> tuple[BookInMemory, c.Command]:
    return a_bank(), fees(tier(0, flat=1))


def a_bank_with_rails() -> PaymentBank:
    bank = PaymentBank()
    bank.do(open_account("fees", account_type="income"))
    bank.do(fees(tier(0, flat=30), payment_type="credit_transfer", fee_account_id="fees"))
    return bank


def pay_out_with_a_fee() -> tuple[BookInMemory, c.Command]:
    return a_bank_with_rails(), pay_out()


def settle_with_a_fee() -> tuple[BookInMemory, c.Command]:
    bank = a_bank_with_rails()
    return bank, outcome(bank.instruct(), "accepted")


CASES: Final[tuple[Case, ...]] = (
    pay_with_a_fee,
    pay_at_a_quote_and_realise,
    pay_between_foreign_currencies,
    authorise_at_a_quote,
    refund_at_a_quote,
    ask_between_foreign_currencies,
    revalue,
    define_fx_again,
    define_other_fees,
    pay_out_with_a_fee,
    settle_with_a_fee,
)


REFUSED: Final = (refund_at_a_quote, define_fx_again)


def expect_the_same_decision(case: Case) -> None:
    bank, command = case()
    decidable = assessed(command)

    decided = decide(decidable, what_is_loaded(decidable, bank.state), bank.moment)

    assert decided == decide(decidable, bank.state, bank.moment)
    assert isinstance(decided, Refused) is (case in REFUSED)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_decision_is_the_same_on_what_is_loaded_for_it(case: Case) -> None:
    expect_the_same_decision(case)


@pytest.mark.parametrize(
    ("module", "forgotten", "case"),
    [
        (quotes, "touch_quote", authorise_at_a_quote),
        (positions, "follow_trade", pay_at_a_quote_and_realise),
        (positions, "follow_trade", authorise_at_a_quote),
    ],
)
def test_a_key_that_is_not_named_is_missed(
    module: Any, forgotten: str, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, forgotten, lambda *_, **__: None)

    with pytest.raises(AssertionError):
        expect_the_same_decision(case)

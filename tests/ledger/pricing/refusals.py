"""Every way a decision about fees and foreign exchange can refuse, as a table; see tests/ledger/refusals.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from contracts import commands as c
from contracts.money import AMOUNT_MINOR_MAX
from contracts.rejections import Rejection as R
from tests.ledger.pricing.bank import FEES, PricingBank, define_fx, fees, fx_position, pay_at, position_accounts, tier
from tests.ledger.refusals import Row
from tests.support.ledger import TODAY, BookInMemory, move, open_account


def a_pricing_bank() -> PricingBank:
    """Rates that are valid, stale and missing; quotes that are good, used, and out of date."""
    bank = PricingBank()
    bank.do(
        open_account("gone", account_type="income"),
        c.CloseAccount(account_id="gone"),
        open_account("frozen", account_type="income"),
        c.FreezeAccount(account_id="frozen"),
        open_account("capped", account_type="income", overdraft="unlimited", max_balance_minor=5),
        fees(tier(0, flat=1), payment_type="payment_request"),
    )
    bank.publish("EUR", "JPY", "170")
    bank.expired = bank.quote("EUR", "JPY", sell_minor=100)
    bank.now += timedelta(hours=1)
    bank.publish("EUR", "USD", "1.0843")
    bank.publish("USD", "KWD", "0.3")
    bank.publish("KWD", "JPY", "0.0000000001")
    bank.used = bank.quote("EUR", "USD", sell_minor=1_000)
    bank.settled = bank.do(pay_at(bank.used))
    bank.good = bank.quote("EUR", "USD", sell_minor=1_000)
    return bank  # whose position is worth exactly what it cost


def without_a_rate() -> PricingBank:
    """A position in a currency whose rate is not valid any more."""
    bank = PricingBank()
    bank.publish("EUR", "USD", "1.0843")
    bank.trade("EUR", "USD", sell_minor=1_000)
    bank.now += timedelta(hours=1)
    return bank


def with_an_account(status: str) -> PricingBank:
    """A position that has a result to book, and no account to book it on."""
    bank = PricingBank()
    bank.publish("EUR", "USD", "1.0843")
    bank.trade("EUR", "USD", sell_minor=1_000)
    bank.publish("EUR", "USD", "1.5")
    command = c.CloseAccount if status == "closed" else c.FreezeAccount
    bank.do(command(account_id="bank:unrealised"))
    return bank


def beyond_64_bits() -> PricingBank:
    """A position that is worth more than fits."""
    bank = PricingBank()
    bank.publish("USD", "EUR", "9999999999")
    bank.do(move("world:usd", position_accounts("USD")[0], AMOUNT_MINOR_MAX // 2, currency="USD"))
    return bank


BANK: Final = a_pricing_bank()
PLAIN: Final = BookInMemory()
NO_QUOTE: Final = "quote_999999"


def row(command: c.Command, rejection: R, pointer: str | None = None, **more: Any) -> Row:
    """A row about the pricing bank."""
    return Row(command, rejection, pointer, **{"bank": BANK, **more})


def quote(sell: str, buy: str, **amount: int) -> c.RequestQuote:
    """Ask for a quote."""
    return c.RequestQuote(sell_currency=sell, buy_currency=buy, **amount)


def fee_on(account_id: str, **other: Any) -> c.DefineFees:
    """A flat fee that this account gets."""
    return fees(tier(0, flat=1), fee_account_id=account_id, **other)


def with_usd(**other: str) -> c.DefineFx:
    """Foreign exchange with another account for the position in USD."""
    return define_fx(positions=(fx_position("USD", **other),))


SCHEDULES: Final = (
    row(fee_on("nobody"), R.ACCOUNT_NOT_FOUND, "/fee_account_id"),
    row(fee_on("gone"), R.ACCOUNT_CLOSED, "/fee_account_id"),
    row(fee_on("frozen"), R.ACCOUNT_FROZEN, "/fee_account_id"),
    row(fee_on(FEES, currency="USD"), R.CURRENCY_MISMATCH, "/fee_account_id"),
    row(fee_on("nostro:eur"), R.ACCOUNT_UNSUITABLE, "/fee_account_id"),
    row(fee_on("capped"), R.OVERDRAFT_TERMS_CONTRADICT, "/fee_account_id"),
)

TERMS: Final = (
    row(define_fx("USD", realised_account_id="nobody"), R.ACCOUNT_NOT_FOUND, "/realised_account_id"),
    row(define_fx("USD", unrealised_account_id="gone"), R.ACCOUNT_CLOSED, "/unrealised_account_id"),
    row(define_fx("USD", unrealised_account_id="frozen"), R.ACCOUNT_FROZEN, "/unrealised_account_id"),
    row(define_fx("USD", realised_account_id="nostro:eur"), R.ACCOUNT_UNSUITABLE, "/realised_account_id"),
    row(define_fx("USD", realised_account_id=FEES), R.OVERDRAFT_TERMS_CONTRADICT, "/realised_account_id"),
    row(define_fx("USD", realised_account_id="capped"), R.OVERDRAFT_TERMS_CONTRADICT, "/realised_account_id"),
    row(with_usd(position_account_id="world:jpy"), R.CURRENCY_MISMATCH, "/positions/0/position_account_id"),
    row(with_usd(position_account_id="nostro:usd"), R.ACCOUNT_UNSUITABLE, "/positions/0/position_account_id"),
    row(with_usd(cost_account_id="world:eur"), R.ACCOUNT_UNSUITABLE, "/positions/0/cost_account_id"),
    row(with_usd(valuation_account_id="nobody"), R.ACCOUNT_NOT_FOUND, "/positions/0/valuation_account_id"),
    row(define_fx("USD", "JPY"), R.FX_TERMS_FIXED, "/positions"),
    row(define_fx(positions=(fx_position("USD", valuation_account_id="nostro:eur"), fx_position("JPY"),
                             fx_position("KWD"))), R.FX_TERMS_FIXED, "/positions"),
)  # fmt: skip

RATES: Final = (
    row(c.PublishRate(base_currency="XAU", counter_currency="EUR", rate="1", spread_basis_points=0, valid_seconds=1),
        R.CURRENCY_UNKNOWN, "/base_currency"),
    row(c.PublishRate(base_currency="EUR", counter_currency="XAU", rate="1", spread_basis_points=0, valid_seconds=1),
        R.CURRENCY_UNKNOWN, "/counter_currency"),
)  # fmt: skip

QUOTES: Final = (
    row(quote("EUR", "USD", sell_minor=1), R.FX_NOT_DEFINED, bank=PLAIN),
    row(quote("GBP", "EUR", sell_minor=1), R.FX_NOT_DEFINED, "/sell_currency"),
    row(quote("EUR", "GBP", sell_minor=1), R.FX_NOT_DEFINED, "/buy_currency"),
    row(quote("EUR", "KWD", sell_minor=1), R.RATE_NOT_AVAILABLE),
    row(quote("EUR", "JPY", sell_minor=100), R.RATE_NOT_AVAILABLE),
    row(quote("KWD", "USD", sell_minor=100), R.RATE_NOT_AVAILABLE),  # what it is worth in EUR is not known
    row(quote("KWD", "JPY", sell_minor=1), R.AMOUNT_OUT_OF_RANGE, "/sell_minor"),  # buys nothing
    row(quote("JPY", "KWD", buy_minor=1), R.AMOUNT_OUT_OF_RANGE, "/buy_minor"),
    row(quote("EUR", "USD", sell_minor=AMOUNT_MINOR_MAX), R.AMOUNT_OUT_OF_RANGE, "/sell_minor"),
)

USES: Final = (
    row(pay_at(BANK.good, quote_id=NO_QUOTE), R.QUOTE_NOT_FOUND, "/quote_id"),
    row(pay_at(BANK.good), R.QUOTE_NOT_FOUND, "/quote_id", subject="somebody_else"),
    row(pay_at(BANK.used), R.QUOTE_ALREADY_USED, "/quote_id"),
    row(pay_at(BANK.expired), R.QUOTE_EXPIRED, "/quote_id"),
    row(pay_at(BANK.good, requested_execution_date=TODAY + timedelta(days=1)), R.QUOTE_EXPIRED, "/quote_id"),
    row(pay_at(BANK.good, instructed_amount=c.InstructedAmount(currency="EUR", value="9.99")), R.QUOTE_MISMATCH,
        "/instructed_amount"),
    row(pay_at(BANK.good, instructed_amount=c.InstructedAmount(currency="USD", value="10.00")), R.QUOTE_MISMATCH,
        "/instructed_amount"),
    row(c.RefundPayment(payment_id=BANK.settled.payment_id), R.REFUND_NOT_POSSIBLE, "/payment_id"),
)  # fmt: skip

REVALUATIONS: Final = (
    row(c.RevaluePositions(), R.FX_NOT_DEFINED, bank=PLAIN),
    row(c.RevaluePositions(), R.RATE_NOT_AVAILABLE, bank=without_a_rate()),
    row(c.RevaluePositions(), R.POSITIONS_UNCHANGED),
    row(c.RevaluePositions(), R.ACCOUNT_CLOSED, "/postings/1/account_id", bank=with_an_account("closed")),
    row(c.RevaluePositions(), R.ACCOUNT_FROZEN, "/postings/1/account_id", bank=with_an_account("frozen")),
    row(c.RevaluePositions(), R.BALANCE_OUT_OF_RANGE, bank=beyond_64_bits()),
)

PRICING_ROWS: Final = (*SCHEDULES, *TERMS, *RATES, *QUOTES, *USES, *REVALUATIONS)

SUITABLE: Final = {
    R.ACCOUNT_NOT_FOUND, R.ACCOUNT_CLOSED, R.ACCOUNT_FROZEN, R.CURRENCY_MISMATCH, R.ACCOUNT_UNSUITABLE,
    R.OVERDRAFT_TERMS_CONTRADICT,
}  # fmt: skip
REFUSALS_OF_PRICING: Final[dict[type[c.Command], set[R]]] = {
    c.DefineFees: SUITABLE,
    c.DefineFx: SUITABLE | {R.FX_TERMS_FIXED},
    c.PublishRate: {R.CURRENCY_UNKNOWN},
    c.RequestQuote: {R.FX_NOT_DEFINED, R.RATE_NOT_AVAILABLE, R.AMOUNT_OUT_OF_RANGE},
    c.RevaluePositions: {
        R.FX_NOT_DEFINED, R.RATE_NOT_AVAILABLE, R.POSITIONS_UNCHANGED, R.ACCOUNT_CLOSED, R.ACCOUNT_FROZEN,
        R.BALANCE_OUT_OF_RANGE,
    },
}  # fmt: skip

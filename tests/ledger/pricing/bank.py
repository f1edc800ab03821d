"""A bank with fees and foreign exchange.

    bank = PricingBank()                          # EUR is functional; positions in USD, JPY, KWD; it is MORNING
    bank.publish("EUR", "USD", "1.0843")
    bank.trade("alice", "alice:usd", sell_minor=1_000)
    bank.holding("USD")                           # quantity, cost, valuation

Wallets of alice and bob in all four currencies, funded; the bank's own accounts begin with "bank:".
"""

from __future__ import annotations

from typing import Any, Final

from contracts import commands as c
from contracts import events as e
from contracts.money import text_of
from ledger.domain.payments.life_cycle import PAYMENT, Payment
from tests.support.ledger import MORNING, BookInMemory, move, open_account

HOME: Final = "EUR"
FOREIGN: Final = ("USD", "JPY", "KWD")
SCALE: Final = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}
FUNDS_MINOR: Final = 10**12
REALISED: Final = "bank:realised"
UNREALISED: Final = "bank:unrealised"
FEES: Final = "bank:fees"


class PricingBank(BookInMemory):
    """A book with everything that a price can need. The quotes and the payment are for tests that give some."""

    good: e.QuoteGiven
    used: e.QuoteGiven
    expired: e.QuoteGiven
    settled: e.PaymentSettled

    def __init__(self) -> None:
        super().__init__(now=MORNING)
        for currency in SCALE:
            world = wallet("world", currency)
            self.do(open_account(world, currency=currency, account_type="equity", overdraft="unlimited"))
            for name in ("alice", "bob"):
                self.do(
                    open_account(wallet(name, currency), currency=currency),
                    move(world, wallet(name, currency), FUNDS_MINOR, currency=currency),
                )
            # The bank's own accounts at other banks: they grow by debits.
            self.do(
                open_account(wallet("nostro", currency), currency=currency, account_type="asset", overdraft="unlimited")
            )
        for name in (REALISED, UNREALISED):
            self.do(open_account(name, account_type="income", overdraft="unlimited"))
        self.do(open_account(FEES, account_type="income"))
        for currency in FOREIGN:
            self.do(*openings(currency))
        self.do(define_fx(*FOREIGN))

    def publish(self, base: str, counter: str, rate: str, *, spread: int = 0, **more: Any) -> e.RatePublished:
        """Publish a rate that is valid for ten minutes."""
        command = c.PublishRate(
            base_currency=base,
            counter_currency=counter,
            rate=rate,
            spread_basis_points=spread,
            **{"valid_seconds": 600, **more},
        )
        published = self.do(command)
        assert isinstance(published, e.RatePublished)
        return published

    def quote(self, sell: str, buy: str, **amount: int) -> e.QuoteGiven:
        """Ask for a quote that must be given."""
        given = self.do(c.RequestQuote(sell_currency=sell, buy_currency=buy, **amount))
        assert isinstance(given, e.QuoteGiven)
        return given

    def trade(self, sell: str, buy: str, *, debtor: str = "alice", creditor: str = "bob", **amount: int) -> Any:
        """Exchange by a payment at a fresh quote; give the payment's last event."""
        return self.do(pay_at(self.quote(sell, buy, **amount), debtor=debtor, creditor=creditor))

    def holding(self, currency: str) -> tuple[int, int, int]:
        """Quantity, cost and valuation of a position."""
        names = position_accounts(currency)
        return tuple(posted for posted, _ in self.balances(*names))  # type: ignore[return-value]  # three names

    def posted(self, account_id: str) -> int:
        """What is booked on an account, in its normal side."""
        return self.account(account_id).posted_minor

    def payment(self, payment_id: str) -> Payment:
        """A payment as it stands."""
        record = self.state.record(PAYMENT, payment_id)
        assert isinstance(record, Payment)
        return record


def wallet(name: str, currency: str) -> str:
    """The account of somebody in a currency."""
    return f"{name}:{currency.lower()}"


def position_accounts(currency: str) -> tuple[str, str, str]:
    """The accounts of a position: quantity, cost, valuation."""
    low = currency.lower()
    return (f"bank:{low}:position", f"bank:{low}:cost", f"bank:{low}:valuation")


def openings(currency: str) -> tuple[c.OpenAccount, ...]:
    """Open the accounts of a position."""
    position, cost, valuation = position_accounts(currency)
    return (
        open_account(position, currency=currency, account_type="equity", overdraft="unlimited"),
        open_account(cost, account_type="asset", overdraft="unlimited"),
        open_account(valuation, account_type="asset", overdraft="unlimited"),
    )


def fx_position(currency: str, **other: str) -> c.FxPosition:
    """A position with its accounts."""
    position, cost, valuation = position_accounts(currency)
    names = {"position_account_id": position, "cost_account_id": cost, "valuation_account_id": valuation}
    return c.FxPosition(currency=currency, **{**names, **other})


def define_fx(*currencies: str, **other: Any) -> c.DefineFx:
    """Define foreign exchange with positions in these currencies."""
    terms = {
        "functional_currency": HOME,
        "realised_account_id": REALISED,
        "unrealised_account_id": UNREALISED,
        "positions": tuple(fx_position(currency) for currency in currencies),
    }
    return c.DefineFx(**{**terms, **other})


def pay_at(quote: e.QuoteGiven, *, debtor: str = "alice", creditor: str = "bob", **other: Any) -> c.InitiatePayment:
    """Pay what a quote sells."""
    wish = {
        "debtor_account_id": wallet(debtor, quote.sell_currency),
        "creditor_account_id": wallet(creditor, quote.buy_currency),
        "instructed_amount": amount(quote.sell_minor, quote.sell_currency),
        "end_to_end_id": "E2E",
        "quote_id": quote.quote_id,
    }
    return c.InitiatePayment(**{**wish, **other})


def amount(minor: int, currency: str) -> c.InstructedAmount:
    """An amount as a payer writes it."""
    return c.InstructedAmount(currency=currency, value=text_of(minor, scale=SCALE[currency]))


def tier(from_minor: int, *, flat: int = 0, points: int = 0) -> c.FeeTier:
    """A tier of a schedule."""
    return c.FeeTier(from_minor=from_minor, flat_minor=flat, basis_points=points)


def fees(*tiers: c.FeeTier, **other: Any) -> c.DefineFees:
    """Define the fees of book transfers in EUR."""
    terms = {"payment_type": "book_transfer", "currency": HOME, "fee_account_id": FEES, "rounding": "half_even"}
    return c.DefineFees(tiers=tiers, **{**terms, **other})

"""A bank with a merchant, for tests of settlement.

shop = Shop()                               # it is MORNING, Monday; the cut-off is at 17:00 in Berlin, 16:00 UTC
shop.sell("25.00")                          # a payment from alice in the book
shop.close()                                # the timer's command, at the cut-off
shop.pay_out("accepted")                    # the rail's answer about the payout on its way
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from contracts import commands as c
from contracts import events as e
from contracts.commands.merchants import AskedFees, AskedSchedule
from contracts.rejections import Refused
from ledger.domain.payments.life_cycle import Payment
from ledger.domain.payouts import Settlement, settlement_of
from ledger.domain.settlement.terms import MERCHANT, Merchant
from ledger.domain.takings import Takings, takings_of
from tests.ledger.payments.bank import IBAN, PaymentBank, give_back, outcome, pay_in_book, top_up
from tests.support.ledger import open_account

SHOP: Final = "corner-shop"
ACCOUNT: Final = "merchants:corner-shop:eur"
PAYABLE: Final = "payable:merchants:eur"
FEES: Final = "income:fees:eur"
RESERVE: Final = "reserve:merchants:eur"
NOSTRO: Final = "nostro:eur"
COSTS: Final = "costs:rails:eur"
TERMS: Final = AskedFees(basis_points=150, payment_minor=10, refund_minor=20, return_minor=1_500)
SCHEDULE: Final = AskedSchedule(cut_off="17:00", zone="Europe/Berlin")


def define(**other: Any) -> c.DefineMerchant:
    """The merchant, on the usual terms unless said otherwise."""
    terms: dict[str, Any] = {
        "merchant_id": SHOP,
        "account_id": ACCOUNT,
        "payable_account_id": PAYABLE,
        "fee_account_id": FEES,
        "currency": "EUR",
        "creditor": c.Party(name="Corner Shop", iban=IBAN),
        "schedule": SCHEDULE,
        "fees": TERMS,
    }
    return c.DefineMerchant(**{**terms, **other})


def with_reserve(**other: Any) -> c.DefineMerchant:
    """The merchant with a tenth kept for two days."""
    return define(**{"reserve_account_id": RESERVE, "reserve_per_mille": 100, "reserve_days": 2, **other})


class Shop(PaymentBank):
    """A bank with a merchant."""

    def __init__(self, definition: c.DefineMerchant | None = None) -> None:
        super().__init__()
        self.do(
            open_account(ACCOUNT),
            open_account(PAYABLE),
            open_account(FEES, account_type="income"),
            open_account(RESERVE),
            open_account(NOSTRO, account_type="asset", overdraft="unlimited"),
            open_account(COSTS, account_type="expense", overdraft="unlimited"),
            definition or define(),
        )

    @property
    def merchant(self) -> Merchant:
        """The merchant's record."""
        found = self.state.record(MERCHANT, SHOP)
        assert isinstance(found, Merchant)
        return found

    @property
    def takings(self) -> Takings:
        """What was counted since the last settlement."""
        found = takings_of(self.state, ACCOUNT)
        assert found is not None
        return found

    def settlement(self, settlement_id: str) -> Settlement:
        """A settlement as it stands."""
        found = settlement_of(self.state, settlement_id)
        assert found is not None
        return found

    @property
    def closed(self) -> list[e.SettlementClosed]:
        """All settlements, in order."""
        return [event for event in self.events if isinstance(event, e.SettlementClosed)]

    def sell(self, value: str = "25.00") -> Payment:
        """Somebody pays the merchant in the book."""
        return self.pay(pay_in_book(value, creditor=ACCOUNT))

    def sell_by_card(self, value: str = "25.00") -> Payment:
        """Somebody pays the merchant by card."""
        payment = self.pay(top_up(value, creditor=ACCOUNT))
        self.instruct_again(payment.payment_id)
        self.do(outcome(self.payment(payment.payment_id), "accepted"))
        return self.payment(payment.payment_id)

    def refund(self, payment: Payment, amount_minor: int | None = None) -> tuple[e.EventData, ...] | Refused:
        """The merchant gives back a payment, or a part."""
        return self.attempt(c.RefundPayment(payment_id=payment.payment_id, amount_minor=amount_minor))

    def charge_back(self, payment: Payment, amount_minor: int, number: int = 1) -> tuple[e.EventData, ...] | Refused:
        """The card's holder takes a payment back, or a part."""
        return self.attempt(give_back(payment, amount_minor, return_id=f"CB{number}"))

    @property
    def close_command(self) -> c.CloseSettlement:
        """What the timer sends for the next cut-off."""
        due_at = self.merchant.due_at
        assert due_at is not None
        return c.CloseSettlement(merchant_id=SHOP, cut_off_at=due_at)

    def close(self, *, late: timedelta = timedelta()) -> tuple[e.EventData, ...]:
        """Let the next cut-off come."""
        command = self.close_command
        self.now = max(self.now, command.cut_off_at + late)
        decided = self.attempt(command)
        assert not isinstance(decided, Refused), decided
        return decided

    def payout_of(self, settlement_id: str) -> Payment:
        """The payout of a settlement that is on its way."""
        payout_id = self.settlement(settlement_id).payout_id
        assert payout_id is not None
        return self.payment(payout_id)

    def pay_out(self, settlement_id: str, said: Any, **more: Any) -> Payment:
        """Give the payout on its way to its rail, and take the rail's answer."""
        payment = self.instruct_again(self.payout_of(settlement_id).payment_id)
        self.do(outcome(payment, said, **more))
        return self.payment(payment.payment_id)

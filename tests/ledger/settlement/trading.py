"""Random trading of one merchant, and what must hold of its settlements whatever happened in between.

The figures are reckoned anew from the events alone: from what each posting moved on the merchant's account, position by
position. Nothing here uses the takings that the write model counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from hypothesis import strategies as st

from contracts import commands as c
from contracts import events as e
from contracts.ids import position_of
from contracts.rejections import Refused
from ledger.domain.payments.life_cycle import PAYMENT, Payment
from ledger.domain.payouts import SETTLEMENT, Settlement
from tests.ledger.payments.bank import give_back, outcome, pay_in_book
from tests.ledger.settlement.shop import ACCOUNT, FEES, PAYABLE, RESERVE, TERMS, Shop, with_reserve
from tests.support.ledger import hold, leg, move, open_account

STEPS_MAX: Final = 40
Step = tuple[str, int, int]

STEPS: Final = st.lists(
    st.tuples(
        st.sampled_from(
            ("sell", "card", "refund", "charge_back", "into", "out_of", "hold", "release", "spend", "close", "close",
             "arrive", "reject", "return", "retry", "divert")
        ),
        st.integers(min_value=1, max_value=99_999),
        st.integers(min_value=0, max_value=7),
    ),
    min_size=4,
    max_size=STEPS_MAX,
)  # fmt: skip


class Trading:
    """A shop that takes steps; one that makes no sense now is left out."""

    def __init__(self) -> None:
        self.shop = Shop(with_reserve())
        self.shop.do(open_account("funds", account_type="equity", overdraft="unlimited"))
        self.sold: list[str] = []
        self.by_card: list[str] = []
        self.holds: list[str] = []
        self.steps = 0

    def take(self, step: Step) -> None:
        """Take one step."""
        name, amount_minor, which = step
        self.steps += 1
        steps: dict[str, Callable[[int, int], Any]] = {
            "sell": lambda amount, _: self.sold.append(self.shop.sell(text(amount)).payment_id),
            "card": lambda amount, _: self.by_card.append(self.shop.sell_by_card(text(amount)).payment_id),
            "refund": self.refund,
            "charge_back": self.charge_back,
            "into": lambda amount, _: self.shop.attempt(move("funds", ACCOUNT, amount)),
            "out_of": lambda amount, _: self.shop.attempt(move(ACCOUNT, "funds", amount)),
            "hold": self.place_hold,
            "release": self.release,
            "spend": lambda amount, _: self.shop.pay(pay_in_book(text(amount), debtor=ACCOUNT, creditor="bob")),
            "close": lambda _, late: self.shop.close(late=timedelta(hours=8 * late)),
            "arrive": lambda _, which: self.answer(which, "accepted"),
            "reject": lambda _, which: self.answer(which, "rejected"),
            "return": lambda amount, which: self.give_payout_back(amount, which),
            "retry": lambda _, which: self.retry(which),
            "divert": lambda amount, which: self.give_payout_back(amount, which, diverted=True),
        }
        steps[name](amount_minor, which)

    def refund(self, amount_minor: int, which: int) -> None:
        """Refund a payment, or a part."""
        if self.sold:
            payment = self.shop.payment(self.sold[which % len(self.sold)])
            self.shop.refund(payment, min(amount_minor, payment.amount_minor))

    def charge_back(self, amount_minor: int, which: int) -> None:
        """Take a card payment back, or a part."""
        if self.by_card:
            payment = self.shop.payment(self.by_card[which % len(self.by_card)])
            self.shop.charge_back(payment, min(amount_minor, payment.amount_minor), number=self.steps)

    def place_hold(self, amount_minor: int, _: int) -> None:
        """Reserve something on the merchant's account."""
        placed = self.shop.attempt(hold(leg(ACCOUNT, "bob", amount_minor), until=self.shop.now + timedelta(days=90)))
        if not isinstance(placed, Refused):
            assert isinstance(placed[0], e.HoldPlaced)
            self.holds.append(placed[0].hold_id)

    def release(self, _: int, which: int) -> None:
        """Let a hold go."""
        if self.holds:
            self.shop.attempt(c.ReleaseHold(hold_id=self.holds.pop(which % len(self.holds))))

    def answer(self, which: int, said: str) -> None:
        """The rail answers about a payout on its way."""
        ways = [one for one in settlements(self.shop) if one.payout_id is not None]
        if not ways:
            return
        payment = self.shop.payout_of(ways[which % len(ways)].settlement_id)
        if payment.state == "accepted":
            payment = self.shop.instruct_again(payment.payment_id)
            self.shop.do(outcome(payment, said))

    def give_payout_back(self, amount_minor: int, which: int, *, diverted: bool = False) -> None:
        """The merchant's bank returns a payout, or a part; on suspense, while the payable account is frozen."""
        arrived = [payment for payment in payouts(self.shop) if payment.state == "settled"]
        if not arrived:
            return
        payment = arrived[which % len(arrived)]
        if diverted:
            self.shop.do(c.FreezeAccount(account_id=PAYABLE))
        self.shop.attempt(give_back(payment, min(amount_minor, payment.amount_minor), return_id=f"R{self.steps}"))
        if diverted:
            self.shop.do(c.UnfreezeAccount(account_id=PAYABLE))

    def retry(self, which: int) -> None:
        """Two people pay again what came back."""
        known = settlements(self.shop)
        if known:
            settlement_id = known[which % len(known)].settlement_id
            for subject in ("rita", "ron"):
                self.shop.subject = subject
                self.shop.attempt(c.RetryPayout(settlement_id=settlement_id, reason="it came back"))
            self.shop.subject = "clerk"


def text(amount_minor: int) -> str:
    """An amount in euro."""
    return f"{amount_minor // 100}.{amount_minor % 100:02}"


def settlements(shop: Shop) -> list[Settlement]:
    """All settlements as they stand."""
    return [one for (kind, _), one in shop.state.records.items() if kind == SETTLEMENT and isinstance(one, Settlement)]


def payouts(shop: Shop) -> list[Payment]:
    """All payments that pay a settlement."""
    found = [one for (kind, _), one in shop.state.records.items() if kind == PAYMENT and isinstance(one, Payment)]
    return [payment for payment in found if payment.settlement_id is not None]


def check_trading(steps: Sequence[Step]) -> None:
    """Take the steps, and look at everything that must hold."""
    trading = Trading()
    for step in steps:
        trading.take(step)
    shop = trading.shop
    check_positions(shop)
    check_figures(shop)
    check_money(shop)
    check_payouts(shop)


def moved_on(account_id: str, event: e.EventData) -> int:
    """What an event moved on a credit-normal account."""
    postings: tuple[e.PostedPosting, ...] = getattr(event, "postings", ())
    return sum(
        posting.amount_minor if posting.side == "credit" else -posting.amount_minor
        for posting in postings
        if posting.account_id == account_id
    )


def check_positions(shop: Shop) -> None:
    """Every position since the definition is in one settlement, is one, or is in the open period."""
    expected = next(at for at, event in enumerate(shop.events, 1) if isinstance(event, e.MerchantDefined))
    for closed in shop.closed:
        assert closed.from_position == expected
        assert closed.to_position + 1 == position_of(closed.settlement_id)
        expected = closed.to_position + 2
    assert shop.takings.from_position == expected


def check_figures(shop: Shop) -> None:
    """Each settlement's figures are those of the events between its positions."""
    opening_minor = 0
    for closed in shop.closed:
        period = shop.events[closed.from_position - 1 : closed.to_position]
        told = closed.figures
        paid = [moved_on(ACCOUNT, one) for one in period if isinstance(one, e.PaymentSettled)]
        paid = [amount for amount in paid if amount > 0]
        refunds = [-moved_on(ACCOUNT, one) for one in period if is_refund(one)]
        returns = [one for one in period if is_charge_back(one)]
        returned_minor = -sum(moved_on(ACCOUNT, one) for one in returns)
        assert (told.payments.count, told.payments.amount_minor) == (len(paid), sum(paid))
        assert (told.refunds.count, told.refunds.amount_minor) == (len(refunds), sum(refunds))
        assert (told.returns.count, told.returns.amount_minor) == (len(returns), returned_minor)
        all_minor = sum(moved_on(ACCOUNT, one) for one in period)
        assert told.other_minor == all_minor - sum(paid) + sum(refunds) + returned_minor
        fees = [fee_in_decimal(amount) for amount in paid] + [TERMS.refund_minor] * len(refunds)
        assert told.fee_minor == sum(fees) + TERMS.return_minor * len(returns)
        assert told.opening_minor == opening_minor
        income_minor = opening_minor + all_minor + told.released_minor
        assert income_minor == told.fee_minor + told.reserve_minor + told.net_minor + told.carried_minor
        opening_minor = told.carried_minor


def is_refund(event: e.EventData) -> bool:
    """The merchant gave something back."""
    return isinstance(event, e.PaymentRefunded) and moved_on(ACCOUNT, event) != 0


def is_charge_back(event: e.EventData) -> bool:
    """A card payment to the merchant was taken back."""
    return isinstance(event, e.PaymentReturned) and event.facts.creditor_account_id == ACCOUNT


def fee_in_decimal(amount_minor: int) -> int:
    """The fee of a payment by the terms of the shop, in decimal arithmetic."""
    share = Decimal(amount_minor) * TERMS.basis_points / 10_000
    return int(share.quantize(Decimal(1), ROUND_HALF_EVEN)) + TERMS.payment_minor


def check_money(shop: Shop) -> None:
    """Nothing is lost or made: net, fees, reserves and what is still on the account are what was moved there."""
    moved_minor = sum(moved_on(ACCOUNT, one) for one in shop.events if not isinstance(one, e.SettlementClosed))
    told = [closed.figures for closed in shop.closed]
    reserved_minor = sum(one.reserve_minor - one.released_minor for one in told)
    settled_minor = sum(one.net_minor + one.fee_minor for one in told) + reserved_minor
    assert settled_minor + shop.account(ACCOUNT).posted_minor == moved_minor
    assert shop.account(FEES).posted_minor == sum(one.fee_minor for one in told)
    assert shop.account(RESERVE).posted_minor == reserved_minor
    assert sum(reserve.amount_minor for reserve in shop.merchant.reserves) == reserved_minor


def check_payouts(shop: Shop) -> None:
    """What was paid of a settlement is never more than its net, and what was not is on the payable account."""
    for one in settlements(shop):
        own = [payment for payment in payouts(shop) if payment.settlement_id == one.settlement_id]
        arrived_minor = sum(payment.amount_minor for payment in own if payment.state == "settled")
        back_minor = sum(payment.returned_minor for payment in own)
        running_minor = sum(payment.amount_minor for payment in own if not payment.is_final)
        assert arrived_minor - back_minor == one.paid_minor
        assert one.paid_minor + running_minor <= one.net_minor
        assert one.net_minor == one.unpaid_minor + one.on_its_way_minor + one.paid_minor + one.diverted_minor
        assert len([payment for payment in own if not payment.is_final]) <= 1
    owed_minor = sum(one.unpaid_minor + one.on_its_way_minor for one in settlements(shop))
    assert shop.account(PAYABLE).posted_minor == owed_minor

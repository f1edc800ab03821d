"""Every way a decision about merchants, settlements or clearing refuses, as a table; see tests/ledger/refusals.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from contracts import commands as c
from contracts.commands.merchants import AskedSchedule
from contracts.rejections import Rejection as R
from tests.ledger.payments.bank import OTHER_IBAN, clearing_of, outcome, suspense_of
from tests.ledger.refusals import MAX, Row
from tests.ledger.settlement.shop import (
    ACCOUNT,
    COSTS,
    FEES,
    NOSTRO,
    PAYABLE,
    RESERVE,
    SHOP,
    Shop,
    define,
    with_reserve,
)
from tests.support.ledger import move, open_account

NO_SETTLEMENT: Final = "set_999999"


def a_shop() -> Shop:
    """A shop with a settlement in every state, at a cut-off that has come."""
    shop = Shop(with_reserve())
    for name in ("paying", "paid", "failed", "proposed", "contradicted"):
        shop.sell()
        shop.close()
        shop.named[name] = shop.closed[-1].settlement_id
    shop.pay_out(shop.named["paid"], "accepted")
    for name in ("failed", "proposed", "contradicted"):
        shop.pay_out(shop.named[name], "rejected")
    shop.as_("rita", retry(shop.named["proposed"]))
    payout = next(payment for payment in ended(shop) if payment.settlement_id == shop.named["contradicted"])
    shop.do(outcome(payout, "accepted"))
    shop.do(
        open_account("debit:eur", account_type="asset"),
        open_account("narrow", max_balance_minor=1),
        open_account("bounded", account_type="asset", max_balance_minor=1),
        open_account("usd", currency="USD"),
        open_account("usd:nostro", currency="USD", account_type="asset"),
        c.OpenAccount(account_id="closed:nostro", currency="EUR", account_type="asset"),
        c.CloseAccount(account_id="closed:nostro"),
        open_account("frozen:nostro", account_type="asset"),
        c.FreezeAccount(account_id="frozen:nostro"),
        settle_clearing("seen"),
    )
    due_at = shop.merchant.due_at
    assert due_at is not None
    shop.now = due_at
    return shop


def ended(shop: Shop) -> list[Any]:
    """All payouts that were rejected."""
    return [one for one in shop.state.records.values() if getattr(one, "state", None) == "rejected"]


def shop_where(*commands: Any) -> Shop:
    """A shop whose cut-off has come, after somebody did something to its accounts."""
    shop = Shop(with_reserve())
    shop.sell("50.00")
    shop.close()
    shop.sell()
    shop.now = shop.close_command.cut_off_at + timedelta(days=7)
    shop.do(*commands)
    return shop


def retry(settlement_id: str) -> c.RetryPayout:
    """Pay again."""
    return c.RetryPayout(settlement_id=settlement_id, reason="new details")


def settle_clearing(reference: str = "new", **other: Any) -> c.SettleClearing:
    """A processor paid us a hundred, less its fee."""
    terms: dict[str, Any] = {
        "rail": "card_psp",
        "currency": "EUR",
        "reference": reference,
        "settled_on": Shop().now.date(),
        "amount_minor": 10_000,
        "fee_minor": 165,
        "nostro_account_id": NOSTRO,
        "fee_account_id": COSTS,
    }
    return c.SettleClearing(**{**terms, **other})


SHOP_BANK: Final = a_shop()
FROZEN_PAYABLE: Final = shop_where(c.FreezeAccount(account_id=PAYABLE))
CLOSED_FEES: Final = shop_where(move(FEES, "world", 85), c.CloseAccount(account_id=FEES))
DRAINED_RESERVE: Final = shop_where(move(RESERVE, "world", 500))
FULL_FEES: Final = shop_where(
    open_account("deep", account_type="equity", overdraft="unlimited"), move("deep", FEES, MAX - 85)
)


def row(command: Any, rejection: R, pointer: str | None = None, *, bank: Shop = SHOP_BANK, by: str = "clerk") -> Row:
    """One refusal by the shop."""
    return Row(command, rejection, pointer, bank=bank, subject=by)


DEFINITIONS: Final = (
    row(define(payable_account_id=ACCOUNT), R.SAME_ACCOUNT, "/payable_account_id"),
    row(with_reserve(fee_account_id=RESERVE), R.SAME_ACCOUNT, "/reserve_account_id"),
    row(define(fee_account_id="nobody"), R.ACCOUNT_NOT_FOUND, "/fee_account_id"),
    row(define(fee_account_id="gone"), R.ACCOUNT_CLOSED, "/fee_account_id"),
    row(define(fee_account_id="frozen"), R.ACCOUNT_FROZEN, "/fee_account_id"),
    row(define(fee_account_id="usd"), R.CURRENCY_MISMATCH, "/fee_account_id"),
    row(define(fee_account_id="debit:eur"), R.MERCHANT_TERMS_CONTRADICT, "/fee_account_id"),
    row(define(fee_account_id="narrow"), R.MERCHANT_TERMS_CONTRADICT, "/fee_account_id"),
    row(define(merchant_id="other"), R.MERCHANT_TERMS_CONTRADICT, "/account_id"),
    row(define(account_id="bob"), R.MERCHANT_TERMS_CONTRADICT, "/account_id"),
    row(with_reserve(reserve_account_id="bob"), R.MERCHANT_TERMS_CONTRADICT, "/reserve_account_id"),
    row(with_reserve(schedule=AskedSchedule(cut_off="17:00", zone="Europe/Nowhere")), R.MERCHANT_TERMS_CONTRADICT,
        "/schedule"),
    row(define(merchant_id="dollars", account_id="usd", currency="USD", payable_account_id="usd:a",
               fee_account_id="usd:b"), R.ACCOUNT_NOT_FOUND, "/payable_account_id"),
)  # fmt: skip


def without_rail() -> Shop:
    """A shop with accounts in a currency in which no rail is defined."""
    shop = Shop()
    shop.do(*(open_account(f"usd:{name}", currency="USD") for name in ("a", "p", "f")))
    return shop


NO_RAIL: Final = without_rail()
IN_DOLLARS: Final = define(
    merchant_id="dollars", account_id="usd:a", payable_account_id="usd:p", fee_account_id="usd:f", currency="USD",
    creditor=c.Party(name="Dollars", iban=OTHER_IBAN),
)  # fmt: skip
MOVED_CURRENCY: Final = define(account_id="usd:a", payable_account_id="usd:p", fee_account_id="usd:f", currency="USD")

CLOSINGS: Final = (
    row(c.CloseSettlement(merchant_id="nobody", cut_off_at=SHOP_BANK.now), R.MERCHANT_NOT_FOUND, "/merchant_id"),
    row(c.CloseSettlement(merchant_id=SHOP, cut_off_at=SHOP_BANK.now - timedelta(days=1)), R.CUT_OFF_NOT_DUE,
        "/cut_off_at"),
    row(c.CloseSettlement(merchant_id=SHOP, cut_off_at=SHOP_BANK.now + timedelta(days=1)), R.CUT_OFF_NOT_DUE,
        "/cut_off_at"),
    row(FROZEN_PAYABLE.close_command, R.ACCOUNT_FROZEN, "/postings/7/account_id", bank=FROZEN_PAYABLE),
    row(CLOSED_FEES.close_command, R.ACCOUNT_CLOSED, "/postings/3/account_id", bank=CLOSED_FEES),
    row(DRAINED_RESERVE.close_command, R.INSUFFICIENT_FUNDS, bank=DRAINED_RESERVE),
    row(FULL_FEES.close_command, R.BALANCE_OUT_OF_RANGE, bank=FULL_FEES),
)  # fmt: skip

RETRIES: Final = (
    row(retry(NO_SETTLEMENT), R.SETTLEMENT_NOT_FOUND, "/settlement_id"),
    row(retry(SHOP_BANK.named["paying"]), R.SETTLEMENT_STATE_CONFLICT, "/settlement_id"),
    row(retry(SHOP_BANK.named["paid"]), R.SETTLEMENT_STATE_CONFLICT, "/settlement_id"),
    row(retry(SHOP_BANK.named["contradicted"]), R.SETTLEMENT_STATE_CONFLICT, "/settlement_id"),
    row(retry(SHOP_BANK.named["proposed"]), R.FOUR_EYES_REQUIRED, by="rita"),
)

CLEARINGS: Final = (
    row(settle_clearing(currency="USD"), R.RAIL_NOT_DEFINED, "/currency"),
    row(settle_clearing("seen"), R.CLEARING_ALREADY_SETTLED, "/reference"),
    row(
        settle_clearing(settled_on=SHOP_BANK.now.date() + timedelta(days=1)), R.EFFECTIVE_DATE_IN_FUTURE, "/settled_on"
    ),
    row(settle_clearing(nostro_account_id=clearing_of("card_psp")), R.SAME_ACCOUNT, "/nostro_account_id"),
    row(settle_clearing(fee_account_id=suspense_of("card_psp")), R.SAME_ACCOUNT, "/fee_account_id"),
    row(settle_clearing(nostro_account_id="nobody"), R.ACCOUNT_NOT_FOUND, "/nostro_account_id"),
    row(settle_clearing(nostro_account_id="closed:nostro"), R.ACCOUNT_CLOSED, "/nostro_account_id"),
    row(settle_clearing(nostro_account_id="frozen:nostro"), R.ACCOUNT_FROZEN, "/nostro_account_id"),
    row(settle_clearing(nostro_account_id="usd:nostro"), R.CURRENCY_MISMATCH, "/nostro_account_id"),
    row(settle_clearing(nostro_account_id="bob"), R.CLEARING_ACCOUNT_UNFIT, "/nostro_account_id"),
    row(settle_clearing(fee_account_id=NOSTRO), R.CLEARING_ACCOUNT_UNFIT, "/fee_account_id"),
    row(settle_clearing(amount_minor=-1, nostro_account_id="debit:eur"), R.INSUFFICIENT_FUNDS),
    row(settle_clearing(nostro_account_id="bounded"), R.BALANCE_LIMIT_EXCEEDED),
    row(settle_clearing(amount_minor=MAX, fee_minor=0), R.BALANCE_OUT_OF_RANGE),
)

NOT_BY_THE_SHOP: Final = (
    row(IN_DOLLARS, R.RAIL_NOT_DEFINED, "/payout_rail", bank=NO_RAIL),
    row(MOVED_CURRENCY, R.MERCHANT_TERMS_CONTRADICT, "/account_id", bank=NO_RAIL),
)

SETTLEMENT_ROWS: Final = (*DEFINITIONS, *NOT_BY_THE_SHOP, *CLOSINGS, *RETRIES, *CLEARINGS)

ACCOUNTS: Final = {R.ACCOUNT_NOT_FOUND, R.ACCOUNT_CLOSED, R.ACCOUNT_FROZEN, R.CURRENCY_MISMATCH, R.SAME_ACCOUNT}
REFUSALS_OF_SETTLEMENT: Final[dict[type[c.Command], set[R]]] = {
    c.DefineMerchant: ACCOUNTS | {R.MERCHANT_TERMS_CONTRADICT, R.RAIL_NOT_DEFINED},
    # Accounts are named by terms that were checked, so only their status and their balances can have changed.
    c.CloseSettlement: {
        R.MERCHANT_NOT_FOUND, R.CUT_OFF_NOT_DUE, R.ACCOUNT_CLOSED, R.ACCOUNT_FROZEN, R.INSUFFICIENT_FUNDS,
        R.BALANCE_OUT_OF_RANGE,
    },
    c.RetryPayout: {R.SETTLEMENT_NOT_FOUND, R.SETTLEMENT_STATE_CONFLICT, R.FOUR_EYES_REQUIRED},
    c.SettleClearing: ACCOUNTS | {
        R.RAIL_NOT_DEFINED, R.CLEARING_ALREADY_SETTLED, R.EFFECTIVE_DATE_IN_FUTURE, R.CLEARING_ACCOUNT_UNFIT,
        R.INSUFFICIENT_FUNDS, R.BALANCE_LIMIT_EXCEEDED, R.BALANCE_OUT_OF_RANGE,
    },
}  # fmt: skip

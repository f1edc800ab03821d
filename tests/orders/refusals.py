"""Every way a decision about standing orders or payment files refuses, as a table; see tests/ledger/refusals.py."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from contracts import commands as c
from contracts.rejections import Rejection as R
from tests.ledger.refusals import Row
from tests.support.ledger import BookInMemory, open_account

NO_ORDER: Final = "so_999"
FIRST_ON: Final = date(2026, 3, 2)
NEXT_ON: Final = date(2026, 4, 1)  # of an order on the first of each month
IBAN: Final = "DE89370400440532013000"
FILE: Final = c.ReceivePaymentFile(
    file_id="file-1", message="pain.001.001.09", message_id="MSG-1", sha256="0" * 64, transactions=1
)


def amount(value: str, currency: str = "EUR") -> c.InstructedAmount:
    return c.InstructedAmount(currency=currency, value=value)


def create(**changes: Any) -> c.CreateStandingOrder:
    """10.00 EUR from alice to bob on the first of each month."""
    recurrence = {"every": "month", "first_on": FIRST_ON, "day": 1, **changes.pop("recurrence", {})}
    fields: dict[str, Any] = {
        "debtor_account_id": "alice",
        "creditor_account_id": "bob",
        "instructed_amount": amount("10.00"),
        "end_to_end_id": "RENT",
        **changes,
    }
    return c.CreateStandingOrder(**fields, recurrence=c.WantedRecurrence(**recurrence))


def authorise(identifier: str, *, value: str = "10.00", currency: str = "EUR", payee: str = "bob") -> Any:
    return c.AuthoriseStandingOrder(
        standing_order_id=identifier, instructed_amount=amount(value, currency), payee=payee
    )


def issue(identifier: str, occurrence_on: date = NEXT_ON) -> c.IssueStandingOrder:
    return c.IssueStandingOrder(standing_order_id=identifier, occurrence_on=occurrence_on)


class Orders(BookInMemory):
    """A book with an order in every state that a command can meet."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("alice", "bob", "closed", "frozen"):
            self.do(open_account(name, overdraft="unlimited"))
        self.do(open_account("usd", currency="USD", overdraft="unlimited"))
        self.do(c.CloseAccount(account_id="closed"), c.FreezeAccount(account_id="frozen"))
        self.do(c.AssignIban(account_id="alice", iban=IBAN), FILE)
        self.active, self.suspended, self.cancelled = (self.made() for _ in range(3))
        self.do(c.SuspendStandingOrder(standing_order_id=self.suspended))
        self.do(c.CancelStandingOrder(standing_order_id=self.cancelled))
        self.do(c.DefineAuthentication(currency="EUR", amount_from_minor=1, minutes=5))
        self.late = self.made()
        self.now += timedelta(minutes=5)
        self.unauthorised = self.made()

    def made(self) -> str:
        identifier: str = self.do(create()).standing_order_id
        return identifier


def orders_on(day: date) -> Orders:
    """The same book, on the morning of a later day."""
    orders = Orders()
    orders.now += timedelta(days=(day - orders.now.date()).days)
    return orders


TODAY: Final = Orders()
LATER: Final = orders_on(NEXT_ON)
ISSUED: Final = orders_on(NEXT_ON)
ISSUED.do(issue(ISSUED.active))

CREATED: Final = (
    Row(create(instructed_amount=amount("1.00", "XAU")), R.CURRENCY_UNKNOWN, "/instructed_amount/currency", TODAY),
    Row(create(instructed_amount=amount("1")), R.WRONG_SCALE, "/instructed_amount/value", TODAY),
    Row(create(instructed_amount=amount("0.00")), R.AMOUNT_OUT_OF_RANGE, "/instructed_amount/value", TODAY),
    Row(create(recurrence={"first_on": FIRST_ON - timedelta(days=1)}), R.STANDING_ORDER_BEGINS_IN_PAST,
        "/recurrence/first_on", TODAY),
    Row(create(recurrence={"first_on": FIRST_ON + timedelta(days=367)}), R.EXECUTION_DATE_TOO_FAR,
        "/recurrence/first_on", TODAY),
    Row(create(recurrence={"day": 20, "last_on": FIRST_ON}), R.STANDING_ORDER_NEVER_DUE, "/recurrence/last_on", TODAY),
    Row(create(creditor_account_id="alice"), R.SAME_ACCOUNT, "/creditor_account_id", TODAY),
    Row(create(debtor_account_id="nobody"), R.ACCOUNT_NOT_FOUND, "/debtor_account_id", TODAY),
    Row(create(creditor_account_id="nobody"), R.ACCOUNT_NOT_FOUND, "/creditor_account_id", TODAY),
    Row(create(creditor_account_id="closed"), R.ACCOUNT_CLOSED, "/creditor_account_id", TODAY),
    Row(create(debtor_account_id="frozen"), R.ACCOUNT_FROZEN, "/debtor_account_id", TODAY),
    Row(create(instructed_amount=amount("1.00", "USD")), R.CURRENCY_MISMATCH, "/debtor_account_id", TODAY),
    Row(create(creditor_account_id="usd"), R.CURRENCY_MISMATCH, "/creditor_account_id", TODAY),
    Row(create(payment_type="credit_transfer", creditor_account_id=None, creditor=c.Party(name="Landlord", iban=IBAN)),
        R.RAIL_NOT_DEFINED, "/instructed_amount/currency", TODAY),
)  # fmt: skip

AUTHORISED: Final = (
    Row(authorise(NO_ORDER), R.STANDING_ORDER_NOT_FOUND, "/standing_order_id", TODAY),
    Row(authorise(TODAY.active), R.STANDING_ORDER_STATE_CONFLICT, "/standing_order_id", TODAY),
    Row(authorise(TODAY.late), R.AUTHORISATION_EXPIRED, None, TODAY),
    *(Row(authorise(TODAY.unauthorised, **wrong), R.AUTHORISATION_DIFFERS, None, TODAY) for wrong in (
        {"value": "10.01"}, {"value": "10"}, {"currency": "USD"}, {"currency": "XAU"}, {"payee": "carol"},
    )),
)  # fmt: skip

ISSUED_ONCE: Final = (
    Row(issue(NO_ORDER), R.STANDING_ORDER_NOT_FOUND, "/standing_order_id", LATER),
    Row(issue(LATER.suspended), R.STANDING_ORDER_STATE_CONFLICT, "/standing_order_id", LATER),
    Row(issue(TODAY.active), R.STANDING_ORDER_NOT_DUE, "/occurrence_on", TODAY),
    Row(issue(LATER.active, FIRST_ON), R.OCCURRENCE_ALREADY_ISSUED, "/occurrence_on", LATER),
    Row(issue(ISSUED.active), R.OCCURRENCE_ALREADY_ISSUED, "/occurrence_on", ISSUED),
    Row(issue(LATER.active, NEXT_ON + timedelta(days=1)), R.OCCURRENCE_NOT_NEXT, "/occurrence_on", LATER),
)

ENDED: Final = tuple(
    Row(wish(standing_order_id=identifier), rejection, "/standing_order_id", TODAY)
    for wish, conflicting in (
        (c.SuspendStandingOrder, TODAY.suspended),
        (c.ResumeStandingOrder, TODAY.active),
        (c.CancelStandingOrder, TODAY.cancelled),
    )
    for identifier, rejection in (
        (NO_ORDER, R.STANDING_ORDER_NOT_FOUND),
        (conflicting, R.STANDING_ORDER_STATE_CONFLICT),
    )
)

FILES: Final = (
    Row(c.AssignIban(account_id="nobody", iban=IBAN), R.ACCOUNT_NOT_FOUND, "/account_id", TODAY),
    Row(c.AssignIban(account_id="closed", iban=IBAN), R.ACCOUNT_CLOSED, "/account_id", TODAY),
    Row(c.AssignIban(account_id="bob", iban=IBAN), R.IBAN_ALREADY_ASSIGNED, "/iban", TODAY),
    Row(FILE, R.PAYMENT_FILE_DUPLICATE, "/message_id", TODAY),
)

ORDER_ROWS: Final = (*CREATED, *AUTHORISED, *ISSUED_ONCE, *ENDED, *FILES)

NOT_ITS_STATE: Final = {R.STANDING_ORDER_NOT_FOUND, R.STANDING_ORDER_STATE_CONFLICT}
REFUSALS_OF_ORDERS: Final[dict[type[c.Command], set[R]]] = {
    c.AssignIban: {R.ACCOUNT_NOT_FOUND, R.ACCOUNT_CLOSED, R.IBAN_ALREADY_ASSIGNED},
    c.ReceivePaymentFile: {R.PAYMENT_FILE_DUPLICATE},
    c.CreateStandingOrder: {
        R.CURRENCY_UNKNOWN, R.WRONG_SCALE, R.AMOUNT_OUT_OF_RANGE, R.STANDING_ORDER_BEGINS_IN_PAST,
        R.EXECUTION_DATE_TOO_FAR, R.STANDING_ORDER_NEVER_DUE, R.SAME_ACCOUNT, R.ACCOUNT_NOT_FOUND, R.ACCOUNT_CLOSED,
        R.ACCOUNT_FROZEN, R.CURRENCY_MISMATCH, R.RAIL_NOT_DEFINED,
    },
    c.AuthoriseStandingOrder: NOT_ITS_STATE | {R.AUTHORISATION_EXPIRED, R.AUTHORISATION_DIFFERS},
    c.IssueStandingOrder: NOT_ITS_STATE | {
        R.OCCURRENCE_ALREADY_ISSUED, R.OCCURRENCE_NOT_NEXT, R.STANDING_ORDER_NOT_DUE,
    },
    c.SuspendStandingOrder: NOT_ITS_STATE,
    c.ResumeStandingOrder: NOT_ITS_STATE,
    c.CancelStandingOrder: NOT_ITS_STATE,
}  # fmt: skip

# Why one transaction of a file is no payment: told in the file's report, never the answer to a command.
OF_A_TRANSACTION: Final = {
    R.CREDITOR_BIC_INVALID, R.CREDITOR_IBAN_INVALID, R.CREDITOR_REFUSED, R.DEBTOR_ACCOUNT_UNKNOWN,
    R.TRANSACTION_INVALID, R.TRANSACTION_NOT_SUPPORTED,
}  # fmt: skip

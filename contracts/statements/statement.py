"""BankStatement: what a bank says happened on an account, whatever the format it said it in.

Amounts are integers in minor units, signed from the account holder's view: money in is positive, money out negative. A
statement is handed out only if its opening balance and its booked lines add up to its closing balance.
"""

from datetime import date, datetime
from typing import Final

from msgspec import Struct

from contracts.file_refusals import FileRefusalCode, wrong
from contracts.money import text_of
from contracts.written_amounts import scale_of

BOOKED: Final = "BOOK"
STATEMENTS_MAX: Final = 10_000
LINES_MAX: Final = 500_000


class Balance(Struct, frozen=True, kw_only=True):
    """A balance. ``kind`` is ISO's code (OPBD, CLBD, PRCD, ITBD, OPAV, CLAV)."""

    kind: str
    amount_minor: int
    on: date


class References(Struct, frozen=True, kw_only=True):
    """The names under which a payment is known to its parties and banks.

    ``cheque_number`` is text as written; some banks put a masked card number there (``************6579``).
    """

    end_to_end_id: str | None = None
    uetr: str | None = None
    instruction_id: str | None = None
    transaction_id: str | None = None
    payment_info_id: str | None = None
    message_id: str | None = None
    mandate_id: str | None = None
    account_servicer_ref: str | None = None
    cheque_number: str | None = None


class Counterparty(Struct, frozen=True, kw_only=True):
    """Who paid, or was paid: name, IBAN or another account id, and bank."""

    name: str | None = None
    iban: str | None = None
    other_id: str | None = None
    bic: str | None = None


class LineDetail(Struct, frozen=True, kw_only=True):
    """One transaction inside a batch line. ``amount_minor`` is None where the bank gives it in another currency."""

    amount_minor: int | None = None
    references: References = References()
    counterparty: Counterparty | None = None
    remittance: str = ""


class LineBatch(Struct, frozen=True, kw_only=True):
    """A line that stands for several transactions: how many, and those of them that the statement shows."""

    transaction_count: int
    payment_info_id: str | None = None
    message_id: str | None = None
    details: tuple[LineDetail, ...] = ()


class BankLine(Struct, frozen=True, kw_only=True):
    """One entry of a bank's statement.

    ``reversal`` says that it takes an earlier entry back; its sign is already that of the taking back. ``code`` is the
    bank transaction code: ISO's domain-family-subfamily (PMNT-RCDT-ESCT) or the bank's own.
    """

    amount_minor: int
    currency: str
    booked_on: date
    valued_on: date | None = None
    status: str = BOOKED
    reversal: bool = False
    code: str | None = None
    entry_ref: str | None = None
    references: References = References()
    counterparty: Counterparty | None = None
    remittance: str = ""
    batch: LineBatch | None = None


class BankStatement(Struct, frozen=True, kw_only=True):
    """A statement of one account in one currency, with lines in the bank's order. The account has one of both ids."""

    statement_id: str
    currency: str
    opening: Balance
    closing: Balance
    lines: tuple[BankLine, ...]
    iban: str | None = None
    other_account_id: str | None = None
    sequence: str | None = None
    from_moment: date | datetime | None = None
    to_moment: date | datetime | None = None

    @property
    def booked_minor(self) -> int:
        """Sum of the booked lines, signed."""
        return sum(line.amount_minor for line in self.lines if line.status == BOOKED)


def checked(statement: BankStatement, where: str) -> BankStatement:
    """Give the statement back if it adds up, in one currency. Raises Unreadable with all three figures."""
    for nth, line in enumerate(statement.lines, start=1):
        if line.currency != statement.currency:
            raise wrong(
                FileRefusalCode.CURRENCY_MISMATCH,
                f"the line is in {line.currency}, the account in {statement.currency}",
                f"{where}, line {nth}",
            )
    expected = statement.opening.amount_minor + statement.booked_minor
    if expected != statement.closing.amount_minor:
        scale = scale_of(statement.currency, where=where)
        opening, booked, total, closing = (
            text_of(minor, scale=scale)
            for minor in (
                statement.opening.amount_minor, statement.booked_minor, expected, statement.closing.amount_minor,
            )
        )  # fmt: skip
        raise wrong(
            FileRefusalCode.UNBALANCED_STATEMENT,
            f"opening {opening} and booked lines {booked} make {total}, but closing is {closing} {statement.currency}",
            where,
        )
    return statement

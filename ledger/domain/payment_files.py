"""Payment files and the IBANs of accounts: which file came, under what name, and why a transaction of it is no payment.

A file is taken before its first payment is made. So its idempotency key is spent on exactly this file, and the same
MsgId under another key does not pay twice. Every transaction then has an outcome of its own under a key of its own: a
payment, or a refusal that is remembered, so that the same file is answered with the same statuses for ever.
"""

from typing import Final

from msgspec import Struct

from contracts.commands.payment_files import AssignIban, ReceivePaymentFile
from contracts.events import IbanAssigned, PaymentFileReceived
from contracts.rejections import Refused, Rejection
from ledger.domain.contexts import Context, Touched
from ledger.domain.records import Record
from ledger.domain.state import Moment, State

IBAN: Final = "iban"
PAYMENT_FILE: Final = "payment_file"


class AssignedIban(Record, frozen=True, kw_only=True):
    """Whose an IBAN is. The record's id is the IBAN's keyed hash."""

    account_id: str


class ReceivedFile(Record, frozen=True, kw_only=True):
    """A payment file that came, by its content."""

    sha256: str


class SealedIban(Struct, frozen=True, kw_only=True):
    """An assignment with what the door made of the IBAN: its keyed hash, itself sealed and masked."""

    command: AssignIban
    iban_id: str
    iban: str
    iban_masked: str
    subject: str


class UnpayableTransaction(Struct, frozen=True, kw_only=True):
    """A transaction of a payment file that is no payment, and why; its refusal is remembered like every other."""

    rejection: Rejection
    detail: str


def decide_assign(command: SealedIban, state: State, moment: Moment) -> IbanAssigned | Refused:
    """Give an IBAN to an account, for good."""
    account_id = command.command.account_id
    account = state.account(account_id)
    if account is None:
        return Refused(Rejection.ACCOUNT_NOT_FOUND, f"account {account_id} does not exist", "/account_id")
    if account.status == "closed":
        return Refused(Rejection.ACCOUNT_CLOSED, f"account {account_id} is closed", "/account_id")
    if state.record(IBAN, command.iban_id) is not None:
        return Refused(Rejection.IBAN_ALREADY_ASSIGNED, f"{command.iban_masked} is an account's already", "/iban")
    return IbanAssigned(
        account_id=account_id,
        iban=command.iban,
        iban_id=command.iban_id,
        iban_masked=command.iban_masked,
        subject=command.subject,
    )


def decide_receive(command: ReceivePaymentFile, state: State, moment: Moment) -> PaymentFileReceived | Refused:
    """Take a file that did not come before."""
    if state.record(PAYMENT_FILE, command.file_id) is not None:
        return Refused(
            Rejection.PAYMENT_FILE_DUPLICATE,
            f"a file with the MsgId {command.message_id} came before; send that one under its own key",
            "/message_id",
        )
    return PaymentFileReceived(
        file_id=command.file_id,
        message=command.message,
        message_id=command.message_id,
        sha256=command.sha256,
        transactions=command.transactions,
        received_at=moment.now,
        received_by=moment.subject,
    )


def decide_unpayable(command: UnpayableTransaction, state: State, moment: Moment) -> Refused:
    """Refuse, under the transaction's key."""
    return Refused(command.rejection, command.detail)


def evolve_assigned(state: State, event: IbanAssigned, position: int) -> None:
    """Know whose the IBAN is."""
    state.records[IBAN, event.iban_id] = AssignedIban(account_id=event.account_id)


def evolve_received(state: State, event: PaymentFileReceived, position: int) -> None:
    """Know the file."""
    state.records[PAYMENT_FILE, event.file_id] = ReceivedFile(sha256=event.sha256)


def _touch_iban(command: SealedIban, touched: Touched) -> None:
    touched.accounts.add(command.command.account_id)
    touched.records.add((IBAN, command.iban_id))


def _touch_file(command: ReceivePaymentFile, touched: Touched) -> None:
    touched.records.add((PAYMENT_FILE, command.file_id))


def _touch_nothing(command: UnpayableTransaction, touched: Touched) -> None:
    return


CONTEXT: Final = Context(
    deciders={
        SealedIban: decide_assign,
        ReceivePaymentFile: decide_receive,
        UnpayableTransaction: decide_unpayable,
    },
    evolvers={IbanAssigned: evolve_assigned, PaymentFileReceived: evolve_received},
    touches={SealedIban: _touch_iban, ReceivePaymentFile: _touch_file, UnpayableTransaction: _touch_nothing},
    records={IBAN: AssignedIban, PAYMENT_FILE: ReceivedFile},
)

"""The read models' layout: what the projectors write and the query API reads, spelled once.

Three models. ``wallets`` and ``desk`` live in Redis and answer "now"; ``lake`` is a folder of Delta tables and answers
"when". All are disposable: deleting one makes the projectors build it again from the book.

In Redis every amount and position is decimal text, never a number of Lua, which would be a float. Things that later
events change (accounts, holds, payments) are hashes, so that a change sets fields and reads nothing; the ``*_of``
functions here turn such a hash into a struct. A hash that is not there is an empty mapping: look before you decode.

A change of meaning or of a key's kind is a new version of the model, built beside the old one.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, Literal, TypeVar

import msgspec
from msgspec import Struct

from contracts.commands import AccountType, CurrencyAmount, Overdraft, Side
from contracts.events import HoldStatus, PaymentStatus
from contracts.lake import THINGS_COLUMNS, THINGS_TABLE, LakeColumn
from contracts.payment_codes import PaymentType, RailName
from contracts.risk import RiskAssessment
from contracts.subjects import redis_prefix

WALLETS: Final = "wallets"
WALLETS_VERSION: Final = 2
LAKE: Final = "lake"
LAKE_VERSION: Final = 2
LAKE_FIRST_VERSION: Final = 2  # its tables are in the ledger's folder itself, those of later ones in a folder in it
LAKE_POINTER: Final = "ACTIVE"  # file in the ledger's folder: the version that readers use; absent: the first
DESK: Final = "desk"  # its layout is in contracts/desk.py
READ_MODELS: Final = (WALLETS, DESK, LAKE)

STATEMENT_LINES_MAX: Final = 50  # newest lines kept per account; older ones are in the lake
LEGS_PER_POSITION: Final = 128  # more than any event has postings
VOLUME_LIMB_BITS: Final = 31  # see volume_fields
VOLUME_LIMBS: Final = 4
PAYMENT_JSON: Final = ("metadata", "instructed_amount", "causes", "risk")  # fields of a payment kept as JSON
EVENT_FIELD: Final = "event:"  # of a hold or payment: event:<position> -> JSON of a Step

QUEUES: Final = ("review", "authorisation", "parked")  # where payments wait for somebody
PaymentQueue = Literal["review", "authorisation", "parked"]

AccountStatus = Literal["open", "frozen", "closed"]
Fields = Mapping[bytes, bytes]
View = TypeVar("View", bound=Struct)


class WalletsKeys(Struct, frozen=True):
    """The Redis keys of one version of ``wallets``. The prefix keeps them in one cluster slot."""

    ledger: str
    version: int = WALLETS_VERSION

    @property
    def prefix(self) -> str:
        """What every key of this model begins with."""
        return redis_prefix(self.ledger, WALLETS, self.version)

    @property
    def checkpoint(self) -> str:
        """Hash {position, recorded_at}; moved by the same call as the data. Absent: position 0.

        While ``bursar rebuild`` empties the model it also has the field ``fence``: the data is not to be trusted then.
        While a version that nobody reads is built from windows it has ``ahead`` and ``attempt``: up to where parts of
        it may be ahead of its position, and who writes the window.
        """
        return f"{self.prefix}checkpoint"

    @property
    def accounts(self) -> str:
        """Sorted set of all account ids, all with score 0, so that ZRANGE BYLEX pages them by prefix."""
        return f"{self.prefix}accounts"

    @property
    def payments(self) -> str:
        """Sorted set of payment ids by the position that initiated them."""
        return f"{self.prefix}payments"

    @property
    def totals(self) -> str:
        """Hash of counters, see ``totals_of``."""
        return f"{self.prefix}totals"

    def account(self, account_id: str) -> str:
        """Hash of one account, see ``account_of``."""
        return f"{self.prefix}account:{account_id}"

    def statement(self, account_id: str) -> str:
        """Sorted set of the account's newest StatementLines as JSON, scored by ``statement_score``."""
        return f"{self.prefix}statement:{account_id}"

    def hold(self, hold_id: str) -> str:
        """Hash of one hold, see ``hold_of``."""
        return f"{self.prefix}hold:{hold_id}"

    def holds(self, account_id: str) -> str:
        """Sorted set of the open holds that touch an account, by the position that placed them."""
        return f"{self.prefix}holds:{account_id}"

    def payment(self, payment_id: str) -> str:
        """Hash of one payment, see ``payment_of``."""
        return f"{self.prefix}payment:{payment_id}"

    def payments_in(self, status: str) -> str:
        """Sorted set of the payments that are in ``status`` now, by the position that initiated them."""
        return f"{self.prefix}payments:{status}"

    def payments_by(self, index: str, value: str) -> str:
        """Sorted set of the payments of a customer_id, payee_id or end_to_end_id, or that wait in a queue."""
        return f"{self.prefix}payments:{index}:{value}"


class Checkpoint(Struct, frozen=True, kw_only=True):
    """Up to where a model has applied the book, and when that last event was recorded (None at position 0)."""

    position: int = 0
    recorded_at: datetime | None = None
    fence: str | None = None
    ahead: int = 0


class AccountState(Struct, frozen=True, kw_only=True):
    """An account as of the model's checkpoint. Balances in the normal side; ``position``: its last change."""

    account_id: str
    currency: str
    scale: int
    account_type: AccountType
    normal_side: Side
    overdraft: Overdraft
    credit_limit_minor: int
    max_balance_minor: int | None = None
    status: AccountStatus
    metadata: dict[str, str] | None = None
    customer_id: str | None = None
    opened_at: datetime
    posted_minor: int
    held_minor: int
    position: int

    @property
    def available_minor(self) -> int:
        """What may still be spent, before any overdraft."""
        return self.posted_minor - self.held_minor


class StatementLine(Struct, frozen=True, kw_only=True):
    """One entry on an account. ``id``: the transfer; ``type``: the event; ``posted_minor``: the balance it left."""

    position: int
    leg: int
    id: str
    type: str
    side: Side
    amount_minor: int
    posted_minor: int
    effective_date: date
    recorded_at: datetime
    reference: str | None


class Step(Struct, frozen=True, kw_only=True):
    """One event in the life of a hold or payment."""

    position: int
    type: str
    recorded_at: datetime


class HoldLegState(Struct, frozen=True, kw_only=True):
    """One leg of a hold and what of it is still reserved."""

    debit_account_id: str
    credit_account_id: str
    amount_minor: int
    currency: str
    remaining_minor: int


class HoldState(Struct, frozen=True, kw_only=True):
    """A hold as of the model's checkpoint, with its events in order."""

    hold_id: str
    status: HoldStatus
    expires_at: datetime
    legs: tuple[HoldLegState, ...]
    reference: str | None = None
    metadata: dict[str, str] | None = None
    events: tuple[Step, ...]


class PaymentState(Struct, frozen=True, kw_only=True):
    """A payment as of the model's checkpoint, with its events in order. ``parked``: why it waits for a person."""

    payment_id: str
    payment_type: PaymentType
    rail: RailName
    status: PaymentStatus
    debtor_account_id: str | None = None
    creditor_account_id: str | None = None
    payee_id: str | None = None
    iban_masked: str | None = None
    customer_id: str | None = None
    standing_order_id: str | None = None
    instructed_amount: CurrencyAmount
    amount_minor: int
    fee_minor: int = 0
    refunded_minor: int = 0
    returned_minor: int = 0
    end_to_end_id: str
    requested_execution_date: date | None = None
    remittance_information: str | None = None
    metadata: dict[str, str] | None = None
    causes: tuple[str, ...] = ()
    risk: RiskAssessment | None = None
    instruction_id: str | None = None
    rail_reference: str | None = None
    parked: str = ""
    cause: str | None = None
    transfer_id: str | None = None
    reason_code: str | None = None
    detail: str | None = None
    events: tuple[Step, ...]


class Totals(Struct, frozen=True, kw_only=True):
    """The ledger in figures. ``volume_minor``: sum of all debits by currency; ``entries``: postings by currency."""

    accounts: int = 0
    transfers: int = 0
    holds_open: int = 0
    payments: dict[str, int]
    volume_minor: dict[str, int]
    entries: dict[str, int]


def statement_score(position: int, leg: int) -> int:
    """Order of a statement line; exact as a Redis score (a double) up to position 2**46."""
    return position * LEGS_PER_POSITION + leg


def checkpoint_of(fields: Fields) -> Checkpoint:
    """Decode the checkpoint's hash; an empty one is position 0."""
    return msgspec.convert(_text(fields), Checkpoint, strict=False)


def account_of(account_id: str, fields: Fields) -> AccountState:
    """Decode the hash of an account that exists."""
    return _decode(fields, AccountState, json_fields=("metadata",), account_id=account_id)


def hold_of(hold_id: str, fields: Fields) -> HoldState:
    """Decode the hash of a hold that exists. What an ended hold had left counts as given back: nothing remains."""
    raw = _text(fields)
    is_open = raw["status"] == "open"
    remaining: list[int] = msgspec.json.decode(raw.pop("remaining_minor"))
    legs = msgspec.json.decode(raw.pop("legs"))
    states = [{**leg, "remaining_minor": left if is_open else 0} for leg, left in zip(legs, remaining, strict=True)]
    rest = {name.encode(): value.encode() for name, value in raw.items()}
    return _decode(rest, HoldState, json_fields=("metadata",), hold_id=hold_id, legs=states)


def payment_of(payment_id: str, fields: Fields) -> PaymentState:
    """Decode the hash of a payment that exists."""
    return _decode(fields, PaymentState, json_fields=PAYMENT_JSON, payment_id=payment_id)


def totals_of(fields: Fields) -> Totals:
    """Decode the counters; an empty hash is a ledger without events. Currencies and statuses at zero are left out."""
    counted: dict[str, int] = {}
    grouped: dict[str, dict[str, int]] = {"payments": {}, "volume_minor": {}, "entries": {}}
    for name, value in _text(fields).items():
        group, _, label = name.partition(":")
        if group not in grouped:
            counted[group] = int(value)
            continue
        label, _, limb = label.partition(":")
        shift = VOLUME_LIMB_BITS * int(limb or 0)
        grouped[group][label] = grouped[group].get(label, 0) + (int(value) << shift)
    groups = {name: {label: count for label, count in counts.items() if count} for name, counts in grouped.items()}
    return msgspec.convert({**counted, **groups}, Totals)


def volume_fields(currency: str, amount_minor: int) -> dict[str, int]:
    """Split an increment of a volume over counters that together never overflow.

    A volume outgrows 64 bits long before any balance does, and HINCRBY refuses to overflow. Each limb but the last
    takes less than 2**VOLUME_LIMB_BITS per call, so it has room for 2**32 calls.
    """
    mask = (1 << VOLUME_LIMB_BITS) - 1
    limbs = [(amount_minor >> (VOLUME_LIMB_BITS * limb)) & mask for limb in range(VOLUME_LIMBS - 1)]
    limbs.append(amount_minor >> (VOLUME_LIMB_BITS * (VOLUME_LIMBS - 1)))
    return {f"volume_minor:{currency}:{limb}": value for limb, value in enumerate(limbs) if value}


def lake_version_folder(version: int) -> str:
    """Where in the ledger's folder the tables of a version are."""
    return "." if version == LAKE_FIRST_VERSION else f"v{version}"


# Application id of the Delta ``txn`` that carries a table's checkpoint. Tables are committed in LAKE_WRITE_ORDER,
# entries last; a reader pins itself to the smallest of the versions, P, and filters ``position <= P``. A table that an
# older lake lacks is at 0: the projector reads the book again from there, and fills that table and no other.
LAKE_TXN_APP: Final = "bursar-lake"
ENTRIES_TABLE: Final = "entries"
ACCOUNTS_TABLE: Final = "accounts"
PAYMENTS_TABLE: Final = "payments"

ENTRIES_COLUMNS: Final = (
    LakeColumn("position", "int64", "position of the event that booked the entry"),
    LakeColumn("leg", "int16", "number of the posting within the event, from 0"),
    LakeColumn("event_type", "string", "transfer_posted, transfer_reversed, hold_captured or payment_settled"),
    LakeColumn("transfer_id", "string", "the transfer the entry belongs to, xfer_<position>"),
    LakeColumn("account_id", "string", "the account"),
    LakeColumn("currency", "string", "currency of the account and the amount"),
    LakeColumn("scale", "int16", "decimal places of the currency"),
    LakeColumn("account_type", "string", "asset, liability, equity, income or expense"),
    LakeColumn("amount_minor", "int64", "debit positive, credit negative, in minor units"),
    LakeColumn("posted_minor", "int64", "balance the entry left, in the account's normal side"),
    LakeColumn("effective_date", "date", "day from which the entry counts"),
    LakeColumn("recorded_at", "timestamp", "when the book decided"),
    LakeColumn("reference", "string", "the client's own reference", nullable=True),
    LakeColumn("reverses", "string", "the transfer this one undoes, in whole or part", nullable=True),
)

ACCOUNTS_COLUMNS: Final = (
    LakeColumn("position", "int64", "position of the change"),
    LakeColumn("account_id", "string", "the account; its row with the highest position is its state"),
    LakeColumn("currency", "string", "currency of the account"),
    LakeColumn("scale", "int16", "decimal places of the currency"),
    LakeColumn("account_type", "string", "asset, liability, equity, income or expense"),
    LakeColumn("normal_side", "string", "debit or credit"),
    LakeColumn("status", "string", "open, frozen or closed, after the change"),
    LakeColumn("overdraft", "string", "forbidden, limited or unlimited"),
    LakeColumn("credit_limit_minor", "int64", "limit of a limited overdraft", nullable=True),
    LakeColumn("max_balance_minor", "int64", "greatest balance allowed", nullable=True),
    LakeColumn("change", "string", "type of the event that changed the account"),
    LakeColumn("recorded_at", "timestamp", "when the book decided"),
)

PAYMENTS_COLUMNS: Final = (
    LakeColumn("position", "int64", "position of the event"),
    LakeColumn("payment_id", "string", "the payment; its row with the highest position is its state"),
    LakeColumn("type", "string", "type of the event, such as payment_settled"),
    LakeColumn("status", "string", "ISO 20022 status after the event"),
    LakeColumn("payment_type", "string", "book_transfer, credit_transfer, card_top_up, payout or payment_request"),
    LakeColumn("rail", "string", "book, sct_inst, card_psp or file"),
    LakeColumn("customer_id", "string", "the customer who pays", nullable=True),
    LakeColumn("payee_id", "string", "keyed hash of the party outside", nullable=True),
    LakeColumn("currency", "string", "currency of the amount", nullable=True),
    LakeColumn("amount_minor", "int64", "amount of the payment, in minor units", nullable=True),
    LakeColumn("fee_minor", "int64", "fee of the payment; only in the row that initiated it", nullable=True),
    LakeColumn("reason_code", "string", "ISO 20022 reason of a rejection or return", nullable=True),
    LakeColumn("initiated_at", "timestamp", "when the payment was initiated", nullable=True),
    LakeColumn("recorded_at", "timestamp", "when the book decided"),
    LakeColumn("attempt", "int16", "number of the attempt on a rail, where the event is one", nullable=True),
)

LAKE_TABLES: Final = {
    ENTRIES_TABLE: ENTRIES_COLUMNS,
    ACCOUNTS_TABLE: ACCOUNTS_COLUMNS,
    PAYMENTS_TABLE: PAYMENTS_COLUMNS,
    THINGS_TABLE: THINGS_COLUMNS,
}
LAKE_WRITE_ORDER: Final = (ACCOUNTS_TABLE, THINGS_TABLE, PAYMENTS_TABLE, ENTRIES_TABLE)


def _text(fields: Fields) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in fields.items()}


def _decode(fields: Fields, kind: type[View], *, json_fields: tuple[str, ...], **known: Any) -> View:
    """Build a view from a hash: some fields are JSON, ``event:<position>`` fields become its ``events`` in order."""
    values: dict[str, Any] = dict(known)
    steps: list[Step] = []
    for name, value in fields.items():
        field = name.decode()
        if field.startswith(EVENT_FIELD):
            steps.append(msgspec.json.decode(value, type=Step))
        else:
            values[field] = msgspec.json.decode(value) if field in json_fields else value.decode()
    if steps:
        values["events"] = sorted(steps, key=lambda step: step.position)
    return msgspec.convert(values, kind, strict=False)

"""What a column of the lake is, and the table ``things``: what the other tables do not say, a row per event and thing.

A kind of thing here is whatever reports count besides entries, accounts and payments. Rows say only what their event
said: who wants the state of a thing as of a position takes the newest row that says something of it.

    kind                thing_id      label               account_id, other_account_id  amount_minor      details
    ------------------  ------------  ------------------  ----------------------------  ----------------  -------
    hold                hold                              debtor and creditor of a leg  what is reserved
    break               break         kind of difference  whose statement it is         lines - entries
    customer            customer      person or company                                                   country
    holder              account       its type            the account
    scheduled_payment   payment       payment type        debtor and creditor           amount
    standing_order      order         payment type        debtor and creditor           amount            recurrence
    fx_position         currency                          the position's account        quantity          rate
    rate                BASE/COUNTER                                                                      rate
    settlement          settlement    merchant            the merchant's account        net               figures
    clearing            reference     rail                the clearing account          amount            fee_minor
"""

from typing import Final, Literal

from msgspec import Struct

THINGS_TABLE: Final = "things"

ThingKind = Literal[
    "hold", "break", "customer", "holder", "scheduled_payment", "standing_order", "fx_position", "rate", "settlement",
    "clearing",
]  # fmt: skip


class LakeColumn(Struct, frozen=True):
    """A column of a lake table. Timestamps are in microseconds and UTC."""

    name: str
    type: Literal["int64", "int16", "string", "date", "timestamp"]
    meaning: str
    nullable: bool = False


THINGS_COLUMNS: Final = (
    LakeColumn("position", "int64", "position of the event"),
    LakeColumn("ordinal", "int16", "number of the row within the event, from 0; of a hold: the leg"),
    LakeColumn("kind", "string", "kind of thing: hold, break, customer, ..."),
    LakeColumn("thing_id", "string", "the thing"),
    LakeColumn("type", "string", "type of the event, such as hold_placed"),
    LakeColumn("status", "string", "status after the event, where it says one", nullable=True),
    LakeColumn("label", "string", "what sort of its kind it is", nullable=True),
    LakeColumn("account_id", "string", "the account it is about", nullable=True),
    LakeColumn("other_account_id", "string", "the account on the other side", nullable=True),
    LakeColumn("customer_id", "string", "the customer it is about", nullable=True),
    LakeColumn("currency", "string", "currency of the amount", nullable=True),
    LakeColumn("amount_minor", "int64", "amount, in minor units", nullable=True),
    LakeColumn("on_date", "date", "the day it is about: due, opened or settled", nullable=True),
    LakeColumn("due_at", "timestamp", "when it ends", nullable=True),
    LakeColumn("details", "string", "what else the event said, as a JSON object", nullable=True),
    LakeColumn("recorded_at", "timestamp", "when the book decided"),
)

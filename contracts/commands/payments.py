"""Commands about payments: what clients ask for, what operators decide, what rails report."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.commands.command import PRINTABLE, Command, Metadata, Reason, Reference
from contracts.ids import PAYMENT_PREFIX, REFUND_PREFIX, AccountId, PaymentId, QuoteId, RecallId
from contracts.money import AmountMinor, CurrencyCode, DecimalText
from contracts.payment_codes import RAIL_OF, PaymentType, RailName, RecallReason

AUTHORISATION_CHARS_MAX = 64

EndToEndId = Annotated[str, Meta(min_length=1, max_length=35, pattern=PRINTABLE)]
PartyName = Annotated[str, Meta(min_length=1, max_length=140, pattern=PRINTABLE)]
IbanText = Annotated[str, Meta(pattern=r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}\Z", examples=["DE89370400440532013000"])]
# ISO 9362: a branch of XXX is the head office, not a blank to fill in.
BicText = Annotated[str, Meta(pattern=r"^[A-Z0-9]{8}([A-Z0-9]{3})?\Z", examples=["COBADEFFXXX"])]
CountryCode = Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z", description="ISO 3166 country.", examples=["DE"])]
AddressLine = Annotated[str, Meta(min_length=1, max_length=70, pattern=PRINTABLE)]
CardToken = Annotated[str, Meta(pattern=r"^tok_[a-z0-9_]{1,60}\Z", description="The processor's token of a card.")]
ReasonCode = Annotated[str, Meta(pattern=r"^[A-Z0-9]{4}\Z", description="ISO 20022 status reason.", examples=["AM04"])]
InstructionId = Annotated[str, Meta(pattern=r"^pay_[1-9][0-9]{0,17}\.[1-9][0-9]{0,2}\Z", examples=["pay_44.1"])]
RefundInstructionId = Annotated[
    str,
    Meta(
        pattern=rf"^{PAYMENT_PREFIX}[1-9][0-9]{{0,17}}\.{REFUND_PREFIX}[1-9][0-9]{{0,17}}\Z",
        description="A refund, as its rail is asked for it: the payment and the refund.",
        examples=["pay_44.rfnd_48"],
    ),
]
PayeeText = Annotated[str, Meta(min_length=1, max_length=128, pattern=PRINTABLE)]
RailText = Annotated[str, Meta(min_length=1, max_length=64, pattern=PRINTABLE, description="A rail's own reference.")]


class CurrencyAmount(Struct, frozen=True, kw_only=True):
    """Decimal text in the currency's own scale. Events carry it; they are tolerant where commands are strict."""

    currency: CurrencyCode
    value: DecimalText


class InstructedAmount(CurrencyAmount, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amount as a payer writes it (ISO 20022 InstdAmt): decimal text in the currency's own scale."""


class Address(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A structured or hybrid postal address: town and country always, at most two free lines.

    Fully unstructured addresses are refused in SEPA and CBPR+ since November 2026.
    """

    town_name: AddressLine
    country: CountryCode
    street_name: AddressLine | None = None
    building_number: Annotated[str, Meta(min_length=1, max_length=16, pattern=PRINTABLE)] | None = None
    post_code: Annotated[str, Meta(min_length=1, max_length=16, pattern=PRINTABLE)] | None = None
    address_lines: Annotated[tuple[AddressLine, ...], Meta(max_length=2)] = ()


class Party(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody outside this ledger: a name, and an account at a bank or a card at a processor."""

    name: PartyName
    iban: IbanText | None = None
    bic: BicText | None = None
    card_token: CardToken | None = None
    address: Address | None = None

    def __post_init__(self) -> None:
        """Refuse a party that cannot be paid, or is named twice."""
        if (self.iban is None) == (self.card_token is None):
            raise ValueError("a party has either an iban or a card_token")


class InitiatePayment(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="initiate_payment"):
    """Pay: between accounts of this ledger, to an IBAN, from a card; now or on a date; or ask to be paid.

    ================  ===================  ====================  =================
    payment_type      debtor               creditor              rails
    ================  ===================  ====================  =================
    book_transfer     debtor_account_id    creditor_account_id   book
    payment_request   debtor_account_id    creditor_account_id   book
    credit_transfer   debtor_account_id    creditor (iban)       sct_inst, file
    payout            debtor_account_id    creditor              file, sct_inst, card_psp
    card_top_up       debtor (card_token)  creditor_account_id   card_psp
    ================  ===================  ====================  =================

    A book_transfer with ``quote_id`` exchanges currencies: ``instructed_amount`` is exactly what the quote sells, and
    the creditor gets what it buys.
    """

    payment_type: PaymentType = "book_transfer"
    rail: RailName | None = None
    debtor_account_id: AccountId | None = None
    creditor_account_id: AccountId | None = None
    debtor: Party | None = None
    creditor: Party | None = None
    instructed_amount: InstructedAmount
    end_to_end_id: EndToEndId
    remittance_information: Reference | None = None
    requested_execution_date: date | None = None
    quote_id: QuoteId | None = None
    metadata: Metadata | None = None

    def __post_init__(self) -> None:
        """Refuse parties and rails that do not go with the kind of payment."""
        inside = self.payment_type in ("book_transfer", "payment_request")
        _require("debtor_account_id", self.debtor_account_id, self.payment_type != "card_top_up", self.payment_type)
        _require("debtor", self.debtor, self.payment_type == "card_top_up", self.payment_type)
        _require(
            "creditor_account_id",
            self.creditor_account_id,
            inside or self.payment_type == "card_top_up",
            self.payment_type,
        )
        _require("creditor", self.creditor, self.payment_type in ("credit_transfer", "payout"), self.payment_type)
        if self.rail is not None and self.rail not in RAIL_OF[self.payment_type]:
            raise ValueError(
                f"a {self.payment_type} goes by {' or '.join(RAIL_OF[self.payment_type])}, not {self.rail}"
            )
        if self.quote_id is not None and self.payment_type != "book_transfer":
            raise ValueError("quote_id goes with a book_transfer")
        for name, party in (("debtor", self.debtor), ("creditor", self.creditor)):
            if party is not None and (party.card_token is not None) != (self.chosen_rail == "card_psp"):
                raise ValueError(f"{name}: card_psp pays by card_token, the other rails by iban")

    @property
    def chosen_rail(self) -> RailName:
        """The rail asked for, or the first one for this kind of payment."""
        return self.rail or RAIL_OF[self.payment_type][0]


def _require(field: str, value: object, wanted: bool, payment_type: str) -> None:
    if wanted and value is None:
        raise ValueError(f"a {payment_type} needs {field}")
    if not wanted and value is not None:
        raise ValueError(f"a {payment_type} has no {field}")


class AuthorisePayment(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="authorise_payment"):
    """Confirm a payment by strong customer authentication, naming again what is being authorised (dynamic linking).

    What is repeated here must be what was initiated, to the unit and character (RTS 2018/389, article 5); otherwise the
    authorisation is void. ``payee``: the creditor's IBAN, card token or account of this ledger.
    """

    payment_id: PaymentId
    instructed_amount: InstructedAmount
    payee: PayeeText


class DeclinePayment(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="decline_payment"):
    """As the payer, decline a request for payment."""

    payment_id: PaymentId
    reason: Reason | None = None


class CancelPayment(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="cancel_payment"):
    """Take back a payment that has not been given to a rail."""

    payment_id: PaymentId
    reason: Reason | None = None


class ReviewPayment(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="review_payment"):
    """Decide on a payment held for review. A screening hit needs two people who agree."""

    payment_id: PaymentId
    decision: Literal["release", "reject"]
    reason: Reason


class RefundPayment(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="refund_payment"):
    """Give back all that is left of a settled payment, or a part of it; never more than the original.

    A book payment is given back at once. Of a card top-up the processor is asked, with the amount held meanwhile. What
    was paid to somebody outside only they can give back, see RecallPayment.
    """

    payment_id: PaymentId
    amount_minor: AmountMinor | None = None
    reason: Reason | None = None


class RecallPayment(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="recall_payment"):
    """Ask the creditor's bank to give back a payment that has settled there; it may refuse."""

    payment_id: PaymentId
    reason: Reason
    reason_code: RecallReason = "CUST"


class ResolvePayment(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="resolve_payment"):
    """As an operator, move a payment that is stuck.

    ``retry`` asks the rail again. ``fail`` and ``force_settle`` end it by what the rail said outside Bursar; each
    needs two people.
    """

    payment_id: PaymentId
    action: Literal["retry", "fail", "force_settle"]
    reason: Reason


class StartPayment(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="start_payment"):
    """Begin a scheduled payment whose date has come. Sent by Bursar's own timer."""

    payment_id: PaymentId


class ExpirePayment(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="expire_payment"):
    """End a payment whose authorisation or answer was not given in time. Sent by Bursar's own timer."""

    payment_id: PaymentId


class InstructPayment(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="instruct_payment"):
    """Say in the book that an accepted payment is about to be given to its rail. Sent by Bursar's own saga."""

    payment_id: PaymentId


class RecordRailOutcome(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="record_rail_outcome"):
    """What a rail says became of an instruction.

    ``unknown``: not known, ask later. ``not_found``: the rail has not executed this instruction and never will.
    """

    payment_id: PaymentId
    instruction_id: InstructionId
    outcome: Literal["accepted", "rejected", "unknown", "not_found"]
    reason_code: ReasonCode | None = None
    rail_reference: RailText | None = None


class ParkPayment(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="park_payment"):
    """Say that a payment waits for a person: its rail gives no answer. Sent by Bursar's own saga."""

    payment_id: PaymentId
    reason: Reason


class RecordRefundOutcome(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="record_refund_outcome"):
    """What a rail says became of a refund. ``rejected``: it was not and never will be paid under this id."""

    payment_id: PaymentId
    instruction_id: RefundInstructionId
    outcome: Literal["accepted", "rejected"]
    reason_code: ReasonCode | None = None


class RecordRecallAnswer(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="record_recall_answer"):
    """What the creditor's bank says to a recall. After ``accepted`` the money comes as a return."""

    payment_id: PaymentId
    recall_id: RecallId
    answer: Literal["accepted", "refused"]
    reason_code: ReasonCode | None = None


class ReturnPayment(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="return_payment"):
    """A rail gives back (or takes back: a charge-back) all or a part of a settled payment."""

    payment_id: PaymentId
    return_id: RailText
    amount_minor: AmountMinor
    reason_code: ReasonCode


class DefineRail(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="define_rail"):
    """Name the accounts that a rail uses in one currency; the newest definition counts."""

    rail: Literal["sct_inst", "card_psp", "file"]
    currency: CurrencyCode
    clearing_account_id: AccountId
    suspense_account_id: AccountId


class DefineAuthentication(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="define_authentication"):
    """Say when payments in a currency need strong customer authentication, and how long one may wait for it."""

    currency: CurrencyCode
    amount_from_minor: AmountMinor
    new_payee: bool = True
    minutes: Annotated[int, Meta(ge=1, le=60)] = 5

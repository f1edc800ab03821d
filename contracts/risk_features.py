"""The risk model in Redis: its keys, its windows, and the features made from it, spelled once.

Time is cut into buckets and a window counts whole buckets: the one that is now and as many before it as make up its
length. So a window never counts less than its length, and at most one bucket more. The buckets of one size are a ring:
a field of the subject's hash that never holds more than its windows need, so a busy subject needs no more memory than
one who pays every hour.

    customer:<id>  payee:<id>  device:<id>   hash  position, first_at, last_at; as MessagePack, oldest first:
                                                   <ring> -> [bucket, payments, rejections, bucket, ...]
                                                   <currency>:<ring> -> [bucket, amounts, 0, bucket, ...]
    typical:<customer>|<currency>            hash  position, <step of the amount> -> payments settled, see amount_step
    pair:payee:<customer>|<payee>            hash  position, first_at, last_at: the settled payments of a pair
    pair:device:<customer>|<device>          hash  the same
    payees:<customer>                        sorted set of the payees of the last 24 h by the second they were paid
    payers:<payee>, users:<device>           sorted sets of customers, the same way
    payment:<id>                             hash  what an outcome needs to know of its payment
    checkpoint                               hash  as every read model has it

Every hash that is added to carries the position of the last event it counted, so that a batch that was cut off in the
middle and comes again counts nothing twice.
"""

from typing import Final, Literal, NamedTuple

from msgspec import Struct

from contracts.subjects import redis_prefix

RISK: Final = "risk"
RISK_VERSION: Final = 1

HOUR_S: Final = 3_600
DAY_S: Final = 86_400
DISTINCT_WINDOW_S: Final = DAY_S
DISTINCT_MAX: Final = 1_000  # the newest are kept; a count of this many means "at least"
MEMORY_S: Final = 400 * DAY_S  # a subject or pair without a payment for this long is new again
PAYMENT_MEMORY_S: Final = 45 * DAY_S  # an outcome later than this is not counted
# Sums stop here: every figure stays exact in Lua, whose numbers are doubles, and no sum of refused wishes can overflow.
FIGURE_MAX: Final = 2**52


class Ring(NamedTuple):
    """Buckets of one size. `slots`: one more than the longest window has, for the bucket that is now."""

    name: str
    bucket_s: int
    slots: int


class Window(NamedTuple):
    """A window: which ring it counts, and how many whole buckets before the one that is now."""

    name: str
    ring: int
    buckets: int


RINGS: Final = (Ring("m", 300, 13), Ring("h", HOUR_S, 25), Ring("d", DAY_S, 31))
WINDOWS: Final = (Window("1h", 0, 12), Window("24h", 1, 24), Window("7d", 2, 7), Window("30d", 2, 30))


class RiskKeys(Struct, frozen=True):
    """The Redis keys of one version of the model. The prefix keeps them in one cluster slot."""

    ledger: str
    version: int = RISK_VERSION

    @property
    def prefix(self) -> str:
        """What every key of this model begins with."""
        return redis_prefix(self.ledger, RISK, self.version)

    @property
    def checkpoint(self) -> str:
        """Hash {position, recorded_at}, and `fence` while the model is being emptied."""
        return f"{self.prefix}checkpoint"


class Feature(NamedTuple):
    """A figure about a payment. `risk`: whether more of it is riskier, less is, or neither can be said."""

    name: str
    kind: Literal["count", "amount", "flag", "age", "ratio", "text"]
    risk: Literal["rises", "falls", "open"]
    words: str


_LONG: Final = ("1h", "24h", "7d", "30d")

FEATURES: Final = (
    Feature("amount_minor", "amount", "rises", "amount of this payment in minor units of its currency"),
    Feature("currency", "text", "open", "its currency"),
    Feature("payment_type", "text", "open", "kind of payment"),
    Feature("rail", "text", "open", "the way it takes"),
    Feature("is_new_payee", "flag", "rises", "the customer never completed a payment to this payee"),
    Feature("is_new_device", "flag", "rises", "the customer never completed a payment from this device"),
    Feature("has_no_device", "flag", "rises", "no device was named"),
    Feature("payee_age_h", "age", "falls", "whole hours since the customer first completed a payment to the payee"),
    Feature("device_age_h", "age", "falls", "whole hours since the customer first completed a payment from the device"),
    Feature("customer_age_h", "age", "falls", "whole hours since the customer's first payment"),
    Feature("idle_h", "age", "rises", "whole hours since the customer's last payment; 0 for a first one"),
    *(
        Feature(f"{who}_payments_{window}", "count", "rises", f"payments of the {who} in {window}, with this one")
        for who, windows in (("customer", _LONG), ("payee", ("1h", "24h")), ("device", ("1h", "24h")))
        for window in windows
    ),
    *(
        Feature(f"{who}_amount_{window}", "amount", "rises", f"amounts of the {who} in {window}, this one and currency")
        for who, windows in (("customer", _LONG), ("payee", ("24h",)))
        for window in windows
    ),
    *(
        Feature(f"{who}_failed_{window}", "count", "rises", f"rejected payments of the {who} in {window}")
        for who, windows in (("customer", ("1h", "24h")), ("payee", ("24h",)), ("device", ("24h",)))
        for window in windows
    ),
    Feature("customer_payees_24h", "count", "rises", "different payees of the customer in 24h, with this one"),
    Feature("payee_customers_24h", "count", "rises", "different customers who paid the payee in 24h, with this one"),
    Feature("device_customers_24h", "count", "rises", "different customers on the device in 24h, with this one"),
    Feature("typical_payments", "count", "open", "settled payments behind the typical amount"),
    Feature("typical_minor", "amount", "open", "the customer's typical (median) amount, about; 0 when none is known"),
    Feature("amount_to_typical_pct", "ratio", "rises", "this amount in percent of the typical one, or 100"),
)  # fmt: skip

FEATURE_OF: Final = {feature.name: feature for feature in FEATURES}
RATIO_MAX: Final = 1_000_000


def amount_step(amount_minor: int) -> int:
    """Return the step of a ladder that an amount of at least 1 stands on: four steps between two powers of two."""
    if amount_minor < 8:
        return amount_minor
    bits = amount_minor.bit_length()
    return bits * 4 + ((amount_minor >> (bits - 3)) & 3)


def amount_of_step(step: int) -> int:
    """Return the smallest amount on a step."""
    if step < 8:
        return step
    bits, quarter = divmod(step, 4)
    return (4 + quarter) << (bits - 3)


def risk_subjects(
    *, customer_id: str | None, debtor_account_id: str | None, creditor_account_id: str | None, party_id: str | None
) -> tuple[str, str]:
    """Return whom a payment counts for, as (customer, payee): the door and the projector must agree on it.

    `party_id`: the keyed hash of somebody outside, whichever side they are on. Without a customer of its own, the
    account inside stands for the customer; without anybody outside, the account that is paid stands for the payee.
    """
    account = debtor_account_id or creditor_account_id or ""
    return customer_id or account, party_id or creditor_account_id or ""

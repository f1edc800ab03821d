"""The read model ``desk``: what operations people and client teams look up, one document per thing of every context.

A thing is a customer, a case, a webhook endpoint, a limit … It lives in Redis as a hash whose fields are those that its
events said last, as JSON; beside it stand its newest steps. What later events say overwrites, so that a change reads
nothing. Nothing sealed is here: who opens the vault asks the command API.

The kinds are listed once. One whose first event this program does not know yet is not offered.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from contracts.events import EVENT_TYPES
from contracts.read_models import DESK
from contracts.subjects import redis_prefix

DESK_VERSION: Final = 2

STEPS_MAX: Final = 200  # newest steps kept per thing; all of them are in the book
THINGS_PER_POSITION: Final = 4_096  # more than one event begins
INDEXES: Final = ("status", "customer_id", "account_id", "merchant_id")  # what lists can be filtered by
FIELD: Final = "field:"  # of a thing: field:<name> -> JSON
INDEX: Final = "index:"  # of a thing: index:<name> -> under which value it is listed
SEALED: Final = "sealed."  # how a text begins that only the vault can open


class DeskKind(Struct, frozen=True, kw_only=True):
    """A kind of thing: its name in paths, what one is called, the scope that sees it, the event that begins one."""

    name: str
    one: str
    scope: str
    begins: str


CUSTOMERS_READ: Final = "customers:read"
OPERATIONS_READ: Final = "operations:read"
PAYMENTS_READ: Final = "payments:read"

_KINDS: Final = (
    DeskKind(name="customers", one="customer", scope=CUSTOMERS_READ, begins="customer_applied"),
    DeskKind(name="cases", one="case", scope=CUSTOMERS_READ, begins="case_opened"),
    DeskKind(name="standing-orders", one="standing order", scope=PAYMENTS_READ, begins="standing_order_created"),
    DeskKind(name="payment-files", one="payment file", scope=PAYMENTS_READ, begins="payment_file_received"),
    DeskKind(name="quotes", one="quote", scope=PAYMENTS_READ, begins="quote_given"),
    DeskKind(name="merchants", one="merchant", scope=OPERATIONS_READ, begins="merchant_defined"),
    DeskKind(name="settlements", one="settlement", scope=OPERATIONS_READ, begins="settlement_closed"),
    DeskKind(name="clearing-settlements", one="clearing settlement", scope=OPERATIONS_READ, begins="clearing_settled"),
    DeskKind(name="bank-statements", one="bank statement", scope=OPERATIONS_READ, begins="statement_imported"),
    DeskKind(name="breaks", one="break", scope=OPERATIONS_READ, begins="break_opened"),
    DeskKind(name="matches", one="match", scope=OPERATIONS_READ, begins="matches_recorded"),
    DeskKind(
        name="webhook-endpoints", one="webhook endpoint", scope=OPERATIONS_READ, begins="webhook_endpoint_created"
    ),
    DeskKind(name="limits", one="set of limits", scope=OPERATIONS_READ, begins="limits_defined"),
    DeskKind(name="rails", one="rail in a currency", scope=OPERATIONS_READ, begins="rail_defined"),
    DeskKind(
        name="authentication", one="rule of authentication", scope=OPERATIONS_READ, begins="authentication_defined"
    ),
    DeskKind(name="fees", one="fee schedule", scope=OPERATIONS_READ, begins="fees_defined"),
    DeskKind(name="rates", one="exchange rate", scope=OPERATIONS_READ, begins="rate_published"),
    DeskKind(name="fx-positions", one="position in a currency", scope=OPERATIONS_READ, begins="fx_defined"),
)
_KNOWN: Final = {name for name, _ in EVENT_TYPES}
KINDS: Final[Mapping[str, DeskKind]] = {kind.name: kind for kind in _KINDS if kind.begins in _KNOWN}


class DeskKeys(Struct, frozen=True):
    """The Redis keys of one version of ``desk``. The prefix keeps them in one cluster slot."""

    ledger: str
    version: int = DESK_VERSION

    @property
    def prefix(self) -> str:
        """What every key of this model begins with."""
        return redis_prefix(self.ledger, DESK, self.version)

    @property
    def checkpoint(self) -> str:
        """Hash {position, recorded_at}, and ``fence`` during a rebuild: the same as in ``wallets``."""
        return f"{self.prefix}checkpoint"

    def thing(self, kind: str, identifier: str) -> str:
        """Hash of one thing, see ``thing_of``."""
        return f"{self.prefix}thing:{kind}:{identifier}"

    def steps(self, kind: str, identifier: str) -> str:
        """Sorted set of a thing's newest DeskSteps as JSON, scored by position."""
        return f"{self.prefix}steps:{kind}:{identifier}"

    def things(self, kind: str, index: str | None = None, value: str = "") -> str:
        """Sorted set of the ids of a kind, or of those listed under a value of an index, by ``thing_score``."""
        return f"{self.prefix}things:{kind}" + ("" if index is None else f":{index}:{value}")


class DeskStep(Struct, frozen=True, kw_only=True):
    """One event in the life of a thing: who caused it, and what it said of the reasons."""

    position: int
    type: str
    recorded_at: datetime
    actor: str
    said: dict[str, Any] = {}


class DeskThing(Struct, frozen=True, kw_only=True):
    """A thing as of the model's checkpoint. ``position``: its last change; ``fields``: JSON by name."""

    kind: str
    id: str
    status: str | None
    score: int
    position: int
    recorded_at: datetime
    fields: dict[str, Raw]


def thing_score(position: int, ordinal: int) -> int:
    """Order of things by the event that began them; exact as a Redis score (a double) up to position 2**41."""
    return position * THINGS_PER_POSITION + ordinal


def thing_of(kind: str, identifier: str, hash_: Mapping[bytes, bytes]) -> DeskThing:
    """Decode the hash of a thing that exists."""
    raw = {name.decode(): value for name, value in hash_.items()}
    status = raw.get(f"{INDEX}status")
    return DeskThing(
        kind=kind,
        id=identifier,
        status=None if status is None else status.decode(),
        score=int(raw["score"]),
        position=int(raw["position"]),
        recorded_at=msgspec.convert(raw["recorded_at"].decode(), datetime, strict=False),
        fields={name.removeprefix(FIELD): Raw(value) for name, value in sorted(raw.items()) if name.startswith(FIELD)},
    )


def without_sealed(value: Any) -> Any:
    """Leave out every text that only the vault can open, however deep it lies."""
    if isinstance(value, dict):
        return {name: without_sealed(item) for name, item in value.items() if not _is_sealed(item)}
    if isinstance(value, (list, tuple)):
        return [without_sealed(item) for item in value if not _is_sealed(item)]
    return value


def _is_sealed(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(SEALED)

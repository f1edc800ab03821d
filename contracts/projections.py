"""Which read models there are, in one place: what each is made of, where it is kept, and what may be done to it.

A *version* of a model is one complete copy of it: in Redis a prefix of keys, in the lake a folder. Readers follow a
pointer to the version that serves; another one may be built beside it, compared with it, and take its place.
A *layout* is what keys and columns mean. Two versions of one layout hold the same once they are as far.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from contracts.desk import DESK_VERSION
from contracts.read_models import DESK, LAKE, LAKE_VERSION, WALLETS, WALLETS_VERSION
from contracts.risk_features import RISK, RISK_VERSION

PUBLIC_EVENTS: Final = "public_events"
FIRST_VERSION: Final = 1  # of what has one version only

Kept = Literal["redis", "delta", "stream", "tasks"]
Role = Literal["serving", "candidate", "retired", "dropping"]
Wanted = Literal["running", "paused"]
State = Literal["live", "paused", "rebuilding", "stopped", "warming"]
Action = Literal["pause", "resume", "rebuild", "compare", "promote", "roll-back", "drop"]
OperationState = Literal["waiting", "running", "done", "refused"]

ModelName = Annotated[str, Meta(pattern=r"^[a-z][a-z_]{0,39}\Z", description="Name of a read model.")]


class ReadModel(Struct, frozen=True, kw_only=True):
    """One read model.

    ``reads``: which events change it; all others only move its checkpoint. ``lines``: what is applied one after the
    other, and so stops together. ``poison``: what an event that cannot be applied does: it stops the model, or parks
    its key. ``actions``: what operators may ask.
    """

    name: str
    layout: int
    kept: Kept
    holds: str
    reads: str
    lines: str = "one: the order of the book"
    poison: Literal["stop", "park"] = "stop"
    actions: tuple[Action, ...] = ()


WATCHED: Final[tuple[Action, ...]] = ("pause", "resume")
VERSIONED: Final[tuple[Action, ...]] = (*WATCHED, "rebuild", "compare", "promote", "roll-back", "drop")

MODELS: Final = (
    ReadModel(
        name=WALLETS,
        layout=WALLETS_VERSION,
        kept="redis",
        holds="balances, statements, holds and payments now",
        reads="accounts, holds, payments and whatever moves money",
        actions=VERSIONED,
    ),
    ReadModel(
        name=DESK,
        layout=DESK_VERSION,
        kept="redis",
        holds="customers, cases and what else people work on",
        reads="those listed in projectors/desk/table.py",
        actions=VERSIONED,
    ),
    ReadModel(
        name=RISK,
        layout=RISK_VERSION,
        kept="redis",
        holds="figures for the risk score at the door",
        reads="payment_initiated, payment_settled, payment_rejected",
        actions=VERSIONED,
    ),
    ReadModel(
        name=LAKE,
        layout=LAKE_VERSION,
        kept="delta",
        holds="every entry, account change and payment event",
        reads="accounts, payments and whatever moves money",
        actions=VERSIONED,
    ),
    ReadModel(
        name=PUBLIC_EVENTS,
        layout=FIRST_VERSION,
        kept="stream",
        holds="the public stream, for other systems",
        reads="those with a public counterpart",
        actions=WATCHED,
    ),
)
MODEL_OF: Final = {model.name: model for model in MODELS}

# Reactors keep tasks, not answers. Which there are is known by what ran here, see `reactions.checkpoints`.
REACTOR: Final = ReadModel(
    name="",
    layout=FIRST_VERSION,
    kept="tasks",
    holds="what follows from events, as tasks",
    reads="those that it reacts to",
    lines="one per key: tasks of one payment, customer or endpoint wait for each other",
    poison="park",
)


class Visibility(Struct, frozen=True, kw_only=True):
    """From an event's commit to its being readable, over the newest events: seconds within which a share of them was.

    ``events``: how many were measured; history that a rebuild reads is not.
    """

    p50: float
    p99: float
    p999: float
    events: int


class Sums(Struct, frozen=True, kw_only=True):
    """One side of a comparison: how much there is, and a hash over all of it that does not depend on its order."""

    counts: dict[str, int]
    sums_minor: dict[str, int]
    hash: str


class Comparison(Struct, frozen=True, kw_only=True):
    """Two versions of a model compared, each part of them at one position of the book.

    What is large is compared in slices; each slice is of one position, the first of ``from_position`` and the last of
    ``position``. ``differences``: the first that were found, as texts.
    """

    model: str
    serving: int
    candidate: int
    equal: bool
    from_position: int
    position: int
    of_serving: Sums
    of_candidate: Sums
    differences: tuple[str, ...] = ()

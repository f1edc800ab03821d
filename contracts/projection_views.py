"""What the query API says of the read models as such: how they are, what was asked of them, what is parked."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from contracts.projections import Action, Comparison, Kept, OperationState, Role, State, Visibility


class ProjectionFailure(Struct, frozen=True, kw_only=True):
    """Why a read model does not move. ``position``: of the event that it stands still before."""

    category: str
    position: int
    detail: str


class RebuildProgress(Struct, frozen=True, kw_only=True):
    """How far a version is that is being built: a share of the book from 0 to 1, and the seconds that are left."""

    progress: float
    eta_s: float | None


class ProjectionLine(Struct, frozen=True, kw_only=True):
    """One version of a read model, judged against the book's head by the query API.

    ``name``: the model for the version that serves, else with the version, as ``wallets.v3``; what is done to it is
    done under that name. ``lag_seconds``: how long its oldest missing event has been in the book. ``reported_s``: how
    long ago a projector last said how it is; null: none ever did. ``visible``: commit to readable.
    """

    name: str
    model: str
    version: int
    role: Role
    is_serving: bool
    state: State
    kept: Kept
    holds: str
    reads: str
    lines: str
    poison: Literal["stop", "park"]
    position: int | None
    head: int | None
    lag_events: int | None
    lag_seconds: float | None
    applied_per_s: float
    failure: ProjectionFailure | None
    rebuild: RebuildProgress | None
    visible: Visibility | None
    reported_s: float | None
    actions: tuple[Action, ...]


class ProjectionsView(Struct, frozen=True, kw_only=True):
    """Every version of every read model, and the reactors. ``unavailable``: what did not answer, and why."""

    ledger: str
    head: int | None
    projections: tuple[ProjectionLine, ...]
    unavailable: dict[str, str]


class OperationView(Struct, frozen=True, kw_only=True):
    """Something that was asked of a read model, by whom, and what came of it."""

    id: int
    model: str
    version: int | None
    action: Action
    state: OperationState
    detail: str | None
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None


class OperationsView(Struct, frozen=True, kw_only=True):
    """The newest operations, newest first."""

    operations: tuple[OperationView, ...]


class ComparisonView(Struct, frozen=True, kw_only=True):
    """The newest comparison of a model's versions; ``comparison`` is null until it is done."""

    operation: OperationView
    comparison: Comparison | None


class ParkedTask(Struct, frozen=True, kw_only=True):
    """A reaction that waits for a person. ``behind``: tasks of its key that wait for it; ``intended``: maybe sent."""

    reactor: str
    position: int
    step: int
    kind: str
    key: str
    attempts: int
    last_error: str | None
    intended: bool
    parked_at: datetime
    behind: int


class ParkedView(Struct, frozen=True, kw_only=True):
    """Parked reactions in the order in which they would be performed. ``total``: how many, also those not shown."""

    tasks: tuple[ParkedTask, ...]
    total: int

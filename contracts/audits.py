"""What the auditor says: where a copy differs from the book, how far each side was proved, how to ask for a repair."""

from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

AuditSide = Literal["book", "stream", "redis", "lake"]
SIDES: Final[tuple[AuditSide, ...]] = ("book", "stream", "redis", "lake")

HEAL_WITHIN_S: Final = 600  # a request to heal that nobody took up for this long is forgotten


def heal_key(ledger: str) -> str:
    """Redis key under which a repair is asked for: who asked. The auditor takes it away when it begins."""
    return f"audit:{{{ledger}}}:heal"


class AuditDifference(Struct, frozen=True, kw_only=True):
    """One value that is not what the book says.

    ``model``: book, stream, wallets, desk or lake; ``subject``: the thing, such as ``account customers:c1:eur`` or
    ``event 12``; ``field``: the value of it, ``*`` for all of it. Texts that are no figure or code are shown as
    digests. ``position``: the one at which the subject was compared.
    """

    side: AuditSide
    model: str
    subject: str
    field: str
    position: int
    account_id: str | None = None
    currency: str | None = None
    expected: str
    found: str


class FoundDifference(AuditDifference, frozen=True, kw_only=True):
    """A difference as it is kept: since when it is known."""

    found_at: datetime


class AuditCursor(Struct, frozen=True, kw_only=True):
    """How far one side is proved.

    Positions up to ``audited_to`` and above ``sweep_low`` were compared in this sweep, which began at
    ``sweep_began_at``; ``swept_at``: when the last whole sweep ended. ``compared``: values looked at in this sweep.
    ``skipped``: new positions that were too many to compare at once, left to the next sweep. ``waiting``: why nothing
    is compared now; null when something is.
    """

    side: AuditSide
    audited_to: int = 0
    sweep_low: int = 0
    sweep_began_at: datetime | None = None
    swept_at: datetime | None = None
    looked_at: datetime | None = None
    compared: int = 0
    skipped: int = 0
    waiting: str | None = None


class AuditRun(Struct, frozen=True, kw_only=True):
    """The state of the audit at its last look. ``position``: up to it all sides were proved; ``checked``: by side."""

    at: datetime | None
    position: int
    checked: dict[str, int]
    differences: int


class AuditsView(Struct, frozen=True, kw_only=True):
    """``state``: sound, different, waiting (a side cannot be compared now) or never (no audit ran yet)."""

    state: Literal["sound", "different", "waiting", "never"]
    last_run: AuditRun
    sides: tuple[AuditCursor, ...]
    differences: tuple[FoundDifference, ...]


class HealRequested(Struct, frozen=True, kw_only=True):
    """A repair was asked for; ``GET /v1/audits`` shows when the differences are gone."""

    state: Literal["requested"]
    differences: int


def audits_view(cursors: tuple[AuditCursor, ...], differences: tuple[FoundDifference, ...], total: int) -> AuditsView:
    """Put a view together; ``total`` counts all differences, of which only some may be given."""
    begun = [cursor for cursor in cursors if cursor.looked_at is not None]
    looks = [cursor.looked_at for cursor in begun if cursor.looked_at is not None]
    state: Literal["sound", "different", "waiting", "never"] = "sound"
    if total:
        state = "different"
    elif not begun:
        state = "never"
    elif any(cursor.waiting for cursor in cursors):
        state = "waiting"
    return AuditsView(
        state=state,
        last_run=AuditRun(
            at=max(looks, default=None),
            position=min((cursor.audited_to for cursor in cursors), default=0),
            checked={cursor.side: cursor.compared for cursor in cursors},
            differences=total,
        ),
        sides=cursors,
        differences=differences,
    )

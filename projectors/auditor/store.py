"""What the auditor remembers: a cursor for each side, and every difference that is not gone yet."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final

import msgspec

from contracts.audits import SIDES, AuditCursor, AuditDifference, AuditSide, FoundDifference
from projectors.auditor.reading import QUERIES
from projectors.auditor.sweeping import SideState, Step
from projectors.reactors.store import reachable
from projectors.reactors.tasks import LeaseLost
from projectors.timers.jobs import Fence
from projectors.timers.lease import LEASE_NAME

SLICE_DIFFERENCES_MAX: Final = 200  # kept of one slice: whoever looks needs no more to know what to do
SHOWN_MAX: Final = 500
_SEPARATOR: Final = "\x1f"

_encode: Final = msgspec.json.Encoder().encode


class AuditStore:
    """The two tables in schema `reactions`. Every method raises TargetUnreachable when PostgreSQL does not answer."""

    def __init__(self, pool: Any) -> None:
        """Use a pool of connections as bursar_reactor; reading works as bursar_reader too."""
        self._pool = pool

    async def states(self) -> dict[AuditSide, SideState]:
        """Return where the audit of every side is; one that was never audited begins."""
        with reachable():
            rows = await self._pool.fetch(QUERIES["read_audits"])
        cursors = [msgspec.json.decode(row["cursor"], type=AuditCursor) for row in rows]
        # The volumes outgrow 64 bits, which msgspec does not read.
        counted = [Counter[str](json.loads(row["counted"])) for row in rows]
        known = {cursor.side: SideState(cursor, count) for cursor, count in zip(cursors, counted, strict=True)}
        return {side: known.get(side) or SideState(AuditCursor(side=side), Counter()) for side in SIDES}

    async def keep(self, state: SideState, steps: list[Step], fence: Fence) -> list[AuditDifference]:
        """Keep a cursor and what its slices found, in one transaction; return what is new. Raises LeaseLost."""
        new: list[AuditDifference] = []
        with reachable():
            async with self._pool.acquire() as connection, connection.transaction():
                kept = await connection.fetchval(
                    QUERIES["keep_audit"],
                    *(LEASE_NAME, fence.token, state.cursor.side),
                    *(_encode(state.cursor).decode(), json.dumps(state.counted)),
                )
                if kept is None:
                    raise LeaseLost("audit")
                for step in steps:
                    new += await _keep_step(connection, step)
        return new

    async def slice_to_recheck(self, side: AuditSide) -> tuple[int, int] | None:
        """Return the slice with a known difference that was looked at longest ago."""
        with reachable():
            row = await self._pool.fetchrow(QUERIES["find_slice_to_recheck"], side)
        return None if row is None else (row["slice_low"], row["slice_high"])

    async def counts(self) -> dict[AuditSide, int]:
        """Count what differs, by side."""
        with reachable():
            rows = await self._pool.fetch(QUERIES["count_differences"])
        found = {row["side"]: row["differences"] for row in rows}
        return {side: found.get(side, 0) for side in SIDES}

    async def differences(self, limit: int = SHOWN_MAX) -> list[FoundDifference]:
        """Return what differs, the newest first."""
        with reachable():
            rows = await self._pool.fetch(QUERIES["list_differences"], limit)
        return [
            msgspec.json.decode(_with_time(row["difference"], row["found_at"]), type=FoundDifference) for row in rows
        ]


def _with_time(difference: str, found_at: Any) -> bytes:
    return _encode({**msgspec.json.decode(difference), "found_at": found_at})


async def _keep_step(connection: Any, step: Step) -> list[AuditDifference]:
    kept = step.differences[:SLICE_DIFFERENCES_MAX]
    named = [_SEPARATOR.join((one.model, one.subject, one.field)) for one in kept]
    await connection.execute(QUERIES["forget_differences"], step.side, step.low, step.high, named)
    new = []
    for one in kept:
        is_new = await connection.fetchval(
            QUERIES["keep_difference"],
            *(one.model, one.subject, one.field, step.side, step.low, step.high, _encode(one).decode()),
        )
        if is_new:
            new.append(one)
    return new

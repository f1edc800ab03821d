"""The clock as another client: holds whose deadline has passed are told so.

Any number of command processes may run this: the idempotency key names the hold and the deadline, so the second one
gets the first one's answer.
"""

import asyncio
import time
from typing import Final

import asyncpg
import structlog

from contracts.commands import ExpireHold
from contracts.envelope import Actor, encode_actor
from contracts.ids import hold_id
from ledger.sequencer.queue import Submission, Unavailable, wish_of
from ledger.sequencer.sequencer import Sequencer
from ledger.store.load import QUERIES
from runtime.clock import Clock

EXPIRY_INTERVAL_S: Final = 1.0
EXPIRY_HOLDS_MAX: Final = 500  # per round; the next round takes the rest
EXPIRY_WAIT_S: Final = 5.0
TIMER: Final = Actor(subject="bursar:timer", tenant="bursar")

log = structlog.get_logger(__name__)


class HoldExpiry:
    """Finds due holds and sends ExpireHold for each."""

    def __init__(self, *, book: asyncpg.Pool, sequencer: Sequencer, clock: Clock) -> None:
        self._book = book
        self._sequencer = sequencer
        self._clock = clock

    async def run_once(self) -> int:
        """Expire what is due; give how many holds that were. A fault is logged: the next round tries again."""
        try:
            due = await self._book.fetch(QUERIES["find_due_holds"], self._clock.now(), EXPIRY_HOLDS_MAX)
            if due:
                await self._expire(due)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, Unavailable) as fault:
            log.warning("hold_expiry_failed", kind=type(fault).__name__, error=str(fault))
            return 0
        return len(due)

    async def _expire(self, due: list[asyncpg.Record]) -> None:
        wishes = tuple(
            wish_of(
                ExpireHold(hold_id=hold_id(row["hold_no"])),
                key=f"expire-{row['hold_no']}-{row['expires_at'].isoformat()}",
                tenant=TIMER.tenant,
            )
            for row in due
        )
        submission = Submission(
            wishes=wishes,
            tenant=TIMER.tenant,
            actor_json=encode_actor(TIMER),
            trace=None,
            occurred_at=self._clock.now(),
            atomic=False,
            deadline=time.monotonic() + EXPIRY_WAIT_S,
            done=asyncio.get_running_loop().create_future(),
        )
        self._sequencer.submit(submission)
        await asyncio.wait_for(submission.done, EXPIRY_WAIT_S)
        log.info("holds_expired", count=len(wishes))

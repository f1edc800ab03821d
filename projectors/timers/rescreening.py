"""Every customer is screened against the lists once a day (Regulation (EU) No 260/2012, article 5d).

A tick of the day goes through all customers and sends the command for each, under a key of the day: a run that is
repeated sends the same keys. Customers whose command was not answered keep the tick open, and it is run again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import structlog

from projectors.apply import TargetUnreachable
from projectors.reactors.commands import Answer, Refused, Reply, Unavailable
from projectors.reactors.store import reachable
from projectors.timers.jobs import Fence, Job, timer_key
from projectors.timers.lease import QUERIES
from projectors.timers.schedules import Cron

if TYPE_CHECKING:
    from projectors.timers.registry import Supplies

JOB: Final = "daily_rescreening"
DAILY: Final = Cron(line="15 3 * * *")  # after the publishers' nightly lists
SCREENED_STATES: Final = ("applied", "documents_requested", "in_review", "verified", "expired", "restricted")
PAGE_CUSTOMERS: Final = 500
COMMANDS_AT_ONCE: Final = 8  # comparing names is work for the command API

_log = structlog.get_logger(__name__)

Send = Callable[[str, dict[str, Any], str], Awaitable[Reply]]
"""Path, body, idempotency key."""


class Rescreening:
    """Sends the day's commands."""

    def __init__(self, pool: Any, send: Send) -> None:
        """Use a pool of connections as bursar_reactor."""
        self._pool = pool
        self._send = send

    async def run(self, due_at: datetime, fence: Fence) -> None:
        """Go through all customers once. Raises LeaseLost, TargetUnreachable."""
        counts = {"screened": 0, "refused": 0}
        after = ""
        while page := await self._page(after):
            for start in range(0, len(page), COMMANDS_AT_ONCE):
                await fence.require()
                await self._say(page[start : start + COMMANDS_AT_ONCE], due_at, counts)
            after = page[-1]
            if len(page) < PAGE_CUSTOMERS:
                break
        _log.info("customers_rescreened", **counts)

    async def _page(self, after: str) -> list[str]:
        with reachable():
            rows = await self._pool.fetch(
                QUERIES["page_records"], "customer", list(SCREENED_STATES), after, PAGE_CUSTOMERS
            )
        return [row["id"] for row in rows]

    async def _say(self, page: Sequence[str], due_at: datetime, counts: dict[str, int]) -> None:
        replies = await asyncio.gather(
            *(self._send(f"/v1/customers/{named}/rescreen", {}, timer_key(JOB, named, due_at)) for named in page)
        )
        for named, reply in zip(page, replies, strict=True):
            match reply:
                case Answer():
                    counts["screened"] += 1
                case Refused():  # erased or offboarded since the page was read
                    counts["refused"] += 1
                    _log.warning("rescreening_refused", customer_id=named, code=reply.code)
                case Unavailable():
                    raise TargetUnreachable(f"{named} was not screened: {reply.why}")


def build(supplies: Supplies) -> Job:
    """Return the daily job."""

    async def send(path: str, body: dict[str, Any], key: str) -> Reply:
        return await supplies.commands.send(path, body, key=key)

    return Job(name=JOB, schedule=DAILY, run=Rescreening(supplies.pool, send).run)

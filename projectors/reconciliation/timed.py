"""The job as the timers run it: every quarter of an hour, each account that has statements."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog

from projectors.apply import TargetUnreachable
from projectors.reactors.commands import Answer, Refused, Unavailable
from projectors.reactors.store import reachable
from projectors.reactors.tasks import LeaseLost
from projectors.reconciliation.job import CommandsUnavailable, Sent, reconcile_account
from projectors.reconciliation.open_items import TooMuchOpen, read_accounts
from projectors.timers.jobs import Fence, Job
from projectors.timers.registry import Supplies
from projectors.timers.schedules import Every

NAME: Final = "reconciliation"
EVERY_S: Final = 900

_log = structlog.get_logger(__name__)


def build(supplies: Supplies) -> Job:
    """Build the job for the timers' registry."""

    async def run(due_at: datetime, fence: Fence) -> None:
        await reconcile_all(supplies, fence)

    return Job(name=NAME, schedule=Every(seconds=EVERY_S), run=run)


async def reconcile_all(supplies: Supplies, fence: Fence) -> None:
    """Reconcile every account, one after another. Raises LeaseLost, TargetUnreachable; then the tick is run again."""

    async def send(path: str, body: bytes, key: str) -> Sent:
        if not fence.held:
            raise LeaseLost(NAME)
        match await supplies.commands.send(path, body, key=key):
            case Answer():
                return "accepted"
            case Refused() as refused:
                _log.warning("reconciliation_refused", path=path, code=refused.code)
                return "refused"
            case Unavailable():
                return "unavailable"

    with reachable():
        accounts = await read_accounts(supplies.pool)
    for account_id in accounts:
        await fence.require()
        try:
            with reachable():
                report = await reconcile_account(supplies.pool, send, account_id)
        except TooMuchOpen as fault:  # a person has to look; the other accounts go on
            _log.error("reconciliation_too_much_open", account_id=account_id, detail=str(fault))
        except CommandsUnavailable as fault:
            raise TargetUnreachable(str(fault)) from fault
        else:
            _log.info(
                "reconciled",
                account_id=account_id,
                matches=report.matches,
                breaks=report.breaks,
                suggestions=report.suggestions,
                refused=report.refused,
                exhausted=report.exhausted,
            )

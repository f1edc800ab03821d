"""Everything a process projects: a keeper per model, what operators ask of them, and the reports of how they are."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

import structlog
from nats.aio.msg import Msg

from contracts.projections import OperationState
from contracts.subjects import projections_subject
from projectors.apply import TargetUnreachable
from projectors.book import BookUnreachable, WrongBook
from projectors.control.keeper import Keeper
from projectors.control.line import Surroundings
from projectors.control.operating import Operator, Outcome, Refused
from projectors.control.reporting import report_for_ever
from projectors.control.table import ControlUnreachable, Report, VersionTable
from projectors.progress import Progress
from projectors.stores.store import Store
from runtime.health import Health
from runtime.shutdown import end_all

LOOK_PERIOD_S: Final = 1.0
_PASSING: Final = (ControlUnreachable, TargetUnreachable, BookUnreachable, WrongBook)

_log = structlog.get_logger(__name__)


class Conductor:
    """The keepers of one process. Without a table nothing can be asked, and nothing is reported."""

    def __init__(self, stores: Sequence[Store], shared: Surroundings, *, table: VersionTable | None) -> None:
        self.models: list[Progress] = []
        self._shared = shared
        self._table = table
        self._keepers = {store.model: Keeper(store, shared, table=table, models=self.models) for store in stores}
        self._wakes = {model: asyncio.Event() for model in self._keepers}

    def add_checks(self, health: Health, served: Sequence[str]) -> None:
        """Let the process be ready when the models that answers come from are."""
        for model in served:
            health.add_check(model, self._keepers[model].why_not_ready)

    async def run(self) -> None:
        """Keep every model, for ever; ends by cancellation, or with the first keeper that fails."""
        endless = [
            asyncio.create_task(self._keep(keeper, self._wakes[model]), name=model)
            for model, keeper in self._keepers.items()
        ]
        if self._table is not None:
            endless.append(asyncio.create_task(report_for_ever(self._table, self._reports), name="report"))
        listening = asyncio.create_task(self._listen(), name="listen")
        try:
            done, _ = await asyncio.wait(endless, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await end_all([*endless, listening])

    async def close(self) -> None:
        """Stop what still runs and close the stores; `run` has ended."""
        for keeper in self._keepers.values():
            await keeper.stop()
            await keeper.store.close()

    async def _keep(self, keeper: Keeper, wake: asyncio.Event) -> None:
        try:
            while True:  # ends by cancellation
                wake.clear()
                try:
                    await keeper.turn()
                    if self._table is not None and keeper.has_newest_layout():
                        await self._answer(keeper, self._table)
                except _PASSING as trouble:
                    keeper.fail(str(trouble))
                    _log.warning("versions_unreachable", model=keeper.store.model, detail=str(trouble))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_PERIOD_S):
                        await wake.wait()
        finally:
            await keeper.stop()

    async def _answer(self, keeper: Keeper, table: VersionTable) -> None:
        """Carry out what was asked of a model, one after the other."""
        operator = Operator(keeper, table)
        while request := await table.take_request(keeper.store.model):  # ends: each is taken once
            state: OperationState = "done"
            outcome = Outcome("")
            try:
                outcome = await operator.perform(request)
            except (Refused, *_PASSING) as refusal:
                state, outcome = "refused", Outcome(str(refusal))
            except Exception as bug:  # an operation that fails must not stop what is being projected
                state, outcome = "refused", Outcome(f"failed: {type(bug).__name__}; the log has more")
                _log.error("operation_failed", model=request.model, action=request.action, exc_info=bug)
            _log.info(
                "operation_ended",
                model=request.model,
                action=request.action,
                state=state,
                detail=outcome.detail,
            )
            await table.end_request(request, state, outcome.detail, outcome.result)

    async def _listen(self) -> None:
        """Wake the keepers when something was asked; kept over reconnects. Without NATS they look by themselves."""
        while True:  # ends when NATS answers for the first time, or by cancellation
            client = self._shared.nats()
            if client is not None:
                await client.subscribe(projections_subject(self._shared.book.ledger), cb=self._wake)
                return
            await asyncio.sleep(LOOK_PERIOD_S)

    async def _wake(self, _: Msg) -> None:
        for wake in self._wakes.values():
            wake.set()

    def _reports(self) -> list[Report]:
        return [report for keeper in self._keepers.values() for report in keeper.reports()]

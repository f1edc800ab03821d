"""``wallets`` in Redis: one script call per batch moves data and checkpoint together; a window takes several."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from contracts.read_models import WalletsKeys
from projectors.apply import Outcome
from projectors.events import Batch
from projectors.feed import Pace
from projectors.history.messages import Folded
from projectors.redis_model import RedisModel
from projectors.redis_writer import Stand
from projectors.wallets.changes import packed
from projectors.wallets.fold import fold, instant_text
from projectors.wallets.windows import WINDOW_EVENTS, WalletsFold, WindowChanges
from runtime.ids import new_opaque_id

BATCH_EVENTS_MAX: Final = 500  # Redis does nothing else during a call: keep it to a few milliseconds
PACE: Final = Pace(events_max=BATCH_EVENTS_MAX)

APPLY_LUA: Final = (Path(__file__).parent / "apply.lua").read_text(encoding="utf-8")
BEGIN_LUA: Final = (Path(__file__).parent / "begin_window.lua").read_text(encoding="utf-8")
PART: Final = "part"


class WalletsTarget:
    """The model of one ledger."""

    window_events = WINDOW_EVENTS

    def __init__(self, redis_url: str, keys: WalletsKeys, *, script: str = APPLY_LUA) -> None:
        self._keys = keys
        self._model = RedisModel(redis_url, name="wallets", checkpoint=keys.checkpoint, script=script)

    @property
    def window_fold(self) -> WalletsFold:
        """What a worker does with a window."""
        return WalletsFold(self._keys)

    async def checkpoint(self) -> int:
        """Return the model's position. Raises Fenced, TargetUnreachable."""
        return await self._model.position()

    def fold(self, batch: Batch) -> Batch:
        """Return the batch with what it changes."""
        return batch._replace(folded=packed(fold(batch.events), self._keys))

    async def apply(self, batch: Batch) -> Outcome:
        """Fold the batch, unless that is done, and apply it in one script call."""
        if batch.folded is None:
            batch = self.fold(batch)
        return await self._call(batch.first, batch.last, batch.events[-1].envelope.recorded_at, batch.folded)

    async def apply_window(self, window: Folded) -> Outcome:
        """Apply a window in many steps, of which the last one moves the checkpoint. Raises TargetUnreachable.

        Whatever is done before is done again, to the same effect, when the window does not get there.
        """
        changes: WindowChanges = window.payload
        attempt = new_opaque_id("window")
        outcome = await self._model.begin_window(
            BEGIN_LUA, 1, self._keys.checkpoint, window.first, window.last, attempt
        )
        if outcome is not Outcome.APPLIED:
            return outcome
        stand = Stand(str(window.first - 1).encode() if window.first > 1 else None, attempt.encode())
        if not await self._model.write(changes.slices, stand):
            return Outcome.GAP
        of_window = window.first, window.last, window.recorded_at
        for part in changes.parts:
            outcome = await self._call(*of_window, part, attempt, PART)
            if outcome is not Outcome.APPLIED:
                return outcome
        return await self._call(*of_window, changes.rest, attempt)

    async def _call(
        self, first: int, last: int, recorded_at: datetime, packed_changes: bytes | None, *of_window: str
    ) -> Outcome:
        return await self._model.apply(
            1,
            self._keys.checkpoint,
            self._keys.prefix,
            first,
            last,
            instant_text(recorded_at),
            packed_changes,
            *of_window,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._model.close()

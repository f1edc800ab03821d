"""``wallets`` in Redis: one script call per batch moves data and checkpoint together."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from contracts.read_models import WalletsKeys
from projectors.apply import Outcome
from projectors.events import Batch
from projectors.feed import Pace
from projectors.redis_model import RedisModel
from projectors.wallets.changes import packed
from projectors.wallets.fold import fold, instant_text

BATCH_EVENTS_MAX: Final = 500  # Redis does nothing else during a call: keep it to a few milliseconds
PACE: Final = Pace(events_max=BATCH_EVENTS_MAX)

APPLY_LUA: Final = (Path(__file__).parent / "apply.lua").read_text(encoding="utf-8")


class WalletsTarget:
    """The model of one ledger."""

    def __init__(self, redis_url: str, keys: WalletsKeys, *, script: str = APPLY_LUA) -> None:
        self._keys = keys
        self._model = RedisModel(redis_url, name="wallets", checkpoint=keys.checkpoint, script=script)

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
        return await self._model.apply(
            1,
            self._keys.checkpoint,
            self._keys.prefix,
            batch.first,
            batch.last,
            instant_text(batch.events[-1].envelope.recorded_at),
            batch.folded,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._model.close()

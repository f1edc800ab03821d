"""``desk`` in Redis: one script call per batch moves things and checkpoint together."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from contracts.desk import STEPS_MAX, DeskKeys
from projectors.apply import Outcome
from projectors.desk.fold import Changes, fold
from projectors.events import Batch
from projectors.feed import Pace
from projectors.redis_model import RedisModel

BATCH_EVENTS_MAX: Final = 500  # Redis does nothing else during a call: keep it to a few milliseconds
PACE: Final = Pace(events_max=BATCH_EVENTS_MAX, linger_s=0.01)

APPLY_LUA: Final = (Path(__file__).parent / "apply.lua").read_text(encoding="utf-8")
_pack: Final = msgspec.msgpack.Encoder().encode


class DeskTarget:
    """The model of one ledger."""

    def __init__(self, redis_url: str, keys: DeskKeys, *, script: str = APPLY_LUA) -> None:
        self._keys = keys
        self._model = RedisModel(redis_url, name="desk", checkpoint=keys.checkpoint, script=script)

    async def checkpoint(self) -> int:
        """Return the model's position. Raises Fenced, TargetUnreachable."""
        return await self._model.position()

    def fold(self, batch: Batch) -> Batch:
        """Return the batch with what it changes."""
        return batch._replace(folded=_pack((_things_of(fold(batch.events)), STEPS_MAX)))

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
            batch.events[-1].envelope.recorded_at.isoformat(),
            batch.folded,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._model.close()


def _things_of(changes: Changes) -> list[list[Any]]:
    """Write the changes as the script reads them: text only."""
    return [
        [
            kind,
            identifier,
            str(change.score),
            [part for pair in change.fields.items() for part in pair],
            [part for pair in change.indexes.items() for part in pair],
            [part for position, step in change.steps for part in (str(position), step)],
        ]
        for (kind, identifier), change in changes.items()
    ]

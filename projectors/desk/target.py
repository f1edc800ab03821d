"""``desk`` in Redis: one script call per batch moves things and checkpoint together."""

from __future__ import annotations

from hashlib import sha1
from pathlib import Path
from typing import Any, Final

import msgspec
import redis.asyncio as redis
from redis.exceptions import NoScriptError, RedisError

from contracts.desk import STEPS_MAX, DeskKeys
from contracts.read_models import checkpoint_of
from projectors.apply import Fenced, Outcome, TargetUnreachable
from projectors.desk.fold import Changes, fold
from projectors.events import Batch
from projectors.feed import Pace
from runtime.redis_client import connect_redis

BATCH_EVENTS_MAX: Final = 500  # Redis does nothing else during a call: keep it to a few milliseconds
PACE: Final = Pace(events_max=BATCH_EVENTS_MAX)

APPLY_LUA: Final = (Path(__file__).parent / "apply.lua").read_text(encoding="utf-8")
_pack: Final = msgspec.msgpack.Encoder().encode


class DeskTarget:
    """The model of one ledger. Connects when first asked, so that a dead Redis delays nothing else."""

    def __init__(self, redis_url: str, keys: DeskKeys, *, script: str = APPLY_LUA) -> None:
        self._url = redis_url
        self._keys = keys
        self._script = script
        self._script_name = sha1(script.encode(), usedforsecurity=False).hexdigest()  # as Redis names it
        self._client: redis.Redis | None = None

    async def checkpoint(self) -> int:
        """Return the model's position; 0 in an empty Redis, which makes the loop build the model from the book."""
        client = await self._connect()
        try:
            fields: dict[Any, Any] = await client.hgetall(self._keys.checkpoint)
        except RedisError as error:
            raise TargetUnreachable(f"Redis does not answer: {str(error) or type(error).__name__}") from error
        found = checkpoint_of(fields)
        if found.fence is not None:
            raise Fenced(f"the model is fenced ({found.fence}); if no rebuild is running, run `bursar rebuild desk`")
        return found.position

    async def apply(self, batch: Batch) -> Outcome:
        """Fold the batch and apply it in one script call."""
        arguments = (
            1,
            self._keys.checkpoint,
            self._keys.prefix,
            batch.first,
            batch.last,
            batch.events[-1].envelope.recorded_at.isoformat(),
            _pack((_things_of(fold(batch.events)), STEPS_MAX)),
        )
        client = await self._connect()
        try:
            return Outcome((await self._call(client, arguments)).decode())
        except RedisError as error:
            raise TargetUnreachable(f"Redis did not apply the batch: {str(error) or type(error).__name__}") from error

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _call(self, client: redis.Redis, arguments: tuple[Any, ...]) -> bytes:
        """Call the script by its name, and with its text where that is not known: after a restart or SCRIPT FLUSH."""
        try:
            answer: bytes = await client.evalsha(self._script_name, *arguments)
        except NoScriptError:
            answer = await client.eval(self._script, *arguments)
        return answer

    async def _connect(self) -> redis.Redis:
        if self._client is None:
            try:
                self._client = await connect_redis(self._url)
            except RedisError as error:
                raise TargetUnreachable(f"Redis does not answer: {str(error) or type(error).__name__}") from error
        return self._client


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

"""Models in Redis: a version is a prefix of keys, the pointer is a key."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
import redis.asyncio as redis
import structlog
from redis.exceptions import RedisError

from contracts.projections import Comparison
from contracts.read_models import checkpoint_of
from contracts.subjects import active_version_key
from projectors.apply import TargetUnreachable
from projectors.feed import Pace
from projectors.stores.holding import Kept, NotLevel
from projectors.stores.redis_digest import Counted, Digester, Keys, Summed, VersionKeys, literal
from projectors.stores.store import Side
from runtime.redis_client import connect_redis

UNLINK_KEYS: Final = 1000  # keys per SCAN step and UNLINK call: a few milliseconds of Redis' time
FENCE_FIELD: Final = "fence"

_log = structlog.get_logger(__name__)


class RedisKind(msgspec.Struct, frozen=True, kw_only=True):
    """What makes one model in Redis different from another.

    ``keys_of``: of a ledger and a version. ``forgets``: keys leave by themselves after a time, by Redis' own clock.
    ``read_s``: sorted sets are by the second, and nobody reads members that are older than this.
    """

    model: str
    layout: int
    pace: Pace
    keys_of: Callable[[str, int], Any]
    target_of: Callable[[str, Any], Kept]
    summed: Summed | None = None
    counted: Counted | None = None
    forgets: bool = False
    read_s: int | None = None


class RedisStore:
    """One model of one ledger."""

    def __init__(self, redis_url: str, ledger: str, kind: RedisKind) -> None:
        self.model = kind.model
        self.layout = kind.layout
        self.pace = kind.pace
        self._url = redis_url
        self._ledger = ledger
        self._kind = kind
        self._pointer = active_version_key(ledger, kind.model)
        self._client: redis.Redis | None = None

    def target(self, version: int) -> Kept:
        """Return a version as a target."""
        return self._kind.target_of(self._url, self.keys(version))

    def keys(self, version: int) -> Keys:
        """Return the keys of a version."""
        keys: Keys = self._kind.keys_of(self._ledger, version)
        return keys

    def upkeep(self, version: int) -> Coroutine[Any, Any, None] | None:
        """Return None: keys need none."""
        return None

    async def read_pointer(self) -> int:
        """Read which version readers follow. Raises TargetUnreachable."""
        with _reachable():
            return await serving_version(await self._connect(), self._ledger, self.model, self.layout)

    async def point_at(self, version: int) -> None:
        """Point readers at a version. Raises TargetUnreachable."""
        with _reachable():
            await (await self._connect()).set(self._pointer, version)

    async def require_whole(self, version: int) -> None:
        """Raise NotLevel while a window of the version is unfinished. Raises TargetUnreachable."""
        with _reachable():
            fields: Any = await (await self._connect()).hgetall(self.keys(version).checkpoint)
        found = checkpoint_of(fields)
        if found.ahead > found.position:
            raise NotLevel(
                f"version {version} is at position {found.position}, and parts of it may be as of {found.ahead}: a "
                "window of its history was cut off; wait until the version has passed it"
            )

    async def compare(self, serving: Side, candidate: Side) -> Comparison:
        """Compare two versions key by key. Raises NotLevel, TargetUnreachable."""
        for side in (serving, candidate):
            await self.require_whole(side.version)
        with _reachable():
            kind = self._kind
            digester = Digester(
                await self._connect(),
                summed=kind.summed,
                forgets=kind.forgets,
                counted=kind.counted,
                read_s=kind.read_s,
            )
            sides = [VersionKeys(side, self.keys(side.version)) for side in (serving, candidate)]
            return await digester.compare(self.model, *sides)

    async def clear(self, version: int) -> int:
        """Remove every key of a version. Raises TargetUnreachable."""
        with _reachable():
            removed = await unlink_all(await self._connect(), self.keys(version))
        _log.info("version_cleared", model=self.model, version=version, keys=removed)
        return removed

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _connect(self) -> redis.Redis:
        if self._client is None:
            self._client = await connect_redis(self._url)
        return self._client


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise TargetUnreachable(f"Redis does not answer: {str(error) or type(error).__name__}") from error


async def serving_version(client: redis.Redis, ledger: str, model: str, first: int) -> int:
    """Read which version of a model readers follow; ``first`` where nothing was ever said. Raises RedisError."""
    return int(await client.get(active_version_key(ledger, model)) or first)


async def unlink_all(client: redis.Redis, keys: Keys) -> int:
    """Remove every key of a version, the checkpoint last and not counted; a fence keeps projectors out meanwhile."""
    await client.hset(keys.checkpoint, FENCE_FIELD, "rebuild")
    removed = 0
    pattern = literal(keys.prefix) + "*"
    cursor = 0
    while True:  # ends when SCAN has come round; the fence keeps new keys out
        cursor, found = await client.scan(cursor, match=pattern, count=UNLINK_KEYS)
        doomed = [key for key in found if key != keys.checkpoint.encode()]
        if doomed:
            removed += await client.unlink(*doomed)
        if cursor == 0:
            break
    await client.delete(keys.checkpoint)
    return removed

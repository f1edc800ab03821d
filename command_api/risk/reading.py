"""The raw figures about a payment from Redis: one call, one deadline, and a breaker in front.

Payments that come while Redis is being asked are asked about together, in the next pipeline.

A Redis that failed several times in a row is left alone for a moment, so that a dead server costs a few assessments
their deadline, and not each of them.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from hashlib import sha1
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import msgspec
import redis.asyncio as redis
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from command_api.risk.features import Figures, figures_of
from contracts.risk import RiskContext
from contracts.risk_features import DISTINCT_WINDOW_S, FIGURE_MAX, RINGS, RISK, WINDOWS, RiskKeys
from contracts.subjects import active_version_key
from runtime.shutdown import end_all

READ_DEADLINE_S: Final = 0.040  # of the 50 ms that a payment may wait for its score
ACTIVE_VERSION_AGE_S: Final = 1.0  # a switch of versions is noticed within this
CONNECTIONS_MAX: Final = 2  # rounds go one after the other
QUESTIONS_MAX: Final = 64  # in one round
FAILURES_MAX: Final = 20  # in a row, then Redis is left alone; one stall of the machine fails many at once
REST_S: Final = 0.1
TURNS_OF_GRACE: Final = 10  # of the event loop, from the socket to here
STALL_S: Final = 1.0  # how long this process may stand still while an answer is on its way
BREAKER: Final = "risk-features"

READ_LUA: Final = (Path(__file__).parent / "read.lua").read_text(encoding="utf-8")
_LAYOUT: Final = msgspec.msgpack.encode(
    {
        "rings": [tuple(ring) for ring in RINGS],
        "windows": [tuple(window) for window in WINDOWS],
        "figure_max": FIGURE_MAX,
        "distinct_s": DISTINCT_WINDOW_S,
    }
)


class FeaturesUnavailable(Exception):
    """The figures could not be had in time; the text says why."""


class Read(NamedTuple):
    """The figures and the position of the book they are as of."""

    figures: Figures
    position: int
    recorded_at: datetime | None


class FigureSource(Protocol):
    """Where the figures about a payment come from."""

    async def read(self, context: RiskContext, *, now_s: int) -> Read:
        """Return the figures. Raises FeaturesUnavailable."""
        ...


class RedisFigures:
    """The active model of one ledger in Redis. Connects when first asked and never waits longer than its deadline."""

    def __init__(
        self, redis_url: str, keys: RiskKeys, *, deadline_s: float = READ_DEADLINE_S, script: str = READ_LUA
    ) -> None:
        pool = redis.BlockingConnectionPool.from_url(
            redis_url,
            max_connections=CONNECTIONS_MAX,
            timeout=deadline_s,
            socket_timeout=None,  # the deadline below is the only one
            socket_connect_timeout=None,
            retry=Retry(NoBackoff(), 0),
        )
        self._client = redis.Redis.from_pool(pool)
        self._keys = keys
        self._keys_until = 0.0
        self._deadline_s = deadline_s
        self._one_at_a_time = asyncio.Lock()
        self._next: _Round | None = None
        self._rounds: set[asyncio.Task[list[Any]]] = set()
        self._script = script
        self._script_name = sha1(script.encode(), usedforsecurity=False).hexdigest()  # as Redis names it
        self._breakers = AsyncCircuitBreakerFactory(
            default_threshold=FAILURES_MAX, default_ttl=REST_S, exclude=[asyncio.CancelledError]
        )

    async def read(self, context: RiskContext, *, now_s: int) -> Read:
        """Read everything about one payment as of one position. Raises FeaturesUnavailable."""
        breaker = await self._breakers.get_breaker(BREAKER)
        try:
            async with breaker:
                position, recorded_at, fence, flat = await self._call(context, now_s)
        except OpenedState as open_:
            raise FeaturesUnavailable("Redis failed repeatedly and is left alone for a moment") from open_
        except TimeoutError as late:
            raise FeaturesUnavailable(f"Redis did not answer within {self._deadline_s * 1000:.0f} ms") from late
        except (RedisError, OSError) as error:
            raise FeaturesUnavailable(f"Redis does not answer: {str(error) or type(error).__name__}") from error
        if fence:
            raise FeaturesUnavailable("the risk model is being rebuilt")
        try:
            moment = datetime.fromisoformat(recorded_at.decode()) if recorded_at else None
            return Read(figures_of(flat), int(position), moment)
        except (ValueError, TypeError) as error:
            raise FeaturesUnavailable(f"the risk model in Redis has another shape: {error}") from error

    async def close(self) -> None:
        """Give up what is being asked, and close the connections."""
        await end_all(self._rounds)
        await self._client.aclose()

    async def _call(self, context: RiskContext, now_s: int) -> Any:
        arguments: tuple[Any, ...] = (
            now_s,
            context.customer_id,
            context.payee_id,
            context.device_id or "",
            context.currency,
            _LAYOUT,
        )
        if self._next is None or len(self._next.questions) >= QUESTIONS_MAX:
            self._next = _Round()
            self._next.answers = asyncio.create_task(self._ask(self._next))
            self._next.answers.add_done_callback(_looked_at)
            self._next.answers.add_done_callback(self._rounds.discard)
            self._rounds.add(self._next.answers)
        asked = self._next
        number = len(asked.questions)
        asked.questions.append(arguments)
        assert asked.answers is not None
        await asyncio.wait({asked.answers}, timeout=self._deadline_s)
        # When this process itself stood still, the answer has come and only waits to be read.
        for _ in range(TURNS_OF_GRACE):
            if asked.answers.done():
                answer = asked.answers.result()[number]
                if isinstance(answer, Exception):
                    raise answer
                return answer
            await asyncio.sleep(0)
        raise TimeoutError

    async def _ask(self, asked: _Round) -> list[Any]:
        """Ask about everybody in a round, once the round before is answered or given up."""
        async with self._one_at_a_time:
            if self._next is asked:
                self._next = None
            # Longer than anybody waits: a stall of this process must not take the answer from those who still look.
            async with asyncio.timeout(self._deadline_s + STALL_S):
                keys = await self._active_keys()
                answers = await self._pipeline(keys, asked.questions)
                if any(isinstance(answer, NoScriptError) for answer in answers):
                    await self._client.script_load(self._script)
                    answers = await self._pipeline(keys, asked.questions)
                return answers

    async def _pipeline(self, keys: RiskKeys, questions: list[tuple[Any, ...]]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for question in questions:
            pipeline.evalsha(self._script_name, 1, keys.checkpoint, keys.prefix, *question)
        return await pipeline.execute(raise_on_error=False)

    async def _active_keys(self) -> RiskKeys:
        """Return the keys of the version that serves, looked up every ACTIVE_VERSION_AGE_S."""
        now = asyncio.get_running_loop().time()
        if now >= self._keys_until:
            active = await self._client.get(active_version_key(self._keys.ledger, RISK))
            if active is not None:
                self._keys = RiskKeys(self._keys.ledger, int(active))
            self._keys_until = now + ACTIVE_VERSION_AGE_S
        return self._keys


class _Round:
    """Payments that are asked about together."""

    def __init__(self) -> None:
        self.questions: list[tuple[Any, ...]] = []
        self.answers: asyncio.Task[list[Any]] | None = None


def _looked_at(task: asyncio.Task[list[Any]]) -> None:
    """Everybody who asked may have gone: what went wrong was told to those who waited."""
    if not task.cancelled():
        task.exception()

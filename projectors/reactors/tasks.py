"""What a reactor is: a pure function from an event to tasks, and how one task is performed.

    prepare() -> react                   once per batch: what reacting depends on beside the events, if anything
    react(event) -> [Task, ...]          pure; the tasks are kept with the checkpoint, all or none
    perform(turn) -> Done | Next | Again | Park

A task may be performed more than once: a process may die after the effect and before the result is kept. So an effect
is keyed by `Turn.idempotency_key`, which is the same each time; and where the other side takes no key, `Turn.begin`
notes what is about to be sent, and a later turn that is `resumed` asks about it instead of sending it again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from projectors.events import Event

REASON_CHARS_MAX: Final = 500  # of what is kept in the table about a failure
AFTER_S_MAX: Final = 86_400.0

Chance = Callable[[], float]
"""A number in [0, 1), drawn anew at each call."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do about an event. Tasks of one reactor with the same ``key`` are performed one by one, in order.

    ``payload`` is JSON and holds no personal data in clear; ``due_at`` None means at once.
    """

    kind: str
    key: str
    payload: dict[str, Any] = {}
    due_at: datetime | None = None


class Done(msgspec.Struct, frozen=True):
    """The task is finished; ``answer`` is kept beside it as JSON for whoever looks."""

    answer: Any = None


class Next(msgspec.Struct, frozen=True):
    """The task is finished and leads to others, which are kept in the same step."""

    tasks: Sequence[Task]
    answer: Any = None


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """Not now: once more after ``after_s`` seconds, or as the kind's `Retry` says. No personal data in ``why``."""

    why: str
    after_s: float | None = None


class Park(msgspec.Struct, frozen=True):
    """A person has to look; what is behind it under the same key waits. No personal data in ``why``."""

    why: str


Result = Done | Next | Again | Park


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """How often and how soon a kind of task is tried again before it is parked.

    The pause before attempt n + 1 is ``base_s * factor ** (n - 1)``, at most ``cap_s``, less up to ``jitter`` of it.
    """

    base_s: float = 0.5
    factor: float = 2.0
    cap_s: float = 300.0
    jitter: float = 0.5
    attempts_max: int = 20

    def pause_s(self, attempts: int, chance: Chance) -> float:
        """Return the seconds to wait after ``attempts`` attempts."""
        growth = self.factor ** min(attempts - 1, 64)
        return min(self.base_s * growth, self.cap_s) * (1.0 - self.jitter * chance())


DEFAULT_RETRY: Final = Retry()
REACT: Final = "react"  # kind of the task that stands for an event whose reaction could not be planned


class LeaseLost(Exception):
    """The task is somebody else's by now: stop, send nothing, write nothing."""


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt at one task, under a lease. ``attempts`` counts this one; ``intent`` is what an earlier one noted."""

    reactor: str
    position: int
    step: int
    key: str
    kind: str
    payload: dict[str, Any]
    trace: str | None
    attempts: int
    intent: str | None
    last_error: str | None
    lease_token: int
    write_intent: Callable[[Turn, str | None], Awaitable[None]]

    @property
    def resumed(self) -> bool:
        """Whether an earlier attempt noted an intent: what it was may have happened."""
        return self.intent is not None

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt at this task, and for no other task."""
        return reaction_key(self.reactor, self.position, self.step)

    @property
    def lease(self) -> tuple[str, int, int, int]:
        """What every write about this task names."""
        return self.reactor, self.position, self.step, self.lease_token

    async def begin(self, intent: str) -> None:
        """Note durably what is about to be sent. Raises LeaseLost, TargetUnreachable: then do not send it."""
        await self.write_intent(self, intent[:REASON_CHARS_MAX])

    async def retract(self) -> None:
        """Take the note back, because nothing was sent after all. Raises LeaseLost, TargetUnreachable."""
        await self.write_intent(self, None)


React = Callable[[Event], Sequence[Task]]


def always(react: React) -> Callable[[], Awaitable[React]]:
    """Reacting that depends on the events alone."""

    async def prepare() -> React:
        return react

    return prepare


class Reactor(msgspec.Struct, frozen=True, kw_only=True):
    """A name, what it does about an event, and how. ``retries`` by kind of task; others have DEFAULT_RETRY.

    ``prepare`` may raise BookUnreachable and TargetUnreachable: then the batch waits.
    ``begins`` says where a reactor without a checkpoint starts: behind the newest event, so that history causes
    nothing, or before the first one. ``line_of`` names the line of an event whose reaction cannot even be planned: that
    line waits for it then, and no other. Without a name all of the reactor stops at the event.
    """

    name: str
    prepare: Callable[[], Awaitable[React]]
    perform: Callable[[Turn], Awaitable[Result]]
    retries: Mapping[str, Retry] = {}
    begins: Literal["at_head", "at_zero"] = "at_head"
    line_of: Callable[[Event], str | None] = lambda event: None

    def retry_of(self, kind: str) -> Retry:
        """Return the policy of a kind of task."""
        return self.retries.get(kind, DEFAULT_RETRY)


def reaction_key(reactor: str, position: int, step: int) -> str:
    """Name the effect of a task: an idempotency key that no other task has."""
    return f"reaction:{reactor}:{position}:{step}"

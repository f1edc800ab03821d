"""What waits to be decided: submissions in order of arrival, bounded, refused at once when full."""

from asyncio import Event, Future
from collections import deque
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from contracts.commands import Command
from contracts.envelope import Origin
from contracts.rejections import Refused
from ledger.store.rows import digest_of, key_hash_of

COMMANDS_WAITING_MAX: Final = 16_384  # two of the largest batches; about half a second of work
BATCH_COMMANDS_MAX: Final = 8_192  # the largest atomic group must fit one transaction
COMMANDS_PLENTY_MIN: Final = 200  # fewer gain nothing from being decided while a commit runs; let them gather
BATCH_COMMANDS_CAP: Final = 1_000  # where a commit's cost per command stops falling

_canonical = msgspec.json.Encoder().encode


class Wish(Struct, frozen=True):
    """One command under its idempotency key, with the canonical bytes and hashes that identify both."""

    command: Any  # a command, or one with what the door found out about it
    key: str
    key_hash: bytes
    canonical: bytes
    digest: bytes


def wish_of(command: Command, *, key: str, tenant: str) -> Wish:
    """Prepare a command for the sequencer."""
    canonical = _canonical(command)
    return Wish(command, key, key_hash_of(tenant, key), canonical, digest_of(canonical))


def assessed_wish_of(
    command: Struct, *, assessed: Any, stored: Command, key: str, tenant: str, digest: bytes | None = None
) -> Wish:
    """Prepare what the door made of a command: ``assessed`` is decided; ``stored``, the command with its personal data

    sealed, is what a refusal keeps. The digest is the client's own command's, so that a repeat is recognised; the door
    gives a keyed one where the command could be guessed from it.
    """
    known_by = digest_of(_canonical(command)) if digest is None else digest
    return Wish(assessed, key, key_hash_of(tenant, key), _canonical(stored), known_by)


class Accepted(Struct, frozen=True):
    """The command is in the book; ``answer`` is the exact bytes of its last event."""

    answer: bytes
    first_position: int
    position: int
    replayed: bool = False


class Declined(Struct, frozen=True):
    """The command was refused; ``answer`` is the exact refusal as first given."""

    answer: bytes
    refused: Refused | None
    replayed: bool = False


Outcome = Accepted | Declined


class Unavailable(RuntimeError):
    """No outcome can be given now. ``may_have_happened``: only a repeat with the same key will tell."""

    def __init__(self, detail: str, *, may_have_happened: bool) -> None:
        super().__init__(detail)
        self.may_have_happened = may_have_happened


class QueueFull(Unavailable):
    """Too much is waiting; nothing was taken."""

    def __init__(self) -> None:
        super().__init__("too many commands are waiting; try again shortly", may_have_happened=False)


class Submission(Struct, eq=False):
    """What one caller handed in: one command or many, together or each on its own."""

    wishes: tuple[Wish, ...]
    tenant: str
    actor_json: bytes
    trace: str | None
    occurred_at: datetime
    atomic: bool
    deadline: float
    done: Future[list[Outcome]]
    subject: str = ""  # the principal, for decisions that need two of them

    def origin(self, wish: Wish, *, ledger: str) -> Origin:
        """What the events of one wish share."""
        return Origin(
            ledger=ledger, actor_json=self.actor_json, key=wish.key, trace=self.trace, occurred_at=self.occurred_at
        )


class SubmissionQueue:
    """Submissions in order of arrival, counted in commands."""

    def __init__(self, *, commands_max: int = COMMANDS_WAITING_MAX, plenty_min: int = COMMANDS_PLENTY_MIN) -> None:
        self._commands_max = commands_max
        self._plenty_min = plenty_min
        self._waiting: deque[Submission] = deque()
        self._arrived = Event()
        self._plenty = Event()
        self.commands_waiting = 0
        self.closed = False

    def put(self, *submissions: Submission) -> None:
        """Take submissions, all or none. Raises QueueFull when they do not fit, Unavailable when the process stops."""
        if self.closed:
            raise Unavailable("this process is stopping; send the command to another", may_have_happened=False)
        size = sum(len(submission.wishes) for submission in submissions)
        if self.commands_waiting and self.commands_waiting + size > self._commands_max:
            raise QueueFull
        self._waiting.extend(submissions)
        self.commands_waiting += size
        self._arrived.set()
        if self.commands_waiting >= self._plenty_min:
            self._plenty.set()

    def close(self) -> None:
        """Take nothing more; what waits will still be decided."""
        self.closed = True
        self._arrived.set()
        self._plenty.set()

    @property
    def drained(self) -> bool:
        """True when closed and empty."""
        return self.closed and not self._waiting

    async def wait(self) -> None:
        """Wait until something waits, or the queue is closed."""
        await self._arrived.wait()

    async def wait_for_plenty(self) -> None:
        """Wait until enough waits to be worth deciding while a commit runs, or the queue is closed."""
        await self._plenty.wait()

    def take(self, *, cap: int = BATCH_COMMANDS_CAP) -> list[Submission]:
        """Take submissions up to ``cap`` commands, and at least one."""
        taken: list[Submission] = []
        size = 0
        while self._waiting and (not taken or size + len(self._waiting[0].wishes) <= cap):
            submission = self._waiting.popleft()
            size += len(submission.wishes)
            taken.append(submission)
        self.commands_waiting -= size
        if self.closed:
            return taken
        if not self._waiting:
            self._arrived.clear()
        if self.commands_waiting < self._plenty_min:
            self._plenty.clear()
        return taken

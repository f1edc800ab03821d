"""A batch decided in memory, in order: replays found, groups kept whole, events numbered and chained. No I/O.

This is the only place where positions are given out and hashes chained, so it is also the only place where two
submissions can meet: an idempotency key seen twice, in one batch or in the one still committing, gets one effect.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from contracts.envelope import chain, encode_event
from contracts.rejections import Refused, Rejection
from ledger.domain.book import decide, entries_of, evolve
from ledger.domain.state import Moment, State
from ledger.sequencer.queue import Accepted, Declined, Outcome, Submission, Wish
from ledger.store.load import Head, KnownOutcome
from ledger.store.rows import Rows

RenderRefusal = Callable[[Refused], bytes]
WHOLE_COMMAND: Final = "command"
SEALED: Final = "sealed."


class Decided(Struct):
    """A batch ready to be written: on which head, which rows, which head after, which answers."""

    before: Head
    after: Head
    state: State
    rows: Rows
    answers: list[tuple[Submission, list[Outcome]]] = field(default_factory=list)
    keys: dict[bytes, tuple[Wish, Outcome]] = field(default_factory=dict)


class BatchDecision:
    """Decides submissions one after another on a layer of its own."""

    def __init__(  # noqa: PLR0913 - what a decision depends on, each by name
        self,
        *,
        head: Head,
        state: State,
        known: Mapping[bytes, KnownOutcome],
        touched: Iterable[str],
        pending: Mapping[bytes, tuple[Wish, Outcome]],
        now: datetime,
        render: RenderRefusal,
    ) -> None:
        self._known = known
        self._pending = pending
        self._render = render
        # Time in the book never runs backwards, whatever the clock does.
        self._now = now if head.recorded_at is None else max(now, head.recorded_at)
        self._today = self._now.astimezone(UTC).date()
        self._head = head
        self._position = head.position
        self._hash = head.hash
        self._state = State(state)
        self._state.bring_up(touched)
        self._rows = Rows()
        self._keys: dict[bytes, tuple[Wish, Outcome]] = {}
        self._answers: list[tuple[Submission, list[Outcome]]] = []

    def steps(self, submission: Submission) -> Iterator[None]:
        """Decide one submission, pausing after every command so that the caller may do something else."""
        outcomes: list[Outcome] = []
        for outcome in self._group(submission) if submission.atomic else self._singly(submission):
            outcomes.append(outcome)
            yield
        self._answers.append((submission, outcomes))

    def finish(self) -> Decided:
        """Close the batch. One that only replays leaves the head where it is."""
        if not self._rows.idempotency:
            return Decided(self._head, self._head, self._state, self._rows, self._answers, self._keys)
        after = Head(
            ledger=self._head.ledger,
            position=self._position,
            hash=self._hash,
            batch=self._head.batch + 1,
            recorded_at=self._now if self._position > self._head.position else self._head.recorded_at,
            closed_through=self._state.closed_through,
        )
        return Decided(self._head, after, self._state, self._rows, self._answers, self._keys)

    def _singly(self, submission: Submission) -> Iterator[Outcome]:
        for wish in submission.wishes:
            yield self._replay(wish) or self._settle(wish, self._attempt(wish, submission))

    def _group(self, submission: Submission) -> Iterator[Outcome]:
        """All or nothing: decide on a layer that is dropped, rows and all, at the first refusal.

        A key seen before stands for its earlier outcome: an acceptance counts as done, a refusal refuses the group.
        """
        replays = [self._replay(wish) for wish in submission.wishes]
        mark, position, chained, state = self._rows.mark(), self._position, self._hash, self._state
        self._state = State(state)
        attempts = self._attempt_all(submission, replays)
        settled: Sequence[Accepted | Refused]
        refusals = [at for at, attempt in enumerate(attempts) if isinstance(attempt, (Refused, Declined))]
        if refusals:
            self._rows.cut(mark)
            self._position, self._hash, self._state = position, chained, state
            whole = Refused(Rejection.ATOMIC_BATCH_REFUSED, f"command {refusals[0]} of the atomic batch was refused")
            settled = [attempt if isinstance(attempt, Refused) else whole for attempt in attempts]
        else:
            settled = [attempt for attempt in attempts if isinstance(attempt, Accepted)]
            state.absorb(self._state)
            self._state = state
        for wish, replay, attempt in zip(submission.wishes, replays, settled, strict=True):
            yield replay or self._replay(wish) or self._settle(wish, attempt)

    def _attempt_all(
        self, submission: Submission, replays: Sequence[Outcome | None]
    ) -> list[Accepted | Declined | Refused]:
        """Decide a group in order up to its first refusal; what comes after that is refused unseen."""
        attempts: list[Accepted | Declined | Refused] = []
        seen: dict[bytes, tuple[Wish, Accepted | Declined | Refused]] = {}
        refused: Refused | None = None
        for wish, replay in zip(submission.wishes, replays, strict=True):
            earlier, repeated = seen.get(wish.key_hash, (wish, None))
            if earlier.digest != wish.digest:
                repeated = self._reused(wish, earlier.canonical)
            attempt = replay or repeated or refused or self._attempt(wish, submission)
            if refused is None and isinstance(attempt, (Refused, Declined)):
                refused = Refused(
                    Rejection.ATOMIC_BATCH_REFUSED, f"command {len(attempts)} of the atomic batch was refused"
                )
            seen.setdefault(wish.key_hash, (wish, attempt))
            attempts.append(attempt)
        return attempts

    def _attempt(self, wish: Wish, submission: Submission) -> Accepted | Refused:
        """Decide one command; if accepted, append its events and move the state."""
        first = self._position + 1
        decided = decide(wish.command, self._state, Moment(first, self._now, self._today, submission.subject))
        if isinstance(decided, Refused):
            return decided
        origin = submission.origin(wish, ledger=self._head.ledger)
        body = b""
        for event in decided:
            self._position += 1
            body = encode_event(event, position=self._position, recorded_at=self._now, origin=origin)
            self._hash = chain(self._hash, body)
            lines = entries_of(event, self._state, today=self._today)
            self._rows.add_event(event, position=self._position, body=body, chained=self._hash, lines=lines)
            evolve(self._state, event, self._position)
        return Accepted(body, first, self._position)

    def _settle(self, wish: Wish, attempt: Accepted | Refused) -> Outcome:
        """Record what the key is answered from now on."""
        outcome: Outcome
        if isinstance(attempt, Refused):
            outcome = Declined(self._render(attempt), attempt)
            self._rows.idempotency.append((wish.key_hash, wish.digest, None, None, outcome.answer, wish.canonical))
        else:
            outcome = attempt
            self._rows.idempotency.append(
                (wish.key_hash, wish.digest, attempt.first_position, attempt.position, None, None)
            )
        self._keys[wish.key_hash] = (wish, outcome)
        return outcome

    def _replay(self, wish: Wish) -> Outcome | None:
        """Answer a key that was answered before: from this batch, the one still committing, or the book."""
        recent = self._keys.get(wish.key_hash) or self._pending.get(wish.key_hash)
        if recent is not None:
            earlier, outcome = recent
            if earlier.digest != wish.digest:
                return self._reused(wish, earlier.canonical)
            return msgspec.structs.replace(outcome, replayed=True)
        known = self._known.get(wish.key_hash)
        if known is None:
            return None
        if known.digest != wish.digest:
            return self._reused(wish, known.command or _data_of(known.first_event))
        if known.refusal is not None:
            return Declined(known.refusal, None, replayed=True)
        assert known.answer is not None
        assert known.first_position is not None
        assert known.last_position is not None
        return Accepted(known.answer, known.first_position, known.last_position, replayed=True)

    def _reused(self, wish: Wish, earlier: bytes) -> Declined:
        """Refuse a key that was used for something else, naming what differs; this refusal is not remembered."""
        fields = tuple(differing(msgspec.json.decode(wish.canonical), msgspec.json.decode(earlier)))
        refused = Refused(
            Rejection.IDEMPOTENCY_KEY_REUSED,
            f"this key was used for another command; it differs in: {', '.join(fields)}",
            None,
            fields,
        )
        return Declined(self._render(refused), refused)


def _data_of(event: bytes | None) -> bytes:
    assert event is not None
    return bytes(msgspec.json.decode(event, type=dict[str, msgspec.Raw])["data"])


def differing(command: Any, earlier: Any, path: str = "") -> Iterator[str]:
    """Name the fields of ``command`` that ``earlier`` (a command or an event's data) has otherwise; never nothing.

    An event carries its command's fields under the same names plus results, so what only it has does not count. Sealed
    fields cannot be compared, and one left out of the command may have been filled in by the book: those count only if
    nothing else differs, the sealed ones first.
    """
    found = list(_differences(command, earlier, path)) or list(_sealed(command, earlier, path))
    yield from found or list(_left_out(command, earlier)) or [WHOLE_COMMAND]


def _sealed(command: Any, earlier: Any, path: str) -> Iterator[str]:
    """The fields that are sealed in both."""
    if isinstance(command, dict) and isinstance(earlier, dict):
        for name, value in command.items():
            yield from _sealed(value, earlier.get(name), f"{path}.{name}" if path else name)
    elif isinstance(command, str) and isinstance(earlier, str) and earlier.startswith(SEALED):
        yield path


def _left_out(command: Any, earlier: Any) -> Iterator[str]:
    """The fields that the command leaves to the book and the earlier one has."""
    return (name for name, value in command.items() if value is None and earlier.get(name) is not None)


def _differences(command: Any, earlier: Any, path: str) -> Iterator[str]:
    match command, earlier:
        case dict(), dict():
            for name, value in command.items():
                if name != "type" and (value is not None or _is_known_as_given(earlier.get(name))):
                    yield from _differences(value, earlier.get(name), f"{path}.{name}" if path else name)
            if command.get("type", "") != earlier.get("type", command.get("type", "")):
                yield "type"
        case list(), list() if len(command) == len(earlier):
            for index, (ours, theirs) in enumerate(zip(command, earlier, strict=True)):
                yield from _differences(ours, theirs, f"{path}[{index}]")
        case str(), str() if earlier.startswith(SEALED):
            return
        case _ if command != earlier:
            yield path


def _is_known_as_given(earlier: Any) -> bool:
    """Tell whether a field that the command leaves out was left out before, or certainly was not: the book seals only

    what a client gave.
    """
    return earlier is None or (isinstance(earlier, str) and earlier.startswith(SEALED))

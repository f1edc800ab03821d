"""A world of payments on the pure functions: clients, payers, reviewers, operators, timers, the saga, and a rail.

Time is a queue of things to do. Commands go through a door that knows idempotency keys; the saga's tasks are performed
as projectors/payments/performing.py does it, and crash between any two of their steps. Everything follows from a seed.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, Literal, NamedTuple

import msgspec

from contracts import commands as c
from contracts import events as e
from contracts.ids import REFUND_PREFIX
from contracts.rejections import Refused
from ledger.domain import book
from ledger.domain.payments.life_cycle import PAYMENT, Payment
from ledger.domain.state import Moment, State
from projectors.payments import saga
from projectors.rails.rail import RailAnswer, Unknown
from tests.ledger.payments.simulated.opened_book import BASE, BEGIN
from tests.ledger.payments.simulated.rail import SimulatedRail
from tests.support.payments import assessed

CRASH: Final = 0.02  # before each step of the saga
STEPS_PER_PAYMENT_MAX: Final = 2_000
ROUNDS_OF_PATIENCE: Final = 12  # how often a rail is asked until its patience is over


class Crash(Exception):
    """The process of the saga died."""


class Running:
    """A task of the saga: what it is, how often it was tried, and whether an intent was noted."""

    def __init__(self, task: Any, key: str) -> None:
        self.task = task
        self.key = key
        self.attempts = 0
        self.intent = False


class World:
    """One world; `run` until nothing is left to do. `said`: the events about each payment.

    `parked_refunds`: those about which an operator was told that the rail does not answer.
    """

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.state = State(BASE.state)
        self.now = BEGIN
        self.position = BASE.position
        self.events: list[e.EventData] = []
        self.said: dict[str, list[e.EventData]] = {}
        self.on_event: Callable[[World, e.EventData], None] | None = None
        self.rail = SimulatedRail(self.chance, later=self.later, says=self._message, now=lambda: self.now)
        self.parked_refunds: set[str] = set()
        self._answers: dict[str, tuple[e.EventData, ...] | Refused] = {}
        self._queue: list[tuple[datetime, int, Callable[[], object]]] = []
        self._order = 0
        self._tasks: dict[str, deque[Running]] = {}

    def later(self, span_s: float, action: Callable[[], object]) -> None:
        """Do something after so many seconds."""
        self._order += 1
        heapq.heappush(self._queue, (self.now + timedelta(seconds=span_s), self._order, action))

    def run(self, payments: int) -> None:
        """Let everything happen."""
        for _ in range(payments * STEPS_PER_PAYMENT_MAX):
            if not self._queue:
                return
            self.now, _, action = heapq.heappop(self._queue)
            action()
        raise AssertionError("this never ends")

    def send(self, command: Any, key: str, *, by: str = "bursar:saga") -> tuple[e.EventData, ...] | Refused:
        """Say a command under a key; one that was said before gets its first answer."""
        known = self._answers.get(key)
        if known is None:
            moment = Moment(self.position + 1, self.now, self.now.date(), by)
            known = self._answers[key] = book.decide(assessed(command), self.state, moment)
            if not isinstance(known, Refused):
                for event in known:
                    self._happened(event)
        return known

    def payment(self, payment_id: str) -> Payment:
        """A payment as the book has it."""
        record = self.state.record(PAYMENT, payment_id)
        assert isinstance(record, Payment)
        return record

    def _happened(self, event: e.EventData) -> None:
        self.position += 1
        book.evolve(self.state, event, self.position)
        self.events.append(event)
        payment_id = getattr(event, "payment_id", None)
        if payment_id is None:
            return
        self.said.setdefault(payment_id, []).append(event)
        for step, task in enumerate(saga.react(_Seen(event))):  # type: ignore[arg-type]  # it looks at the data only
            self._begin(Running(task, f"saga:{self.position}:{step}"))
        assert self.on_event is not None
        self.on_event(self, event)

    def _message(self, instruction_id: str, outcome: str, message_id: str) -> None:
        """The rail's message; the receiver says it under its id."""
        said = _refund_outcome if REFUND_PREFIX in instruction_id else _outcome
        self.send(said(instruction_id, outcome), message_id, by="bursar:rails")

    def _begin(self, running: Running) -> None:
        """Tasks about one payment are performed in order."""
        waiting = self._tasks.setdefault(running.task.key, deque())
        waiting.append(running)
        if len(waiting) == 1:
            self.later(self.chance.random(), lambda: self._turn(running))

    def _turn(self, running: Running) -> None:
        running.attempts += 1
        again_s: float | None = 1.0
        try:
            again_s = self._perform(running)
            self._may_crash()
        except Crash:
            again_s = 30.0  # until the lease is over
        if again_s is not None:
            self.later(again_s, lambda: self._turn(running))
            return
        waiting = self._tasks[running.task.key]
        waiting.popleft()
        if waiting:
            following = waiting[0]
            self.later(self.chance.random(), lambda: self._turn(following))

    def _may_crash(self) -> None:
        if self.chance.random() < CRASH:
            raise Crash

    def _perform(self, running: Running) -> float | None:
        """Perform a task once; gives the seconds after which to try again, None when it is done."""
        payload = running.task.payload
        if running.task.kind == saga.INSTRUCT:
            self.send(c.InstructPayment(payment_id=payload["payment_id"]), f"{running.key}:once")
            return None
        if running.task.kind == saga.REFUND:
            return self._refund(running, msgspec.convert(payload, saga.Refunding))
        if running.task.kind == saga.RECALL:
            return self._recall(running, msgspec.convert(payload, saga.Recalling))
        instruction, facts = payload["instruction"], payload["facts"]
        limit = saga.TIME_LIMIT.get(facts.rail)
        is_late = limit is not None and self.now - instruction.instructed_at > limit
        answer = self._ask(running, instruction, facts, again=payload["sent_before"] or is_late)
        self._may_crash()
        waited = self.now - instruction.instructed_at
        move = saga.next_move(answer, rail=facts.rail, waited=waited, attempts=running.attempts)
        name = instruction.instruction_id
        match move:
            case saga.Record():
                said = _outcome(name, move.outcome, reason_code=move.reason_code, rail_reference=move.reference)
                self.send(said, f"{running.key}:{move.outcome}")
                return None
            case saga.GiveUp():
                self.send(c.ParkPayment(payment_id=payload["payment_id"], reason=move.why), f"{running.key}:park")
                return None
            case saga.SendAgain():
                running.intent = False
                return move.after_s
            case saga.Ask():
                if move.tell and isinstance(self.send(_outcome(name, "unknown"), f"{running.key}:unknown"), Refused):
                    return None
                slowly_s = saga.PATIENCE[facts.rail].total_seconds() / ROUNDS_OF_PATIENCE
                return max(move.after_s, slowly_s * self.chance.random() * 2)

    def _refund(self, running: Running, wish: saga.Refunding) -> float | None:
        """As projectors/payments/afterwards.py does it."""
        name = wish.instruction_id
        asked = _RefundAsked(name, wish.requested_at)
        facts = msgspec.structs.replace(self.payment(wish.payment_id).facts, amount_minor=wish.amount_minor)
        answer = self._ask(running, asked, facts, again=False)
        self._may_crash()
        move = saga.next_move(answer, rail=wish.rail, waited=self.now - wish.requested_at, attempts=running.attempts)
        match move:
            case saga.Record():
                outcome = "accepted" if move.outcome == "accepted" else "rejected"
                self.send(_refund_outcome(name, outcome, reason_code=move.reason_code), f"{running.key}:{outcome}")
                return None
            case saga.GiveUp():
                self.parked_refunds.add(name)  # the task is parked, and an operator told
                return None
            case saga.SendAgain():
                running.intent = False
                return move.after_s
            case saga.Ask():
                slowly_s = saga.PATIENCE[wish.rail].total_seconds() / ROUNDS_OF_PATIENCE
                return max(move.after_s, slowly_s * self.chance.random() * 2)

    def _recall(self, running: Running, wish: saga.Recalling) -> float | None:
        """As projectors/payments/afterwards.py does it; what a bank agrees to comes back as a return, later."""
        answer = self.rail.recall(wish.recall.recall_id)
        self._may_crash()
        move = saga.next_recall_move(answer, waited=self.now - wish.recall.requested_at, attempts=running.attempts)
        if not isinstance(move, saga.Record):
            assert isinstance(move, saga.Ask), "a bank that never answers a recall"
            return move.after_s
        said: Literal["accepted", "refused"] = "accepted" if move.outcome == "accepted" else "refused"
        answered = c.RecordRecallAnswer(
            payment_id=wish.payment_id,
            recall_id=wish.recall.recall_id,
            answer=said,
            reason_code=move.reason_code,
        )
        self.send(answered, f"{running.key}:{said}")
        if said == "accepted":
            back = c.ReturnPayment(
                payment_id=wish.payment_id, return_id=f"recalled-{wish.payment_id}", amount_minor=wish.amount_minor,
                reason_code="FOCR",
            )  # fmt: skip
            self.later(self.chance.random() * 60.0, lambda: self.send(back, f"{wish.recall.recall_id}:back"))
        return None

    def _ask(self, running: Running, instruction: Any, facts: Any, *, again: bool) -> RailAnswer:
        if running.intent or again:
            return self.rail.inquire(instruction, facts)
        self._may_crash()
        running.intent = True
        self._may_crash()
        answer = self.rail.send(instruction, facts)
        if isinstance(answer, Unknown) and not answer.sent:
            running.intent = False
        return answer


class _RefundAsked(NamedTuple):
    """A refund as far as the simulated rail looks at an instruction."""

    instruction_id: str
    instructed_at: datetime


class _Seen:
    """An event as far as the saga looks at it."""

    __slots__ = ("data",)

    def __init__(self, data: e.EventData) -> None:
        self.data = data


def _outcome(instruction_id: str, outcome: Any, **more: Any) -> c.RecordRailOutcome:
    payment_id = instruction_id.partition(".")[0]
    return c.RecordRailOutcome(payment_id=payment_id, instruction_id=instruction_id, outcome=outcome, **more)


def _refund_outcome(name: str, outcome: Any, **more: Any) -> c.RecordRefundOutcome:
    payment_id = name.partition(".")[0]
    return c.RecordRefundOutcome(payment_id=payment_id, instruction_id=name, outcome=outcome, **more)

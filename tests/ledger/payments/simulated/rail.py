"""A rail that misbehaves as its chance says, and remembers what it truly did.

It keeps the promises that a rail makes (docs: the same instruction id is executed once; an instruction that arrives
after its time limit is refused), loses and delays everything else, and now and then it lies: `liars` are the payments
about which it has said something that was not so. `executed` is the truth, in minor units, by instruction.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Literal

from contracts.events.payments import Instruction, PaymentFacts
from projectors.payments.saga import TIME_LIMIT
from projectors.rails.rail import Accepted, NotFound, Pending, RailAnswer, Rejected, Unknown

Fate = Literal["accepted", "rejected", "pending", "refused_late"]
Later = Callable[[float, Callable[[], None]], None]
"""Do something after so many seconds."""
Says = Callable[[str, str, str], None]
"""A message of the rail arrives: instruction, outcome, message id."""
HOUR_S = 3_600.0


class SimulatedRail:
    """All rails in one: what differs between them is their time limit."""

    def __init__(self, chance: Random, *, later: Later, says: Says, now: Callable[[], datetime]) -> None:
        self.executed: dict[str, int] = {}
        self.fates: dict[str, Fate] = {}
        self.liars: set[str] = set()
        self._silent: set[str] = set()
        self._messages = 0
        self._chance = chance
        self._later = later
        self._says = says
        self._now = now

    def send(self, instruction: Instruction, facts: PaymentFacts) -> RailAnswer:
        """Take an instruction, perhaps, and answer, perhaps."""
        roll = self._chance.random()
        name = instruction.instruction_id
        if name not in self.fates and self._chance.random() < 0.03:
            self._silent.add(name)
        if roll < 0.04:
            return Unknown("circuit open", sent=False)
        if roll < 0.10:
            return Unknown("lost on the way there")
        if roll < 0.16:
            limit_s = TIME_LIMIT[facts.rail].total_seconds()
            self._later(self._chance.random() * 3 * limit_s, lambda: self._arrive(instruction, facts))
            return Unknown("delayed on the way there")
        self._arrive(instruction, facts)
        if roll < 0.26 or name in self._silent:
            return Unknown("lost on the way back")
        return self._answer(name, facts)

    def inquire(self, instruction: Instruction, facts: PaymentFacts) -> RailAnswer:
        """Say what became of an instruction, perhaps."""
        name = instruction.instruction_id
        if name in self._silent or self._chance.random() < 0.1:
            return Unknown("no answer")
        if name in self.fates and self._chance.random() < 0.002:
            self._lie_about(name)
            return NotFound()
        return self._answer(name, facts)

    def by_phone(self, instruction_id: str) -> bool:
        """Tell whether it was executed; from now on that does not change."""
        if self.fates.get(instruction_id, "pending") == "pending":
            self.fates[instruction_id] = "rejected"
        return instruction_id in self.executed

    def _arrive(self, instruction: Instruction, facts: PaymentFacts) -> None:
        name = instruction.instruction_id
        if name in self.fates:
            return  # the same instruction again
        late = self._now() - instruction.instructed_at > TIME_LIMIT[facts.rail]
        roll = self._chance.random()
        assert facts.amount_minor is not None
        if late:
            self.fates[name] = "refused_late"
        elif roll < 0.70:
            self._decide(name, "accepted", facts.amount_minor)
        elif roll < 0.82:
            self._decide(name, "rejected", facts.amount_minor)
        else:
            self.fates[name] = "pending"
            if roll < 0.98:
                fate: Fate = "accepted" if self._chance.random() < 0.8 else "rejected"
                amount_minor = facts.amount_minor
                self._later(self._some_time(), lambda: self._decide_pending(name, fate, amount_minor))

    def _decide_pending(self, name: str, fate: Fate, amount_minor: int) -> None:
        if self.fates[name] == "pending":
            self._decide(name, fate, amount_minor)

    def _decide(self, name: str, fate: Fate, amount_minor: int) -> None:
        self.fates[name] = fate
        if fate == "accepted":
            self.executed[name] = amount_minor
        if name not in self._silent or self._chance.random() < 0.3:
            for _ in range(self._chance.choice((0, 1, 1, 2))):  # nobody is told, or twice
                self._tell(name, fate)
        if self._chance.random() < 0.004:
            self._lie_about(name)
            self._tell(name, "rejected" if fate == "accepted" else "accepted")

    def _tell(self, name: str, outcome: str) -> None:
        self._messages += 1
        message = f"message-{self._messages}"
        for _ in range(self._chance.choice((1, 1, 2))):  # delivered twice
            self._later(self._some_time(), lambda: self._says(name, outcome, message))

    def _lie_about(self, name: str) -> None:
        self.liars.add(name.partition(".")[0])

    def _answer(self, name: str, facts: PaymentFacts) -> RailAnswer:
        match self.fates.get(name):
            case "accepted":
                return Accepted(f"ref-{name}")
            case "rejected":
                return Rejected("AC04")
            case "pending":
                return Pending()
            case _:
                return NotFound()

    def _some_time(self) -> float:
        """Mostly seconds, sometimes hours: after the saga has given up, too."""
        return self._chance.choice((0.1, 5.0, 60.0, 30 * HOUR_S, 150 * HOUR_S)) * self._chance.random()


def seconds(span_s: float) -> timedelta:
    """A span of time."""
    return timedelta(seconds=span_s)



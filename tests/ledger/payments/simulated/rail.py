"""A rail that misbehaves as its chance says, and remembers what it truly did.

It keeps the promises that a rail makes (docs: the same instruction id is executed once; an instruction that arrives
after its time limit is refused), loses and delays everything else, and now and then it lies: `liars` are the payments
about which it has said something that was not so; about those it says the truth, too, sooner or later. `executed` is
the truth, in minor units, by instruction; a refund is an instruction named after the payment and the refund. `recalls`:
to which it has agreed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Final, Literal

from contracts.events.payments import Instruction, PaymentFacts
from contracts.payment_codes import RailName
from projectors.rails.rail import Accepted, NotFound, Pending, RailAnswer, Rejected, Unknown

Fate = Literal["accepted", "rejected", "pending", "refused_late"]
Later = Callable[[float, Callable[[], None]], None]
"""Do something after so many seconds."""
Says = Callable[[str, str, str], None]
"""A message of the rail arrives: instruction, outcome, message id."""
HOUR_S: Final = 3_600.0
LIMIT_S: Final[dict[RailName, float]] = {"sct_inst": 10.0, "card_psp": 600.0, "file": 96 * HOUR_S}
"""What arrives later is refused; until then it may still arrive."""


class SimulatedRail:
    """All rails in one: what differs between them is their time limit."""

    def __init__(self, chance: Random, *, later: Later, says: Says, now: Callable[[], datetime]) -> None:
        self.executed: dict[str, int] = {}
        self.fates: dict[str, Fate] = {}
        self.recalls: dict[str, bool] = {}
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
            self._later(self._chance.random() * 3 * LIMIT_S[facts.rail], lambda: self._arrive(instruction, facts))
            return Unknown("delayed on the way there")
        self._arrive(instruction, facts)
        if roll < 0.26 or name in self._silent:
            return Unknown("lost on the way back")
        return self._answer(instruction, facts)

    def inquire(self, instruction: Instruction, facts: PaymentFacts) -> RailAnswer:
        """Say what became of an instruction, perhaps."""
        name = instruction.instruction_id
        if name in self._silent or self._chance.random() < 0.1:
            return Unknown("no answer")
        if name in self.fates and self._chance.random() < 0.002:
            self._lie_about(name)
            if self.fates[name] == "accepted":
                self._tell(name, "accepted")
            return NotFound(is_final=True)
        return self._answer(instruction, facts)

    def recall(self, name: str) -> RailAnswer:
        """Say whether a payment comes back, perhaps; the same once it is decided."""
        roll = self._chance.random()
        if roll < 0.2:
            return Unknown("no answer")
        if name not in self.recalls and roll < 0.6:
            return Pending()
        if name not in self.recalls:
            self.recalls[name] = self._chance.random() < 0.5
        return Accepted(f"ref-{name}") if self.recalls[name] else Rejected("CUST")

    def by_phone(self, instruction_id: str) -> bool:
        """Tell whether it was executed; from now on that does not change."""
        if self.fates.get(instruction_id, "pending") == "pending":
            self.fates[instruction_id] = "rejected"
        return instruction_id in self.executed

    def _arrive(self, instruction: Instruction, facts: PaymentFacts) -> None:
        name = instruction.instruction_id
        if name in self.fates:
            return  # the same instruction again
        roll = self._chance.random()
        assert facts.amount_minor is not None
        if self._is_late(instruction, facts):
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
        if self._chance.random() < 0.004:
            self._lie_about(name)
            self._tell(name, "rejected" if fate == "accepted" else "accepted")
        lied = name.partition(".")[0] in self.liars
        if lied or name not in self._silent or self._chance.random() < 0.3:
            for _ in range(self._chance.choice((1, 2) if lied else (0, 1, 1, 2))):  # nobody is told, or twice
                self._tell(name, fate)

    def _tell(self, name: str, outcome: str) -> None:
        self._messages += 1
        message = f"message-{self._messages}"
        for _ in range(self._chance.choice((1, 1, 2))):  # delivered twice
            self._later(self._some_time(), lambda: self._says(name, outcome, message))

    def _lie_about(self, name: str) -> None:
        self.liars.add(name.partition(".")[0])

    def _is_late(self, instruction: Instruction, facts: PaymentFacts) -> bool:
        return (self._now() - instruction.instructed_at).total_seconds() > LIMIT_S[facts.rail]

    def _answer(self, instruction: Instruction, facts: PaymentFacts) -> RailAnswer:
        name = instruction.instruction_id
        match self.fates.get(name):
            case "accepted":
                return Accepted(f"ref-{name}")
            case "rejected":
                return Rejected("AC04")
            case "pending":
                return Pending()
            case _:
                return NotFound(is_final=self._is_late(instruction, facts))

    def _some_time(self) -> float:
        """Mostly seconds, sometimes hours: after the saga has given up, too."""
        return self._chance.choice((0.1, 5.0, 60.0, 30 * HOUR_S, 150 * HOUR_S)) * self._chance.random()

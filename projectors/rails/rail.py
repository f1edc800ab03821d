"""What every rail looks like from inside: two questions (three, where payments can be recalled), and five answers.

A rail never raises for anything that the network or the counterparty does. What could not be learned is `Unknown`, and
`Unknown` is answered by asking (`inquire`), never by paying again under another id.
"""

from __future__ import annotations

from typing import Protocol, TypeVar, runtime_checkable

import msgspec

from contracts.iso20022.recalls import RecallRequest


class Accepted(msgspec.Struct, frozen=True):
    """Executed: the counterparty moved the money. `reference` is its own name for it, empty if it gave none."""

    reference: str = ""


class Rejected(msgspec.Struct, frozen=True):
    """Refused, not executed, and never will be under this instruction id. `reason_code` is ISO 20022's, e.g. AC04."""

    reason_code: str


class Pending(msgspec.Struct, frozen=True):
    """Received and not decided. The outcome comes by itself, as a message; whoever misses it inquires."""

    reference: str = ""


class Unknown(msgspec.Struct, frozen=True):
    """Nothing can be concluded: no answer, or none that could be believed.

    `sent` is False when this call put nothing on the wire (circuit open, rail busy, no connection). An earlier call
    may still have, so that even then the next step is to inquire, or to send the same instruction again.
    """

    detail: str
    sent: bool = True


class NotFound(msgspec.Struct, frozen=True):
    """The counterparty has not received the instruction.

    Safe to send again under the same id: if the first sending arrives after all, both are one. With `is_final` it was
    not executed and never will be, because its time limit is past and the counterparty has to refuse it from now on.
    """

    is_final: bool = False


RailAnswer = Accepted | Rejected | Pending | Unknown | NotFound

I = TypeVar("I", contravariant=True)  # noqa: E741 - an instruction


class Rail(Protocol[I]):
    """A way to pay. `I` is the instruction it understands; its `instruction_id` names payment and attempt."""

    @property
    def name(self) -> str:
        """Return the rail's name, as settings, metrics and clearing accounts write it."""
        ...

    async def send(self, instruction: I) -> RailAnswer:
        """Ask for execution. The same instruction may be sent again; the counterparty knows it by its id."""
        ...

    async def inquire(self, instruction: I) -> RailAnswer:
        """Ask what became of it; moves nothing."""
        ...


@runtime_checkable
class RecallingRail(Protocol):
    """A rail on which the creditor's bank can be asked to give a payment back."""

    async def recall(self, request: RecallRequest) -> RailAnswer:
        """Ask, or ask again, which is the same: Accepted, Rejected for a reason, Pending, or Unknown."""
        ...

"""Performing the saga's tasks: the book is told, the rail is told or asked, and the book is told what the rail said."""

from collections.abc import Mapping
from typing import Any, Final

import structlog
from msgspec import Struct

from contracts.payment_codes import RailName
from projectors.payments.afterwards import ask_for_recall, ask_for_refund
from projectors.payments.instructions import (
    Erased,
    Execution,
    Institution,
    execution_of,
    open_instruction,
)
from projectors.payments.saga import (
    EXECUTE,
    INSTRUCT,
    RECALL,
    REFUND,
    TIME_LIMIT,
    Ask,
    GiveUp,
    Move,
    Record,
    SendAgain,
    next_move,
    react,
)
from projectors.payments.telling import ENDED, NOT_CONFIGURED_S, first_answer, settled, tell
from projectors.rails.rail import Rail, RailAnswer, Rejected, Unknown
from projectors.reactors.commands import CommandClient, Refused
from projectors.reactors.tasks import Again, Done, Reactor, Result, Retry, Turn, always
from runtime.clock import Clock
from runtime.vault import Vault, VaultError

NAME: Final = "payments"
ERASED_PAYEE: Final = "AC03"
RETRIES: Final = {
    INSTRUCT: Retry(base_s=0.2, cap_s=30.0, attempts_max=1_000),
    # These are ended by the patience with whoever has to answer, not by count.
    **dict.fromkeys((EXECUTE, REFUND, RECALL), Retry(base_s=0.2, cap_s=30.0, attempts_max=1_000_000)),
}

_log = structlog.get_logger(__name__)


class Saga(Struct, frozen=True, kw_only=True):
    """What the saga works with."""

    commands: CommandClient
    rails: Mapping[RailName, Rail[Any]]
    vault: Vault | None
    institution: Institution
    clock: Clock
    ledger: str

    def reactor(self) -> Reactor:
        """The saga as a reactor. It begins with the first event: an accepted payment never goes unnoticed."""
        return Reactor(
            name=NAME,
            prepare=always(react),
            perform=self.perform,
            retries=RETRIES,
            begins="at_zero",
            line_of=lambda event: getattr(event.data, "payment_id", None),
        )

    async def perform(self, turn: Turn) -> Result:
        """Perform one task."""
        if turn.kind == INSTRUCT:
            return settled(await tell(self.commands, turn, str(turn.payload["payment_id"]), "instruct", {}))
        if turn.kind == REFUND:
            return await ask_for_refund(turn, commands=self.commands, rails=self.rails, now=self.clock.now)
        if turn.kind == RECALL:
            return await ask_for_recall(
                turn,
                commands=self.commands,
                rails=self.rails,
                now=self.clock.now,
                ledger=self.ledger,
                institution=self.institution,
            )
        return await self._execute(turn, execution_of(turn.payload))

    async def _execute(self, turn: Turn, execution: Execution) -> Result:
        rail = self.rails.get(execution.facts.rail)
        if rail is None:
            return Again(why=f"the rail {execution.facts.rail} is not configured here", after_s=NOT_CONFIGURED_S)
        answer = await self._answer(turn, execution, rail)
        if isinstance(answer, Again):
            return answer
        waited = self.clock.now() - execution.instruction.instructed_at
        move = next_move(answer, rail=execution.facts.rail, waited=waited, attempts=turn.attempts)
        return await self._follow(turn, execution, move)

    async def _answer(self, turn: Turn, execution: Execution, rail: Rail[Any]) -> RailAnswer | Again:
        """Send once; ask ever after."""
        if self.vault is None:
            return Again(why="the vault is not configured here", after_s=NOT_CONFIGURED_S)
        try:
            instruction = await open_instruction(
                execution, ledger=self.ledger, vault=self.vault, institution=self.institution
            )
        except Erased:
            return Rejected(ERASED_PAYEE) if not (turn.resumed or execution.sent_before) else Unknown("erased")
        except VaultError as error:
            return Again(why=f"the payee cannot be read: {type(error).__name__}")
        limit = TIME_LIMIT.get(execution.facts.rail)
        is_late = limit is not None and self.clock.now() - execution.instruction.instructed_at > limit
        if turn.resumed or execution.sent_before or is_late:
            return await rail.inquire(instruction)
        return await first_answer(turn, instruction, rail)

    async def _follow(self, turn: Turn, execution: Execution, move: Move) -> Result:
        match move:
            case Record():
                outcome = {
                    "instruction_id": execution.instruction.instruction_id,
                    "outcome": move.outcome,
                    "reason_code": move.reason_code,
                    "rail_reference": move.reference,
                }
                return settled(await tell(self.commands, turn, execution.payment_id, "outcome", outcome, move.outcome))
            case Ask():
                if move.tell:
                    outcome = {"instruction_id": execution.instruction.instruction_id, "outcome": "unknown"}
                    reply = await tell(self.commands, turn, execution.payment_id, "outcome", outcome, "unknown")
                    if isinstance(reply, Refused) and reply.code in ENDED:
                        return Done({"ended": reply.code})  # a message of the rail was faster
                return Again(why="the rail has not said what became of it", after_s=move.after_s)
            case SendAgain():
                if turn.resumed:
                    await turn.retract()
                return Again(why="the rail has not received it", after_s=move.after_s)
            case GiveUp():
                _log.warning("payment_parked", payment_id=execution.payment_id, why=move.why)
                return settled(
                    await tell(self.commands, turn, execution.payment_id, "park", {"reason": move.why}, "park")
                )

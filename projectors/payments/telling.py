"""What all tasks of the saga share: giving a rail something for the first time, and telling the book about it."""

from collections.abc import Mapping
from typing import Any, Final

from projectors.payments.instructions import RailInstruction
from projectors.rails.rail import Rail, RailAnswer, Unknown
from projectors.reactors.commands import Answer, CommandClient, Refused, Reply, Unavailable
from projectors.reactors.tasks import Again, Done, Park, Result, Turn

ENDED: Final = frozenset({"payment_state_conflict", "instruction_unknown"})
NOT_CONFIGURED_S: Final = 60.0


async def first_answer(turn: Turn, instruction: RailInstruction, rail: Rail[Any]) -> RailAnswer:
    """Note that the instruction leaves, then let it leave; take the note back if it has not."""
    await turn.begin("sending")
    answer = await rail.send(instruction)
    if isinstance(answer, Unknown) and not answer.sent:
        await turn.retract()
    return answer


async def tell(
    commands: CommandClient, turn: Turn, payment_id: str, action: str, body: Mapping[str, Any], says: str = "once"
) -> Reply:
    """Send a command; what it says is part of its key, because one task may have to say several things in turn."""
    return await commands.send(f"/v1/payments/{payment_id}/{action}", body, key=f"{turn.idempotency_key}:{says}")


def settled(reply: Reply) -> Result:
    """The book took it, or knows better already; anything else is for a person or for later."""
    match reply:
        case Answer():
            return Done({"position": reply.position})
        case Refused(code=code) if code in ENDED:
            return Done({"ended": code})
        case Refused():
            return Park(f"refused: {reply.status} {reply.code}")
        case Unavailable():
            return Again(why=reply.why, after_s=reply.after_s)

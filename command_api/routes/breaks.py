"""Reconciliation: matches recorded and undone, breaks opened and assigned, write-offs proposed, days closed."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer, Assignment, Closing, Why, WriteOff, command_of
from contracts.commands import (
    AssignBreak,
    CloseReconciliation,
    OpenBreak,
    ProposeWriteOff,
    RecordMatches,
    UnmatchLine,
)

SCOPE: Final = "reconciliation:write"


@post("/matches")
async def record_matches(data: JSONBody[RecordMatches], request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Record that lines and entries are the same money, all of them or none."""
    return await desk.send(request, data)


@post("/statement-lines/{line_id:str}/unmatch")
async def unmatch_line(
    line_id: FromPath[str], data: JSONBody[Why], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Undo the match that a line is in."""
    return await desk.send(request, command_of(UnmatchLine, data, line_id=line_id))


@post("/breaks")
async def open_break(data: JSONBody[OpenBreak], request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Name lines or entries without a match."""
    return await desk.send(request, data)


@post("/breaks/{break_id:str}/assign")
async def assign_break(
    break_id: FromPath[str], data: JSONBody[Assignment], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Give a break to somebody."""
    return await desk.send(request, command_of(AssignBreak, data, break_id=break_id))


@post("/breaks/{break_id:str}/propose-write-off")
async def propose_write_off(
    break_id: FromPath[str], data: JSONBody[WriteOff], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Propose to book a break's difference; somebody else has to approve it."""
    return await desk.send(request, command_of(ProposeWriteOff, data, break_id=break_id))


@post("/reconciliations/{statement_id:str}/close")
async def close_reconciliation(
    statement_id: FromPath[str], data: JSONBody[Closing], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Close the day of a statement: every line and every cent is explained."""
    return await desk.send(request, command_of(CloseReconciliation, data, statement_id=statement_id))


HANDLERS: Final = [
    record_matches,
    unmatch_line,
    open_break,
    assign_break,
    propose_write_off,
    close_reconciliation,
]

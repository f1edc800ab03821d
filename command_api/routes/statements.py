"""Statements of banks: a file is read, sealed and imported."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer, StatementFile
from command_api.statement_import import STATEMENT_BODY_BYTES_MAX, import_file

SCOPE: Final = "statements:write"


@post("/statements", request_max_body_size=STATEMENT_BODY_BYTES_MAX)
async def import_statements(data: JSONBody[StatementFile], request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Import all statements of a camt.053, MT940 or CSV file, in order.

    The content is the key: the same file again gets the same answer, and one that was interrupted goes on where it
    stopped. The answer is the last event of the import.
    """
    return await import_file(data, request, desk)


HANDLERS: Final = [import_statements]

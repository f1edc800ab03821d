"""Cases: a listed name came up for a customer; two people say whether it is them."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer, CaseVerdict, command_of
from contracts.commands import ReviewCase

SCOPE: Final = "customers:review"


@post("/cases/{case_id:str}/review")
async def review_case(
    case_id: FromPath[str], data: JSONBody[CaseVerdict], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Clear or confirm a case. The first person proposes; a second one who agrees decides."""
    return await desk.send(request, command_of(ReviewCase, data, case_id=case_id))


HANDLERS: Final = [review_case]

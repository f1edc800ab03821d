"""Forgetting customers."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer, Why, command_of
from contracts.commands import EraseCustomer

SCOPE: Final = "customers:erase"


@post("/customers/{customer_id:str}/erase")
async def erase_customer(
    customer_id: FromPath[str], data: JSONBody[Why], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Forget a customer. The first person proposes; a second one decides, and the keys of the data are destroyed.

    Refused while an account is open, a case is not decided, or the law wants the data kept.
    """
    answer = await desk.send(request, command_of(EraseCustomer, data, customer_id=customer_id))
    desk.erasure_wanted.set()  # also when it was only proposed, or is a repeat: looking costs nothing
    return answer


HANDLERS: Final = [erase_customer]

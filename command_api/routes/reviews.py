"""Reviews of payments that were held: released or rejected, by two people where a listed name came up."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer, Review, command_of
from contracts.commands import ReviewPayment

SCOPE: Final = "payments:review"


@post("/payments/{payment_id:str}/review")
async def review_payment(
    payment_id: FromPath[str], data: JSONBody[Review], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Decide on a payment held for review. Never one's own; a listed name needs a second person who agrees."""
    return await desk.send(request, command_of(ReviewPayment, data, payment_id=payment_id))


HANDLERS: Final = [review_payment]

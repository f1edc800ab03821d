"""What people decide about customers: verify, reject, classify, restrict, reopen, offboard."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer, Classification, Verification, Why, command_of
from contracts.commands import OffboardCustomer, ReopenReview, RestrictCustomer, ReviewCustomer, SetRiskClass

SCOPE: Final = "customers:review"


@post("/customers/{customer_id:str}/review")
async def review_customer(
    customer_id: FromPath[str], data: JSONBody[Verification], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Verify or reject a customer. The first person proposes; a second one who agrees decides."""
    return await desk.send(request, command_of(ReviewCustomer, data, customer_id=customer_id))


@post("/customers/{customer_id:str}/risk-class")
async def set_risk_class(
    customer_id: FromPath[str], data: JSONBody[Classification], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Change a risk class. The first person proposes; a second one who agrees decides."""
    return await desk.send(request, command_of(SetRiskClass, data, customer_id=customer_id))


@post("/customers/{customer_id:str}/restrict")
async def restrict_customer(
    customer_id: FromPath[str], data: JSONBody[Why], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Let a customer pay nothing until a new review has verified them."""
    return await desk.send(request, command_of(RestrictCustomer, data, customer_id=customer_id))


@post("/customers/{customer_id:str}/reopen")
async def reopen_review(
    customer_id: FromPath[str], data: JSONBody[Why], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Review an expired or restricted customer again."""
    return await desk.send(request, command_of(ReopenReview, data, customer_id=customer_id))


@post("/customers/{customer_id:str}/offboard")
async def offboard_customer(
    customer_id: FromPath[str], data: JSONBody[Why], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """End the relation with a customer whose accounts are closed."""
    return await desk.send(request, command_of(OffboardCustomer, data, customer_id=customer_id))


HANDLERS: Final = [review_customer, set_risk_class, restrict_customer, reopen_review, offboard_customer]

"""Customers, as the front office knows them: apply, bring documents, be screened again."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer, Evidence, Nothing, WantedDocuments, command_of
from contracts.commands import AddEvidence, ApplyCustomer, RequestDocuments, RescreenCustomer

SCOPE: Final = "customers:write"


@post("/customers")
async def apply_customer(data: JSONBody[ApplyCustomer], request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Apply for a person or a company. What is personal is sealed, and the name screened.

    The answer is the application, or the case that was opened because the name is on a list; both name the customer.
    """
    return await desk.send(request, data)


@post("/customers/{customer_id:str}/documents")
async def request_documents(
    customer_id: FromPath[str], data: JSONBody[WantedDocuments], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Ask a customer for documents."""
    return await desk.send(request, command_of(RequestDocuments, data, customer_id=customer_id))


@post("/customers/{customer_id:str}/evidence")
async def add_evidence(
    customer_id: FromPath[str], data: JSONBody[Evidence], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Note a document that was received: its kind, where it is kept, and its hash."""
    return await desk.send(request, command_of(AddEvidence, data, customer_id=customer_id))


@post("/customers/{customer_id:str}/rescreen")
async def rescreen_customer(
    customer_id: FromPath[str], data: JSONBody[Nothing], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Screen a customer against the lists as they are now; what comes up for the first time opens a case."""
    return await desk.send(request, command_of(RescreenCustomer, data, customer_id=customer_id))


HANDLERS: Final = [apply_customer, request_documents, add_evidence, rescreen_customer]

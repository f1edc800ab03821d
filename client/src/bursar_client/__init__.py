"""A typed client of Bursar, for threads (`Client`) and for event loops (`AsyncClient`).

with Client(commands_url=..., queries_url=..., token=Path("token")) as bursar:
    receipt = bursar.post_transfer(postings=[...])
    bursar.with_options(read_your_writes=True).read_balance("customers:ann:eur").posted_minor
"""

from bursar_client import errors, webhooks
from bursar_client.call import Call, PagedCall
from bursar_client.clients import AsyncClient, Client
from bursar_client.content import ARROW, CSV, JSON, PARQUET, XLSX, Content
from bursar_client.conversation import Answer
from bursar_client.generated import calls, models
from bursar_client.positions import PositionTracker
from bursar_client.retrying import NO_RETRIES, RetryPolicy
from bursar_client.tokens import TokenFile

__all__ = [
    "ARROW",
    "CSV",
    "JSON",
    "NO_RETRIES",
    "PARQUET",
    "XLSX",
    "Answer",
    "AsyncClient",
    "Call",
    "Client",
    "Content",
    "PagedCall",
    "PositionTracker",
    "RetryPolicy",
    "TokenFile",
    "calls",
    "errors",
    "models",
    "webhooks",
]

"""The ledger at one glance."""

from litestar import get

from contracts.overview import Overview
from query_api.parameters import AnyRequest, FreshQuestion, question_of
from query_api.routes.describing import described
from query_api.routes.parts import parts_of

SCOPE = "overview:read"


@get("/overview", opt=described(FreshQuestion, Overview))
async def read_overview(request: AnyRequest) -> Overview:
    """Read the ledger at one glance: balances, volume, payments, lags, alerts.

    The parts come from several read models, each exact at its own position: `positions` says which.
    """
    return await parts_of(request).overviews.read(question_of(request, FreshQuestion).fresh)


ROUTES = (read_overview,)

"""How far everything is."""

from litestar import get

from contracts.views import StatusView
from query_api.parameters import AnyRequest, Question, question_of
from query_api.routes.describing import described
from query_api.routes.parts import parts_of

SCOPE = "status:read"


@get("/status", opt=described(Question, StatusView))
async def read_status(request: AnyRequest) -> StatusView:
    """Read the positions of the book, its stream and its read models, and what does not answer."""
    question_of(request, Question)
    return await parts_of(request).positions.read()


ROUTES = (read_status,)

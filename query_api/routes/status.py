"""How far everything is."""

from litestar import get
from msgspec import structs

from contracts.views import StatusView
from query_api.parameters import AnyRequest, Question, question_of
from query_api.routes.describing import described
from query_api.routes.parts import parts_of

SCOPE = "status:read"


@get("/status", opt=described(Question, StatusView))
async def read_status(request: AnyRequest) -> StatusView:
    """Read the positions of the book, its stream and its read models, and what does not answer."""
    question_of(request, Question)
    parts = parts_of(request)
    status = await parts.positions.read()
    models = {
        name: structs.replace(model, visible=parts.operating.watch.visible.get(name))
        for name, model in status.read_models.items()
    }
    return structs.replace(status, read_models=models)


ROUTES = (read_status,)

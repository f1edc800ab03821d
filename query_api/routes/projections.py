"""The read models as such: how they are, for whoever watches; what is done to them, for whoever may."""

from http import HTTPStatus

from litestar import get, post
from litestar.handlers import HTTPRouteHandler

from contracts.projection_views import ComparisonView, OperationsView, OperationView, ParkedView, ProjectionsView
from contracts.projections import VERSIONED, Action
from query_api.parameters import AboutProjection, AnyRequest, AskOfProjection, Question, question_of
from query_api.refusals import ReadRefused, Refusal
from query_api.routes.describing import described
from query_api.routes.parts import parts_of
from runtime.auth import Principal


@get("/projections", opt=described(Question, ProjectionsView))
async def list_projections(request: AnyRequest) -> ProjectionsView:
    """Read how every version of every read model is.

    Lags are judged here, against the book's head: a projector that hangs does not look healthy.
    """
    question_of(request, Question)
    return await parts_of(request).operating.projections.read()


@get("/projections/operations", opt=described(Question, OperationsView, Refusal.SOURCE_UNAVAILABLE))
async def list_operations(request: AnyRequest) -> OperationsView:
    """Read what was asked of the read models lately, by whom, and what came of it."""
    question_of(request, Question)
    return await parts_of(request).operating.operations.newest()


@get("/projections/parked", opt=described(Question, ParkedView, Refusal.SOURCE_UNAVAILABLE))
async def list_parked(request: AnyRequest) -> ParkedView:
    """Read which reactions wait for a person, and why; tasks of the same key wait behind each."""
    question_of(request, Question)
    return await parts_of(request).operating.operations.parked()


@get(
    "/projections/{name:str}/compare",
    opt=described(AboutProjection, ComparisonView, Refusal.PROJECTION_NOT_FOUND, Refusal.SOURCE_UNAVAILABLE),
)
async def read_comparison(request: AnyRequest) -> ComparisonView:
    """Read the newest comparison of a model's versions, made by `POST` to the same path."""
    asked = question_of(request, AboutProjection)
    return await parts_of(request).operating.operations.comparison(asked.name)


def _operation(action: Action, summary: str) -> HTTPRouteHandler:
    async def operate(request: AnyRequest) -> OperationView:
        asked = question_of(request, AskOfProjection)
        principal: Principal = request.scope["principal"]  # type: ignore[typeddict-item]  # put there by Authenticate
        operation = await parts_of(request).operating.operations.ask(
            asked.name, action, principal, wait_s=asked.wait_ms / 1000
        )
        if operation.state == "refused":
            raise ReadRefused(Refusal.OPERATION_REFUSED, operation.detail or "")
        return operation

    operate.__name__ = f"{action.replace('-', '_')}_projection"
    operate.__doc__ = (
        f"{summary}\n\nIts `state` says when it has not ended within `wait_ms`: see `/v1/projections/operations`."
    )
    return post(
        f"/projections/{{name:str}}/{action}",
        status_code=HTTPStatus.OK,
        opt=described(
            AskOfProjection,
            OperationView,
            Refusal.PROJECTION_NOT_FOUND,
            Refusal.OPERATION_REFUSED,
            Refusal.SOURCE_UNAVAILABLE,
        ),
    )(operate)


_SUMMARIES: dict[Action, str] = {
    "pause": "Stop keeping a version up; answers from it say how old they are.",
    "resume": "Go on keeping a version up, from where it stopped.",
    "rebuild": "Build a new version from the book, beside the one that serves.",
    "compare": "Compare the candidate with the version that serves: counts, sums and a hash, at the same position.",
    "promote": "Let the candidate serve; what served until now is kept up for a roll-back.",
    "roll-back": "Let the version serve again that did so before the promotion.",
    "drop": "Remove a candidate or a retired version.",
}


class Reading:
    """What may be looked at."""

    SCOPE = "projections:read"
    ROUTES = (list_projections, list_operations, list_parked, read_comparison)


class Operating:
    """What may be done."""

    SCOPE = "projections:operate"
    ROUTES = tuple(_operation(action, _SUMMARIES[action]) for action in VERSIONED)


GROUPS = (Reading, Operating)

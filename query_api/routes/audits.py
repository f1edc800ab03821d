"""What the auditor says of the copies, for whoever watches; the repair of what differs, for whoever may."""

from http import HTTPStatus

from litestar import get, post

from contracts.audits import AuditsView, HealRequested
from query_api.parameters import AnyRequest, Question, question_of
from query_api.refusals import Refusal
from query_api.routes.describing import described
from query_api.routes.parts import parts_of
from runtime.auth import Principal


@get("/audits", opt=described(Question, AuditsView, Refusal.SOURCE_UNAVAILABLE))
async def read_audits(request: AnyRequest) -> AuditsView:
    """Read how far stream, Redis and lake are proved equal to the book, and every value that is not.

    At most 500 differences are given, newest first; `last_run.differences` counts all.
    """
    question_of(request, Question)
    return await parts_of(request).audits.read()


@post(
    "/audits/heal",
    status_code=HTTPStatus.ACCEPTED,
    opt=described(Question, HealRequested, Refusal.SOURCE_UNAVAILABLE),
)
async def heal_audits(request: AnyRequest) -> HealRequested:
    """Ask the auditor to repair from the book whatever differs.

    One thing at a time where that can be done, else by rebuilding its model. Nothing is repaired while the book differs
    from itself.
    """
    question_of(request, Question)
    principal: Principal = request.scope["principal"]  # type: ignore[typeddict-item]  # put there by Authenticate
    return await parts_of(request).audits.heal(principal.subject)


class Reading:
    """What may be looked at."""

    SCOPE = "projections:read"
    ROUTES = (read_audits,)


class Operating:
    """What may be done."""

    SCOPE = "projections:operate"
    ROUTES = (heal_audits,)


GROUPS = (Reading, Operating)

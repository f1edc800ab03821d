"""Live updates as server-sent events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from litestar import Request, get
from msgspec import Meta

from query_api.live.client import LiveAnswer
from query_api.live.frames import ALERTS, OVERVIEW, PAYMENTS, TOPICS
from query_api.live.hub import STREAM_S_MAX, topics_of
from query_api.parameters import AnyRequest, Question, question_of
from query_api.routes import overview, payments
from query_api.routes.parts import parts_of
from runtime.auth import Principal
from runtime.auth.middleware import SESSION, scope_missing
from runtime.auth.sessions import Session
from runtime.clock import Clock

SCOPE_OF: Final[Mapping[str, str]] = {OVERVIEW: overview.SCOPE, PAYMENTS: payments.SCOPE, ALERTS: overview.SCOPE}

Topics = Annotated[
    str,
    Meta(
        pattern=r"^(?:overview|payments|alerts)(?:,(?:overview|payments|alerts)){0,2}\Z",
        description="What to be told, separated by commas; without it everything that the token's scopes allow.",
    ),
]


class AboutLive(Question, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to be told live."""

    topics: Topics | None = None


@get("/live", include_in_schema=False)
async def stream_live(request: AnyRequest) -> LiveAnswer:
    """Stream what happens, as server-sent events: overviews, payments, alerts.

    Not in the OpenAPI document, whose answers end; docs/guides/live.md describes it.
    """
    asked = question_of(request, AboutLive)
    principal: Principal = request.scope["principal"]  # type: ignore[typeddict-item]  # put there by Authenticate
    topics = topics_of(asked.topics, (topic for topic in TOPICS if SCOPE_OF[topic] in principal.scopes))
    missing = [SCOPE_OF[topic] for topic in sorted(topics) if SCOPE_OF[topic] not in principal.scopes]
    if missing or not topics:
        raise scope_missing(missing[0] if missing else overview.SCOPE)
    parts = parts_of(request)
    return parts.hub.join(topics, subject=principal.subject, life_s=_life_s(request, parts.clock))


ROUTES: Final = (stream_live,)


def _life_s(request: Request[Any, Any, Any], clock: Clock) -> float:
    """How long the stream may last: not longer than the session that opened it."""
    session: Session | None = request.scope.get(SESSION)  # type: ignore[assignment]  # put there by Authenticate
    return STREAM_S_MAX if session is None else max(0.0, session.expires_s - clock.now().timestamp())

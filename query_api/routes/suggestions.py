"""What reconciliation suggests, for whoever works on breaks."""

from litestar import get

from contracts.desk import OPERATIONS_READ
from contracts.suggestions import SuggestionPage
from query_api.pages import read_cursor
from query_api.parameters import AboutSuggestions, AnyRequest, question_of
from query_api.questions import SUGGESTIONS, SuggestionsAsked
from query_api.refusals import Refusal
from query_api.routes.describing import described
from query_api.routes.parts import parts_of

SCOPE = OPERATIONS_READ


@get("/matches/suggestions", opt=described(AboutSuggestions, SuggestionPage, Refusal.CURSOR_INVALID))
async def list_suggestions(request: AnyRequest) -> SuggestionPage:
    """List matches that a person would have to confirm, surest first.

    Each carries the body for `POST /v1/matches` that accepts it. What was matched since it was computed is left out.
    """
    asked = question_of(request, AboutSuggestions)
    wanted = SuggestionsAsked(account_id=asked.account_id, min_score=asked.min_score, limit=asked.limit)
    if asked.cursor is not None:
        before = read_cursor(asked.cursor, tuple[int, str], listing=SUGGESTIONS, filters=wanted.filters)
        wanted = wanted.after(before)
    return await parts_of(request).suggestions.page(wanted, asked.fresh)


ROUTES = (list_suggestions,)

"""What stands on the desk: for each kind of thing a list and one, behind the scope of the kind.

The routes are made from the kinds in contracts/desk.py, so that a new kind needs a line there and nothing here.
"""

from collections.abc import Sequence
from typing import Any, Final

from litestar import get
from litestar.handlers import HTTPRouteHandler

from contracts.desk import KINDS, DeskKind
from contracts.desk_views import DATA_OF, ThingPage, ThingView
from contracts.read_models import DESK
from query_api.pages import read_cursor
from query_api.parameters import AboutThing, AboutThings, AnyRequest, question_of
from query_api.questions import ThingsAsked
from query_api.refusals import Refusal
from query_api.routes.describing import described
from query_api.routes.parts import parts_of


def _routes_of(kind: DeskKind) -> tuple[HTTPRouteHandler, HTTPRouteHandler]:
    name = kind.name.replace("-", "_")
    data = DATA_OF.get(kind.name, dict[str, Any])
    page: Any = ThingPage
    view: Any = ThingView

    async def list_things(request: AnyRequest) -> ThingPage[Any]:
        asked = question_of(request, AboutThings)
        wanted = ThingsAsked(
            kind=kind.name,
            status=asked.status,
            customer_id=asked.customer_id,
            account_id=asked.account_id,
            merchant_id=asked.merchant_id,
            limit=asked.limit,
        )
        if asked.cursor is not None:
            before = read_cursor(asked.cursor, int, listing=kind.name, filters=wanted.filters)
            wanted = wanted.after(before)
        return await parts_of(request).desk.things(wanted, asked.fresh)

    async def read_thing(request: AnyRequest) -> ThingView[Any]:
        asked = question_of(request, AboutThing)
        return await parts_of(request).desk.thing(kind.name, asked.thing_id, asked.fresh)

    list_things.__name__ = f"list_{name}"
    list_things.__doc__ = f"List {kind.name.replace('-', ' ')}, newest first.\n\nFilters keep what is so now."
    read_thing.__name__ = f"read_{name}"
    read_thing.__doc__ = f"Read one {kind.one} with its newest events."
    return (
        get(f"/{kind.name}", opt=described(AboutThings, page[data], Refusal.CURSOR_INVALID))(list_things),
        get(f"/{kind.name}/{{thing_id:str}}", opt=described(AboutThing, view[data], Refusal.THING_NOT_FOUND))(
            read_thing
        ),
    )


class DeskRoutes:
    """The routes of all kinds behind one scope, as a module of routes has them."""

    def __init__(self, scope: str) -> None:
        self.SCOPE: Final = scope
        self.MODEL: Final = DESK
        kinds = [kind for kind in KINDS.values() if kind.scope == scope]
        self.ROUTES: Final[Sequence[HTTPRouteHandler]] = [route for kind in kinds for route in _routes_of(kind)]


GROUPS: Final = tuple(DeskRoutes(scope) for scope in sorted({kind.scope for kind in KINDS.values()}))

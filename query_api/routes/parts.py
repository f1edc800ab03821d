"""What the routes ask: made once by the composition root and kept in the application's state.

Not injected: an injected dependency costs each request more than reading the whole question.
"""

from __future__ import annotations

from typing import Final

from litestar.datastructures import State
from msgspec import Struct

from query_api.adhoc.asking import Asking
from query_api.adhoc.store import Record, SavedQueries
from query_api.audits import Audits
from query_api.desk import Desk
from query_api.exports.exporting import Exporting
from query_api.live.hub import Hub
from query_api.operations import Operations
from query_api.overview.snapshot import Overviews
from query_api.parameters import AnyRequest
from query_api.payments import Payments
from query_api.positions import Positions
from query_api.projections import Projections
from query_api.reads import Reads
from query_api.reporting import Reporting
from query_api.suggestions import Suggestions
from query_api.watching import ProjectionWatch
from runtime.clock import Clock

_KEY: Final = "parts"


class Operating(Struct, frozen=True):
    """What there is about the read models as such."""

    projections: Projections
    operations: Operations
    watch: ProjectionWatch


class Adhoc(Struct, frozen=True):
    """What there is of ad-hoc SQL."""

    asking: Asking
    record: Record
    saved: SavedQueries


class Parts(Struct, frozen=True, kw_only=True):
    """The readers behind all routes."""

    reads: Reads
    reporting: Reporting
    positions: Positions
    desk: Desk
    suggestions: Suggestions
    payments: Payments
    overviews: Overviews
    hub: Hub
    clock: Clock
    audits: Audits
    exporting: Exporting
    operating: Operating
    adhoc: Adhoc

    def as_state(self) -> State:
        """Wrap them for the application."""
        return State({_KEY: self})


def parts_of(request: AnyRequest) -> Parts:
    """Give the readers of the application that received the request."""
    parts: Parts = request.app.state[_KEY]
    return parts

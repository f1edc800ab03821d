"""From a figure of a report to the entries behind it: one link per row, pinned to the report's own position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from contracts.report_views import DrillLink
from query_api.report_files import Drill

REPORTS_UNDER: Final = "/v1/reports/"
AS_OF_POSITION: Final = "as_of_position"


def drill_links(
    drills: Sequence[Drill],
    names: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    bound: Mapping[str, Any],
    position: int,
) -> tuple[DrillLink | None, ...]:
    """Give the link of every row (null: nothing lies behind it); nothing at all for a report without links."""
    if not drills:
        return ()
    places = {name: place for place, name in enumerate(names)}
    return tuple(_link_of(drills, places, row, bound, position) for row in rows)


def _link_of(
    drills: Sequence[Drill], places: Mapping[str, int], row: tuple[Any, ...], bound: Mapping[str, Any], position: int
) -> DrillLink | None:
    for drill in drills:
        if drill.only_where is not None and row[places[drill.only_where]] not in drill.values:
            continue
        given = {name: _value(source, places, row, bound) for name, source in drill.parameters.items()}
        if not drill.target.startswith("/"):
            shown = {name: _plain(value) for name, value in given.items() if value is not None}
            return DrillLink(path=REPORTS_UNDER + drill.target, parameters={**shown, AS_OF_POSITION: position})
        if all(value is not None for value in given.values()):
            beside = {name: _plain(value) for name, value in given.items() if f"{{{name}}}" not in drill.target}
            return DrillLink(path=drill.target.format(**given), parameters=beside)
    return None


def _value(source: str, places: Mapping[str, int], row: tuple[Any, ...], bound: Mapping[str, Any]) -> Any:
    if source.startswith("$"):
        return bound.get(source[1:])
    return int(source) if source.isdigit() else row[places[source]]


def _plain(value: Any) -> str | int:
    return value if isinstance(value, int) else str(value)

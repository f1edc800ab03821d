"""From a figure of a report to the entries behind it: one link per row, pinned to the report's own position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from contracts.report_views import DrillLink
from query_api.report_files import Drill, is_constant

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
    ways = [_Way(drill, places, bound, position) for drill in drills]
    return tuple(next((link for way in ways if (link := way.link_of(row)) is not None), None) for row in rows)


class _Way:
    """One drill of a report: what its links have in common is worked out once, not for each of thousands of rows."""

    def __init__(self, drill: Drill, places: Mapping[str, int], bound: Mapping[str, Any], position: int) -> None:
        self._values = drill.values
        self._condition = None if drill.only_where is None else places[drill.only_where]
        self._target = drill.target
        self._is_report = not drill.target.startswith("/")
        self._in_path = frozenset(name for name in drill.parameters if f"{{{name}}}" in drill.target)
        constant = {name: _constant(source, bound) for name, source in drill.parameters.items() if is_constant(source)}
        self._constant = {name: value for name, value in constant.items() if value is not None}
        self._is_complete = self._is_report or len(self._constant) == len(constant)
        self._from_row = [
            (name, places[source]) for name, source in drill.parameters.items() if not is_constant(source)
        ]
        self._beside = {name: _plain(value) for name, value in self._constant.items() if name not in self._in_path}
        if self._is_report:
            self._beside[AS_OF_POSITION] = position

    def link_of(self, row: tuple[Any, ...]) -> DrillLink | None:
        """Give the link of a row; None when this is not its way."""
        if not self._is_complete or (self._condition is not None and row[self._condition] not in self._values):
            return None
        given = [(name, row[place]) for name, place in self._from_row]
        if self._is_report:
            shown = {name: _plain(value) for name, value in given if value is not None}
            return DrillLink(path=REPORTS_UNDER + self._target, parameters={**shown, **self._beside})
        if any(value is None for _, value in given):
            return None
        beside = {name: _plain(value) for name, value in given if name not in self._in_path}
        path = self._target.format(**self._constant, **dict(given))
        return DrillLink(path=path, parameters={**beside, **self._beside})


def _constant(source: str, bound: Mapping[str, Any]) -> Any:
    return bound.get(source[1:]) if source.startswith("$") else int(source)


def _plain(value: Any) -> str | int:
    return value if isinstance(value, int) else str(value)

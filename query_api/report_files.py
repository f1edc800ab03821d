"""Reports on disk: one `.sql` file each, with a header that says what it takes and gives.

The header is read, checked and published: it is the catalogue, the check of the parameters and the description of the
columns. Its lines:

    title: …
    description: …                         may repeat
    parameter: name type required|-|=5 …   =5: what it is when not given; types: text, date, position, integer
    column: name type unit|- …             types: text, integer, date, timestamp
    key: name name …                       columns that name a row: by them two periods are compared, and rows ordered
    drill: target[?column=a|b] name=column name=$parameter name=1 …

`drill` says where the entries behind a row are: in another report, or at a path such as /v1/transfers/{transfer_id}. Of
several lines the first whose condition holds for the row counts.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import msgspec

from contracts.report_views import ReportDescription

AS_OF_DATE: Final = "as_of_date"
FROM: Final = "from"
TO: Final = "to"

_FOLDER: Final = Path(__file__).with_name("reports")
_KINDS: Final = ("title", "description", "parameter", "column", "key", "drill")
_HEADER_LINE: Final = re.compile(rf"-- ({'|'.join(_KINDS)}): (.+)")
_DRILL_TARGET: Final = re.compile(r"(?P<target>[^?]+)(?:\?(?P<column>\w+)=(?P<values>[\w|]+))?")


def is_constant(source: str) -> bool:
    """Whether what a drill's parameter comes from is the same for every row: a $parameter, or a number."""
    return source.startswith("$") or source.isdigit()


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """Where the entries behind a row are. ``parameters``: name to column, to $parameter of this report, or to a number.

    ``only_where`` and ``values``: it is so for rows with one of these values in that column.
    """

    target: str
    parameters: dict[str, str]
    only_where: str | None = None
    values: tuple[str, ...] = ()

    @property
    def columns(self) -> set[str]:
        """The columns that it looks at."""
        sources = {source for source in self.parameters.values() if not is_constant(source)}
        return sources | ({self.only_where} if self.only_where else set())


class Report(msgspec.Struct, frozen=True):
    """A report: its description, its statement and what lies behind its rows."""

    description: ReportDescription
    sql: str
    drills: tuple[Drill, ...] = ()


def load_reports(folder: Path = _FOLDER) -> dict[str, Report]:
    """Read all reports by their public name (`trial-balance`). Raises ValueError for a header that cannot be read."""
    reports = {name_of(file): _load(file) for file in sorted(folder.glob("*.sql"))}
    for name, report in reports.items():
        for drill in report.drills:
            if not drill.target.startswith("/"):
                _require_target(name, drill, reports)
    return reports


def name_of(file: Path) -> str:
    """Give the public name of a file: `trial_balance.sql` is `trial-balance`."""
    return file.stem.replace("_", "-")


def _load(file: Path) -> Report:
    lines: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    text = file.read_text(encoding="utf-8")
    for kind, words in _HEADER_LINE.findall(text):
        lines[kind].append(words)
    statement = "\n".join(line for line in text.splitlines() if not _HEADER_LINE.match(line)).strip()
    try:
        return Report(_description(name_of(file), lines), statement, tuple(_drill(line) for line in lines["drill"]))
    except (ValueError, msgspec.ValidationError) as error:
        raise ValueError(f"{file.name}: header cannot be read: {error}") from error


def _description(name: str, lines: dict[str, list[str]]) -> ReportDescription:
    parameters = [_parameter(line) for line in lines["parameter"]]
    names = {parameter["name"] for parameter in parameters}
    keys = " ".join(lines["key"]).split()
    description = msgspec.convert(
        {
            "name": name,
            "title": " ".join(lines["title"]),
            "description": " ".join(lines["description"]),
            "parameters": parameters,
            "columns": [_column(line) for line in lines["column"]],
            "keys": keys,
            "compares": _compares(names) if keys else None,
        },
        ReportDescription,
    )
    unknown = set(keys) - {column.name for column in description.columns}
    if unknown:
        raise ValueError(f"the key names columns that are not there: {', '.join(sorted(unknown))}")
    return description


def _compares(parameters: set[str]) -> str | None:
    if {FROM, TO} <= parameters:
        return "period"
    return "date" if AS_OF_DATE in parameters else None


def _parameter(line: str) -> dict[str, Any]:
    name, kind, required, text = line.split(" ", 3)
    default = int(required[1:]) if required.startswith("=") else None
    return {"name": name, "type": kind, "required": required == "required", "default": default, "description": text}


def _column(line: str) -> dict[str, Any]:
    name, kind, unit, text = line.split(" ", 3)
    return {"name": name, "type": kind, "unit": "" if unit == "-" else unit, "description": text}


def _drill(line: str) -> Drill:
    first, *pairs = line.split()
    found = _DRILL_TARGET.fullmatch(first)
    if found is None:
        raise ValueError(f"drill: {first!r} is no target")
    named = dict(pair.split("=", 1) for pair in pairs)
    values = found["values"]
    return Drill(
        target=found["target"],
        parameters=named,
        only_where=found["column"],
        values=tuple(values.split("|")) if values else (),
    )


def _require_target(name: str, drill: Drill, reports: dict[str, Report]) -> None:
    if drill.target not in reports:
        raise ValueError(f"report {name}: drills into {drill.target}, which is no report")
    takes = {parameter.name for parameter in reports[drill.target].description.parameters}
    unknown = sorted(set(drill.parameters) - takes)
    if unknown:
        raise ValueError(f"report {name}: drills into {drill.target} with {unknown[0]}, which that does not take")

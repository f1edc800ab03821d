"""Reports over HTTP: the catalogue, content negotiation, and bytes that other programs can read."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from decimal import Decimal
from io import BytesIO, StringIO

import msgspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from contracts.views import AsOf
from query_api.formats import Dated, render
from query_api.negotiation import choose_media_type
from query_api.refusals import ReadRefused, Refusal
from query_api.writers import FORMATS
from tests.query_api.bank import START
from tests.query_api.reporting import REPORTS
from tests.query_api.windows import Window

JSON, CSV = "application/json", "text/csv"
PARQUET, ARROW = "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OFFERED = (JSON, CSV, PARQUET, ARROW, XLSX)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("text/csv", CSV),
        ("TEXT/CSV", CSV),
        ("text/*", CSV),
        ("text/csv;q=0.5, application/json;q=0.4", CSV),
        ("application/json;q=0.5, application/vnd.apache.arrow.stream", ARROW),
        ("*/*, application/json;q=0", CSV),
        ("application/*;q=0.2, */*;q=0.1", JSON),
        ("application/*;q=0.1, */*;q=0.2", CSV),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        ("text/csv; header=present", CSV),
    ],
)
def test_the_type_with_the_highest_quality_is_chosen(accept: str | None, expected: str) -> None:
    """The most specific range decides on each type; ties go to the server's order."""
    assert choose_media_type(accept, OFFERED) == expected


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "*/*;q=0", "text/csv;q=2", "text/csv;q=x"])
def test_a_type_that_cannot_be_had_is_refused(accept: str) -> None:
    """Quality 0 means never, and a weight that is no weight counts as that."""
    with pytest.raises(ReadRefused) as refused:
        choose_media_type(accept, OFFERED)
    assert refused.value.refusal is Refusal.NOT_ACCEPTABLE


async def test_each_format_parses_and_is_dated_in_its_headers(window: Window) -> None:
    """pyarrow reads what was sent; all have the same rows."""
    path = "/v1/reports/trial-balance"
    answers = {kind: await window.client.get(path, headers={"accept": kind}) for kind in OFFERED}
    for kind, answer in answers.items():
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].partition(";")[0] == kind
        assert (answer.headers["vary"], answer.headers["as-of-position"]) == ("accept", "19")
    tables = (
        pa.ipc.open_stream(answers[ARROW].content).read_all(),
        pyarrow.parquet.read_table(BytesIO(answers[PARQUET].content)),
        pyarrow.csv.read_csv(BytesIO(answers[CSV].content)),
    )
    columns = [column["name"] for column in answers[JSON].json()["columns"]]
    balances = [row[columns.index("balance_minor")] for row in answers[JSON].json()["rows"]]
    assert balances
    for table in tables:
        assert [int(value or 0) for value in table.column("balance_minor").to_pylist()] == balances


async def test_an_unacceptable_format_is_a_406_that_lists_the_others(window: Window) -> None:
    """As a problem."""
    answer = await window.client.get("/v1/reports/trial-balance", headers={"accept": "text/html"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    assert "text/csv" in answer.json()["detail"]


async def test_the_catalogue_describes_every_report(window: Window) -> None:
    """Names, parameters with types, columns with units."""
    body = await window.get("/reports")
    assert body["media_types"] == list(OFFERED)
    assert [one["name"] for one in body["formats"]] == ["json", "csv", "parquet", "arrow", "xlsx"]
    assert [report["name"] for report in body["reports"]] == sorted(REPORTS)
    for report in body["reports"]:
        assert report["title"]
        assert report["description"]
        assert {"as_of_position", "as_of_date"} <= {parameter["name"] for parameter in report["parameters"]}
        assert all(column["description"] for column in report["columns"])


async def test_report_parameters_reach_the_report(window: Window) -> None:
    """Each one narrows the answer, and the answer repeats them."""
    body = await window.get(
        "/reports/general-ledger", account_id="customers:alice:eur", from_="2026-01-06", to="2026-01-31", currency="EUR"
    )
    assert body["parameters"] == {
        "currency": "EUR",
        "account_id": "customers:alice:eur",
        "from": "2026-01-06",
        "to": "2026-01-31",
    }
    assert len(body["rows"]) == 2
    past = await window.get("/reports/trial-balance", as_of_position=9, as_of_date="2026-01-05")
    assert (past["as_of"]["position"], len(past["rows"])) == (9, 3)


async def test_format_chooses_before_accept_and_names_the_file(window: Window) -> None:
    """For people with a browser: one address is one file."""
    answer = await window.client.get("/v1/reports/trial-balance?format=xlsx", headers={"accept": JSON})
    assert answer.headers["content-type"] == XLSX
    assert answer.headers["content-disposition"] == 'attachment; filename="trial-balance.xlsx"'
    again = await window.client.get("/v1/reports/trial-balance?format=json", headers={"accept": CSV})
    assert again.json()["report"] == "trial-balance"


DANGEROUS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "https://example.com", "1e5", "{=1}")


def dated(*, position: int = 1) -> Dated:
    """What is written with a table of no report in particular."""
    as_of = AsOf(ledger="main", position=position, recorded_at=START, age_s=None, source="lake")
    return Dated(msgspec.structs.replace(REPORTS["trial-balance"], drills=()), {}, {"currency": "=EUR()"}, as_of)


def test_no_text_becomes_a_formula_or_link_in_a_spreadsheet() -> None:
    """CSV disarms what begins like a formula; XLSX has texts as texts, on both sheets, and no formula at all."""
    table = pa.table({"reference": list(DANGEROUS), "amount_minor": list(range(len(DANGEROUS)))})
    rows = list(csv.reader(StringIO(render(table, dated(), FORMATS["csv"]).decode(), newline="")))
    for (text, _), sent in zip(rows[1:], DANGEROUS, strict=True):
        is_harmless = sent in ("https://example.com", "1e5", "{=1}")
        assert text == (sent if is_harmless else f"'{sent}")
    with zipfile.ZipFile(BytesIO(render(table, dated(), FORMATS["xlsx"]))) as book:
        sheets = [book.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (1, 2)]
        assert not [name for name in book.namelist() if "externalLink" in name or "_rels/sheet" in name]
    for sheet in sheets:
        assert "<f>" not in sheet
        assert "hyperlink" not in sheet
    assert sheets[0].count('t="inlineStr"') == len(DANGEROUS) + 2
    assert "=EUR()" in sheets[1]


def test_an_amount_that_a_double_cannot_hold_stays_exact_in_every_format() -> None:
    """Beyond 15 digits XLSX has it as text, with all of them."""
    amounts = [10**15 - 1, 10**15, -(2**63), 2**62 + 1, 3 * 2**62 + 3]
    table = pa.table({"amount_minor": pa.array([Decimal(amount) for amount in amounts], pa.decimal128(38, 0))})
    for name in FORMATS:
        body = render(table, dated(), FORMATS[name])
        assert exact_amounts(name, body) == amounts, name


def exact_amounts(name: str, body: bytes) -> list[int]:
    """Read the only column back."""
    match name:
        case "json":
            return [row[0] for row in json.loads(body)["rows"]]
        case "csv":
            return [int(row[0]) for row in list(csv.reader(StringIO(body.decode())))[1:]]
        case "parquet":
            return [int(str(value)) for value in pyarrow.parquet.read_table(BytesIO(body)).column(0).to_pylist()]
        case "arrow":
            return [int(str(value)) for value in pa.ipc.open_stream(body).read_all().column(0).to_pylist()]
        case _:
            with zipfile.ZipFile(BytesIO(body)) as book:
                sheet = book.read("xl/worksheets/sheet1.xml").decode()
            return [int(value) for value in re.findall(r"<(?:v|t)>(-?\d+)</(?:v|t)>", sheet)]


def test_a_table_written_in_pieces_is_the_table_written_at_once() -> None:
    """Exports write batch by batch; an empty table has its columns."""
    table = pa.table({"account_id": ["a", "b", "c"], "balance_minor": [1, 2, 3]})
    for written_as in FORMATS.values():
        whole = render(table, dated(), written_as)
        pieces = render(pa.Table.from_batches(table.to_batches(max_chunksize=1)), dated(), written_as)
        if written_as.name in ("json", "csv", "xlsx"):
            assert pieces == whole, written_as.name
        assert b"balance_minor" in render(table.slice(0, 0), dated(), written_as) or written_as.name == "xlsx"

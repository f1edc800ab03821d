"""Reports over HTTP: the catalogue, content negotiation, and bytes that other programs can read."""

from __future__ import annotations

from io import BytesIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from query_api.negotiation import choose_media_type
from query_api.refusals import ReadRefused, Refusal
from tests.query_api.windows import Window

JSON, CSV = "application/json", "text/csv"
PARQUET, ARROW = "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"
OFFERED = (JSON, CSV, PARQUET, ARROW)


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
    """pyarrow reads what was sent; all four have the same rows."""
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
    names = [report["name"] for report in body["reports"]]
    assert names == [
        *("account-statement", "daily-volumes", "fee-revenue", "general-ledger"),
        *("payment-funnel", "payment-success", "trial-balance"),
    ]
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

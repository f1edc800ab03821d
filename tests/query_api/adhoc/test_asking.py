"""A question over HTTP: its answer in each format, its bounds, its position, and what is refused."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet
import pytest

from tests.query_api.adhoc.conftest import Ask
from tests.query_api.adhoc.escapes import ESCAPES
from tests.query_api.windows import Window

PLACE = re.compile(r"(?<![\w.])/(?:[\w.-]+/)+[\w.-]+|\.parquet|part-\d")
REFUSED = ("sql_not_allowed", "sql_failed", "invalid_body", "nul_character")


async def test_an_answer_has_columns_rows_and_its_position(ask: Ask, window: Window) -> None:
    answer = await ask("SELECT currency, sum(signed_minor) AS total FROM entries GROUP BY currency ORDER BY currency")
    body = answer.json()
    assert answer.status_code == 200
    assert body["columns"] == [{"name": "currency", "type": "VARCHAR"}, {"name": "total", "type": "HUGEINT"}]
    assert body["rows"] == [[currency, 0] for currency in sorted({row[0] for row in body["rows"]})]
    assert body["rows"]
    assert body["truncated"] is False
    assert body["position"] == body["as_of"]["position"] == window.bank.position
    assert answer.headers["as-of-position"] == str(window.bank.position)
    assert body["elapsed_ms"] >= 0


async def test_every_type_is_written_exactly(ask: Ask) -> None:
    answer = await ask(
        "SELECT 170141183460469231731687303715884105727::HUGEINT, 1.50::DECIMAL(9, 2), 9007199254740993, true, NULL,"
        " DATE '2026-03-01', TIMESTAMPTZ '2026-03-01 12:00:00+02', TIMESTAMP '2026-03-01 12:00:00', TIME '10:30:00',"
        " 'nan'::DOUBLE, [1, 2], {'a': 1.5::DECIMAL(3, 1)}, 'é\U0001f600', 'ab'::BLOB, 2 * 10::HUGEINT"
    )
    assert answer.json()["rows"] == [
        [
            *(2**127 - 1, "1.50", 9007199254740993, True, None),
            *("2026-03-01", "2026-03-01T10:00:00Z", "2026-03-01T12:00:00", "10:30:00"),
            *(None, [1, 2], {"a": "1.5"}, "é\U0001f600", "6162", 20),
        ]
    ]


async def test_parameters_are_values_and_never_text_of_the_question(ask: Ask) -> None:
    hostile = "'; DROP VIEW entries; --"
    answer = await ask(
        "SELECT $a AS a, $n + 1 AS n, $d::DATE AS d", parameters={"a": hostile, "n": 1, "d": "2026-03-01"}
    )
    assert answer.json()["rows"] == [[hostile, 2, "2026-03-01"]]
    missing = await ask("SELECT $a")
    assert (missing.status_code, missing.json()["code"]) == (422, "sql_failed")


async def test_more_rows_than_the_limit_are_said_to_be_missing(ask: Ask) -> None:
    few = (await ask("SELECT * FROM range(5000)", limit=7)).json()
    assert (len(few["rows"]), few["truncated"]) == (7, True)
    exact = (await ask("SELECT * FROM range(7)", limit=7)).json()
    assert (len(exact["rows"]), exact["truncated"]) == (7, False)
    large = (await ask("SELECT repeat('x', 1000000) FROM range(100)", limit=100)).json()
    assert 0 < len(large["rows"]) < 9
    assert large["truncated"] is True
    one = await ask("SELECT repeat('x', 20000000)")
    assert (one.status_code, one.json()["code"]) == (422, "sql_over_limit")


async def test_other_formats_have_the_same_rows(ask: Ask) -> None:
    sql = "SELECT position, account_id, amount_minor FROM entries ORDER BY position, leg"
    rows = (await ask(sql)).json()["rows"]
    as_csv = await ask(sql, accept="text/csv")
    assert [[int(p), a, int(m)] for p, a, m in list(csv.reader(io.StringIO(as_csv.text)))[1:]] == rows
    parquet = pyarrow.parquet.read_table(io.BytesIO((await ask(sql, accept="application/vnd.apache.parquet")).content))
    arrow = pa.ipc.open_stream((await ask(sql, accept="application/vnd.apache.arrow.stream")).content).read_all()
    for table in (parquet, arrow):
        assert [[p, a, int(m)] for p, a, m in zip(*table.to_pydict().values(), strict=True)] == rows
        assert isinstance(table.column("amount_minor")[0].as_py(), Decimal)
    cut = await ask(sql, accept="text/csv", limit=1)
    assert (cut.headers["truncated"], cut.text.count("\n")) == ("true", 2)


async def test_a_formula_in_a_csv_is_text(ask: Ask) -> None:
    assert "'=1+1" in (await ask("SELECT '=1+1' AS f", accept="text/csv")).text


async def test_a_past_position_is_asked_for(ask: Ask, window: Window) -> None:
    for position in (7, window.bank.position):
        body = (await ask("SELECT max(position) AS p FROM entries", query=f"?as_of_position={position}")).json()
        booked = [entry[0] for entry in window.bank.entries if entry[0] <= position and entry[3]]
        assert (body["position"], body["rows"]) == (position, [[max(booked)]])
    later = await ask("SELECT 1", query=f"?min_position={window.bank.position + 1}&wait_ms=1")
    assert (later.status_code, later.json()["code"]) == (503, "position_not_reached")


async def test_a_plan_is_shown_without_places(ask: Ask) -> None:
    answer = await ask("EXPLAIN SELECT count(*) FROM entries WHERE currency = 'EUR'")
    assert "PARQUET" in answer.text
    assert places_in(answer.text) == []


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT nothing FROM entries", "nothing"),
        ("SELECT filename FROM entries", "filename"),
        ("SELECT file_row_number FROM entries", "file_row_number"),
        ("SELEC 1", "syntax error"),
        ("SELECT 'x'::INT", "x"),
        ("SELECT 170141183460469231731687303715884105727::HUGEINT + 1", "verflow"),
        ("SELECT abs('x', 'y')", "abs"),
        ("SELECT DATE '20000-01-01'", "cannot answer"),
    ],
)
async def test_what_cannot_be_answered_says_why_and_not_where(ask: Ask, sql: str, words: str) -> None:
    answer = await ask(sql)
    assert (answer.status_code, answer.json()["code"]) == (422, "sql_failed")
    assert words in answer.json()["detail"]
    assert places_in(answer.json()["detail"]) == []


async def test_every_escape_is_refused_and_names_no_place_but_its_own(ask: Ask) -> None:
    """Over HTTP, all through the same door; then a normal question is answered."""
    for sql in ESCAPES:
        answer = await ask(sql)
        assert answer.status_code in (400, 422), (sql, answer.text)
        assert answer.json()["code"] in REFUSED, (sql, answer.text)
        detail = answer.json()["detail"]
        assert [place for place in places_in(detail) if place not in sql] == [], detail
    assert (await ask("SELECT count(*) > 0 FROM entries")).json()["rows"] == [[True]]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"sql": ""},
        {"sql": 1},
        {"sql": "SELECT 1", "limit": 0},
        {"sql": "SELECT 1", "limit": 10_001},
        {"sql": "x" * 16_385},
        {"sql": "SELECT 1", "parameters": {"a b": 1}},
        {"sql": "SELECT 1", "parameters": {"a": 1.5}},
        {"sql": "SELECT 1", "parameters": {"a": [1]}},
        {"sql": "SELECT 1", "parameters": {f"p{n}": n for n in range(33)}},
        {"sql": "SELECT 1", "timeout_s": 100},
    ],
)
async def test_a_body_out_of_bounds_is_refused_by_place(window: Window, body: dict[str, object]) -> None:
    answer = await window.client.post("/v1/sql", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_body")


def places_in(text: str) -> list[str]:
    """Names of files in a text; where the API itself is to be asked is none."""
    return [place for place in PLACE.findall(text) if not place.startswith("/v1/")]

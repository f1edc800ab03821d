"""What is misspelled, repeated, empty or out of bounds is refused by name; nothing is ignored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query_api.pages import read_cursor, write_cursor
from query_api.refusals import ReadRefused, Refusal
from tests.query_api.windows import Window

BALANCE = "/accounts/customers:alice:eur/balance"


@pytest.mark.parametrize(
    ("path", "query", "code", "pointer"),
    [
        (BALANCE, "as_of=3", "unknown_parameter", "/query/as_of"),
        (BALANCE, "min_positon=3", "unknown_parameter", "/query/min_positon"),
        (BALANCE, "account_id=other", "unknown_parameter", "/query/account_id"),
        (BALANCE, "wait_ms=1&wait_ms=2", "duplicate_parameter", "/query/wait_ms"),
        (BALANCE, "min_position=", "invalid_parameter", "/query/min_position"),
        (BALANCE, "min_position=-1", "invalid_parameter", "/query/min_position"),
        (BALANCE, "min_position=1.5", "invalid_parameter", "/query/min_position"),
        (BALANCE, "min_position=9223372036854775808", "invalid_parameter", "/query/min_position"),
        (BALANCE, "min_position=null", "invalid_parameter", "/query/min_position"),
        (BALANCE, "wait_ms=10001", "invalid_parameter", "/query/wait_ms"),
        (BALANCE, "stale_ok=maybe", "invalid_parameter", "/query/stale_ok"),
        (BALANCE, "at_date=yesterday", "invalid_parameter", "/query/at_date"),
        (BALANCE, "at_date=2026-02-30", "invalid_parameter", "/query/at_date"),
        (BALANCE, "at_position=0", "invalid_parameter", "/query/at_position"),
        ("/accounts/Customers:Alice/balance", "", "invalid_parameter", "/path/account_id"),
        ("/accounts/a%0A/balance", "", "invalid_parameter", "/path/account_id"),
        ("/accounts/a%00/balance", "", "invalid_parameter", "/path/account_id"),
        ("/accounts", "limit=0", "invalid_parameter", "/query/limit"),
        ("/accounts", "limit=501", "invalid_parameter", "/query/limit"),
        ("/accounts", "currency=eur", "invalid_parameter", "/query/currency"),
        ("/accounts", "account_type=wallet", "invalid_parameter", "/query/account_type"),
        ("/accounts", "status=OPEN", "invalid_parameter", "/query/status"),
        ("/accounts", "prefix=%25", "invalid_parameter", "/query/prefix"),
        ("/accounts", "prefix=%FF", "invalid_parameter", None),
        ("/accounts", "owner=alice", "unknown_parameter", "/query/owner"),
        ("/accounts", "cursor=nonsense", "cursor_invalid", "/query/cursor"),
        ("/accounts", "cursor=%C3%A9", "cursor_invalid", "/query/cursor"),
        ("/payments", "status=SETTLED", "invalid_parameter", "/query/status"),
        ("/holds/13", "", "invalid_parameter", "/path/hold_id"),
        ("/holds/hold_0", "", "invalid_parameter", "/path/hold_id"),
        ("/transfers/hold_13", "", "invalid_parameter", "/path/transfer_id"),
        ("/events/0", "", "invalid_parameter", "/path/position"),
        ("/events/x", "", "invalid_parameter", "/path/position"),
        ("/events/9223372036854775808", "", "invalid_parameter", "/path/position"),
        ("/totals", "currency=EUR", "unknown_parameter", "/query/currency"),
        ("/status", "verbose=1", "unknown_parameter", "/query/verbose"),
        ("/reports", "limit=1", "unknown_parameter", "/query/limit"),
        ("/reports/trial-balance", "account_id=a", "unknown_parameter", "/query/account_id"),
        ("/reports/trial-balance", "from=2026-01-01", "unknown_parameter", "/query/from"),
        ("/reports/trial-balance", "format=pdf", "invalid_parameter", "/query/format"),
        (
            "/reports/trial-balance",
            "as_of=2026-01-01&as_of_date=2026-01-02",
            "contradicting_parameters",
            "/query/as_of",
        ),
        ("/reports/trial-balance", "compare_to=yesterday", "invalid_parameter", "/query/compare_to"),
        ("/reports/general-ledger", "compare_to=2026", "unknown_parameter", "/query/compare_to"),
        ("/reports/balance-sheet", "depth=0", "invalid_parameter", "/query/depth"),
        ("/reports/cash-flow", "", "missing_parameter", "/query/cash"),
        ("/reports/account-statement", "", "missing_parameter", "/query/account_id"),
        ("/reports/daily-volumes", "from=2026-02-01&to=2026-01-01", "contradicting_parameters", "/query/to"),
    ],
)
async def test_a_parameter_that_cannot_be_answered_is_refused_by_name(
    window: Window, path: str, query: str, code: str, pointer: str | None
) -> None:
    """400 with the code and a pointer to the parameter."""
    answer = await window.client.get(f"/v1{path}?{query}" if query else f"/v1{path}")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, code), problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["pointer"] for error in problem.get("errors", [])] == ([] if pointer is None else [pointer])


async def test_an_unknown_path_method_or_report_is_a_problem_too(window: Window) -> None:
    """The framework's own refusals have the same shape."""
    for answer, status in (
        (await window.client.get("/v1/nothing"), 404),
        (await window.client.post("/v1/accounts"), 405),
        (await window.ask("/reports/profit"), 404),
    ):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"].startswith("urn:bursar:problem:")


@given(st.tuples(st.integers(0, 2**63 - 1), st.integers(0, 127)), st.text(max_size=20))
def test_a_cursor_gives_back_the_key_it_was_made_of(key: tuple[int, int], account: str) -> None:
    """For any key and filters."""
    cursor = write_cursor(key, listing="statement", filters=(account,))
    assert read_cursor(cursor, tuple[int, int], listing="statement", filters=(account,)) == key


@given(st.text(max_size=600))
def test_any_other_text_is_no_cursor(text: str) -> None:
    """Never another exception, whatever is sent."""
    with pytest.raises(ReadRefused) as refused:
        read_cursor(text, tuple[int, int], listing="statement", filters=("a",))
    assert refused.value.refusal is Refusal.CURSOR_INVALID

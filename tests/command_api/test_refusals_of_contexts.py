"""What the contexts beside payments refuse, as the client sees it. Their decisions are shown in tests/ledger.

Over HTTP each context shows here that a refusal of its own comes out as a problem: nothing there has to be built first.
Every other refusal takes the same way from the decision to the answer, and is rendered here without it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pytest

from command_api.problems import STATUS_OF, render_refusal
from contracts.rejections import Refused, Rejection
from tests.command_api.door import Door, new_key, problem_in

WHY: Final = {"reason": "x"}
NOTHING_THERE: Final[dict[Rejection, tuple[str, dict[str, Any], str]]] = {
    Rejection.CUSTOMER_NOT_FOUND: ("/v1/customers/cust_999999999/restrict", WHY, "/customer_id"),
    Rejection.CASE_NOT_FOUND: ("/v1/cases/case_999999999/review", {**WHY, "decision": "clear"}, "/case_id"),
    Rejection.MERCHANT_NOT_FOUND: (
        "/v1/merchants/nobody/close-settlement",
        {"cut_off_at": "2026-01-01T00:00:00Z"},
        "/merchant_id",
    ),
    Rejection.SETTLEMENT_NOT_FOUND: ("/v1/settlements/set_999999999/retry", WHY, "/settlement_id"),
    Rejection.BREAK_NOT_FOUND: ("/v1/breaks/brk_999999999/assign", {"assignee": "rita"}, "/break_id"),
    Rejection.STANDING_ORDER_NOT_FOUND: ("/v1/standing-orders/so_999999999/suspend", WHY, "/standing_order_id"),
    Rejection.STATEMENT_NOT_FOUND: (
        "/v1/reconciliations/stmt_999999999/close",
        {"ledger_minor": 0, "unmatched_entries_minor": 0, "unmatched_lines_minor": 0},
        "/statement_id",
    ),
    Rejection.LINE_NOT_FOUND: ("/v1/statement-lines/stmt_999999999:1/unmatch", WHY, "/line_id"),
}


@pytest.mark.parametrize("rejection", NOTHING_THERE)
async def test_what_is_not_there_is_named(door: Door, rejection: Rejection) -> None:
    path, body, pointer = NOTHING_THERE[rejection]
    key, token = new_key(), door.token()
    answer = await door.post(path, body, key=key, token=token)
    problem = problem_in(answer, status=STATUS_OF[rejection], code=rejection)
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert (await door.post(path, body, key=key, token=token)).content == answer.content
    assert await door.events_of_keys(key) == []


@pytest.mark.parametrize("rejection", Rejection)
def test_every_refusal_becomes_a_problem(rejection: Rejection) -> None:
    problem = msgspec.json.decode(render_refusal(Refused(rejection, "what was wrong", "/the/field")))
    assert (problem["status"], problem["code"]) == (STATUS_OF[rejection], rejection)
    assert problem["retryable"] is rejection.is_transient
    assert problem["errors"] == [{"pointer": "/the/field", "code": rejection, "detail": "what was wrong"}]
    assert problem["title"]
    assert problem["type"].endswith(f"{rejection}")

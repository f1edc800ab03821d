"""Whatever is sent to any command route: a precise refusal with a stable code, never a 5xx, and nothing is booked."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from command_api.app import BATCH_BODY_BYTES_MAX
from command_api.statement_import import STATEMENT_BODY_BYTES_MAX
from contracts.payment_codes import SCA_ACR
from runtime.http.body_gate import BODY_BYTES_MAX
from tests.command_api.door import Door, problem_in
from tests.command_api.samples import DOCUMENT, JSON_ROUTES, ROUTES, Route, valid_value, wrong_values

# Scope of every route; a new route fails here until somebody decides.
SCOPE_OF = {
    "/v1/assets": "accounts:write",
    "/v1/accounts": "accounts:write",
    "/v1/accounts/{account_id}/close": "accounts:write",
    "/v1/accounts/{account_id}/freeze": "accounts:write",
    "/v1/accounts/{account_id}/unfreeze": "accounts:write",
    "/v1/transfers": "transfers:write",
    "/v1/transfers/{transfer_id}/reverse": "transfers:write",
    "/v1/periods/close": "periods:write",
    "/v1/customers": "customers:write",
    "/v1/customers/{customer_id}/documents": "customers:write",
    "/v1/customers/{customer_id}/evidence": "customers:write",
    "/v1/customers/{customer_id}/rescreen": "customers:write",
    "/v1/customers/{customer_id}/expire-verification": "deadlines:write",
    "/v1/customers/{customer_id}/review": "customers:review",
    "/v1/customers/{customer_id}/risk-class": "customers:review",
    "/v1/customers/{customer_id}/restrict": "customers:review",
    "/v1/customers/{customer_id}/reopen": "customers:review",
    "/v1/customers/{customer_id}/offboard": "customers:review",
    "/v1/customers/{customer_id}/erase": "customers:erase",
    "/v1/cases/{case_id}/review": "customers:review",
    "/v1/statements": "statements:write",
    "/v1/matches": "reconciliation:write",
    "/v1/statement-lines/{line_id}/unmatch": "reconciliation:write",
    "/v1/breaks": "reconciliation:write",
    "/v1/breaks/{break_id}/assign": "reconciliation:write",
    "/v1/breaks/{break_id}/propose-write-off": "reconciliation:write",
    "/v1/breaks/{break_id}/approve-write-off": "write_offs:approve",
    "/v1/breaks/{break_id}/reject-write-off": "write_offs:approve",
    "/v1/reconciliations/{statement_id}/close": "reconciliation:write",
    "/v1/holds": "holds:write",
    "/v1/holds/{hold_id}/extend": "holds:write",
    "/v1/holds/{hold_id}/capture": "holds:write",
    "/v1/holds/{hold_id}/release": "holds:write",
    "/v1/holds/{hold_id}/expire": "deadlines:write",
    "/v1/payments": "payments:write",
    "/v1/payment-files": "payments:write",
    "/v1/accounts/{account_id}/iban": "accounts:write",
    "/v1/standing-orders": "payments:write",
    "/v1/standing-orders/{standing_order_id}/authorise": "payments:write",
    "/v1/standing-orders/{standing_order_id}/suspend": "payments:write",
    "/v1/standing-orders/{standing_order_id}/resume": "payments:write",
    "/v1/standing-orders/{standing_order_id}/cancel": "payments:write",
    "/v1/standing-orders/{standing_order_id}/issue": "deadlines:write",
    "/v1/webhook-endpoints": "webhooks:write",
    "/v1/webhook-endpoints/{endpoint_id}/update": "webhooks:write",
    "/v1/webhook-endpoints/{endpoint_id}/rotate-secret": "webhooks:write",
    "/v1/webhook-endpoints/{endpoint_id}/disable": "webhooks:write",
    "/v1/webhook-endpoints/{endpoint_id}/enable": "webhooks:write",
    "/v1/webhook-endpoints/{endpoint_id}/replay": "webhooks:write",
    "/v1/payments/{payment_id}/authorise": "payments:write",
    "/v1/payments/{payment_id}/decline": "payments:write",
    "/v1/payments/{payment_id}/cancel": "payments:write",
    "/v1/payments/{payment_id}/refund": "payments:write",
    "/v1/payments/{payment_id}/recall": "payments:write",
    "/v1/payments/{payment_id}/refund-outcome": "payments:execute",
    "/v1/payments/{payment_id}/recall-answer": "payments:execute",
    "/v1/payments/{payment_id}/review": "payments:review",
    "/v1/payments/{payment_id}/resolve": "payments:operate",
    "/v1/payments/{payment_id}/start": "deadlines:write",
    "/v1/payments/{payment_id}/expire": "deadlines:write",
    "/v1/payments/{payment_id}/instruct": "payments:execute",
    "/v1/payments/{payment_id}/outcome": "payments:execute",
    "/v1/payments/{payment_id}/park": "payments:execute",
    "/v1/payments/{payment_id}/return": "payments:execute",
    "/v1/rails": "payments:operate",
    "/v1/authentication": "payments:operate",
    "/v1/limits": "payments:operate",
    "/v1/fees": "payments:operate",
    "/v1/fx": "fx:write",
    "/v1/fx/revalue": "fx:write",
    "/v1/rates": "fx:write",
    "/v1/quotes": "payments:write",
    "/v1/merchants": "settlements:operate",
    "/v1/merchants/{merchant_id}/close-settlement": "deadlines:write",
    "/v1/settlements/{settlement_id}/retry": "settlements:operate",
    "/v1/rails/{rail}/settlements": "settlements:operate",
    "/v1/batches": "transfers:write",  # of the command in the sample
}
SCOPES = set(SCOPE_OF.values())
CODES_OF_FIELDS = {
    "unknown field": {"unknown_field"},
    "missing field": {"missing_field"},
    "out of range": {"out_of_range"},
    "control character": {"wrong_format", "invalid_value"},  # the latter for dates
}

TEXTS = {
    "no JSON": (b"nonsense", "invalid_json"),
    "cut off": (b'{"a":', "invalid_json"),
    "trailing comma": (b'{"a":1,}', "invalid_json"),
    "two values": (b"{} {}", "invalid_json"),
    "single quotes": (b"{'a':1}", "invalid_json"),
    "NaN": (b'{"a":NaN}', "invalid_json"),
    "infinity": (b'{"a":1e999}', "invalid_json"),
    "byte order mark": (b"\xef\xbb\xbf{}", "invalid_json"),
    "UTF-16": ("{}".encode("utf-16"), "invalid_utf8"),
    "bad UTF-8 in a key": (b'{"\xff":1}', "invalid_utf8"),
    "bad UTF-8 in a value": (b'{"a":"\xc3\x28"}', "invalid_utf8"),
    "overlong UTF-8": (b'{"a":"\xc0\xaf"}', "invalid_utf8"),
    "NUL": (b'{"a":"\\u0000"}', "nul_character"),
    "half a surrogate pair": (b'{"a":"\\ud800"}', "lone_surrogate"),
    "a key twice": (b'{"a":1,"a":2}', "duplicate_key"),
    "a key twice, once escaped": (b'{"a":1,"\\u0061":2}', "duplicate_key"),
    "33 levels": (b"[" * 33 + b"]" * 33, "json_too_deep"),
    "100,000 levels": (b"[" * 100_000 + b"]" * 100_000, "json_too_deep"),
    "100,000 levels of objects": (b'{"a":' * 30_000 + b"1" + b"}" * 30_000, "json_too_deep"),
    "an array": (b"[]", "invalid_body"),
    "a text": (b'"x"', "invalid_body"),
    "null": (b"null", "invalid_body"),
    "a number": (b"5", "invalid_body"),
}

every_route = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
every_json_route = pytest.mark.parametrize("route", JSON_ROUTES, ids=lambda route: route.path)


async def test_the_document_that_is_tested_is_the_one_that_is_served(door: Door) -> None:
    """Or the routes enumerated here would not be those of the process."""
    assert (await door.client.get("/schema/openapi.json")).json() == DOCUMENT


@every_json_route
async def test_a_text_that_is_not_safe_json_is_named(door: Door, route: Route) -> None:
    """The code says what is wrong; broken text never reaches the parser of commands."""
    for what, (body, code) in TEXTS.items():
        answer = await door.post(route.url, body)
        assert answer.status_code == 400, (what, answer.status_code, answer.text[:300])
        problem_in(answer, status=400, code=code)


@every_route
async def test_an_empty_body_is_missing(door: Door, route: Route) -> None:
    """Also where every field is optional: an empty object is a choice, an empty body may be an accident."""
    assert (await door.post(route.url, b"")).status_code == 400


@every_json_route
async def test_one_wrong_place_is_pointed_at(door: Door, route: Route) -> None:
    """Wrong types, unknown and missing fields, out of range, at every place of the body the document knows."""
    wrongs = list(wrong_values(route.body))
    assert wrongs
    for wrong in wrongs:
        answer = await door.post(route.url, wrong.body)
        assert answer.status_code == 400, (wrong, answer.status_code, answer.text[:300])
        (error,) = problem_in(answer, status=400, code="invalid_body")["errors"]
        assert error["pointer"] == wrong.pointer, (wrong, error)
        assert error["code"] in CODES_OF_FIELDS.get(wrong.what, {error["code"]}), (wrong, error)


@every_json_route
async def test_a_body_over_the_cap_is_refused_and_one_at_the_cap_is_read(door: Door, route: Route) -> None:
    """White space counts; what is at the cap gets as far as its content."""
    larger = {"/v1/batches": BATCH_BODY_BYTES_MAX, "/v1/statements": STATEMENT_BODY_BYTES_MAX}
    bytes_max = larger.get(route.path, BODY_BYTES_MAX)
    problem_in(await door.post(route.url, b" " * (bytes_max + 1)), status=413, code="body_too_large")
    problem_in(await door.post(route.url, b"[]" + b" " * (bytes_max - 2)), status=400, code="invalid_body")


@every_route
async def test_other_types_and_encodings_are_refused(door: Door, route: Route) -> None:
    """A form is neither JSON nor XML by accident, and nothing is unpacked."""
    body = route.content
    for headers, code in (
        ({"content-type": "text/plain"}, "unsupported_media_type"),
        ({"content-type": "application/x-www-form-urlencoded"}, "unsupported_media_type"),
        ({"content-type": "application/json; charset=latin-1"}, "unsupported_media_type"),
        ({"content-encoding": "gzip"}, "content_encoding_refused"),
    ):
        problem_in(await door.post(route.url, body, headers=headers), status=415, code=code)
    many = {f"x-{number}": "1" for number in range(120)}
    problem_in(await door.post(route.url, body, headers=many), status=431)


@every_route
async def test_other_methods_are_refused(door: Door, route: Route) -> None:
    """A command is a POST."""
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        answer = await door.client.request(method, route.url, content=route.content, headers=route.headers)
        problem_in(answer, status=405, code="method_not_allowed")


@pytest.mark.parametrize("route", [r for r in ROUTES if r.path_parameters], ids=lambda route: route.path)
@pytest.mark.parametrize(
    "segment", ["UPPER", "-", "a%20b", "a%00b", "%F0%9F%92%B6", "x" * 200, "a:", "a%0A", "xfer_0,"]
)
async def test_a_path_parameter_is_as_strict_as_a_body(door: Door, route: Route, segment: str) -> None:
    """The pointer names the parameter."""
    (name,) = route.path_parameters
    answer = await door.post(route.path.format_map({name: segment}), valid_value(route.body))
    problem = problem_in(answer, status=400, code="invalid_request")
    assert [error["pointer"] for error in problem["errors"]] == [f"/path/{name}"]


@every_route
async def test_without_a_token_nothing_is_even_read(door: Door, route: Route) -> None:
    """401 with a challenge, whatever the body is."""
    for headers in ({}, {"authorization": "Basic eDp5"}, {"authorization": "Bearer nonsense"}):
        async with httpx2.AsyncClient(base_url=door.url, trust_env=False) as stranger:
            answer = await stranger.post(route.url, content=b"{", headers=headers)
        problem_in(answer, status=401)
        assert answer.headers["www-authenticate"].startswith("Bearer")


@every_route
async def test_every_route_needs_its_scope_and_the_ledger(door: Door, route: Route) -> None:
    """All other scopes together do not open it; nor does the right scope for another ledger."""
    scope = SCOPE_OF[route.path]
    body, headers = route.content, route.headers
    refused = await door.post(route.url, body, headers=headers, token=door.token(SCOPES - {scope}))
    problem_in(refused, status=403, code="missing_scope")
    assert f'scope="{scope}"' in refused.headers["www-authenticate"]
    refused = await door.post(route.url, body, headers=headers, token=door.token([scope], ledgers=["other"]))
    problem_in(refused, status=403, code="ledger_not_granted")
    let_in = await door.post(route.url, body, headers=headers, token=door.token([scope], acr=SCA_ACR))
    assert let_in.status_code not in (401, 403), let_in.text


async def test_unknown_paths_are_not_found(door: Door) -> None:
    """With a token 404; without one not even that."""
    for path in ("/v1/nothing", "/v1/accounts/a/b/c", "/v2/transfers"):
        problem_in(await door.post(path, {}), status=404, code="not_found")


NUMBERS = [
    b"1.0",
    b"1e2",
    b'"100"',
    b"0",
    b"-1",
    b"-0",
    b"9223372036854775808",
    b"18446744073709551617",
    b"true",
]


@pytest.mark.parametrize("number", NUMBERS)
async def test_an_amount_is_a_whole_number_from_1_to_63_bits(door: Door, number: bytes) -> None:
    """Also written as a float without a fraction: money is never a float."""
    posting = b'{"account_id":"a","side":"debit","amount_minor":%b,"currency":"EUR"}' % number
    answer = await door.post("/v1/transfers", b'{"postings":[%b,%b]}' % (posting, posting))
    (error,) = problem_in(answer, status=400, code="invalid_body")["errors"]
    assert error["pointer"] == "/postings/0/amount_minor"


VALUES = ["12", "12.3", "12.345", "0.00", "92233720368547758.08"]
NOT_DECIMAL = ["-1.00", "+1.00", "1e2", "1_0.00", " 1.00", "1,00", "01.00", ".50", "1.", "١.٠٠", "NaN", "", "1.00\n"]


@pytest.mark.parametrize("value", [*VALUES, *NOT_DECIMAL])
async def test_a_payment_writes_its_amount_in_exactly_its_currency_s_scale(door: Door, value: str) -> None:
    """What is no decimal text is malformed; what has the wrong scale or size is refused by the ledger."""
    body: dict[str, Any] = {
        "debtor_account_id": "a",
        "creditor_account_id": "b",
        "instructed_amount": {"currency": "EUR", "value": value},
        "end_to_end_id": "E1",
    }
    answer = await door.post("/v1/payments", body)
    if value in NOT_DECIMAL:
        (error,) = problem_in(answer, status=400, code="invalid_body")["errors"]
        assert error["pointer"] == "/instructed_amount/value"
    else:
        assert problem_in(answer, status=422)["code"] in ("wrong_scale", "amount_out_of_range")

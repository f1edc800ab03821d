"""HTTP manners, over real HTTP: one shape for every refusal, bounded bodies, traces, measures, deadlines."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx2
import msgspec
import pytest
from litestar import Litestar, Request, get, post
from litestar.exceptions import (
    ClientException,
    ServiceUnavailableException,
    TooManyRequestsException,
)
from litestar.params import FromPath, FromQuery, JSONBody
from prometheus_client import CollectorRegistry

from runtime.health import Health
from runtime.http.asgi import ASGIApp
from runtime.http.body_gate import BodyGate, BodyRule
from runtime.http.deadlines import Deadline
from runtime.http.framework import ProblemException, StrictRequest, field_error_of, problem_handlers
from runtime.http.measuring import MeasureRequests
from runtime.http.problems import Problem, problem_of
from runtime.http.tracing import TraceRequests
from runtime.metrics import create_registry
from runtime.server import CannotServe, ops_app, serve_http
from runtime.shutdown import Shutdown
from runtime.trace import current_trace
from tests.runtime.conftest import Serve, free_port, served

SECRET = "postgresql://bursar:hunter2@10.0.0.7/book"
JSON_TYPE = {"content-type": "application/json"}


class Line(msgspec.Struct, forbid_unknown_fields=True):
    amount_minor: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
    note: Annotated[str, msgspec.Meta(max_length=5)] = ""


class Order(msgspec.Struct, forbid_unknown_fields=True):
    lines: list[Line]
    kind: Annotated[str, msgspec.Meta(pattern="^[a-z]+$")] = "plain"
    tags: dict[str, int] = {}


@post("/orders")
async def take_order(data: JSONBody[Order]) -> dict[str, Any]:
    return {"first_minor": data.lines[0].amount_minor}


@post("/bulk/orders", status_code=202)
async def take_bulk(request: Request[Any, Any, Any]) -> dict[str, int]:
    return {"bytes": len(await request.body())}


@post("/files")
async def take_file(request: Request[Any, Any, Any]) -> dict[str, int]:
    return {"bytes": len(await request.body())}


@get("/orders/{number:int}")
async def read_order(number: FromPath[int], page: FromQuery[int] = 1) -> dict[str, Any]:
    trace = current_trace.get()
    return {"number": number, "page": page, "trace_id": trace and trace.trace_id, "span_id": trace and trace.span_id}


@get("/fails/{how:str}")
async def fails(how: FromPath[str]) -> None:
    raise {
        "bug": RuntimeError(SECRET),
        "busy": TooManyRequestsException(headers={"retry-after": "3"}),
        "away": ServiceUnavailableException(detail=SECRET),
        "unprocessable": ClientException(status_code=422, detail="the date is a holiday"),
        "own": ProblemException(problem_of(409, "it is being booked", code="in_flight"), headers={"retry-after": "1"}),
    }[how]


@get("/slow")
async def slow() -> None:
    await asyncio.sleep(30)


def _edge(registry: CollectorRegistry, *, timeout_s: float = 5.0) -> ASGIApp:
    """The same layers, in the same order, as a real process."""
    api = Litestar(
        [take_order, take_bulk, take_file, read_order, fails, slow],
        request_class=StrictRequest,
        exception_handlers=problem_handlers(),
        openapi_config=None,
        logging_config=None,
    )
    rules = [
        BodyRule(prefix="/bulk/", bytes_max=5 * 1024 * 1024),
        BodyRule(prefix="/files", content_types=("application/xml", "application/json")),
    ]
    app: ASGIApp = BodyGate(api, rules=rules)  # type: ignore[arg-type]  # Litestar narrows the ASGI types
    app = Deadline(app, timeout_s=timeout_s)
    app = MeasureRequests(app, registry=registry)
    return ops_app(Health(), registry, app=TraceRequests(app))


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with served(_edge(create_registry())) as client:
        yield client


def _problem(answer: httpx2.Response, status: int, code: str) -> Problem:
    """Check the shape that every refusal has, and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = msgspec.json.decode(answer.content, type=Problem)
    assert (problem.status, problem.code, problem.type) == (status, code, f"urn:bursar:problem:{code}")
    assert problem.trace_id == answer.headers["trace-id"]
    assert problem.title
    assert problem.detail
    return problem


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing-here", 404, "not_found"),
        ("GET", "/orders/abc", 404, "not_found"),
        ("GET", "/orders", 405, "method_not_allowed"),
        ("PROPFIND", "/orders", 405, "method_not_allowed"),
        ("GET", "/orders/1?page=x", 400, "invalid_request"),
        ("GET", "/fails/busy", 429, "too_many_requests"),
        ("GET", "/fails/away", 503, "unavailable"),
        ("GET", "/fails/bug", 500, "internal_error"),
        ("GET", "/fails/unprocessable", 422, "unprocessable"),
        ("GET", "/fails/own", 409, "in_flight"),
    ],
)
async def test_every_error_of_the_framework_has_our_shape(
    client: httpx2.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await client.request(method, path)
    problem = _problem(answer, status, code)

    assert SECRET not in answer.text
    assert problem.retryable == (status in (429, 500, 503))
    assert problem.instance == path.split("?")[0]


async def test_errors_keep_the_headers_that_tell_the_client_what_to_do(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/fails/busy")).headers["retry-after"] == "3"
    assert (await client.get("/fails/own")).headers["retry-after"] == "1"
    assert "POST" in (await client.get("/orders")).headers["allow"]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ('{"lines":[{"amount_minor":"5"}]}', "/lines/0/amount_minor", "wrong_type"),
        ('{"lines":[{"amount_minor":5.0}]}', "/lines/0/amount_minor", "wrong_type"),
        ('{"lines":[{"amount_minor":true}]}', "/lines/0/amount_minor", "wrong_type"),
        ('{"lines":[{"amount_minor":null}]}', "/lines/0/amount_minor", "wrong_type"),
        ('{"lines":[{"amount_minor":0}]}', "/lines/0/amount_minor", "out_of_range"),
        ('{"lines":[{"amount_minor":9223372036854775808}]}', "/lines/0/amount_minor", "out_of_range"),
        ('{"lines":[{"amount_minor":18446744073709551617}]}', "/lines/0/amount_minor", "out_of_range"),
        ('{"lines":[{"amount_minor":1,"fee":2}]}', "/lines/0/fee", "unknown_field"),
        ('{"lines":[{"amount_minor":1},{}]}', "/lines/1/amount_minor", "missing_field"),
        ('{"kind":"plain"}', "/lines", "missing_field"),
        ('{"lines":[{"amount_minor":1,"note":"too long"}]}', "/lines/0/note", "wrong_length"),
        ('{"lines":[],"kind":"NO"}', "/kind", "wrong_format"),
        ('{"lines":[],"tags":{"a":"b"}}', "/tags", "wrong_type"),
        ("[]", "", "wrong_type"),
        ("null", "", "wrong_type"),
    ],
)
async def test_an_invalid_body_is_refused_with_a_pointer_to_the_place(
    client: httpx2.AsyncClient, body: str, pointer: str, code: str
) -> None:
    """Nothing is converted between types: text, floats and booleans are no integers."""
    problem = _problem(await client.post("/orders", content=body, headers=JSON_TYPE), 400, "invalid_body")

    assert [(error.pointer, error.code) for error in problem.errors] == [(pointer, code)]


async def test_a_valid_body_reaches_the_handler(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/orders", content='{"lines":[{"amount_minor":9223372036854775807}]}', headers=JSON_TYPE)

    assert (answer.status_code, answer.json()) == (201, {"first_minor": 2**63 - 1})


async def test_a_missing_body_is_refused(client: httpx2.AsyncClient) -> None:
    problem = _problem(await client.post("/orders", headers=JSON_TYPE), 400, "invalid_request")

    assert "the body is missing" in problem.detail


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"a":1,"a":2}', "duplicate_key"),
        (b"[" * 100_000 + b"]" * 100_000, "json_too_deep"),
        (b'{"\xff":1}', "invalid_utf8"),
        (b'{"a":"\\u0000"}', "nul_character"),
        (b'{"a":"\\ud800"}', "lone_surrogate"),
        (b'{"a":NaN}', "invalid_json"),
        (b"nope", "invalid_json"),
    ],
)
async def test_hostile_json_is_a_400_and_never_a_500(client: httpx2.AsyncClient, body: bytes, code: str) -> None:
    problem = _problem(await client.post("/orders", content=body, headers=JSON_TYPE), 400, code)

    assert [error.code for error in problem.errors] == [code]


async def test_a_refusal_of_broken_json_says_at_which_byte(client: httpx2.AsyncClient) -> None:
    problem = _problem(await client.post("/orders", content=b'{"a":1,}', headers=JSON_TYPE), 400, "invalid_json")

    assert "(byte 7)" in problem.detail


@pytest.mark.parametrize(
    ("path", "bytes_max"), [("/orders", 256 * 1024), ("/files", 256 * 1024), ("/bulk/orders", 5 * 1024 * 1024)]
)
async def test_the_cap_on_bodies_depends_on_the_path(client: httpx2.AsyncClient, path: str, bytes_max: int) -> None:
    """One byte less passes the gate, one byte more does not, announced or not."""
    fits = b'"' + b"x" * (bytes_max - 2) + b'"'

    async def unannounced() -> Any:
        for start in range(0, bytes_max + 1, 60_000):
            yield (fits + b" ")[start : start + 60_000]

    assert (await client.post(path, content=fits, headers=JSON_TYPE)).status_code in (201, 202, 400)
    _problem(await client.post(path, content=fits + b" ", headers=JSON_TYPE), 413, "body_too_large")
    _problem(await client.post(path, content=unannounced(), headers=JSON_TYPE), 413, "body_too_large")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"content-type": "text/plain"}, "unsupported_media_type"),
        ({"content-type": "application/json; charset=latin-1"}, "unsupported_media_type"),
        ({"content-type": "application/jsonp"}, "unsupported_media_type"),
        ({}, "unsupported_media_type"),
        ({**JSON_TYPE, "content-encoding": "gzip"}, "content_encoding_refused"),
        ({**JSON_TYPE, "content-encoding": "br, gzip"}, "content_encoding_refused"),
    ],
)
async def test_other_content_types_and_encodings_are_refused(
    client: httpx2.AsyncClient, headers: dict[str, str], code: str
) -> None:
    _problem(await client.post("/orders", content=b'{"lines":[]}', headers=headers), 415, code)


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=UTF-8"])
async def test_json_may_say_that_it_is_utf_8(client: httpx2.AsyncClient, content_type: str) -> None:
    answer = await client.post(
        "/orders", content=b'{"lines":[{"amount_minor":1}]}', headers={"content-type": content_type}
    )
    assert answer.status_code == 201


async def test_a_path_may_take_another_content_type(client: httpx2.AsyncClient) -> None:
    """Such bodies are capped, and nothing is said about their text."""
    answer = await client.post("/files", content=b"<a>\xff</a>", headers={"content-type": "application/xml"})
    assert answer.json() == {"bytes": 8}


async def test_too_many_and_too_large_headers_are_refused(client: httpx2.AsyncClient) -> None:
    many = {f"x-{number}": "1" for number in range(101)}
    _problem(await client.get("/orders/1", headers=many), 431, "headers_too_large")
    _problem(await client.get("/orders/1", headers={"x-large": "x" * 33_000}), 431, "headers_too_large")


async def test_a_request_continues_the_callers_trace(client: httpx2.AsyncClient) -> None:
    trace_id, span_id = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    answer = await client.get("/orders/1", headers={"traceparent": f"00-{trace_id}-{span_id}-01"})

    assert answer.headers["trace-id"] == trace_id == answer.json()["trace_id"]
    assert answer.json()["span_id"] != span_id


async def test_a_request_without_a_sound_trace_begins_one(client: httpx2.AsyncClient) -> None:
    answers = [
        await client.get("/orders/1"),
        await client.get("/orders/1", headers={"traceparent": "00-nonsense"}),
        await client.get("/orders/1", headers=[("traceparent", f"00-{'a' * 32}-{'b' * 16}-01")] * 2),
    ]
    traces = {answer.headers["trace-id"] for answer in answers}

    assert len(traces) == 3
    assert "a" * 32 not in traces


async def test_requests_are_measured_by_template_and_never_by_path(serve: Serve) -> None:
    client = await serve(_edge(create_registry()))
    for path in ("/orders/1", "/orders/2", "/nothing", "/else"):
        await client.get(path)
    await client.request("PROPFIND", "/orders/1")
    text = (await client.get("/metrics")).text

    assert 'http_requests_total{method="GET",route="/orders/{number}",status="200"} 2.0' in text
    assert 'http_requests_total{method="GET",route="unmatched",status="404"} 2.0' in text
    assert 'http_requests_total{method="OTHER",route="unmatched",status="405"} 1.0' in text
    assert 'http_request_seconds_count{method="GET",route="/orders/{number}"} 2.0' in text
    assert "http_requests_in_progress 0.0" in text
    assert "/orders/1" not in text


async def test_a_late_answer_is_a_503_that_tells_how_to_find_out(serve: Serve) -> None:
    client = await serve(_edge(create_registry(), timeout_s=0.1))
    problem = _problem(await client.get("/slow"), 503, "deadline_exceeded")

    assert problem.retryable
    assert "outcome is unknown" in problem.detail


async def test_an_answer_that_has_begun_is_not_cut_at_the_deadline(serve: Serve) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await asyncio.sleep(0.2)
            await send({"type": "http.response.body", "body": b"whole"})

    client = await serve(Deadline(app, timeout_s=0.05))
    assert (await client.get("/")).text == "whole"


async def test_health_says_why_a_process_is_not_ready(serve: Serve) -> None:
    health = Health()
    behind: list[str] = []

    async def lag() -> str | None:
        return behind[0] if behind else None

    health.add_check("lag", lag)
    client = await serve(ops_app(health, create_registry()))
    assert (await client.get("/health/live")).json() == {"live": True}
    assert (await client.get("/health/ready")).json() == {"ready": True, "reasons": {}}
    behind.append("900 events behind")
    answer = await client.get("/health/ready")

    assert (answer.status_code, answer.json()) == (503, {"ready": False, "reasons": {"lag": "900 events behind"}})
    assert (await client.get("/elsewhere")).status_code == 404


async def test_a_taken_port_is_said_to_be_taken(client: httpx2.AsyncClient) -> None:
    port = client.base_url.port
    assert port
    with pytest.raises(CannotServe, match=f"cannot listen on 127.0.0.1:{port}"):
        await serve_http(ops_app(Health(), create_registry()), host="127.0.0.1", port=port, shutdown=Shutdown())


async def test_an_application_that_cannot_start_stops_its_process() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no book"})

    with pytest.raises(CannotServe, match="failed to start"):
        await serve_http(app, host="127.0.0.1", port=free_port(), shutdown=Shutdown())


@pytest.mark.parametrize(
    ("sentence", "pointer", "code"),
    [
        ("Expected `int`, got `str` - at `$.a[0].b`", "/a/0/b", "wrong_type"),
        ("Expected `int`, got `str` - at `$[3]`", "/3", "wrong_type"),
        ("Object contains unknown field `x/y~z` - at `$.a`", "/a/x~1y~0z", "unknown_field"),
        ("Expected `str`, got `int` - at `key` in `$.tags`", "/tags", "wrong_type"),
        ("Invalid enum value 'x' - at `$.kind`", "/kind", "invalid_value"),
        ("Integer value out of range - at `$.n`", "/n", "out_of_range"),
    ],
)
def test_sentences_of_the_decoder_become_pointers_and_codes(sentence: str, pointer: str, code: str) -> None:
    error = field_error_of(sentence)
    assert (error.pointer, error.code) == (pointer, code)

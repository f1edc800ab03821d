"""The OpenAPI document and its page: open, self-contained, and kept by the server."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from cli.devstack.processes import SAMPLE_LISTS
from command_api import routes
from command_api.app import HANDLERS
from command_api.files.filing import FILE_BYTES_MAX
from contracts.file_refusals import FileRefusal
from contracts.iso20022.pain001 import read_pain001
from tests.command_api.conftest import OpenDoor
from tests.command_api.door import Door, new_key
from tests.command_api.samples import DOCUMENT, JSON, ROUTES
from tests.orders.files import Wish, payment_file

EXAMPLES_MAX = 8
XML = "application/xml"
ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
OWN_ADDRESS = re.compile(rb"(?:src|href|url)\s*[=(:]\s*[\"']?(?:https?:)?//")

# `not_a_server_error` is written out below: no 5xx at all, the documented 503 included, because nothing is missing.
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance, negative_data_rejection]


def test_every_route_is_described_with_its_key_its_answers_and_its_problems() -> None:
    """Paths, bearer security, the key, problem bodies for every error, and no Python in the patterns."""
    assert DOCUMENT["openapi"].startswith("3.1")
    assert DOCUMENT["security"] == [{"bearer": []}]
    assert len(ROUTES) == len(HANDLERS)
    for path, described in DOCUMENT["paths"].items():
        operation = described["post"]
        assert operation["summary"], path
        assert set(re.findall(r"{(\w+)}", path)) == {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        statuses = operation["responses"].keys()
        assert statuses >= {"400", "401", "403", "413", "415", "431", "500", "503"}
        assert len(statuses & {"200", "201"}) == 1
        for status, response in operation["responses"].items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"], (path, status)
    assert "\\Z" not in str(DOCUMENT)


def test_no_route_is_left_out_but_the_messages_of_rails() -> None:
    """Those are signed by a rail; every other module of routes is described, however it is mounted."""
    found = pkgutil.iter_modules(routes.__path__, f"{routes.__name__}.")
    modules = [importlib.import_module(module.name) for module in found]
    left_out = [m.__name__ for m in modules if not set(map(id, m.HANDLERS)) <= set(map(id, HANDLERS))]
    assert left_out == ["command_api.routes.messages"]


def test_a_payment_file_is_described_by_type_and_size_with_an_example_that_is_read() -> None:
    """Both ways XML; the problems are its own, and the example is a file that would be taken."""
    operation = DOCUMENT["paths"]["/v1/payment-files"]["post"]
    ((media_type, sent),) = operation["requestBody"]["content"].items()
    assert (media_type, sent["schema"]["maxLength"]) == (XML, FILE_BYTES_MAX)
    assert list(operation["responses"]["200"]["content"]) == [XML]
    said = {status: operation["responses"][status]["description"] for status in ("409", "415", "422")}
    assert "payment_file_duplicate" in said["409"]
    assert JSON not in said["415"]
    assert "idempotency_key_reused" in said["422"]
    assert not isinstance(read_pain001(sent["example"].encode()), FileRefusal)


def test_a_command_on_its_own_route_needs_no_type_and_in_a_batch_it_does() -> None:
    """The document says what the server does."""
    transfer = DOCUMENT["paths"]["/v1/transfers"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert transfer["required"] == ["postings"]
    assert transfer["additionalProperties"] is False
    assert DOCUMENT["components"]["schemas"]["PostTransfer"]["required"] == ["type", "postings"]


async def test_document_and_page_need_no_token_and_no_other_host(door: Door) -> None:
    """Everything the page loads is served here, and its policy forbids the rest."""
    async with httpx2.AsyncClient(base_url=door.url, trust_env=False) as stranger:
        assert (await stranger.get("/schema/openapi.json")).json() == DOCUMENT
        page = await stranger.get("/docs")
        assert "default-src 'self'" in page.headers["content-security-policy"]
        loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert loaded
        for path in loaded:
            assert path.startswith("/docs/")
            file = await stranger.get(path)
            assert file.status_code == 200
            if path.endswith((".css", "open.js")):
                assert not OWN_ADDRESS.search(file.content), path
        for hidden in ("/docs/page.html", "/docs/../app.py", "/docs/%2e%2e/app.py", "/schema", "/schema/swagger"):
            assert (await stranger.get(hidden)).status_code in (401, 404), hidden


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode))
async def test_generated_requests_are_answered_as_documented(own_door: OpenDoor, mode: GenerationMode) -> None:
    """Valid or not: no 5xx, no undocumented status, type or shape, and what is invalid is refused.

    On a book of its own: what happens to be valid may change what the whole ledger asks of payments.
    """
    async with own_door(screening_folder=SAMPLE_LISTS) as door:
        await every_operation(door, mode)


async def every_operation(door: Door, mode: GenerationMode) -> None:
    open_document = {name: part for name, part in DOCUMENT.items() if name != "security"}
    schema = schemathesis.openapi.from_dict(open_document)
    schema.config.update(base_url=door.url)
    # What the document cannot say of the inside of a file; in both modes these are sent as they are.
    schemathesis.openapi.media_type(XML, sound_files() if mode is GenerationMode.POSITIVE else damaged_files())
    asked: set[str] = set()
    for found in schema.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]  # the document is sound: another test says so
        for case in examples_of(operation, mode):
            if case.headers and mode is GenerationMode.POSITIVE:
                case.headers["Idempotency-Key"] = new_key()  # a key of an earlier case would be a reuse
            answer = await send(door, case)
            assert answer.status_code < 500, answer.text
            case.validate_response(answer, checks=CHECKS)
            if case.media_type == XML and mode is GenerationMode.POSITIVE:
                assert answer.status_code == 200, answer.text
            asked.add(operation.label)
    assert len(asked) == len(ROUTES)


async def send(door: Door, case: schemathesis.Case) -> httpx2.Response:
    """Send a generated case with a good token."""
    sent = case.as_transport_kwargs()
    headers = {**sent.get("headers", {}), "authorization": door.client.headers["authorization"]}
    content = {"json": sent["json"]} if "json" in sent else {"content": sent.get("data")}
    return await door.client.request(
        sent["method"],
        sent["url"],
        params=sent.get("params"),
        headers=headers,
        **content,  # type: ignore[arg-type]
    )


def sound_files() -> st.SearchStrategy[bytes]:
    """Payment files that are taken, whatever becomes of their payments."""
    names = st.text(ALPHANUMERIC, min_size=1, max_size=35)
    wishes = st.builds(
        lambda *given: Wish(*given),
        names,
        st.sampled_from(["DE89370400440532013000", "DE00", "X"]),
        st.sampled_from(["0.01", "1.50", "4", "99999999.99"]),
        st.sampled_from(["EUR", "USD"]),
        st.text("abc äß漢", min_size=1, max_size=70).filter(str.strip),
    )
    return st.builds(
        lambda some, message_id, version: payment_file(
            "DE02120300000000202051", *some, message_id=message_id, version=version
        ),
        st.lists(wishes, min_size=1, max_size=4),
        names,
        st.sampled_from(["03", "09", "11"]),
    )


def damaged_files() -> st.SearchStrategy[bytes]:
    """No payment files: cut off, with something inside that must not be there, or no XML at all."""
    inside = st.sampled_from([b"<", b"&x;", b"\0", b"<!DOCTYPE x>", b"<?x y?>", b"<Surprise/>", b"\xff"])
    return st.one_of(
        st.binary(max_size=200),
        st.builds(lambda file, kept: file[: int(len(file) * kept)], sound_files(), st.floats(0, 0.99)),
        st.builds(lambda file, more: file.replace(b"<PmtInfId>", more + b"<PmtInfId>"), sound_files(), inside),
    )


def examples_of(operation: Any, mode: GenerationMode) -> list[schemathesis.Case]:
    """Generate some requests; none when there is nothing to get wrong."""
    cases: list[schemathesis.Case] = []

    @settings(
        max_examples=EXAMPLES_MAX,
        phases=[Phase.generate],
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def collect(case: schemathesis.Case) -> None:
        cases.append(case)

    try:
        collect()
    except Unsatisfiable:
        return []
    return cases

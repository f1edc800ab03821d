"""The OpenAPI document: the server keeps it, and its pages load nothing from elsewhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from contracts.desk import KINDS
from contracts.projections import VERSIONED
from query_api.problems import STATUS_OF
from query_api.refusals import Refusal
from tests.query_api.windows import Window

EXAMPLES_MAX = 10

# A documented 503 is an answer ("position not reached"), so "no server error" is checked here as: never a 500.
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance, negative_data_rejection]


def test_every_refusal_has_a_status() -> None:
    """The table is complete."""
    assert set(STATUS_OF) == set(Refusal)


async def test_the_document_describes_every_route_with_its_parameters_and_problems(window: Window) -> None:
    """Paths, bearer security, problem bodies for every error."""
    document = (await window.client.get("/schema/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert len(document["paths"]) == 28 + 2 * len(KINDS) + 3 + len(VERSIONED)
    operations = [(path, operation) for path, item in document["paths"].items() for operation in item.values()]
    for path, operation in operations:
        assert operation["summary"], path
        assert set(re.findall(r"{(\w+)}", path)) == {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        for status, response in operation["responses"].items():
            if status not in ("200", "202", "204"):
                assert list(response["content"]) == ["application/problem+json"], (path, status)
        assert {"400", "401", "403", "500"} <= set(operation["responses"])
    text = (await window.client.get("/schema/openapi.json")).text
    assert "\\\\Z" not in text


def operations_of(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every operation with its path."""
    return [(path, operation) for path, item in document["paths"].items() for operation in item.values()]


async def test_the_docs_page_needs_no_other_host(window: Window) -> None:
    """Everything it loads is served here, and the policy forbids the rest."""
    page = await window.client.get("/docs")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) == 5
    for path in loaded:
        assert path.startswith("/docs/")
        assert (await window.client.get(path)).status_code == 200
    assert (await window.client.get("/docs/../app.py")).status_code in (401, 404)
    assert (await window.client.get("/docs/page.html")).status_code == 404


@pytest.mark.parametrize("mode", list(GenerationMode))
async def test_generated_requests_are_answered_as_documented(window: Window, mode: GenerationMode) -> None:
    """Valid or not: no server error, no undocumented status, type or shape, and what is invalid is refused."""
    document = (await window.client.get("/schema/openapi.json")).json()
    del document["security"]  # every request here has a token; without one it would not get as far as its parameters
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=str(window.client.base_url))
    asked = 0
    for found in schema.get_all_operations():
        for case in examples_of(operation_of(found), mode):
            if mode is GenerationMode.POSITIVE and {"min_position", "as_of_position"} & set(case.query or {}):
                case.query["wait_ms"] = 1  # a position far away is waited for; not that long
            sent = case.as_transport_kwargs()
            headers = {**sent.get("headers", {}), **window.client.headers}
            body = {as_: sent[name] for name, as_ in (("json", "json"), ("data", "content")) if name in sent}
            answer = await window.client.request(
                sent["method"], sent["url"], params=sent["params"], headers=headers, **body
            )
            assert answer.status_code != 500, answer.text
            case.validate_response(answer, checks=CHECKS)
            asked += 1
    assert asked > len(document["paths"])


def operation_of(found: Any) -> Any:
    """Unwrap what schemathesis understood; what it does not is an error of the document."""
    return found.ok()


def examples_of(operation: Any, mode: GenerationMode) -> list[schemathesis.Case]:
    """Generate some requests; none when there is nothing to get wrong."""
    cases: list[schemathesis.Case] = []

    @settings(
        max_examples=EXAMPLES_MAX,
        phases=[Phase.generate],
        database=None,
        derandomize=True,
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

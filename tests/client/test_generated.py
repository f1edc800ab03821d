"""The client says what the OpenAPI documents say: every route, every parameter, every field."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import msgspec
import pytest
from bursar_client import AsyncClient, Client, calls, errors, models
from bursar_client.generated.endpoints import Endpoints
from bursar_client.methods import AsyncMethod, Method, PagedMethod, RenderedMethod, SyncMethod

from client.generator.documents import Operation, operations_of, read_documents
from client.generator.functions import is_call
from client.generator.modules import draft_modules, write_modules
from client.generator.places import GENERATED
from client.generator.structs import Components, python_name

DOCUMENTS: Any = read_documents()
OPERATIONS = list(filter(is_call, operations_of(DOCUMENTS)))
JSON = "application/json"
TOTALS = {"$ref": "#/components/schemas/TotalsView"}
ASKED = {
    "title": "Asked",
    "type": "object",
    "properties": {"from": {"type": "string"}, "parameters": {"type": "object", "default": {}}},
    "required": ["from"],
}
DRAFTS = draft_modules(DOCUMENTS)
SOME_CLIENT: dict[str, Any] = {"commands_url": "http://127.0.0.1:9", "queries_url": "http://127.0.0.1:9", "token": "t"}


def members(kind: Any) -> set[Any]:
    """All types inside a type."""
    return {kind} | {inner for part in get_args(kind) if isinstance(part, object) for inner in members(part)}


def test_what_is_committed_is_what_the_documents_say() -> None:
    written = write_modules(DOCUMENTS)
    assert {path.name for path in GENERATED.glob("*.py")} == set(written)
    changed = [name for name, text in written.items() if (GENERATED / name).read_text("utf-8") != text]
    assert changed == [], "run: python -m client.generator"


def differences(operation: Operation) -> Iterator[str]:
    """Look up by hand, beside the generator, what the document says of an operation and the function does not."""
    parameters = inspect.signature(getattr(calls, operation.name)).parameters
    described = {python_name(each["name"]).lower() for each in operation.parameters}
    asks = operation.asks or {}
    body = DOCUMENTS[operation.api]["components"]["schemas"].get(asks.get("$ref", "").rpartition("/")[2], asks)
    fields = {python_name(name) for name in body.get("properties", {}) if name != "type"}
    required = {python_name(name) for name in body.get("required", ()) if name != "type"}
    whole = {"body"} if asks and "properties" not in body else {"file"} if operation.file_type else set()
    if set(parameters) != described | fields | whole:
        yield f"{operation.name} takes {set(parameters)}"
    if not required <= {name for name, each in parameters.items() if each.default is each.empty}:
        yield f"{operation.name} does not require {required}"
    kind = inspect.getattr_static(Endpoints, operation.name)
    if not isinstance(kind, Method | PagedMethod | RenderedMethod):
        yield f"{operation.name} is no method"


def test_every_route_is_there_with_all_it_takes() -> None:
    assert [said for operation in OPERATIONS for said in differences(operation)] == []


async def test_both_clients_have_the_methods_with_their_words() -> None:
    with Client(**SOME_CLIENT) as client:
        assert isinstance(client.open_account, SyncMethod)
        assert client.open_account.__doc__ == calls.open_account.__doc__
    async with AsyncClient(**SOME_CLIENT) as other:
        assert isinstance(other.open_account, AsyncMethod)
        assert inspect.signature(other.open_account) == inspect.signature(calls.open_account)


def test_every_struct_has_every_field() -> None:
    for component in Components(DOCUMENTS):
        struct = getattr(models, component.struct)
        fields = {field.encode_name for field in msgspec.structs.fields(struct)}
        tag = struct.__struct_config__.tag_field
        assert fields | ({tag} if tag else set()) == set(component.schema["properties"]), component.name


def test_every_list_can_be_read_to_its_end() -> None:
    cursors = [each.name for each in OPERATIONS if any(p["name"] == "cursor" for p in each.parameters)]
    assert len(cursors) > 10
    assert [name for name in cursors if not isinstance(inspect.getattr_static(Client, name), PagedMethod)] == []


def test_a_problem_is_read_whole() -> None:
    for api, name in (("commands", "Problem"), ("queries", "ReadProblem")):
        properties = DOCUMENTS[api]["components"]["schemas"][name]["properties"]
        assert set(properties) <= set(errors.Problem.__struct_fields__)
        assert set(errors.FieldError.__struct_fields__) == set(
            DOCUMENTS[api]["components"]["schemas"]["FieldError"]["properties"]
        )


def test_answers_tolerate_words_and_fields_of_tomorrow() -> None:
    for component in Components(DOCUMENTS):
        if component.side == "answered":
            struct = getattr(models, component.struct)
            assert not struct.__struct_config__.forbid_unknown_fields
            kinds = {get_origin(kind) for field in msgspec.structs.fields(struct) for kind in members(field.type)}
            assert "Literal" not in {str(kind) for kind in kinds}, component.name


class TestADifferenceIsFound:
    """Each is planted in the documents, and the generator writes something else, or refuses."""

    @staticmethod
    def changed(plant: Any) -> set[str]:
        documents = copy.deepcopy(DOCUMENTS)
        plant(documents)
        return {name for name, text in draft_modules(documents).items() if DRAFTS[name] != text}

    def test_a_route(self) -> None:
        def plant(documents: Any) -> None:
            described = copy.deepcopy(documents["commands"]["paths"]["/v1/fx/revalue"]["post"])
            documents["commands"]["paths"]["/v1/fx/again"] = {"post": {**described, "operationId": "again"}}

        assert self.changed(plant) == {"calls.py", "endpoints.py"}

    def test_a_field_that_is_asked(self) -> None:
        def plant(documents: Any) -> None:
            documents["commands"]["components"]["schemas"]["Because"]["properties"]["more"] = {"type": "integer"}

        assert self.changed(plant) == {"calls.py", "models.py"}

    def test_a_field_that_is_answered(self) -> None:
        def plant(documents: Any) -> None:
            documents["queries"]["components"]["schemas"]["BalanceView"]["properties"]["more"] = {"type": "integer"}

        assert self.changed(plant) == {"models.py"}

    def test_a_name_that_means_two_things(self) -> None:
        def plant(documents: Any) -> None:
            schemas = documents["queries"]["components"]["schemas"]
            schemas["Actor"] = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
            schemas["EventView"]["properties"]["actor"] = {"$ref": "#/components/schemas/Actor"}

        assert self.changed(plant) == {"models.py"}

    def test_a_name_of_a_route_that_is_taken(self) -> None:
        def plant(documents: Any) -> None:
            documents["queries"]["paths"]["/v1/totals"]["get"]["operationId"] = "open_account"

        with pytest.raises(ValueError, match="open_account"):
            self.changed(plant)

    def test_a_schema_that_no_rule_is_for(self) -> None:
        def plant(documents: Any) -> None:
            documents["commands"]["components"]["schemas"]["Because"]["properties"]["more"] = {"not": {}}

        with pytest.raises(ValueError, match="no rule for"):
            self.changed(plant)


class TestRoutesOfOtherShapes:
    """What no route of today does and one of tomorrow may."""

    @staticmethod
    def written(path: str, method: str, **described: Any) -> str:
        """Plant one operation called `planted`; gives its function."""
        documents = copy.deepcopy(DOCUMENTS)
        operation = {
            "operationId": "planted",
            "responses": {"200": {"content": {JSON: {"schema": TOTALS}}}},
            **described,
        }
        documents["queries"]["paths"][path] = {method: operation}
        documents["queries"]["components"]["schemas"]["Asked"] = ASKED
        calls_py = draft_modules(documents)["calls.py"]
        compile(calls_py, "calls.py", "exec")
        found = re.search(r"^def planted\(.*?(?=^def |\Z)", calls_py, re.MULTILINE | re.DOTALL)
        return " ".join(found.group(0).split()) if found else ""

    def test_a_body_in_place(self) -> None:
        written = self.written("/v1/new", "post", requestBody={"content": {JSON: {"schema": ASKED}}})
        assert "def planted(*, from_: str, parameters: Mapping[str, Any] | UnsetType = UNSET)" in written
        assert "body=body_of(models.Asked(from_=from_, parameters=parameters))" in written
        assert "is_repeatable=False" in written
        with pytest.raises(ValueError, match="an object without a name"):
            self.written("/v1/new", "post", requestBody={"content": {JSON: {"schema": {**ASKED, "title": "Nobody"}}}})

    def test_a_body_that_is_no_object(self) -> None:
        schema = {"type": "array", "items": {"type": "string"}}
        written = self.written("/v1/new", "put", requestBody={"content": {JSON: {"schema": schema}}})
        assert "def planted(*, body: Sequence[str])" in written
        assert "is_repeatable=True" in written

    def test_a_body_that_is_a_file(self) -> None:
        schema = {"type": "string"}
        written = self.written("/v1/new", "post", requestBody={"content": {"application/xml": {"schema": schema}}})
        assert "def planted(file: bytes | str)" in written
        assert "body=file_of(file), media_type='application/xml'" in written
        with pytest.raises(ValueError, match="application/pdf"):
            self.written("/v1/new", "post", requestBody={"content": {"application/pdf": {}}})
        with pytest.raises(ValueError, match="planted takes"):
            self.written("/v1/new", "post", requestBody={"content": {"application/xml": {}, JSON: {"schema": ASKED}}})

    def test_an_answer_without_content(self) -> None:
        assert "-> Call[None]" in self.written("/v1/new", "delete", responses={"204": {"description": "gone"}})

    def test_an_answer_that_is_a_file(self) -> None:
        written = self.written("/v1/new", "get", responses={"200": {"content": {"text/csv": {}}}})
        assert "-> Call[Content]" in written
        assert "accept='text/csv'" in written

    def test_an_answer_that_is_a_list(self) -> None:
        schema = {"type": "array", "items": TOTALS}
        written = self.written("/v1/new", "get", responses={"200": {"content": {JSON: {"schema": schema}}}})
        assert "-> Call[tuple[models.TotalsView, ...]]" in written

    def test_an_answer_that_never_ends_is_no_call(self) -> None:
        assert not self.written("/v1/new", "get", responses={"200": {"content": {"text/event-stream": {}}}})

    def test_a_parameter_that_is_a_word_of_python(self) -> None:
        parameter = {"name": "class", "in": "path", "required": True, "schema": {"type": "string"}}
        written = self.written("/v1/new/{class}", "get", parameters=[parameter])
        assert "def planted(class_: str)" in written
        assert "{'class': class_}" in written

    @pytest.mark.parametrize(
        "parameter",
        [
            {"name": "x-csrf-token", "in": "header", "required": True, "schema": {"type": "string"}},
            {"name": "many", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
        ],
    )
    def test_what_no_rule_is_for_is_refused(self, parameter: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=f"planted takes {parameter['name']}"):
            self.written("/v1/new", "get", parameters=[parameter])

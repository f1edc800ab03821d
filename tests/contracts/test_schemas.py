"""The published JSON Schemas say what the code does."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from contracts.json_schemas import schemas
from tests.support.schema_files import SCHEMAS, generated


def test_the_committed_schemas_are_the_generated_ones() -> None:
    """After changing a contract on purpose: ``python -m tests.support.schema_files``."""
    assert {path.name: path.read_bytes() for path in SCHEMAS.glob("*.json")} == generated()


@pytest.mark.parametrize("name", sorted(schemas()))
def test_a_schema_is_valid_and_complete_in_itself(name: str) -> None:
    schema = schemas()[name]

    jsonschema_rs.meta.validate(schema)
    assert set(references(schema)) == {f"#/$defs/{definition}" for definition in schema.get("$defs", ())}


@pytest.mark.parametrize("name", sorted(schemas()))
def test_no_pattern_uses_what_only_python_understands(name: str) -> None:
    assert r"\Z" not in str(schemas()[name])


def test_commands_are_strict_and_events_are_tolerant() -> None:
    for name, schema in schemas().items():
        closed = {
            bool(part.get("additionalProperties") is False) for part in (schema, *schema.get("$defs", {}).values())
        }
        assert closed == {name.startswith("command.")}, name


def references(schema: Any) -> list[str]:
    match schema:
        case dict():
            return [schema["$ref"]] if "$ref" in schema else [r for value in schema.values() for r in references(value)]
        case list():
            return [r for item in schema for r in references(item)]
        case _:
            return []

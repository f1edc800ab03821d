"""Requests made from the OpenAPI document alone, so that a new route is tested before anybody thinks of it.

`ROUTES` are all command routes, `JSON_ROUTES` those whose body is no file; `valid_value` makes the smallest value that
a schema allows; `wrong_values` spoils it in one place at a time and says where.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from command_api.app import HANDLERS
from command_api.document import write_document

DOCUMENT: Final[dict[str, Any]] = msgspec.json.decode(write_document(HANDLERS))
JSON: Final = "application/json"
INT64_MAX: Final = 2**63 - 1
MT940: Final = b":20:A\n:25:1\n:28C:1/1\n:60F:C260101EUR0,00\n:62F:C260101EUR0,00\n-\n"

# Bodies whose fields depend on each other, which no schema says: the smallest of each, by title.
DEPENDENT: Final[dict[str, dict[str, Any]]] = {
    "InitiatePayment": {
        "debtor_account_id": "a",
        "creditor_account_id": "b",
        "instructed_amount": {"currency": "EUR", "value": "1.00"},
        "end_to_end_id": "E",
    },
    "CreateStandingOrder": {
        "debtor_account_id": "a",
        "creditor_account_id": "b",
        "instructed_amount": {"currency": "EUR", "value": "1.00"},
        "end_to_end_id": "E",
        "recurrence": {"every": "month", "first_on": "2036-01-31"},
    },
    "ApplyCustomer": {"kind": "person", "name": "x", "country": "DE", "birth_date": "1984-02-29"},
    "DefineFx": {
        "functional_currency": "EUR",
        "realised_account_id": "a",
        "unrealised_account_id": "b",
        "positions": [
            {"currency": "USD", "position_account_id": "c", "cost_account_id": "d", "valuation_account_id": "e"},
        ],
    },
    "PublishRate": {
        "base_currency": "EUR",
        "counter_currency": "USD",
        "rate": "1.0843",
        "spread_basis_points": 0,
        "valid_seconds": 1,
    },
    "RequestQuote": {"sell_currency": "EUR", "buy_currency": "USD", "sell_minor": 1},
    "StatementFile": {"account_id": "a", "format": "mt940", "content": b64encode(MT940).decode()},
    "Party": {"name": "x", "iban": "DE89370400440532013000"},
    "Limit": {"currency": "EUR", "window_hours": 1, "count_max": 1},
}
# One of these fits every pattern that comes without an example.
_TEXTS: Final = ("x", "AB12", "a", "cust_1", "tok_x", "a@b.example", "a" * 64)
_OF_OTHER_TYPES: Final[dict[str, tuple[object, ...]]] = {
    "string": (1, 1.5, True, [], {}),
    "integer": ("5", 1.5, True, [], {}),
    "boolean": ("true", 1, [], {}),
    "array": ("x", 1, {}),
    "object": ("x", 1, []),
}


class Route(NamedTuple):
    """A command route with the schemas of its body and its path parameters; of a file there is an example as well."""

    path: str
    media_type: str
    body: dict[str, Any]
    example: str | None
    path_parameters: dict[str, dict[str, Any]]
    takes_key: bool

    @property
    def url(self) -> str:
        """The path with an example in place of each parameter."""
        return self.path.format_map({name: valid_value(schema) for name, schema in self.path_parameters.items()})

    @property
    def content(self) -> bytes:
        """A valid body as it is sent: the document's example of a file, else the smallest JSON."""
        return msgspec.json.encode(valid_value(self.body)) if self.example is None else self.example.encode()

    @property
    def headers(self) -> dict[str, str]:
        """What is sent with it besides token and key."""
        return {"content-type": self.media_type}


class Wrong(NamedTuple):
    """A body with one wrong place: what is wrong, and the JSON pointer to it."""

    what: str
    pointer: str
    body: Any


def routes() -> Iterator[Route]:
    """Every route of the document."""
    for path, item in DOCUMENT["paths"].items():
        operation = item["post"]
        assert item.keys() == {"post"}
        parameters = operation["parameters"]
        ((media_type, content),) = operation["requestBody"]["content"].items()
        yield Route(
            path,
            media_type,
            content["schema"],
            content.get("example"),
            {p["name"]: p["schema"] for p in parameters if p["in"] == "path"},
            any(p["name"] == "Idempotency-Key" for p in parameters),
        )


ROUTES: Final = tuple(routes())
JSON_ROUTES: Final = tuple(route for route in ROUTES if route.media_type == JSON)


def valid_value(schema: Mapping[str, Any]) -> Any:
    """The smallest value that the schema allows: required fields only."""
    schema = resolved(schema)
    if schema.get("title") in DEPENDENT:
        return DEPENDENT[schema["title"]]
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    match schema["type"]:
        case "object":
            required = schema.get("required", ())
            return {name: valid_value(schema["properties"][name]) for name in required}
        case "array":
            return [valid_value(schema["items"])] * schema.get("minItems", 0)
        case "integer":
            return schema.get("minimum", 0)
        case "boolean":
            return False
        case "string":
            return _text(schema)
        case other:
            raise AssertionError(
                f"a schema of type {other} has no sample: the document has grown a type that no test sends"
            )


def wrong_values(schema: Mapping[str, Any], pointer: str = "") -> Iterator[Wrong]:
    """Spoil `valid_value(schema)` in one place at a time, optional fields included."""
    schema, nullable = _not_null(schema)
    valid = valid_value(schema)
    for other in _OF_OTHER_TYPES[schema.get("type", "string")]:
        yield Wrong(f"wrong type {type(other).__name__}", pointer, other)
    if not nullable:
        yield Wrong("null", pointer, None)
    match schema.get("type"):
        case "object" if "properties" in schema:
            yield Wrong("unknown field", f"{pointer}/surprise", {**valid, "surprise": 1})
            for name in schema.get("required", ()):
                yield Wrong("missing field", f"{pointer}/{name}", {k: v for k, v in valid.items() if k != name})
            for name, field in schema["properties"].items():
                for wrong in wrong_values(field, f"{pointer}/{name}"):
                    yield wrong._replace(body={**valid, name: wrong.body})
        case "array":
            yield from _wrong_arrays(schema, pointer)
        case "integer":
            negative = () if schema["minimum"] < 0 else (-1,)
            for number in (*negative, schema["minimum"] - 1, schema["maximum"] + 1, INT64_MAX + 1, 2**64 + 1, -(2**70)):
                yield Wrong("out of range", pointer, number)
        case "string":
            yield from _wrong_texts(schema, pointer)


def resolved(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Follow a reference, and take the first of several choices."""
    if "$ref" in schema:
        return resolved(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return resolved(schema["anyOf"][0])
    return dict(schema)


def _not_null(schema: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    choices = schema.get("anyOf", ())
    return resolved(schema), any(choice.get("type") == "null" for choice in choices)


def _wrong_arrays(schema: Mapping[str, Any], pointer: str) -> Iterator[Wrong]:
    one = valid_value(schema["items"])
    if schema.get("minItems", 0) > 0:
        yield Wrong("too short", pointer, [one] * (schema["minItems"] - 1))
    yield Wrong("too long", pointer, [one] * (schema["maxItems"] + 1))
    rest = [one] * max(0, schema.get("minItems", 0) - 1)
    for wrong in wrong_values(schema["items"], f"{pointer}/0"):
        yield wrong._replace(body=[wrong.body, *rest])


def _wrong_texts(schema: Mapping[str, Any], pointer: str) -> Iterator[Wrong]:
    if "enum" in schema:
        yield Wrong("not one of the choices", pointer, "nothing_of_the_kind")
        return
    yield Wrong("empty text", pointer, "")
    yield Wrong("control character", pointer, f"{valid_value(schema)}\n")
    if "pattern" in schema:
        yield Wrong("too long", pointer, "x" * 1000)


def _text(schema: Mapping[str, Any]) -> str:
    match schema.get("format"):
        case "date":
            return "2020-01-31"
        case "date-time":
            return "2036-01-31T12:00:00Z"
        case _:
            return next(text for text in _TEXTS if re.search(schema.get("pattern", ""), text))

"""From a JSON Schema to the Python type that holds it.

What is asked is typed as narrowly as the document says: a `Literal` for an enumeration, so that a type checker finds a
misspelt word. What is answered is read generously: an enumeration is text, because a server of tomorrow may say a word
that this client does not know, and one of several kinds of object is a dict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from client.generator.documents import Schema

Side = Literal["asked", "answered"]
NameOf = Callable[[str], str]  # from the name in a document to the name of the struct

TEXTS = ("str", "dt.date", "dt.datetime", "bytes", "Literal[")
SCALARS = {"integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def name_in(schema: Schema) -> str | None:
    """Return the name of the component that a schema refers to."""
    reference: str = schema.get("$ref", "")
    return reference.rpartition("/")[2] or None


def kind_of(schema: Schema, side: Side, name_of: NameOf) -> str:
    """Write the type of a schema. Raises ValueError for a schema that no rule is for."""
    name = name_in(schema)
    if name is not None:
        return name_of(name)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return _union_of(schema[several], side, name_of)
    if "enum" in schema or "const" in schema:
        return _words_of(schema.get("enum", [schema.get("const")]), side)
    match schema.get("type"):
        case "string":
            return _text_of(schema)
        case "array":
            return _list_of(schema, side, name_of)
        case "object":
            return _object_of(schema, side, name_of)
        case str(scalar) if scalar in SCALARS:
            return SCALARS[scalar]
        case list(types):
            return " | ".join(kind_of({**schema, "type": single}, side, name_of) for single in types)
        case None if not set(schema) - {"title", "description", "examples", "default"}:
            return "Any"
    raise ValueError(f"no rule for {schema}")


def is_optional(kind: str) -> bool:
    """Tell whether a type holds None."""
    return kind == "Any" or kind.split(" | ")[-1] == "None"


def _union_of(members: Iterable[Schema], side: Side, name_of: NameOf) -> str:
    objects = [member for member in members if name_in(member)]
    if side == "answered" and len(objects) > 1:
        members = [{"type": "object"}, *(member for member in members if not name_in(member))]
    kinds = list(dict.fromkeys(kind_of(member, side, name_of) for member in members))
    texts = [kind for kind in kinds if kind.startswith(TEXTS)]
    if len(texts) > 1:  # JSON has one kind of text, and a decoder could not tell these apart
        kinds = ["str", *(kind for kind in kinds if kind not in texts)]
    return " | ".join([*(kind for kind in kinds if kind != "None"), *(kind for kind in kinds if kind == "None")])


def _words_of(words: Iterable[Any], side: Side) -> str:
    said = [word for word in words if word is not None]
    ending = "" if len(said) == len(list(words)) else " | None"
    if side == "asked":
        return f"Literal[{', '.join(map(repr, said))}]{ending}"
    return f"{type(said[0]).__name__}{ending}"


def _text_of(schema: Schema) -> str:
    if schema.get("contentEncoding") == "base64":
        return "bytes"
    return {"date": "dt.date", "date-time": "dt.datetime"}.get(schema.get("format", ""), "str")


def _list_of(schema: Schema, side: Side, name_of: NameOf) -> str:
    if "prefixItems" in schema:
        return f"tuple[{', '.join(kind_of(item, side, name_of) for item in schema['prefixItems'])}]"
    item = kind_of(schema.get("items", {}), side, name_of)
    return f"Sequence[{item}]" if side == "asked" else f"tuple[{item}, ...]"


def _object_of(schema: Schema, side: Side, name_of: NameOf) -> str:
    values = schema.get("additionalProperties", True)
    value = kind_of(values, side, name_of) if isinstance(values, dict) else "Any"
    return f"Mapping[str, {value}]" if side == "asked" else f"dict[str, {value}]"

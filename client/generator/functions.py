"""The functions that make calls, and the class that makes methods of them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from client.generator.documents import Operation, Schema
from client.generator.kinds import is_optional
from client.generator.structs import Components, Field, docstring, python_name

JSON = "application/json"
EVENTS = "text/event-stream"
IDEMPOTENCY_KEY = "Idempotency-Key"
KEY = "idempotency_key"
FILE = "file"
CURSOR, NEXT_CURSOR, MIN_POSITION = "cursor", "next_cursor", "min_position"
DOC_COLUMNS = 110
# HTTP says that these may be repeated.
REPEATABLE = {"GET", "PUT", "DELETE"}


class Listing(NamedTuple):
    """Where a page keeps what it lists."""

    attribute: str
    item: str


def is_call(operation: Operation) -> bool:
    """Tell whether an operation has an answer; a stream of events has no end."""
    return set(operation.answers) != {EVENTS}


def write_function(operation: Operation, components: Components) -> str:
    """Write the function of an operation."""
    path, query = parameters_of(operation, components)
    body = _body_fields(operation, components)
    fields = [*path, *query, *body]
    repeated = {field.python for field in fields if [other.python for other in fields].count(field.python) > 1}
    if repeated:
        raise ValueError(f"{operation.name} has {repeated} twice: in the path, the query or the body")
    named = [*(f for f in (*query, *body) if f.default is None), *(f for f in (*query, *body) if f.default is not None)]
    parameters = [field.parameter for field in path]
    parameters += [f"{FILE}: bytes | str"] if operation.file_type else []
    parameters += ["*"] if named or has_key(operation) else []
    parameters += [field.parameter for field in named]
    parameters += [f"{KEY}: str | None = None"] if has_key(operation) else []
    returns, reads = _result_of(operation, components)
    lines = [
        f"def {operation.name}({', '.join(parameters)}) -> {returns}:",
        f"    {docstring(_described(operation, fields), indent='    ')}",
        f"    return {returns.partition('[')[0]}(",
        *(
            f"        {line},"
            for line in (*_terms_of(operation, path, query), *_body_of(operation, components), *reads)
        ),
        "    )",
        "",
    ]
    return "\n".join(lines)


def write_endpoint(operation: Operation, components: Components) -> str:
    """Write the line that makes a method of an operation's function."""
    paged = listing_of(operation, components) is not None
    is_rendered = JSON in operation.answers and len(operation.answers) > 1
    if paged and is_rendered:
        raise ValueError(f"{operation.name} is a list in several media types; methods.py has no method for that")
    kind = "PagedMethod" if paged else "RenderedMethod" if is_rendered else "Method"
    return f"    {operation.name} = {kind}(calls.{operation.name})"


def listing_of(operation: Operation, components: Components) -> Listing | None:
    """Say what a page lists: its only array; None: the answer is no page."""
    schema = components.resolved(operation.api, operation.answers.get(JSON, {}).get("schema", {}))
    properties = schema.get("properties", {})
    arrays = [(name, value) for name, value in properties.items() if value.get("type") == "array"]
    takes_cursor = any(parameter["name"] == CURSOR for parameter in operation.parameters)
    if not takes_cursor or NEXT_CURSOR not in properties or len(arrays) != 1:
        return None
    name, array = arrays[0]
    return Listing(python_name(name), components.kind(operation.api, array["items"], "answered"))


def parameters_of(operation: Operation, components: Components) -> tuple[list[Field], list[Field]]:
    """Return the parameters in the path and in the query. Raises ValueError for any other."""
    path, query = [], []
    for parameter in operation.parameters:
        kind = components.kind(operation.api, parameter["schema"], "asked")
        name, described = parameter["name"], parameter.get("description") or parameter["schema"].get("description", "")
        if kind.startswith(("Sequence", "Mapping")):
            raise ValueError(f"{operation.name} takes {name} as {kind}; no rule writes that into an address")
        match parameter["in"]:
            case "path":
                path.append(Field(name, python_name(name), kind, None, described))
            case "query" if parameter.get("required"):
                query.append(Field(name, python_name(name), kind, None, described))
            case "query":
                optional = kind if is_optional(kind) else f"{kind} | None"
                query.append(Field(name, python_name(name), optional, "None", described + _standing(parameter)))
            case "header" if name == IDEMPOTENCY_KEY:
                continue
            case place:
                raise ValueError(f"{operation.name} takes {name} in the {place}; no rule is for that")
    # In the order of the path, which is how people read it.
    return sorted(path, key=lambda field: operation.path.index(f"{{{field.name}}}")), query


def has_key(operation: Operation) -> bool:
    """Tell whether an operation takes an idempotency key."""
    return any(parameter["name"] == IDEMPOTENCY_KEY for parameter in operation.parameters)


def _standing(parameter: Schema) -> str:
    default = parameter["schema"].get("default")
    return "" if default in (None, "") else f" (without: {str(default).lower()})"


def _body_fields(operation: Operation, components: Components) -> list[Field]:
    if operation.asks is None:
        return []
    schema = components.resolved(operation.api, operation.asks)
    name = _component_of(operation, components)
    if name is None:
        return [Field("body", "body", components.kind(operation.api, schema, "asked"), None, "")]
    return components.fields(operation.api, schema, components.side_of(operation.api, name), within="models.")


def _terms_of(operation: Operation, path: list[Field], query: list[Field]) -> Iterator[str]:
    yield f"name={operation.name!r}"
    yield f"api={operation.api!r}"
    yield f"method={operation.method!r}"
    if path:
        parts = ", ".join(f"{field.name!r}: {field.python}" for field in path)
        yield f"path=path_of({operation.path!r}, {{{parts}}})"
    else:
        yield f"path={operation.path!r}"
    if query:
        yield "query=query_of({" + ", ".join(f"{field.name!r}: {field.python}" for field in query) + "})"
    if has_key(operation):
        yield f"key=key_of({KEY})"
    # A command without a key of its own has keys inside, or is known by its content.
    yield f"is_repeatable={operation.api == 'commands' or operation.method in REPEATABLE}"
    if any(field.name == MIN_POSITION for field in query):
        yield "has_min_position=True"


def _body_of(operation: Operation, components: Components) -> Iterator[str]:
    name = _component_of(operation, components)
    if name is not None:
        struct, fields = components.struct_of(operation.api, name), _body_fields(operation, components)
        yield f"body=body_of(models.{struct}({', '.join(f'{field.python}={field.python}' for field in fields)}))"
    elif operation.asks is not None:
        yield "body=body_of(body)"
    elif operation.file_type is not None:
        yield f"body=file_of({FILE})"
        yield f"media_type={operation.file_type!r}"


def _component_of(operation: Operation, components: Components) -> str | None:
    """Name the component of the body; None: it is no object. Raises ValueError for an object that has no name."""
    asks = operation.asks or {}
    if "properties" not in components.resolved(operation.api, asks):
        return None
    name = components.name_of(operation.api, asks)
    if name is None:
        raise ValueError(f"{operation.name} takes an object without a name; make it a component of the document")
    return name


def _result_of(operation: Operation, components: Components) -> tuple[str, list[str]]:
    answers = operation.answers
    if not answers:
        return "Call[None]", ["read=read_nothing"]
    if "schema" not in answers.get(JSON, {}):  # bytes, as a file is
        return "Call[Content]", ["read=read_content", f"accept={', '.join(answers)!r}"]
    kind = components.kind(operation.api, answers[JSON]["schema"], "answered")
    listing = listing_of(operation, components)
    if listing is None:
        return f"Call[{kind}]", [f"read=read_as({kind})"]
    places = [f"items_of=lambda page: page.{listing.attribute}", f"cursor_of=lambda page: page.{NEXT_CURSOR}"]
    return f"PagedCall[{kind}, {listing.item}]", [f"read=read_as({kind})", *places]


def _described(operation: Operation, fields: list[Field]) -> str:
    """Write the words of a function: what the route says of itself, and what is known of its parameters."""
    parts = [operation.described.get("summary", operation.name) + ".", operation.described.get("description", "")]
    others = [media_type for media_type in operation.answers if media_type != JSON]
    if others and JSON in operation.answers:
        parts.append(f"`rendered` gives it as {', '.join(others)}.")
    said = [f"- `{field.python}`: {field.description}" for field in fields if field.description]
    wrapped = ["\n".join(textwrap.wrap(" ".join(part.split()), DOC_COLUMNS)) for part in parts if part]
    if said:
        wrapped.append("\n".join("\n".join(textwrap.wrap(line, DOC_COLUMNS, subsequent_indent="  ")) for line in said))
    return "\n\n".join(wrapped)

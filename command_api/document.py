"""The OpenAPI document, read off the routes: what the program uses is what is described."""

from collections.abc import Iterable
from inspect import cleandoc, getdoc
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar.handlers import HTTPRouteHandler

from command_api.keys import HEADER
from command_api.problems import STATUS_OF
from command_api.requests import PATH_TYPES, BatchAnswer, Receipt
from contracts.iso20022.pacs import MEDIA_TYPE as XML
from contracts.rejections import Rejection
from runtime.http.problems import MEDIA_TYPE as PROBLEM
from runtime.http.problems import Problem

TITLE: Final = "Bursar command API"
VERSION: Final = "1"
DESCRIPTION: Final = cleandoc(
    """
    Every wish about the book. A command needs an `Idempotency-Key`: sent again with the same body it gets the same
    answer, byte for byte; with another body it is refused and told what differs. The answer to an accepted command is
    its event as stored in the book. Amounts are integers in minor units. Errors are RFC 9457 problems with a stable
    `code`; after a 503 send the same request again with the same key.
    """
)
PREFIX: Final = "/v1"
BATCHES: Final = "/batches"
STATEMENTS: Final = "/statements"  # their content is their key
BEARER: Final = "bearer"
_REF: Final = "#/components/schemas/{name}"

REASONS: Final = {
    400: "The request is malformed: `invalid_body`, `invalid_json`, `idempotency_key_missing`, …",
    401: "No token, or one that cannot be trusted.",
    403: "The token lacks the scope, or the grant for this ledger.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    431: "Too many or too long headers.",
    500: "A fault of this program; the trace id finds it in the logs.",
    503: "Nothing can be said now: `queue_full`, `not_taken` (nothing happened) or `outcome_unknown` (ask again).",
}
# What differs where the body is a payment file.
FILE_REASONS: Final = {
    400: "The request is malformed (`idempotency_key_missing`, …), or the file is: `malformed_xml`, `doctype`, …",
    409: f"A file with this MsgId came before: `{Rejection.PAYMENT_FILE_DUPLICATE}`.",
    415: f"The body is not {XML}.",
    422: "The file is refused, with code and place: `wrong_count`, `unknown_version`, …, or another file was sent "
    f"under this key: `{Rejection.IDEMPOTENCY_KEY_REUSED}`.",
}
FILE_EXAMPLE: Final = Path(__file__).parent / "files" / "example.pain.001.xml"
KEY_PARAMETER: Final = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "description": "The client's name for this wish.",
    "schema": {"type": "string", "pattern": r"^[\x21-\x7e]{1,255}$", "examples": ["invoice-2026-0042"]},
}


def write_document(handlers: Iterable[HTTPRouteHandler]) -> bytes:
    """Describe the command routes as an OpenAPI 3.1 document in JSON."""
    routes = list(handlers)
    bodies = {h: h.parsed_data_field.annotation for h in routes if h.parsed_data_field is not None}
    kinds = [*bodies.values(), Receipt, BatchAnswer, Problem]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    receipt, answer, problem = schemas[-3:]
    schema_of = dict(zip(bodies, schemas[:-3], strict=True))
    paths = {}
    for handler in routes:
        path = sorted(handler.paths)[0]
        if handler in schema_of:
            body = _content(_alone(schema_of[handler], components), None)
            accepted = {"200": _content(answer)} if path == BATCHES else {"201": _content(receipt)}
        else:
            body, accepted = _file(handler), {"200": {"description": "The pain.002.", "content": {XML: {}}}}
        paths[PREFIX + _template(path)] = {"post": _operation(handler, path, body, accepted, problem)}
    document = {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": DESCRIPTION},
        "security": [{BEARER: []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {BEARER: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }
    # Python's end of text; the document's regular expressions are ECMAScript's, where `$` means just that.
    return msgspec.json.encode(document).replace(rb"\\Z", b"$")


def _alone(body: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """Describe a command on a route of its own, where the path says its type; in a batch the field is required."""
    component = components[body["$ref"].rpartition("/")[2]]
    required = component.get("required", [])
    return {**component, "required": [name for name in required if name != "type"]} if "type" in required else body


def _file(handler: HTTPRouteHandler) -> dict[str, Any]:
    """Describe a body that is a file: sent as it is, so its schema says its type and size and nothing of its inside."""
    schema = {"type": "string", "contentMediaType": XML, "maxLength": handler.resolve_request_max_body_size()}
    return {"content": {XML: {"schema": schema, "example": FILE_EXAMPLE.read_text("utf-8")}}}


def _operation(
    handler: HTTPRouteHandler, path: str, body: dict[str, Any], accepted: dict[str, Any], problem: dict[str, Any]
) -> dict[str, Any]:
    summary, _, description = (getdoc(handler.fn) or "").partition("\n\n")
    statuses = dict(REASONS)
    if handler.parsed_data_field is None:
        statuses |= FILE_REASONS
    elif path != BATCHES:
        for status in sorted({int(status) for status in STATUS_OF.values()}):
            codes = ", ".join(f"`{rejection}`" for rejection in Rejection if STATUS_OF[rejection] == status)
            statuses[status] = f"Refused: {codes}."
    problems = {str(status): _content(problem, reason, PROBLEM) for status, reason in sorted(statuses.items())}
    return {
        "operationId": handler.fn.__name__,
        "tags": [path.split("/")[1]],
        "summary": summary.rstrip("."),
        "description": description,
        "parameters": _parameters(path),
        "requestBody": {"required": True, **body},
        "responses": {**accepted, **problems},
    }


def _parameters(path: str) -> list[dict[str, Any]]:
    if path == BATCHES:
        description = "Whether each result carries its event."
        return [{"name": "receipts", "in": "query", "description": description, "schema": {"type": "boolean"}}]
    names = [part[1:].partition(":")[0] for part in path.split("/") if part.startswith("{")]
    return [
        *([] if path == STATEMENTS else [KEY_PARAMETER]),
        *(
            {"name": name, "in": "path", "required": True, "schema": msgspec.json.schema(PATH_TYPES[name])}
            for name in names
        ),
    ]


def _content(
    schema: dict[str, Any], description: str | None = "The outcome.", media_type: str = "application/json"
) -> dict[str, Any]:
    content = {"content": {media_type: {"schema": schema}}}
    return content if description is None else {"description": description, **content}


def _template(path: str) -> str:
    """Write `/holds/{hold_id:str}` as OpenAPI does."""
    return "/".join(part.partition(":")[0] + "}" if part.startswith("{") else part for part in path.split("/"))

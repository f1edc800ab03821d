"""The OpenAPI document, from what the program itself uses: question structs, view structs, the table of refusals.

Nothing is described twice, so the document cannot promise a bound, a field or a status that the code does not keep.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from inspect import cleandoc, getdoc
from typing import Any, Final

import msgspec
from litestar.handlers import HTTPRouteHandler

from query_api.problems import STATUS_OF, ReadProblem
from query_api.refusals import Refusal
from query_api.routes.describing import DESCRIBED, Described
from runtime.http.problems import MEDIA_TYPE as PROBLEM

TITLE: Final = "Bursar query API"
VERSION: Final = "1"
DESCRIPTION: Final = cleandoc(
    """
    Every question about the book. Each answer says how current it is (`as_of`), and any question may ask for "at least
    position N" (`min_position`): it waits briefly, then says how far it is. Amounts are integers in minor units.
    Errors are RFC 9457 problems with a stable `code`.
    """
)
BEARER: Final = "bearer"
JSON: Final = "application/json"

# What may happen to any question.
ALWAYS: Final = (Refusal.UNKNOWN_PARAMETER, Refusal.DUPLICATE_PARAMETER, Refusal.INVALID_PARAMETER)
ALWAYS_WITH_FRESHNESS: Final = (Refusal.POSITION_NOT_REACHED, Refusal.SOURCE_UNAVAILABLE, Refusal.TOO_BUSY)
FROM_RUNTIME: Final[Mapping[HTTPStatus, str]] = {
    HTTPStatus.UNAUTHORIZED: "No token, or one that cannot be trusted.",
    HTTPStatus.FORBIDDEN: "The token lacks the scope, or the grant for this ledger.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "Too many or too long headers.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "A fault of this program; the trace id finds it in the logs.",
}
# What may happen to any body.
WITH_BODY: Final[Mapping[HTTPStatus, str]] = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not JSON, or is compressed.",
}

_REF: Final = "#/components/schemas/{name}"


def write_document(handlers: Sequence[tuple[str, HTTPRouteHandler]], *, prefix: str) -> bytes:
    """Describe routes, each with the scope that it needs, as an OpenAPI 3.1 document in JSON."""
    kinds: list[type[Any]] = [ReadProblem, *(kind for _, handler in handlers for kind in _kinds_of(_of(handler)))]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    schema_of = dict(zip(kinds, schemas, strict=True))

    def resolve(schema: dict[str, Any]) -> dict[str, Any]:
        resolved: dict[str, Any] = components[schema["$ref"].rpartition("/")[2]]
        return resolved

    paths: dict[str, Any] = {}
    for scope, handler in handlers:
        path = prefix + _template(sorted(handler.paths)[0])
        question = resolve(schema_of[_of(handler).asks])
        [method] = (method.lower() for method in handler.http_methods if method != "OPTIONS")
        paths.setdefault(path, {})[method] = _operation(handler, path, scope, question, schema_of)
    asked = {_of(handler).asks.__name__ for _, handler in handlers}
    document = {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": DESCRIPTION},
        "security": [{BEARER: []}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in sorted(components.items()) if name not in asked},
            "securitySchemes": {BEARER: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }
    # Python's end of text; the document's regular expressions are ECMAScript's, where `$` means just that.
    return msgspec.json.encode(document).replace(rb"\\Z", b"$")


def _operation(
    handler: HTTPRouteHandler,
    path: str,
    scope: str,
    question: dict[str, Any],
    schema_of: Mapping[type, dict[str, Any]],
) -> dict[str, Any]:
    described = _of(handler)
    summary, _, description = (getdoc(handler.fn) or "").partition("\n\n")
    answers = {JSON: {"schema": schema_of[described.answers]}} if described.answers else {}
    answers |= {media_type: {} for media_type in described.media_types}
    if described.is_public:
        answers[JSON] = {}
    needs = "Needs no token." if described.is_public else f"Needs the scope `{scope}`."
    success = str(handler.status_code or int(HTTPStatus.OK))
    answered = {"description": "The answer.", "content": answers} if answers else {"description": "Done."}
    body = {} if described.takes is None else {"requestBody": _body(schema_of[described.takes])}
    return {
        "operationId": handler.fn.__name__,
        "tags": [path.split("/")[2]],
        "summary": summary.rstrip("."),
        "description": f"{description}\n\n{needs}".strip(),
        **({"security": []} if described.is_public else {}),
        "parameters": [_parameter(name, schema, question, path) for name, schema in question["properties"].items()],
        **body,
        "responses": {success: answered, **_problems(described, schema_of)},
    }


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {JSON: {"schema": schema}}}


def _parameter(name: str, schema: dict[str, Any], question: dict[str, Any], path: str) -> dict[str, Any]:
    is_in_path = f"{{{name}}}" in path
    value = _without_null(schema)
    parameter = {
        "name": name,
        "in": "path" if is_in_path else "query",
        "required": name in question.get("required", ()),
        "schema": value,
    }
    return parameter | ({"description": value["description"]} if "description" in value else {})


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is not given is null inside; from outside null cannot be given."""
    members = [member for member in schema.get("anyOf", ()) if member != {"type": "null"}]
    if len(members) == 1:
        return {key: value for key, value in {**schema, **members[0]}.items() if key not in ("anyOf", "default")}
    kept = {key: value for key, value in schema.items() if not (key == "default" and value is None)}
    if "enum" in kept:
        kept["enum"] = [value for value in kept["enum"] if value is not None]
    return kept


def _problems(described: Described, schema_of: Mapping[type, dict[str, Any]]) -> dict[str, Any]:
    refusals = [*ALWAYS, *described.refuses]
    if "min_position" in described.asks.__struct_fields__:
        refusals += [refusal for refusal in ALWAYS_WITH_FRESHNESS if refusal not in refusals]
    reasons = {int(status): text for status, text in FROM_RUNTIME.items()}
    if described.takes is not None:
        reasons |= {int(status): text for status, text in WITH_BODY.items()}
    for status in sorted({int(STATUS_OF[refusal]) for refusal in refusals}):
        codes = ", ".join(f"`{refusal}`" for refusal in refusals if STATUS_OF[refusal] == status)
        reasons[status] = f"Code: {codes}."
    content = {PROBLEM: {"schema": schema_of[ReadProblem]}}
    return {str(status): {"description": reasons[status], "content": content} for status in sorted(reasons)}


def _kinds_of(described: Described) -> list[type[Any]]:
    return [kind for kind in (described.asks, described.answers, described.takes) if kind is not None]


def _of(handler: HTTPRouteHandler) -> Described:
    described: Described = handler.opt[DESCRIBED]
    return described


def _template(path: str) -> str:
    """Write `/accounts/{account_id:str}` as OpenAPI does."""
    return "/".join(part.partition(":")[0] + "}" if part.startswith("{") else part for part in path.split("/"))

"""Which statements are questions: read by DuckDB's own parser, so that what is checked is what would run.

Everything is an allow-list: kinds of nodes, relations (the catalog's views and the question's own WITH names, by their
scope) and functions. DuckDB calls an INSERT inside WITH a SELECT; the kinds of nodes tell the two apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec

from query_api.adhoc.vocabulary import FUNCTIONS, TABLE_FUNCTIONS
from runtime.sql_files import load_queries

NAME_SHOWN_CHARS_MAX: Final = 60

_PARSE: Final = load_queries(Path(__file__).parent / "sql" / "engine.sql")["parse_statement"]
_EXPLAIN: Final = re.compile(r"\s*explain\s+", re.IGNORECASE)
_OPERATOR: Final = re.compile(r"[^\w\s]+")
_QUERY_NODES: Final = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE"})
_PARTS: Final = frozenset(
    {
        *("BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "PIVOT"),
        *("LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "ORDER_MODIFIER", "DISTINCT_MODIFIER"),
        *("ORDER_DEFAULT", "ASCENDING", "DESCENDING"),
    }
)
_EXPRESSIONS: Final = frozenset(
    {
        *("BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION"),
        *(
            "LAMBDA",
            "LAMBDA_REF",
            "OPERATOR",
            "PARAMETER",
            "POSITIONAL_REFERENCE",
            "STAR",
            "SUBQUERY",
            "TYPE",
            "WINDOW",
        ),
    }
)
_PLAIN_TALK: Final[Mapping[str, str]] = {
    "SHOW_REF": "SHOW, DESCRIBE and SUMMARIZE; `GET /v1/catalog` describes the views",
    "INSERT_QUERY_NODE": "INSERT",
    "UPDATE_QUERY_NODE": "UPDATE",
    "DELETE_QUERY_NODE": "DELETE",
}

Scope = frozenset[str]
Node = Mapping[str, Any]


class NotAllowed(Exception):
    """A text that is not one question about the catalog; the words say what is in the way."""


class Unreadable(Exception):
    """A text that is no SQL; the words are the parser's."""


def check_question(parser: duckdb.DuckDBPyConnection, sql: str, views: Iterable[str]) -> None:
    """Return when `sql` is one SELECT (or EXPLAIN of one) over `views`. Raises NotAllowed and Unreadable.

    `parser` only reads the text and runs none of it.
    """
    explained = _EXPLAIN.match(sql)
    question = sql[explained.end() :] if explained else sql
    try:
        for node in _parse(parser, question):
            _check(node, frozenset(views), frozenset(views))
    except RecursionError:
        raise NotAllowed("it is nested too deeply") from None


def _parse(parser: duckdb.DuckDBPyConnection, sql: str) -> list[Node]:
    try:
        kinds = [statement.type for statement in parser.extract_statements(sql)]
    except duckdb.Error as error:
        raise Unreadable(str(error)) from None
    except ValueError:  # a kind of statement that DuckDB's own Python does not know
        raise NotAllowed("it is no question; a question is a SELECT, or EXPLAIN and a SELECT") from None
    if len(kinds) != 1:
        raise NotAllowed(f"it has {len(kinds)} statements; ask one question at a time")
    if kinds[0] is not duckdb.StatementType.SELECT:
        raise NotAllowed(f"{kinds[0].name} is no question; a question is a SELECT, or EXPLAIN and a SELECT")
    [(text,)] = parser.execute(_PARSE, {"sql": sql}).fetchall()
    parsed = msgspec.json.decode(text)
    if parsed["error"]:
        raise NotAllowed(f"it cannot be checked: {parsed.get('error_message', '')}")
    statements: list[Node] = parsed["statements"]
    return statements


def _check(node: Any, views: Scope, scope: Scope) -> None:
    """Check a node and all below it; `scope` are the relations that may be named here."""
    if isinstance(node, list):
        for part in node:
            _check(part, views, scope)
    elif isinstance(node, dict):
        _check_kind(node)
        _check_relation(node, scope)
        _check_function(node)
        if "cte_map" in node:
            scope = _check_with(node["cte_map"], views, scope)
        for name, part in node.items():
            if name == "right" and node.get("type") == "RECURSIVE_CTE_NODE":
                _check(part, views, scope | {_plain_name(node["cte_name"])})
            elif name != "cte_map":
                _check(part, views, scope)


def _check_with(ctes: Node, views: Scope, scope: Scope) -> Scope:
    """Check WITH queries in order: each sees the ones before it, so that no name means something else than it seems."""
    for cte in ctes["map"]:
        _check(cte["value"], views, scope)
        scope |= {_plain_name(cte["key"])}
    return scope


def _check_kind(node: Node) -> None:
    kind = node.get("type")
    if not isinstance(kind, str):
        return
    allowed = node["class"] in _EXPRESSIONS if "class" in node else kind in _QUERY_NODES or kind in _PARTS
    if not allowed:
        raise NotAllowed(f"{_PLAIN_TALK.get(kind, kind)}: not part of a question here")


def _check_relation(node: Node, scope: Scope) -> None:
    if node.get("type") == "BASE_TABLE":
        path = node["qualified_name"]["path"]
        if len(path) != 1 or path[0].lower() not in scope:
            raise NotAllowed(f"there is no view {_shown('.'.join(path))}; `GET /v1/catalog` lists them")
    elif node.get("type") == "TABLE_FUNCTION" and node["function"]["function_name"].lower() not in TABLE_FUNCTIONS:
        raise NotAllowed(f"{_shown(node['function']['function_name'])}() is no source of rows here")


def _check_function(node: Node) -> None:
    name = node.get("function_name", "")
    if node.get("catalog") or node.get("schema"):
        raise NotAllowed(f"{_shown(name or str(node.get('type_name', '')))}: leave the schema away")
    if name and name.lower() not in FUNCTIONS and not _OPERATOR.fullmatch(name):
        raise NotAllowed(f"the function {_shown(name)} cannot be used here")


def _plain_name(name: str) -> str:
    """Refuse to hide one of the engine's own relations behind a WITH."""
    plain = name.lower()
    if plain.startswith(("duckdb_", "pragma_", "sqlite_", "pg_", "information_schema")):
        raise NotAllowed(f"{_shown(name)}: choose another name")
    return plain


def _shown(name: str) -> str:
    return repr(name[:NAME_SHOWN_CHARS_MAX])

"""The rules of tidiness, each a pure function from source text to complaints, so that each can be shown to complain."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

FILE_LINES_MAX: Final = 400
FUNCTION_LINES_MAX: Final = 50
NESTING_MAX: Final = 3

BANNED_MODULES: Final = {"utils", "util", "common", "helpers", "helper", "misc", "base", "info", "manager", "managers"}
BANNED_CLASS_ENDINGS: Final = ("Manager", "Helper", "Helpers", "Util", "Utils", "Info", "Base", "DTO")

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_CHOICES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Match)
_BRACKETS = (ast.With, ast.AsyncWith, ast.Try)  # they open and close something; what is inside is no harder to follow
_PROMISES = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME)\b")
_SQL = re.compile(
    r"\s*(?:SELECT\s|INSERT\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|TRUNCATE\s|WITH\s+\w+\s+AS\s|COPY\s"
    r"|(?:CREATE|ALTER|DROP)\s+(?:OR\s+REPLACE\s+)?(?:TABLE|VIEW|MACRO|ROLE|DATABASE|INDEX|FUNCTION|SCHEMA)\s"
    r"|(?:GRANT|REVOKE)\s)"
)


class Ban(NamedTuple):
    """A word that may not stand outside its homes. With `(` at the end only a call counts, else any mention."""

    word: str
    homes: tuple[str, ...]
    instead: str


_CLOCK = ("runtime/clock.py", "cli/", "tests/")
_CHANCE = ("runtime/ids.py", "runtime/trace.py", "client/src/bursar_client/chance.py", "cli/", "tests/")
_SETTINGS = ("runtime/settings.py", "cli/", "tests/")

BANS: Final = (
    *(
        Ban(word, _CLOCK, "take `now` or a Clock as an argument; only runtime/clock.py reads the clock")
        for word in (
            "datetime.now(",
            "datetime.utcnow(",
            "datetime.datetime.now(",
            "datetime.datetime.utcnow(",
            "date.today(",
            "datetime.date.today(",
            "time.time(",
            "time.time_ns(",
        )
    ),
    *(
        Ban(word, _CHANCE, "derive the id from the position, or take one from runtime/ids.py as an argument")
        for word in ("uuid", "uuid_utils", "random", "secrets", "os.urandom(")
    ),
    *(
        Ban(word, _SETTINGS, "add a field to the process's Settings; runtime/settings.py reads the environment")
        for word in ("os.environ", "os.getenv(")
    ),
    Ban("print(", ("cli/", "tests/"), "log an event with structlog"),
    # Below and beside the money: runtime/ knows none, the others weigh media types and measure lag.
    Ban(
        "float(",
        ("runtime/", "query_api/negotiation.py", "projectors/progress.py", "cli/", "tests/"),
        "money is an integer in minor units, from the door to the lake",
    ),
)


def longer_than_a_file(text: str, *, allowed: int = FILE_LINES_MAX) -> list[str]:
    """Complain about a file that does not fit into one sitting."""
    lines = text.count("\n")
    return [f"{lines} lines, {allowed} allowed: a second idea wants a file of its own"] if lines > allowed else []


def longer_than_a_screen(module: ast.Module, *, allowed: dict[str, int]) -> list[str]:
    """Complain about functions longer than a screen; `allowed` is the ratchet, by function name."""
    sizes = (
        (node.name, _last_line(node) - node.lineno + 1) for node in ast.walk(module) if isinstance(node, _FUNCTIONS)
    )
    return [
        f"{name} has {lines} lines, {allowed.get(name, FUNCTION_LINES_MAX)} allowed"
        for name, lines in sizes
        if lines > allowed.get(name, FUNCTION_LINES_MAX)
    ]


def nested_too_deep(module: ast.Module, *, excused: Iterable[str] = ()) -> list[str]:
    """Complain about choices inside choices inside choices; `excused` are names of functions."""
    functions = (node for node in ast.walk(module) if isinstance(node, _FUNCTIONS) and node.name not in excused)
    return [
        f"{node.name}: {depth} choices deep, {NESTING_MAX} allowed: return early, or name the inner part"
        for node in functions
        if (depth := _depth_of(node.body)) > NESTING_MAX
    ]


def banned_words(name: str, module: ast.Module) -> list[str]:
    """Complain about words that stand outside their homes, and say what to write instead."""
    bans = [ban for ban in BANS if not name.startswith(ban.homes)]
    return [
        f"line {line}: {ban.word.rstrip('(')}: {ban.instead}"
        for said, line in sorted(set(_said(module)), key=lambda pair: pair[1])
        for ban in bans
        if said == ban.word or said.rstrip("(").startswith(ban.word + ".")
    ]


def waiting_in_pure_code(module: ast.Module) -> list[str]:
    """Complain about whatever waits: pure code is called, and answers."""
    waits = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    found = [f"line {node.lineno}: async or await" for node in ast.walk(module) if isinstance(node, waits)]
    opens = [f"line {line}: open" for said, line in _said(module) if said == "open("]
    return [f"{what} in a module that does no I/O: decide here, wait in the caller" for what in found + opens]


def sql_in_strings(module: ast.Module) -> list[str]:
    """Complain about SQL outside `.sql` files."""
    prose = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    return [
        f"line {node.lineno}: SQL in a string: move it to a .sql file under `-- name: verb_noun` with a sentence of why"
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and id(node) not in prose
        if isinstance(node.value, str) and _SQL.match(node.value)
    ]


def endless_without_a_reason(text: str, module: ast.Module) -> list[str]:
    """Complain about `while True` with no comment, on its line or the one above or below, that says why it ends."""
    lines = text.splitlines()
    return [
        f"line {node.lineno}: `while True` without a comment that says why it ends"
        for node in ast.walk(module)
        if isinstance(node, ast.While) and isinstance(node.test, ast.Constant)
        if not any("#" in line for line in lines[max(0, node.lineno - 2) : node.lineno + 1])
    ]


def drawers(name: str, module: ast.Module) -> list[str]:
    """Complain about names that say "anything may be put in here"."""
    parts = name.removesuffix(".py").split("/")
    modules = [
        f"a module called {part}: name the noun inside or the verb it performs"
        for part in parts
        if part in BANNED_MODULES
    ]
    classes = [
        f"line {node.lineno}: class {node.name}: say what it is, not that it is one of several"
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef) and node.name.endswith(BANNED_CLASS_ENDINGS)
    ]
    return modules + classes


def promises(text: str) -> list[str]:
    """Complain about work that was left in the text instead of being done."""
    return [
        f"line {number}: do it, or write down why not"
        for number, line in enumerate(text.splitlines(), start=1)
        if _PROMISES.search(line)
    ]


def _said(module: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield every dotted name with its line, a call with `(` at its end, an import under its full name."""
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Name() | ast.Attribute()):
                yield f"{ast.unparse(node.func)}(", node.lineno
            case ast.Attribute():
                yield ast.unparse(node), node.lineno
            case ast.Import():
                yield from ((alias.name, node.lineno) for alias in node.names)
            case ast.ImportFrom(module=str(source)):
                yield from ((f"{source}.{alias.name}{end}", node.lineno) for alias in node.names for end in ("", "("))


def _depth_of(body: list[ast.stmt]) -> int:
    return max((_depth_below(statement) for statement in body), default=0)


def _depth_below(statement: ast.stmt) -> int:
    if not isinstance(statement, (*_CHOICES, *_BRACKETS)):
        return 0  # a nested function is measured on its own
    level = 1 if isinstance(statement, _CHOICES) else 0
    bodies = [part for part in (getattr(statement, name, []) for name in ("body", "finalbody")) if part]
    bodies += [part.body for part in (*getattr(statement, "handlers", []), *getattr(statement, "cases", []))]
    otherwise = getattr(statement, "orelse", [])
    is_elif = isinstance(statement, ast.If) and len(otherwise) == 1 and isinstance(otherwise[0], ast.If)
    beside = _depth_below(otherwise[0]) if is_elif else level + _depth_of(otherwise)
    return max(beside, *(level + _depth_of(body) for body in bodies))


def _last_line(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return node.end_lineno or node.lineno

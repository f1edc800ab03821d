"""The tree is tidy: files and functions fit, words stand where they belong, nothing is left for later."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from pathlib import Path
from textwrap import dedent, indent

import pytest

from tests.architecture import tidy
from tests.architecture.tree import name_of, python_files, syntax_of, text_files

# The ratchets: what was longer or deeper when its rule arrived, with a reason. Entries may only leave.
LONGER_FILES: dict[str, int] = {}
LONGER_FUNCTIONS: dict[str, dict[str, int]] = {}
DEEPER_FUNCTIONS: dict[str, set[str]] = {
    "ledger/sequencer/sequencer.py": {"_count"},  # outcomes stand in lists of lists, one of three kinds each
}
SQL_ON_PURPOSE = {
    "cli/devstack/postgres.py": "roles and databases are named by identifiers, where SQL takes no parameters",
}

CODE = python_files()
MODULES = [path for path in CODE if not name_of(path).startswith("tests/")]
PURE = python_files("contracts", "ledger/domain", "projectors/reconciliation/matching")


def module_of(text: str) -> ast.Module:
    return ast.parse(dedent(text))


def refuse(paths: Iterable[Path], rule: Callable[[str, Path], list[str]]) -> None:
    """Fail with everything that a rule says about the files, each line with the file's name before it."""
    said = [f"{name_of(path)}: {complaint}" for path in paths for complaint in rule(name_of(path), path)]
    assert not said, "\n".join(["", *said])


def test_a_file_is_read_in_one_sitting() -> None:
    def rule(name: str, path: Path) -> list[str]:
        return tidy.longer_than_a_file(path.read_text("utf-8"), allowed=LONGER_FILES.get(name, tidy.FILE_LINES_MAX))

    refuse(CODE, rule)


def test_a_function_fits_on_a_screen() -> None:
    def rule(name: str, path: Path) -> list[str]:
        return tidy.longer_than_a_screen(syntax_of(path), allowed=LONGER_FUNCTIONS.get(name, {}))

    refuse(CODE, rule)


def test_blocks_are_not_nested_deeper_than_three() -> None:
    refuse(MODULES, lambda name, path: tidy.nested_too_deep(syntax_of(path), excused=DEEPER_FUNCTIONS.get(name, ())))


def test_clock_chance_and_environment_come_in_as_arguments() -> None:
    refuse(CODE, lambda name, path: tidy.banned_words(name, syntax_of(path)))


def test_contracts_and_decisions_never_wait() -> None:
    refuse(PURE, lambda _, path: tidy.waiting_in_pure_code(syntax_of(path)))


def test_sql_lives_in_sql_files() -> None:
    paths = [path for path in MODULES if name_of(path) not in SQL_ON_PURPOSE]
    refuse(paths, lambda _, path: tidy.sql_in_strings(syntax_of(path)))


def test_an_endless_loop_says_why_it_ends() -> None:
    def rule(_: str, path: Path) -> list[str]:
        return tidy.endless_without_a_reason(path.read_text("utf-8"), syntax_of(path))

    refuse(MODULES, rule)


def test_no_name_is_a_drawer() -> None:
    refuse(CODE, lambda name, path: tidy.drawers(name, syntax_of(path)))


def test_nothing_is_left_for_later() -> None:
    refuse(text_files(), lambda _, path: tidy.promises(path.read_text("utf-8")))


def test_a_ratchet_names_only_files_that_still_need_it() -> None:
    """What was mended leaves the list, so that it cannot come back."""
    still_needed = {
        *(name_of(path) for path in CODE if tidy.longer_than_a_file(path.read_text("utf-8"))),
        *(name_of(path) for path in CODE if tidy.longer_than_a_screen(syntax_of(path), allowed={})),
        *(name_of(path) for path in CODE if tidy.nested_too_deep(syntax_of(path))),
        *(name_of(path) for path in CODE if tidy.sql_in_strings(syntax_of(path))),
    }
    assert {*LONGER_FILES, *LONGER_FUNCTIONS, *DEEPER_FUNCTIONS, *SQL_ON_PURPOSE} <= still_needed


class TestEachRuleCanFail:
    """A rule that never complains keeps nothing; each is shown a planted breach and its lawful neighbour."""

    def test_long_files(self) -> None:
        assert tidy.longer_than_a_file("x\n" * 401)
        assert not tidy.longer_than_a_file("x\n" * 400)

    def test_long_functions(self) -> None:
        of_lines = "def walk():\n" + indent("step()\n" * 50, "    ")
        assert tidy.longer_than_a_screen(ast.parse(of_lines), allowed={}) == ["walk has 51 lines, 50 allowed"]
        assert not tidy.longer_than_a_screen(ast.parse(of_lines), allowed={"walk": 51})

    def test_deep_nesting(self) -> None:
        deep = """
        def walk(a):
            for b in a:
                with b:
                    if b:
                        while b:
                            if a:
                                b()
        """
        staircase = """
        def walk(a):
            if a == 1: return 1
            elif a == 2: return 2
            elif a == 3: return 3
            elif a == 4: return 4
            else: return 5
        """
        assert tidy.nested_too_deep(module_of(deep))
        assert not tidy.nested_too_deep(module_of(staircase))

    @pytest.mark.parametrize(
        "text",
        [
            "now = datetime.now(tz=UTC)",
            "now = datetime.datetime.now()",
            "began = time.time()",
            "from time import time",
            "import uuid",
            "from uuid import uuid4",
            "jitter = random.uniform(0, 1)",
            "from secrets import token_hex",
            "url = os.environ['URL']",
            "from os import environ",
            "url = os.getenv('URL')",
            "print('posted')",
            "euros = float(amount)",
        ],
    )
    def test_banned_words(self, text: str) -> None:
        assert tidy.banned_words("ledger/domain/holds.py", module_of(text))

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("runtime/clock.py", "now = datetime.now(tz=UTC)"),
            ("runtime/settings.py", "url = os.environ['URL']"),
            ("cli/up.py", "print('ready')"),
            ("ledger/metrics.py", "age_s: float = began - time.monotonic()"),
            ("ledger/domain/holds.py", '"""Never call datetime.now() here."""'),
        ],
    )
    def test_words_at_home(self, name: str, text: str) -> None:
        assert not tidy.banned_words(name, module_of(text))

    @pytest.mark.parametrize("text", ["async def decide(): ...", "rows = open('book')"])
    def test_waiting(self, text: str) -> None:
        assert tidy.waiting_in_pure_code(module_of(text))

    @pytest.mark.parametrize(
        "text",
        [
            "rows('SELECT position FROM events')",
            "run(f'INSERT INTO {table} VALUES (1)')",
            "run('UPDATE head SET batch = 1')",
        ],
    )
    def test_sql_strings(self, text: str) -> None:
        assert tidy.sql_in_strings(module_of(text))
        assert not tidy.sql_in_strings(module_of('"""SELECT is a word of prose here."""'))

    def test_endless_loops(self) -> None:
        bare, explained = "while True:\n    step()\n", "while True:  # ends when the task is cancelled\n    step()\n"
        assert tidy.endless_without_a_reason(bare, ast.parse(bare))
        assert not tidy.endless_without_a_reason(explained, ast.parse(explained))

    @pytest.mark.parametrize(
        ("name", "text"),
        [("ledger/utils.py", ""), ("runtime/common/pools.py", ""), ("ledger/holds.py", "class HoldManager: ...")],
    )
    def test_drawers(self, name: str, text: str) -> None:
        assert tidy.drawers(name, module_of(text))

    @pytest.mark.parametrize("word", ["TO" + "DO", "FIX" + "ME"])
    def test_promises(self, word: str) -> None:
        assert tidy.promises(f"x = 1  # {word}: later")

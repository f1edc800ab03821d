"""The documents lead somewhere and say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.main import COMMANDS
from contracts.rejections import Rejection
from docs.reference.generate import MEANING_OF, PAGES, REFERENCE
from tests.architecture.links import broken_links, headings, missing_tests
from tests.architecture.tree import ROOT, files, name_of, text_files

PAGES_OF_TEXT = [path for path in files() if path.suffix == ".md"]
DECISIONS = [path for path in PAGES_OF_TEXT if name_of(path).startswith("docs/decisions/0")]
DECISION_SECTIONS = ("Context", "Decision", "Consequences", "Rejected", "Kept by")
ONE_SCREEN_LINES = 60
TYPED = re.compile(r"(?:\./|`)bursar ([a-z]+)")
DOCUMENT = re.compile(r"\bdocs/[\w/-]+\.md\b")


def test_every_link_leads_somewhere() -> None:
    broken = {
        name_of(page): links
        for page in PAGES_OF_TEXT
        if (links := broken_links(page, page.read_text("utf-8"), root=ROOT))
    }
    assert broken == {}


def test_every_test_that_a_document_names_exists() -> None:
    missing = {
        name_of(page): tests for page in PAGES_OF_TEXT if (tests := missing_tests(page.read_text("utf-8"), root=ROOT))
    }
    assert missing == {}


def test_every_document_that_code_names_exists() -> None:
    named = {(name, name_of(path)) for path in text_files() for name in DOCUMENT.findall(path.read_text("utf-8"))}
    missing = sorted(f"{where}: {name}" for name, where in named if not (ROOT / name).exists())
    assert missing == []


def test_every_command_that_a_document_names_exists() -> None:
    named = {verb for page in PAGES_OF_TEXT for verb in TYPED.findall(page.read_text("utf-8"))}
    assert "up" in named
    assert named - set(COMMANDS) == set()


def test_a_promise_names_its_test_or_says_that_none_keeps_it() -> None:
    rows = re.findall(r"^\| (P\d+\.\d+) \|.*", (ROOT / "docs/invariants.md").read_text("utf-8"), re.MULTILINE)
    lines = (ROOT / "docs/invariants.md").read_text("utf-8").splitlines()
    unkept = [
        line
        for line in lines
        if re.match(r"\| P\d+\.\d+ \|", line) and "tests/" not in line and "not yet kept" not in line
    ]
    assert len(rows) == len(set(rows)) > 0
    assert unkept == []


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_what_the_code_says(name: str) -> None:
    assert (REFERENCE / name).read_text("utf-8") == PAGES[name](), "run: python -m docs.reference.generate"


def test_every_rejection_is_explained() -> None:
    assert set(MEANING_OF) == set(Rejection)


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_fits_on_a_screen_and_says_what_keeps_it(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= ONE_SCREEN_LINES
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == list(DECISION_SECTIONS)


def test_decisions_are_numbered_without_holes() -> None:
    assert [path.name[:4] for path in DECISIONS] == [f"{number:04d}" for number in range(1, len(DECISIONS) + 1)]


class TestTheCheckersCanFail:
    """Each is shown a breach."""

    def test_broken_links(self, tmp_path: Path) -> None:
        page = tmp_path / "page.md"
        page.write_text(
            "# Here\n[a](gone.md) [b](page.md#there) [c](page.md#here) [d](#here) [e](https://example.org/)"
        )
        assert broken_links(page, page.read_text(), root=tmp_path) == ["gone.md", "page.md#there"]

    def test_links_out_of_the_checkout(self, tmp_path: Path) -> None:
        page = tmp_path / "docs" / "page.md"
        page.parent.mkdir()
        (tmp_path.parent / "outside.md").touch()
        assert broken_links(page, "[a](../../outside.md)", root=tmp_path) == ["../../outside.md"]

    def test_missing_tests(self) -> None:
        here = "tests/architecture/test_docs.py"
        text = f"`{here}::TestTheCheckersCanFail::test_missing_tests` `{here}::test_gone` `tests/gone.py`"
        assert missing_tests(text, root=ROOT) == [f"{here}::test_gone", "tests/gone.py"]

    def test_headings(self) -> None:
        assert headings("# A *b* — c\n## `bursar serve relay`\n") == {"a-b--c", "bursar-serve-relay"}

"""Links and test names in Markdown, as a reader would follow them."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

_LINK: Final = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_FENCE: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_TEST: Final = re.compile(r"`?(tests/[\w/]+\.py)(?:::(\w+)(?:::(\w+))?)?`?")


def broken_links(page: Path, text: str, *, root: Path) -> list[str]:
    """Return the relative links of a page that lead nowhere: no such file, or no such heading in it."""
    return [link for link in _LINK.findall(_FENCE.sub("", text)) if not _leads_somewhere(link, page, root)]


def missing_tests(text: str, *, root: Path) -> list[str]:
    """Return the tests that a text names (`tests/x.py::test_y`, `tests/x.py::TestX::test_y`) and that do not exist."""
    named = [tuple(part for part in match if part) for match in _TEST.findall(text)]
    return ["::".join(parts) for parts in named if not _exists(root / parts[0], list(parts[1:]))]


def headings(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub forms them."""
    titles = re.findall(r"^#+ +(.+?) *$", _FENCE.sub("", text), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()).replace(" ", "-")
        for title in titles
    }


def _leads_somewhere(link: str, page: Path, root: Path) -> bool:
    if re.match(r"[a-z]+:", link):
        return True  # another site; whether it answers is not for a test
    target, _, anchor = link.partition("#")
    path = (page.parent / target).resolve() if target else page
    if not path.exists() or not path.is_relative_to(root):
        return False
    return not anchor or path.suffix != ".md" or anchor in headings(path.read_text("utf-8"))


def _exists(path: Path, names: list[str]) -> bool:
    if not path.exists():
        return False
    body: list[ast.stmt] = ast.parse(path.read_text("utf-8")).body
    for name in names:
        found = [node for node in body if isinstance(node, _NAMED) and node.name == name]
        if not found:
            return False
        body = found[0].body
    return True


_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

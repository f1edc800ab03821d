"""One word per idea: what the contracts say in public, and the nouns the tree is built from, are in the glossary."""

from __future__ import annotations

import ast
import re

from tests.architecture.tree import PACKAGES, ROOT, name_of, python_files, syntax_of

# Modules whose names are Python's, or say what they hold by the package they are in.
NOT_NOUNS = {"__init__"}


def public_structs(module: ast.Module) -> list[str]:
    """Name the public classes of a module."""
    return [node.name for node in module.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]


def missing_words(words: list[str], glossary: str) -> list[str]:
    """Return the words that the glossary does not show in code type."""
    shown = set(re.findall(r"`([^`]+)`", glossary))
    return [word for word in words if word not in shown]


def glossary() -> str:
    return (ROOT / "docs/glossary.md").read_text("utf-8")


def test_every_public_struct_of_the_contracts_is_in_the_glossary() -> None:
    words = [name for path in python_files("contracts") for name in public_structs(syntax_of(path))]
    assert words
    assert missing_words(words, glossary()) == []


def test_every_package_and_every_noun_of_the_book_is_in_the_glossary() -> None:
    below = [name_of(path).removeprefix("ledger/domain/").split("/") for path in python_files("ledger/domain")]
    nouns = {parts[0].removesuffix(".py") for parts in below} - NOT_NOUNS
    folders = {parts[0] for parts in below if len(parts) > 1}
    assert missing_words([f"{package}/" for package in PACKAGES], glossary()) == []
    words = [f"ledger/domain/{noun}/" if noun in folders else f"ledger/domain/{noun}.py" for noun in nouns]
    assert missing_words(words, glossary()) == []


def test_the_glossary_names_no_struct_that_is_gone() -> None:
    """A word that no code says any more confuses more than a missing one."""
    known = {name for path in python_files(*PACKAGES) for name in public_structs(syntax_of(path))}
    shown = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)*)`", glossary()))
    files = {f"`{name_of(path)}`" for path in python_files(*PACKAGES)}
    gone_files = [word for word in re.findall(r"`[\w/]+\.py`", glossary()) if word not in files]
    assert shown - known == set()
    assert gone_files == []


def test_a_planted_struct_is_missed() -> None:
    module = ast.parse("class AccountMerged: ...\nclass _Private: ...")
    assert public_structs(module) == ["AccountMerged"]
    assert missing_words(["AccountMerged"], "an account, `AccountOpened`") == ["AccountMerged"]

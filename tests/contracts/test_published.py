"""A breaking change of a contract, made in a checkout of its own, fails the check that `bursar lint` runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.lint import STATIC_CHECKS

CHECKOUT = Path(__file__).parents[2]
WITHIN_S = 60.0
# What is changed, how, and what the check must say; None: nothing.
CHANGES = {
    "a field of an event is retyped": (
        "contracts/events/transfers.py",
        "    transfer_id: str\n    postings: tuple[PostedPosting, ...]\n    effective_date: date\n",
        "    transfer_id: int\n    postings: tuple[PostedPosting, ...]\n    effective_date: date\n",
        ("event.transfer_posted.v1/transfer_id: the type was string and is integer", "a new version", "upcaster"),
    ),
    "a field of an event is newly required": (
        "contracts/events/transfers.py",
        "    through: date\n",
        "    through: date\n    why: str\n",
        ("event.period_closed.v1/why: the field is newly required", "add an optional field"),
    ),
    "a version of an event is gone": (
        "contracts/upcasters.py",
        '    ("payment_rejected", 1): (EVENTS["payment_rejected", 1], _rejected),\n',
        "",
        ("event.payment_rejected.v1: it is gone", "the book holds the old shape for ever"),
    ),
    "an event has a new optional field": (
        "contracts/events/transfers.py",
        "    through: date\n",
        "    through: date\n    why: str | None = None\n",
        None,
    ),
}


@pytest.fixture(scope="module")
def trunk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose `main` holds the contracts as they are."""
    folder = tmp_path_factory.mktemp("published") / "trunk"
    for package in ("contracts", "cli"):
        shutil.copytree(CHECKOUT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _git(folder, "add", ".")
    _git(folder, "commit", "--quiet", "--message=as it is")
    _git(folder, "commit", "--quiet", "--allow-empty", "--message=the change to come")
    return folder


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_breaks_history_is_refused_with_the_remedy(trunk: Path, change: str) -> None:
    path, old, new, said = CHANGES[change]
    before = (trunk / path).read_text("utf-8")
    assert old in before, "the contract changed: plant the change anew"
    (trunk / path).write_text(before.replace(old, new), "utf-8")
    try:
        done = subprocess.run(
            [sys.executable, *STATIC_CHECKS["published schemas"][1:]],
            cwd=trunk, capture_output=True, text=True, timeout=WITHIN_S, check=False,
        )  # fmt: skip
    finally:
        (trunk / path).write_text(before, "utf-8")
    assert done.returncode == (0 if said is None else 1), done.stderr
    for words in said or ("published schemas still hold",):
        assert words in done.stdout


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Bursar", "-c", "user.email=tests@example.com")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, timeout=WITHIN_S)

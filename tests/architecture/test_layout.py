"""Everything is where a newcomer looks for it, and nothing of the machine it was written on came along."""

from __future__ import annotations

import re
import tomllib
from itertools import chain

import pytest
import yaml

from docs.reference.generate import metrics
from tests.architecture.tree import PACKAGES, ROOT, files, name_of, text_files

AT_ROOT = {
    *PACKAGES,
    *(
        ".ci",
        ".gitignore",
        "LICENSE",
        "README.md",
        "bursar",
        "client",
        "compose.yaml",
        "docs",
        "examples",
        "ops",
        "pyproject.toml",
        "tests",
    ),
}

# Hosts of package registries (a pin is a hash; where a wheel comes from is the reader's affair) and places that exist
# on one machine only. Written as patterns, so that this file does not match itself.
ELSEWHERE = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.npmjs\.org|deb\.debian\.org|proxy\.golang\.org|crates\.io"
    r"|(?<![\w.])/(?:root|work|Users|tmp/[\w-]*venv)/|(?<![\w.])/home/[a-z]"
)


def places_elsewhere(text: str) -> list[str]:
    return ELSEWHERE.findall(text)


def alert_rules() -> list[dict[str, str]]:
    document = yaml.safe_load((ROOT / "ops/prometheus/alerts.yml").read_text("utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"] if "alert" in rule]


def metric_names_in(expression: str) -> set[str]:
    """Return the metrics an expression names, without what a histogram appends."""
    words = re.findall(
        r"\b(?:ledger|relay|projectors|reactors|timers|query_api|command_api|http|runtime)_\w+", expression
    )
    return {re.sub(r"_(?:bucket|count|sum)\Z", "", word) if "_seconds_" in word else word for word in words}


def test_the_root_is_calm() -> None:
    assert {name_of(path).split("/")[0] for path in files()} <= AT_ROOT


def test_nothing_names_a_registry_or_a_place_on_one_machine() -> None:
    found = {name_of(path): places for path in text_files() if (places := places_elsewhere(path.read_text("utf-8")))}
    assert found == {}


@pytest.mark.parametrize(
    "text", ["--index-url https://py" + "pi.org/simple", "cd /ro" + "ot/bursar", "see /ho" + "me/ann/notes"]
)
def test_a_planted_place_is_found(text: str) -> None:
    assert places_elsewhere(text)


def test_the_project_depends_on_what_is_installed() -> None:
    """pyproject.toml and run.in are one list; run.txt pins each of them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    wanted = [
        line for line in (ROOT / "ops/requirements/run.in").read_text("utf-8").splitlines() if line and line[0] != "#"
    ]
    pinned = re.findall(r"^([a-z0-9-]+)==", (ROOT / "ops/requirements/run.txt").read_text("utf-8"), re.MULTILINE)

    assert project == wanted
    assert {name.split("[")[0] for name in wanted} <= set(pinned)


def test_every_metric_is_in_the_reference() -> None:
    page = (ROOT / "docs/reference/metrics.md").read_text("utf-8")
    missing = [metric.name for metric in metrics() if f"| `{metric.name}` |" not in page]
    assert metrics()
    assert missing == []


def test_alerts_watch_metrics_that_exist() -> None:
    """A renamed metric would otherwise silence its alert for good."""
    known = {metric.name for metric in metrics()}
    watched = set(chain.from_iterable(metric_names_in(rule["expr"]) for rule in alert_rules()))
    assert watched
    assert watched - known == set()


def test_every_alert_has_a_section_in_the_operations_guide() -> None:
    guide = (ROOT / "docs/guides/operations.md").read_text("utf-8")
    missing = [rule["alert"] for rule in alert_rules() if f"### {rule['alert']}\n" not in guide]
    assert missing == []

"""Rulesets on disk: activated in one step, written down, and never replaced by nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_api.risk.shelf import POLL_S, ActivationRefused, ActivePolicy, Shelf, ShelfUnreadable, Wish
from contracts.risk_words import DEFAULT_RULESET
from runtime.clock import FixedClock
from tests.risk.histories import BEGIN_S, moment
from tests.risk.rules import HEAD, default_ruleset, model_bytes, rule, ruleset

AT = moment(BEGIN_S)
ONE = (HEAD + rule("is_new_payee")).encode()
TWO = (HEAD + rule("is_new_device")).encode()


def wish(content: bytes = ONE, *, model: bytes | None = None, replacing: str | None = None) -> Wish:
    return Wish(ruleset=content, model=model, by="ops:ann", why="fewer questions", replacing=replacing)


def test_without_an_activation_the_shipped_ruleset_decides(tmp_path: Path) -> None:
    policy = Shelf(tmp_path / "none").load_active()
    assert (policy.ruleset.version, policy.model) == (default_ruleset().version, None)


def test_an_activation_is_stored_written_down_and_active(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    first = shelf.activate(wish(), at=AT)
    second = shelf.activate(wish(TWO, model=model_bytes()), at=AT)
    active = shelf.load_active()
    assert (active.ruleset.version, active.model and active.model.version) == (second.ruleset, second.model)
    assert shelf.load_ruleset(first.ruleset).version == first.ruleset
    assert shelf.read_activations() == [first, second]
    assert (second.number, second.replaces, second.by, second.why) == (2, first.ruleset, "ops:ann", "fewer questions")


def test_the_same_version_with_other_rules_is_another_version(tmp_path: Path) -> None:
    """The hash is part of the name, so a decision can never be blamed on rules that did not make it."""
    shelf = Shelf(tmp_path)
    assert shelf.activate(wish(ONE), at=AT).ruleset != shelf.activate(wish(TWO), at=AT).ruleset


@pytest.mark.parametrize(
    "refused",
    [
        wish(b"rules = ["),
        wish((HEAD + rule("nobody")).encode()),
        wish(model=b"{}"),
        wish(replacing="default-0@000000000000"),
    ],
    ids=["no toml", "no such feature", "no model", "somebody was faster"],
)
def test_what_is_refused_changes_nothing(tmp_path: Path, refused: Wish) -> None:
    shelf = Shelf(tmp_path)
    active = shelf.activate(wish(TWO), at=AT)
    with pytest.raises(ActivationRefused):
        shelf.activate(refused, at=AT)
    assert shelf.load_active().ruleset.version == active.ruleset
    assert len(shelf.read_activations()) == 1


def test_a_changed_line_is_noticed(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    for content in (ONE, TWO, DEFAULT_RULESET.read_bytes()):
        shelf.activate(wish(content), at=AT)
    record = tmp_path / "activations.jsonl"
    record.write_bytes(record.read_bytes().replace(b"ops:ann", b"ops:bob", 1))
    with pytest.raises(ShelfUnreadable, match="changed or removed"):
        shelf.read_activations()


def test_a_removed_line_is_noticed(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    for content in (ONE, TWO):
        shelf.activate(wish(content), at=AT)
    record = tmp_path / "activations.jsonl"
    record.write_bytes(b"".join(record.read_bytes().splitlines(keepends=True)[1:]))
    with pytest.raises(ShelfUnreadable):
        shelf.read_activations()


def test_a_running_process_notices_an_activation(tmp_path: Path) -> None:
    shelf, clock = Shelf(tmp_path), FixedClock(AT)
    active = ActivePolicy(shelf, clock=clock)
    shelf.activate(wish(), at=AT)
    assert active.current().ruleset.version == default_ruleset().version
    clock.advance(POLL_S)
    assert active.current().ruleset.version == ruleset(rule("is_new_payee")).version


@pytest.mark.parametrize("damage", ["pointer", "ruleset", "missing"])
def test_a_running_process_keeps_what_it_has_and_a_new_one_does_not_start(tmp_path: Path, damage: str) -> None:
    shelf, clock = Shelf(tmp_path), FixedClock(AT)
    first = shelf.activate(wish(), at=AT)
    active = ActivePolicy(shelf, clock=clock)
    second = shelf.activate(wish(TWO), at=AT)
    stored = tmp_path / "rulesets" / f"{second.ruleset}.toml"
    if damage == "pointer":
        shelf.pointer_path.write_bytes(b'{"ruleset": "../../elsewhere", "activation": 3, "model": null}')
    elif damage == "ruleset":
        stored.write_bytes(ONE)
    else:
        stored.unlink()
    clock.advance(POLL_S)
    assert active.current().ruleset.version == first.ruleset
    assert active.why_stale is not None
    with pytest.raises(ShelfUnreadable):
        ActivePolicy(shelf, clock=clock)
    shelf.pointer_path.unlink()
    repaired = Shelf(tmp_path).activate(wish(TWO), at=AT)
    clock.advance(POLL_S)
    assert active.current().ruleset.version == repaired.ruleset
    assert active.why_stale is None

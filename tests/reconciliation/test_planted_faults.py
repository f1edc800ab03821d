"""The checks can fail: each fault planted into the matching makes one of them do so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from msgspec.structs import replace

from projectors.reconciliation.matching import breaks, groups, items, pairs, parts, pool, reconcile, rules, subsets
from tests.reconciliation.soundness import TOLERANT, assert_finds_everything, assert_sound, both_sides

Plant = Callable[[pytest.MonkeyPatch], None]
SEEDS: Final = range(3)
RUNS_MAX: Final = 2_000


def ignore_the_currency(patch: pytest.MonkeyPatch) -> None:
    real = items.in_order

    def in_one_currency(lines: Any, entries: Any) -> Any:
        return tuple([replace(item, currency="EUR") for item in side] for side in real(lines, entries))

    patch.setattr(reconcile, "in_order", in_one_currency)


def match_one_line_twice(patch: pytest.MonkeyPatch) -> None:
    def take_only_entries(self: pool.Pool, founds: Any) -> None:
        for found in founds:
            self._open_entries.difference_update(found.entries)
            self.taken.append(found)

    patch.setattr(pool.Pool, "take", take_only_entries)


def match_one_entry_twice(patch: pytest.MonkeyPatch) -> None:
    def take_only_lines(self: pool.Pool, founds: Any) -> None:
        for found in founds:
            self._open_lines.difference_update(found.lines)
            self.taken.append(found)

    patch.setattr(pool.Pool, "take", take_only_lines)


def take_the_first_of_equals(patch: pytest.MonkeyPatch) -> None:
    def greedy(found: Any, **_: Any) -> list[pairs.Pair]:
        chosen: list[pairs.Pair] = []
        for pair in sorted(found, key=lambda pair: (-pair.score_permille, pair.line, pair.entry)):
            if all(pair.line != other.line and pair.entry != other.entry for other in chosen):
                chosen.append(pair)
        return chosen

    patch.setattr(reconcile, "unambiguous", greedy)


def take_the_first_of_several_sums(patch: pytest.MonkeyPatch) -> None:
    real = subsets.only_subset

    def any_subset(target_minor: int, found: Any, **options: Any) -> Any:
        fewer = [[item for item in found if item is not left_out] for left_out in found]
        tried = (real(target_minor, some, **options) for some in (found, *fewer))
        return next((subset for subset in tried if subset is not None), None)

    for module in (groups, parts):
        patch.setattr(module, "only_subset", any_subset)


def let_matches_share_parts(patch: pytest.MonkeyPatch) -> None:
    for module in (groups, parts):
        patch.setattr(module, "disjoint", list)


def forget_the_sign_of_the_tolerance(patch: pytest.MonkeyPatch) -> None:
    for module in (pairs, groups):
        patch.setattr(module, "is_tolerated", lambda rule, line_minor, entry_minor: (
            line_minor - entry_minor <= rules.tolerated_minor(rule, line_minor)))  # fmt: skip


def take_money_out_for_money_in(patch: pytest.MonkeyPatch) -> None:
    real = rules.is_tolerated
    patch.setattr(rules, "DIFFERENCE_COST_PERMILLE", 0)
    for module in (pairs, groups):
        patch.setattr(module, "is_tolerated", lambda rule, line_minor, entry_minor: (
            real(rule, abs(line_minor), abs(entry_minor))))  # fmt: skip


def tolerate_twice_as_much(patch: pytest.MonkeyPatch) -> None:
    real = rules.tolerated_minor
    patch.setattr(rules, "tolerated_minor", lambda rule, amount_minor: 2 * real(rule, amount_minor))


def forget_the_days(patch: pytest.MonkeyPatch) -> None:
    for module in (pairs, groups):
        patch.setattr(module, "in_window", lambda rule, days_late: True)


def forget_the_counterparty(patch: pytest.MonkeyPatch) -> None:
    real = pairs.agrees
    for module in (pairs, parts):
        patch.setattr(module, "agrees", lambda rule, line, entry: real(
            replace(rule, same_counterparty=False), line, entry))  # fmt: skip
    patch.setattr(pairs._Ranked, "_key", lambda self, item: ("", item.amount_minor, item.day))


def forget_duplicates(patch: pytest.MonkeyPatch) -> None:
    for module in (breaks, reconcile):
        patch.setattr(module, "duplicates_in", lambda pool: {})


def forget_what_references_tell(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(breaks, "components_of", lambda lines, entries: [])


def name_an_item_under_two_breaks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(breaks._Remainder, "name", lambda self, left: self.named.append(left))


def drop_breaks_of_zero(patch: pytest.MonkeyPatch) -> None:
    real = breaks.left_in
    patch.setattr(reconcile, "left_in", lambda pool, **options: [
        left for left in real(pool, **options)
        if any(pool.lines[no].amount_minor for no in left.lines) or left.entries])  # fmt: skip


FAULTS: Final[tuple[Plant, ...]] = (
    ignore_the_currency,
    match_one_line_twice,
    match_one_entry_twice,
    take_the_first_of_equals,
    take_the_first_of_several_sums,
    let_matches_share_parts,
    forget_the_sign_of_the_tolerance,
    take_money_out_for_money_in,
    tolerate_twice_as_much,
    forget_the_days,
    forget_the_counterparty,
    forget_duplicates,
    forget_what_references_tell,
    name_an_item_under_two_breaks,
    drop_breaks_of_zero,
)


def run_every_check() -> None:
    """Look at a few planted months, then at random input. Raises AssertionError when something is wrong."""
    for seed in SEEDS:
        assert_finds_everything(seed, lines=200)

    @given(sides=both_sides())
    @settings(
        max_examples=RUNS_MAX,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    def random_input(sides: Any) -> None:
        lines, entries = sides
        assert_sound(lines, entries, reconcile.reconcile(lines, entries, TOLERANT))

    random_input()


def test_without_a_fault_every_check_holds() -> None:
    run_every_check()


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_the_checks_fail_when_they(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        run_every_check()

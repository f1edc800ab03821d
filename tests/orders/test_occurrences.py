"""Occurrences are never skipped and never doubled: random recurrences, random downtime, random repetition.

What has to be issued is found here in another way: by walking over every single day.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts import commands as c
from contracts import events as e
from contracts.calendars import adjusted, next_occurrence
from contracts.rejections import Refused
from ledger.domain.book import DECIDERS, EVOLVERS
from ledger.domain.standing_orders import life_cycle, occurrences
from tests.orders.standing import FIRST_DAY, Diary, order

HORIZON_DAYS: Final = 900
ISSUED_AT_A_LOOK_MAX: Final = 200
DRAWN_LONGEST_GAP: Final = 15  # days that a calendar may be closed, on both sides of a walk

recurrences = st.fixed_dictionaries(
    {
        "every": st.sampled_from(["month", "week"]),
        "first_on": st.integers(0, 60).map(lambda days: FIRST_DAY + timedelta(days=days)),
        "step": st.integers(1, 5),
        "day": st.none() | st.integers(1, 31),
        "last_on": st.none() | st.integers(61, HORIZON_DAYS).map(lambda days: FIRST_DAY + timedelta(days=days)),
        "count_max": st.none() | st.integers(1, 30),
        "calendar": st.sampled_from(["TARGET", "FEDWIRE", "EVERY_DAY"]),
        "adjustment": st.sampled_from(["none", "following", "preceding", "modified_following"]),
    }
).map(lambda drawn: {**drawn, "day": None} if drawn["every"] == "week" else drawn)
pauses = st.lists(st.integers(0, 120), min_size=1, max_size=12)


def own_days(recurrence: c.Recurrence, until: date) -> Iterator[date]:
    """The days of a recurrence, before any adjustment, found by looking at every day."""
    first, step = recurrence.first_on, recurrence.step
    wanted = recurrence.day or first.day
    day = first
    while day <= min(until, recurrence.last_on or until):
        if recurrence.every == "week":
            is_one = (day - first).days % (7 * step) == 0
        else:
            months = (day.year - first.year) * 12 + day.month - first.month
            is_one = months % step == 0 and day.day == min(wanted, calendar.monthrange(day.year, day.month)[1])
        if is_one:
            yield day
        day += timedelta(days=1)


def expected(recurrence: c.Recurrence, *, created_on: date, until: date) -> list[date]:
    """The days on which it has to pay, from its creation until a day."""
    own = own_days(recurrence, until + timedelta(days=DRAWN_LONGEST_GAP))
    paid = sorted({adjusted(recurrence.calendar, day, recurrence.adjustment) for day in own})
    return [day for day in paid if created_on <= day <= until][: recurrence.count_max]


def look(diary: Diary, so: str) -> None:
    """What the timer does, twice over: everything due is said, and said again by another process."""
    for _ in range(ISSUED_AT_A_LOOK_MAX):
        due_at = diary.order(so).due_at
        if due_at is None or due_at > diary.now:
            return
        issue = c.IssueStandingOrder(standing_order_id=so, occurrence_on=due_at.date())
        diary.do(issue)
        assert isinstance(diary.attempt(issue), Refused), "an occurrence was issued twice"
    raise AssertionError("the same occurrences are due for ever")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(recurrence=recurrences, pauses=pauses)
def test_every_occurrence_is_issued_once_and_in_order_whatever_the_downtime(
    recurrence: dict[str, Any], pauses: list[int]
) -> None:
    occurrences_hold(recurrence, pauses)


def occurrences_hold(recurrence: dict[str, Any], pauses: list[int]) -> None:
    diary = Diary()
    wanted = c.WantedRecurrence(**recurrence)
    created = diary.attempt(order(recurrence=recurrence))
    if isinstance(created, Refused):
        far = FIRST_DAY + timedelta(days=HORIZON_DAYS + DRAWN_LONGEST_GAP)
        assert expected(wanted, created_on=FIRST_DAY, until=far) == []
        return
    so = created[0].standing_order_id  # type: ignore[attr-defined]
    for days in pauses:
        diary.days_later(days)
        look(diary, so)
    issued = [event for event in diary.events if isinstance(event, e.StandingOrderIssued)]
    made = [event for event in diary.events if isinstance(event, e.PaymentInitiated)]
    paid = [event.occurrence_on for event in issued]
    assert paid == expected(wanted, created_on=FIRST_DAY, until=diary.today)
    assert [event.number for event in issued] == list(range(1, len(issued) + 1))
    assert [event.payment_id for event in made] == [event.payment_id for event in issued]
    assert [event.end_to_end_id for event in made] == [f"RENT-{day:%Y%m%d}" for day in paid]


@settings(max_examples=60, deadline=None)
@given(recurrence=recurrences, stops=st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), max_size=5))
def test_only_what_falls_due_while_suspended_is_left_out(
    recurrence: dict[str, Any], stops: list[tuple[int, int]]
) -> None:
    diary = Diary()
    created = diary.attempt(order(recurrence={**recurrence, "count_max": None, "last_on": None}))
    assert not isinstance(created, Refused)
    so = created[0].standing_order_id  # type: ignore[attr-defined]
    wanted = diary.order(so).recurrence
    left_out: set[date] = set()
    for running, stopped in stops:
        diary.days_later(running)
        look(diary, so)
        paid_today = diary.order(so).issued_on == diary.today
        diary.do(c.SuspendStandingOrder(standing_order_id=so))
        since = diary.today + timedelta(days=1) if paid_today else diary.today
        diary.days_later(stopped)
        left_out |= {since + timedelta(days=n) for n in range((diary.today - since).days)}
        diary.do(c.ResumeStandingOrder(standing_order_id=so))
    look(diary, so)
    issued = [event.occurrence_on for event in diary.events if isinstance(event, e.StandingOrderIssued)]
    all_of_them = expected(wanted, created_on=FIRST_DAY, until=diary.today)
    assert issued == [day for day in all_of_them if day not in left_out]


def skip_a_day(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(life_cycle, "next_occurrence", lambda rule, after: next_occurrence(rule, after + timedelta(days=1)))


def forget_to_move_on(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(EVOLVERS, e.StandingOrderIssued, lambda state, event, position: None)  # type: ignore[misc]


def take_any_day(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(occurrences, "_not_now", lambda *_: None)


def forget_the_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(occurrences, "occurrence_after", lambda recurrence, after, *, issued: next_occurrence(
        recurrence.rule, after))  # fmt: skip


def make_up_only_for_the_newest(patch: pytest.MonkeyPatch) -> None:
    real = occurrences.decide_issue

    def newest(command: Any, state: Any, moment: Any) -> Any:
        decided = real(command, state, moment)
        if isinstance(decided, Refused):
            return decided
        issued, *rest = decided
        found = life_cycle.order_of(state, command.standing_order_id)
        assert not isinstance(found, Refused)
        following = next_occurrence(found.recurrence.rule, moment.today)
        return (replace(issued, next_on=following, state="ended" if following is None else "active"), *rest)

    patch.setitem(DECIDERS, c.IssueStandingOrder, newest)  # type: ignore[misc]


@pytest.mark.parametrize(
    "plant", [skip_a_day, forget_to_move_on, take_any_day, forget_the_count, make_up_only_for_the_newest]
)
def test_a_planted_fault_is_found(plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    run = settings(max_examples=2_000, deadline=None, phases=[Phase.generate], database=None)(
        given(recurrence=recurrences, pauses=pauses)(occurrences_hold)
    )

    with pytest.raises(AssertionError):
        run()

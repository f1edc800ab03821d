"""Clock, ids and trace context: small parts with exact promises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from runtime.clock import FixedClock, SystemClock
from runtime.ids import new_opaque_id, new_trace_context, next_step
from runtime.trace import TraceContext, parse_traceparent

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


def test_the_system_clock_is_aware_and_in_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_a_fixed_clock_moves_only_when_told_and_both_readings_move_together() -> None:
    clock = FixedClock(datetime(2026, 11, 23, 12, tzinfo=timezone(timedelta(hours=2))))
    clock.advance(90)

    assert clock.now() == datetime(2026, 11, 23, 10, 1, 30, tzinfo=UTC)
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() == 90


def test_a_fixed_clock_refuses_naive_time_and_going_back() -> None:
    with pytest.raises(ValueError, match="aware"):
        FixedClock(datetime(2026, 11, 23))  # that is the mistake
    with pytest.raises(ValueError, match="only advances"):
        FixedClock(datetime(2026, 11, 23, tzinfo=UTC)).advance(-1)


def test_opaque_ids_are_prefixed_and_differ() -> None:
    assert len({new_opaque_id("run") for _ in range(1000)}) == 1000
    assert new_opaque_id("run").startswith("run_")
    with pytest.raises(ValueError, match="prefix"):
        new_opaque_id("Run_")


def test_a_traceparent_survives_reading_and_writing() -> None:
    context = parse_traceparent(f"00-{TRACE}-{SPAN}-01")

    assert context == TraceContext(TRACE, SPAN, sampled=True)
    assert context.traceparent == f"00-{TRACE}-{SPAN}-01"


def test_the_next_step_keeps_the_story_and_has_its_own_name() -> None:
    begun = new_trace_context()
    step = next_step(begun)

    assert step.trace_id == begun.trace_id
    assert step.span_id != begun.span_id
    assert parse_traceparent(step.traceparent) == step


def test_a_newer_version_may_carry_more() -> None:
    assert parse_traceparent(f"cc-{TRACE}-{SPAN}-00-more") == TraceContext(TRACE, SPAN, sampled=False)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01\n",
        f"00-{TRACE}-{SPAN}-0١",
        f"cc-{TRACE}-{SPAN}-01-{'x' * 600}",
    ],
)
def test_a_malformed_traceparent_begins_a_new_trace(header: str) -> None:
    assert parse_traceparent(header) is None

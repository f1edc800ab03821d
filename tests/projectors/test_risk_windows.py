"""The risk model from windows says what the live path's says, wherever its projector was killed."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from contracts.risk_features import DISTINCT_WINDOW_S, RiskKeys
from projectors.apply import Outcome
from projectors.events import Batch, Event, decode_events
from projectors.risk import packing
from projectors.risk import target as risk_module
from projectors.risk.target import RiskTarget
from tests.projectors.contract import ContractBroken
from tests.projectors.folding import folded, require
from tests.projectors.places import Place
from tests.risk.test_contract import dump as dump_risk
from tests.support.book import RandomBook

_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def _small_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "CALL_FACTS_MAX", 25)


def in_risk(old: str, new: str) -> tuple[Any, str, Any]:
    script = risk_module.APPLY_LUA
    assert old in script, "the script changed: plant the fault anew"
    defaults: dict[str, Any] = risk_module.RiskTarget.__init__.__kwdefaults__ or {}
    return risk_module.RiskTarget.__init__, "__kwdefaults__", {**defaults, "script": script.replace(old, new)}


SPAN_S: Final = 5 * DISTINCT_WINDOW_S
STORY_EVENTS: Final = 400


def recent_story() -> list[Event]:
    """Events of the last days, up to now: by the clock that Redis goes by as well."""
    now = datetime.now(UTC).replace(microsecond=0)
    step = timedelta(seconds=SPAN_S / STORY_EVENTS)
    book = RandomBook(seed=5, recorded_at=lambda position: now - (STORY_EVENTS + 20 - position) * step)
    book.write(STORY_EVENTS)
    events, stop = decode_events([(line.position, line.body) for line in book.lines], ledger="main")
    assert stop is None
    return events


async def risk_from_windows(place: Place, sizes: Sequence[int]) -> None:
    """Build the risk model as news do, and from windows; what can be read of them is the same."""
    events = recent_story()
    plain, built = RiskKeys(f"risk_{next(_numbers)}"), RiskKeys(f"risk_{next(_numbers)}")
    live, target = RiskTarget(place.servers.redis_url, plain), RiskTarget(place.servers.redis_url, built)
    try:
        for event in events:
            require(await live.apply(Batch([event], caught_up=True)), Outcome.APPLIED)
        at = 0
        for size in itertools.cycle(sizes):
            if at == len(events):
                break
            window = await folded(target.window_fold, events[at : at + size])
            half = window._replace(payload=window.payload[: len(window.payload) // 2])
            if half.payload:  # the projector is killed between two calls, and goes on from the checkpoint
                require(await target.apply_window(half), Outcome.APPLIED)
                require(await target.apply_window(window), Outcome.DUPLICATE)
                at = await target.checkpoint()
            else:
                require(await target.apply_window(window), Outcome.APPLIED)
                at = window.last
        assert await target.checkpoint() == len(events)
        now_s = int(time.time())
    finally:
        await live.close()
        await target.close()
    expected, found = [_read(await dump_risk(place.redis, keys), now_s) for keys in (plain, built)]
    assert sum(isinstance(held, list) for held in expected.values()) > 3, "the story has too little of the last day"
    if found != expected:
        raise ContractBroken("the model is not that of the live path")


def _read(content: dict[str, Any], now_s: int) -> dict[str, Any]:
    """What can be read of the model: nobody asks whom somebody met more than a day ago."""
    since = now_s - DISTINCT_WINDOW_S
    recent = {
        name: held if isinstance(held, dict) else [(other, at) for other, at in held if at > since]
        for name, held in content.items()
    }
    return {name: held for name, held in recent.items() if held}


@pytest.mark.parametrize("sizes", [(STORY_EVENTS * 2,), (1,), (7, 90, 23)])
async def test_risk_from_windows_is_that_of_the_live_path(place: Place, sizes: Sequence[int]) -> None:
    await risk_from_windows(place, sizes)


RISK_FAULTS: Final[dict[str, tuple[Any, str, Any]]] = {
    "counts the meetings of half a day only": (packing, "DISTINCT_WINDOW_S", DISTINCT_WINDOW_S // 2),
    "keeps the first of two meetings": in_risk(
        "met.at, met.members[other] = at, at", "met.at, met.members[other] = at, met.members[other] or at"
    ),
    "forgets a payment that is not concluded yet": in_risk("if not payment.is_concluded then", "if false then"),
    "begins every ring anew": in_risk("held = packed and cmsgpack.unpack(packed) or {}", "held = {}"),
    "adds to what was read, not to what was added": in_risk("local held = hash.rings[field]", "local held"),
}


@pytest.mark.parametrize("fault", RISK_FAULTS)
async def test_a_fault_in_windows_of_risk_is_found(place: Place, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*RISK_FAULTS[fault])
    with pytest.raises(ContractBroken):
        await risk_from_windows(place, (STORY_EVENTS * 2,))

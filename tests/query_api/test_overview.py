"""The overview: its figures by hand, each part at its own position, and what it says while a source is away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from contracts.overview import ModelLag
from query_api.lake import Lake, LakeLimits
from query_api.metrics import QueryMetrics
from query_api.overview.alerts import LAG_EVENTS_MAX, LAG_S_MAX, Figures, alerts_of
from query_api.overview.sums import REFRESH_S, Increment, LakeSums, Sums
from runtime.clock import FixedClock
from tests.query_api.bank import START, small_bank
from tests.query_api.windows import Window

NOW = datetime(2026, 3, 1, 13, 0, 30, tzinfo=UTC)
MINUTE_OF_START = int(START.timestamp()) // 60


async def test_the_overview_adds_up(window: Window) -> None:
    """Assets equal liabilities, equity and income less expenses; payments are counted where they are."""
    overview = await window.get("/overview")
    by_currency = {line["currency"]: line for line in overview["balances"]}
    assert (by_currency["EUR"]["assets_minor"], by_currency["EUR"]["liabilities_minor"]) == (1000_00, 1000_00)
    assert (by_currency["JPY"]["assets_minor"], by_currency["JPY"]["liabilities_minor"]) == (5000, 5000)
    for line in by_currency.values():
        claims = line["liabilities_minor"] + line["equity_minor"] + line["income_minor"] - line["expenses_minor"]
        assert line["assets_minor"] == claims
    assert overview["payments"]["by_status"] == {"ACSC": 1, "RJCT": 1}
    assert overview["payments"] | {"in_review": 0, "awaiting": 0, "parked": 0} == overview["payments"]
    head = window.bank.position
    assert overview["position"] == overview["as_of"]["position"] == head
    assert overview["positions"] == {"book": head, "wallets": head, "desk": head, "lake": head}
    assert {lag["model"]: (lag["events"], lag["seconds"]) for lag in overview["lag"]} == dict.fromkeys(
        ("wallets", "desk", "lake"), (0, 0.0)
    )


async def test_each_part_says_its_own_position(own_window: Window) -> None:
    """Redis ahead of the lake: figures of both, each exact where it stands."""
    head = own_window.bank.position
    await own_window.write_book()
    await own_window.write_wallets()
    await own_window.write_desk(to=head - 1)
    own_window.write_lake(to=9)
    overview = await own_window.get("/overview")
    assert overview["positions"] == {"book": head, "wallets": head, "desk": head - 1, "lake": 9}
    [eur, jpy] = overview["balances"]
    assert (eur["assets_minor"], jpy["assets_minor"]) == (1000_00, 5000)
    assert {lag["model"]: lag["events"] for lag in overview["lag"]} == {"wallets": 0, "desk": 1, "lake": head - 9}


async def test_what_is_away_is_null_and_an_alert(own_window: Window) -> None:
    """Neither the lake nor Redis is there yet: the overview is, and says so."""
    await own_window.write_book()
    overview = await own_window.get("/overview")
    assert overview["balances"] is overview["volume"] is None
    [lake] = [alert for alert in overview["alerts"] if alert["key"] == "source_unavailable:lake"]
    assert (lake["severity"], lake["kind"]) == ("critical", "source_unavailable")
    assert lake["since"]
    assert overview["position"] == 0
    await own_window.write_wallets()
    answer = await own_window.get("/overview", min_position=own_window.bank.position)
    assert answer["position"] == own_window.bank.position


async def test_the_overview_waits_for_a_position(window: Window) -> None:
    refused = await window.refused("/overview", min_position=window.bank.position + 1, wait_ms=50)
    assert (refused["code"], refused["position"]) == ("position_not_reached", window.bank.position)


def lake_at(folder: Path, clock: FixedClock) -> LakeSums:
    """Sums over a lake, as of a moment."""
    lake = Lake(folder, clock=clock, limits=LakeLimits(), metrics=QueryMetrics(CollectorRegistry()))
    return LakeSums(lake, clock=clock)


async def refreshed(sums: LakeSums, clock: FixedClock) -> Sums:
    """Wait until the sums were read again."""
    clock.advance(REFRESH_S)
    await sums.current()
    if sums._refreshing is not None:
        await sums._refreshing
    return await sums.current()


async def test_sums_that_grow_are_the_sums_of_everything(tmp_path: Path) -> None:
    """Read in pieces or at once: the same, and volumes and outcomes are those of the events."""
    bank = small_bank("sums")
    clock = FixedClock(NOW)
    growing = lake_at(tmp_path / "sums", clock)
    for last in (8, 9, 16, bank.position):
        bank.write_lake(tmp_path, to=last)
        grown = await refreshed(growing, clock)
        assert grown.position == last
        whole = await lake_at(tmp_path / "sums", clock).current()
        assert grown == whole
    today = {line.currency: (line.amount_minor, line.transfers) for line in grown.volume(NOW).today}
    assert today == {"EUR": (1000_00 + 300_00 + 20_00 + 20_00 + 50_00, 5), "JPY": (5000, 1)}
    assert sum(line.amount_minor for line in grown.volume(NOW).per_minute if line.currency == "EUR") == 1390_00
    assert grown.ended(NOW) == (1, 1)


def increment(after: int, position: int, *, minute: int = MINUTE_OF_START, amount_minor: int = 5) -> Increment:
    """A transfer of something."""
    money = {"currency": "EUR", "scale": 2, "amount_minor": amount_minor}
    other_side = {**money, "account_type": "income", "amount_minor": -amount_minor}
    return Increment(
        after=after,
        position=position,
        balances=[{**money, "account_type": "asset"}, other_side],
        volume=[{**money, "minute": minute, "transfers": 1}],
        outcomes=[{"minute": minute, "settled": 1, "rejected": 0}],
    )


def test_a_lake_built_again_begins_the_sums_again() -> None:
    """Else everything would count twice."""
    sums = Sums()
    sums.add(increment(0, 10), now=NOW)
    sums.add(increment(10, 20), now=NOW)
    assert sums.by_currency()[0].assets_minor == 10
    sums.add(increment(0, 15), now=NOW)
    [eur] = sums.by_currency()
    assert (eur.assets_minor, eur.income_minor, sums.position) == (5, 5, 15)


def test_minutes_are_forgotten_after_a_day_and_balances_never() -> None:
    sums = Sums()
    sums.add(increment(0, 10, minute=MINUTE_OF_START - 2), now=NOW)
    sums.add(increment(10, 20), now=NOW)
    later = START + timedelta(hours=24)
    assert sums.ended(later) == (1, 0)
    sums.add(Increment(after=20, position=21, balances=[], volume=[], outcomes=[]), now=later)
    assert len(sums.minutes) == len(sums.outcomes) == 1
    assert sums.by_currency()[0].assets_minor == 10
    assert sums.volume(later).today == ()


def lag(events: int | None, seconds: float | None) -> ModelLag:
    """How far a model called m is behind."""
    return ModelLag(model="m", position=1, events=events, seconds=seconds)


@pytest.mark.parametrize(
    ("figures", "found"),
    [
        ({}, []),
        ({"parked": 1, "in_review": 2}, [("critical", "1 payment stuck"), ("info", "2 payments held")]),
        ({"breaks": 2}, [("warning", "2 breaks between")]),
        ({"unavailable": {"stream": "NATS: down"}}, [("critical", "stream does not answer: NATS: down")]),
        ({"lag": [lag(LAG_EVENTS_MAX, LAG_S_MAX)]}, []),
        (
            {"lag": [lag(LAG_EVENTS_MAX + 1, 0)]},
            [("warning", "m is behind")],
        ),
        ({"lag": [lag(1, LAG_S_MAX + 1)]}, [("warning", "m is behind")]),
        ({"lag": [lag(None, None)]}, []),
    ],
)
def test_alerts_say_what_a_person_should_look_at(figures: dict[str, Any], found: list[tuple[str, str]]) -> None:
    alerts = alerts_of(Figures(**figures), now=NOW)
    assert len(alerts) == len(found)
    for alert, (severity, words) in zip(alerts, found, strict=True):
        assert alert.severity == severity
        assert alert.text.startswith(words)
        assert alert.link.startswith("/v1/")

"""Running sums over the lake: balances by type, volume by minute, payments that ended.

Each refresh reads only the rows after the position of the one before, so its cost follows what is new and not the
length of the history. A lake that was built again begins at zero, and so do the sums.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from msgspec import Struct, field

from contracts.overview import CurrencyBalances, DayVolume, MinuteVolume, Volume
from query_api.lake import Lake, LakeCursor
from query_api.refusals import ReadRefused, SourceDown
from runtime.clock import Clock
from runtime.shutdown import end_all
from runtime.sql_files import load_queries

REFRESH_S: Final = 1.0
KEPT: Final = timedelta(hours=24)
SHOWN: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)

_QUERIES: Final = load_queries(Path(__file__).parents[1] / "sql" / "overview.sql")
_TYPES: Final = {"asset": 1, "liability": -1, "equity": -1, "income": -1, "expense": 1}  # to the normal side
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_log = structlog.get_logger(__name__)


class Increment(Struct, frozen=True, kw_only=True):
    """What the lake has after one position up to another. Minutes are counted since 1970."""

    after: int
    position: int
    balances: list[dict[str, Any]]
    volume: list[dict[str, Any]]
    outcomes: list[dict[str, Any]]


class Sums(Struct, kw_only=True):
    """The sums at a position; changed by `add` only."""

    position: int = 0
    balances: dict[tuple[str, str], int] = field(default_factory=dict)
    scales: dict[str, int] = field(default_factory=dict)
    minutes: dict[tuple[int, str], tuple[int, int]] = field(default_factory=dict)
    outcomes: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(self, increment: Increment, *, now: datetime) -> None:
        """Take in what is new, and forget what is older than KEPT."""
        if increment.after != self.position:  # the lake was built again
            self.balances, self.minutes, self.outcomes = {}, {}, {}
        for row in increment.balances:
            key = (row["currency"], row["account_type"])
            self.balances[key] = self.balances.get(key, 0) + int(row["amount_minor"])
            self.scales[row["currency"]] = row["scale"]
        for row in increment.volume:
            place = (row["minute"], row["currency"])
            amount_minor, transfers = self.minutes.get(place, (0, 0))
            self.minutes[place] = (amount_minor + int(row["amount_minor"]), transfers + row["transfers"])
        for row in increment.outcomes:
            settled, rejected = self.outcomes.get(row["minute"], (0, 0))
            self.outcomes[row["minute"]] = (settled + row["settled"], rejected + row["rejected"])
        self.position = increment.position
        oldest = _minute_of(now - KEPT)
        self.minutes = {place: counted for place, counted in self.minutes.items() if place[0] >= oldest}
        self.outcomes = {minute: counted for minute, counted in self.outcomes.items() if minute >= oldest}

    def by_currency(self) -> tuple[CurrencyBalances, ...]:
        """Give the balances."""

        def of(currency: str, account_type: str) -> int:
            return _TYPES[account_type] * self.balances.get((currency, account_type), 0)

        return tuple(
            CurrencyBalances(
                currency=currency,
                scale=scale,
                assets_minor=of(currency, "asset"),
                liabilities_minor=of(currency, "liability"),
                equity_minor=of(currency, "equity"),
                income_minor=of(currency, "income"),
                expenses_minor=of(currency, "expense"),
            )
            for currency, scale in sorted(self.scales.items())
        )

    def volume(self, now: datetime) -> Volume:
        """Give what moved today and in the last hour."""
        midnight = _minute_of(now.replace(hour=0, minute=0, second=0, microsecond=0))
        first_shown = _minute_of(now - SHOWN)
        today: dict[str, tuple[int, int]] = {}
        for (minute, currency), (amount_minor, transfers) in self.minutes.items():
            if minute >= midnight:
                summed = today.get(currency, (0, 0))
                today[currency] = (summed[0] + amount_minor, summed[1] + transfers)
        return Volume(
            today=tuple(
                DayVolume(currency=currency, scale=self.scales[currency], amount_minor=amount, transfers=transfers)
                for currency, (amount, transfers) in sorted(today.items())
            ),
            per_minute=tuple(
                MinuteVolume(minute=_EPOCH + minute * MINUTE, currency=currency, amount_minor=amount, transfers=count)
                for (minute, currency), (amount, count) in sorted(self.minutes.items())
                if minute >= first_shown
            ),
        )

    def ended(self, now: datetime) -> tuple[int, int]:
        """Give how many payments were settled and rejected within KEPT."""
        oldest = _minute_of(now - KEPT)
        counted = [pair for minute, pair in self.outcomes.items() if minute >= oldest]
        return sum(settled for settled, _ in counted), sum(rejected for _, rejected in counted)


class LakeSums:
    """The sums of one ledger's lake, refreshed at most every REFRESH_S and never while somebody waits for them.

    The very first time somebody does wait.
    """

    def __init__(self, lake: Lake, *, clock: Clock) -> None:
        self._lake = lake
        self._clock = clock
        self._sums = Sums()
        self._refreshed_at: float | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._down: SourceDown | ReadRefused | None = None

    async def current(self) -> Sums:
        """Return the sums; what they lack is being read. Raises SourceDown and ReadRefused while that fails."""
        now = self._clock.monotonic()
        is_due = self._refreshed_at is None or now - self._refreshed_at >= REFRESH_S
        if is_due and self._refreshing is None:
            self._refreshing = asyncio.create_task(self._refresh())
        if self._refreshed_at is None and self._refreshing is not None:
            await asyncio.shield(self._refreshing)
        if self._down is not None:
            raise self._down
        return self._sums

    async def close(self) -> None:
        """Give up what is being read."""
        if self._refreshing is not None:
            await end_all([self._refreshing])

    async def _refresh(self) -> None:
        try:
            increment = await self._lake.run(self._read)
            self._sums.add(increment, now=self._clock.now())
            self._down = None
        except (SourceDown, ReadRefused) as down:
            self._down = down
        except Exception:
            _log.exception("overview_sums_failed")
            self._down = SourceDown("the lake: its sums could not be read")
        finally:
            self._refreshed_at = self._clock.monotonic()
            self._refreshing = None

    def _read(self, cursor: LakeCursor) -> Increment:
        """Read what is new; runs in a lake thread."""
        after = self._sums.position if self._sums.position <= cursor.position else 0
        since = self._clock.now() - KEPT
        return Increment(
            after=after,
            position=cursor.position,
            balances=cursor.query(_QUERIES["sum_balances"], {"after": after}).to_pylist(),
            volume=cursor.query(_QUERIES["sum_volume"], {"after": after, "since": since}).to_pylist(),
            outcomes=cursor.query(_QUERIES["count_outcomes"], {"after": after, "since": since}).to_pylist(),
        )


def _minute_of(moment: datetime) -> int:
    return (moment - _EPOCH) // MINUTE

"""What operators may ask of a model's versions, carried out by its keeper, one request after the other.

Promoting and rolling back never make an answer older than the one before: the version that takes over is waited for,
until it is as far as the one that serves. A version that does not get there in time stays where it is.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
import structlog

from projectors.control.keeper import Keeper
from projectors.control.line import Line
from projectors.control.table import Build, Request, VersionTable
from projectors.stores.holding import NotLevel
from projectors.stores.store import Side

LEVEL_WITHIN_S: Final = 5.0  # for the version that takes over to be as far as the one that serves
LOOK_S: Final = 0.01

_log = structlog.get_logger(__name__)


class Refused(Exception):
    """The request cannot be carried out as things are; the text says why and what to do."""


class Outcome(msgspec.Struct, frozen=True):
    """What came of a request, in words, with what was found."""

    detail: str
    result: msgspec.Struct | None = None


class Operator:
    """Carries out requests about one model."""

    def __init__(self, keeper: Keeper, table: VersionTable) -> None:
        self._keeper = keeper
        self._table = table

    async def perform(self, request: Request) -> Outcome:
        """Do what was asked. Raises Refused, ControlUnreachable, TargetUnreachable, BookUnreachable."""
        await self._keeper.refresh()
        match request.action:
            case "pause" | "resume":
                outcome = await self._want(request, paused=request.action == "pause")
            case "rebuild":
                outcome = await self._rebuild()
            case "promote":
                outcome = await self._promote(request)
            case "roll-back":
                outcome = await self._roll_back()
            case "drop":
                outcome = await self._drop(request)
            case "compare":
                outcome = await self._compare()
        await self._keeper.refresh()
        return outcome

    async def _want(self, request: Request, *, paused: bool) -> Outcome:
        build = self._version(request.version) if request.version else self._in_role("serving")
        await self._table.want(build, "paused" if paused else "running")
        return Outcome(f"version {build.version} is {'paused' if paused else 'kept up again'}")

    async def _rebuild(self) -> Outcome:
        candidate = self._keeper.in_role("candidate")
        if candidate is not None:
            raise Refused(f"version {candidate.version} is being built already; promote it or drop it first")
        build = await self._keeper.begin()
        return Outcome(f"version {build.version} is being built beside the one that serves")

    async def _promote(self, request: Request) -> Outcome:
        serving, candidate = self._in_role("serving"), self._keeper.in_role("candidate")
        if request.version is not None and request.version == serving.version:
            return Outcome(f"version {serving.version} serves already")
        if candidate is None or request.version not in (None, candidate.version):
            raise Refused("there is no such candidate; ask for a rebuild first")
        line = self._line(candidate)
        if not line.is_level():
            raise Refused(
                f"version {candidate.version} is at position {line.progress.position}, "
                f"{line.progress.lag_events} events behind; wait until it follows the book"
            )
        await self._require_whole(candidate)
        await self._wait_for(line, serving)
        await self._table.promote(self._keeper.store.model)
        await self._point_at(candidate)
        return Outcome(f"version {candidate.version} serves; version {serving.version} is kept for a roll-back")

    async def _roll_back(self) -> Outcome:
        serving, retired = self._in_role("serving"), self._keeper.in_role("retired")
        if retired is None:
            raise Refused("there is no version to go back to: nothing was promoted, or the old one was dropped")
        if retired.layout == self._keeper.store.layout:  # else another program keeps it up, and knows how far it is
            await self._require_whole(retired)
            await self._wait_for(self._line(retired), serving)
        await self._table.roll_back(self._keeper.store.model)
        await self._point_at(retired)
        return Outcome(f"version {retired.version} serves again; version {serving.version} is kept")

    async def _drop(self, request: Request) -> Outcome:
        found = [self._keeper.in_role(role) for role in ("candidate", "retired")]
        build = next((one for one in found if one and request.version in (None, one.version)), None)
        if build is None:
            raise Refused("there is nothing to drop: no candidate, no retired version of that number")
        await self._table.give_up(build)
        return Outcome(f"version {build.version} is being dropped")

    async def _compare(self) -> Outcome:
        serving, candidate = self._in_role("serving"), self._keeper.in_role("candidate")
        other = candidate or self._keeper.in_role("retired")
        if other is None:
            raise Refused("there is nothing to compare: ask for a rebuild first")
        line = self._line(other)
        if not line.is_level():
            raise Refused(f"version {other.version} does not follow the book yet; wait until it does")
        sides = [Side(one.build.version, one.gate) for one in (self._line(serving), line)]
        try:
            found = await self._keeper.store.compare(*sides)
        except NotLevel as moving:
            raise Refused(str(moving)) from moving
        equal = "equal" if found.equal else "DIFFERENT"
        return Outcome(f"versions {serving.version} and {other.version} are {equal} at {found.position}", found)

    async def _require_whole(self, build: Build) -> None:
        try:
            await self._keeper.store.require_whole(build.version)
        except NotLevel as partial:
            raise Refused(str(partial)) from partial

    async def _wait_for(self, line: Line, serving: Build) -> None:
        """Wait until a version is as far as the one that serves. Raises Refused."""
        ahead = self._keeper.lines.get(serving.version)
        if ahead is None:
            return  # paused, or of another layout: it does not move, and the candidate is level with the book
        try:
            async with asyncio.timeout(LEVEL_WITHIN_S):
                while True:  # ends at the limit above at the latest; both follow one book, milliseconds apart
                    if line.progress.position >= ahead.progress.position:
                        return
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise Refused(
                f"version {line.build.version} did not become as current as version {serving.version} within "
                f"{LEVEL_WITHIN_S:g} s: {line.progress.reason or 'it is slower'}"
            ) from None

    async def _point_at(self, build: Build) -> None:
        """Point readers at a version that the table says serves, and wake whoever waits for what it has."""
        await self._keeper.store.point_at(build.version)
        _log.info("version_serves", model=build.model, version=build.version)
        await self._keeper.refresh()
        line = self._keeper.lines.get(build.version)
        if line is not None:
            await line.announce()

    def _in_role(self, role: str) -> Build:
        build = self._keeper.in_role(role)
        if build is None:
            raise Refused(f"no version is {role}")
        return build

    def _version(self, version: int) -> Build:
        build = next((one for one in self._keeper.builds if one.version == version and one.role != "dropping"), None)
        if build is None:
            raise Refused(f"there is no version {version}")
        return build

    def _line(self, build: Build) -> Line:
        line = self._keeper.lines.get(build.version)
        if line is None:
            raise Refused(f"version {build.version} is not being kept up; resume it and wait until it is level")
        return line

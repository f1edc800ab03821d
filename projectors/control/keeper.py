"""Keeps the versions of one model: one line per version that is wanted, readers pointed at the one that serves.

Each model has a keeper of its own, so that a store which does not answer holds up its own model and no other.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog

from projectors.control.line import Line, Surroundings
from projectors.control.table import Build, ControlUnreachable, Report, VersionTable
from projectors.progress import Progress
from projectors.stores.store import Store

DROP_AFTER_S: Final = 10.0  # readers look at the pointer every second, and some still hold what they read before

_log = structlog.get_logger(__name__)


class Keeper:
    """The versions of one model. Without a table there is one: that which the pointer names."""

    def __init__(
        self, store: Store, shared: Surroundings, *, table: VersionTable | None, models: list[Progress]
    ) -> None:
        """``models``: the progress of every line is in it while the line runs."""
        self.store = store
        self.table = table
        self.lines: dict[int, Line] = {}
        self.builds: list[Build] = []
        self._shared = shared
        self._models = models
        self._trouble = "it has not reached its store yet"
        self._is_astray = False

    async def stop(self) -> None:
        """Stop every line."""
        for version in list(self.lines):
            await self._stop(version)

    def fail(self, trouble: str) -> None:
        """Note why a turn came to nothing."""
        self._trouble = trouble

    async def turn(self) -> None:
        """Bring what runs in line with what is wanted. Raises what the table, the store and the book raise."""
        await self.refresh()
        for line in self.lines.values():
            line.require_running()
        for build in self.builds:
            if build.role == "dropping":
                await self._drop(build)
        if self.table is not None:
            await self.point()

    async def refresh(self) -> None:
        """Read which versions there are, and start and stop lines accordingly."""
        self.builds = await self._read()
        wanted = {build.version: build for build in self.builds if self._is_to_run(build)}
        for version in [version for version in self.lines if version not in wanted]:
            await self._stop(version)
        for version, build in wanted.items():
            if version in self.lines:
                self.lines[version].see(build)
            else:
                line = self.lines[version] = Line(build, self.store, self._shared)
                self._models.append(line.progress)

    async def point(self) -> None:
        """Point readers at the version that serves, where they are not.

        Twice in a row they must be astray: another process may be pointing them just now.
        """
        serving = self.in_role("serving")
        if serving is None or await self.store.read_pointer() == serving.version:
            self._is_astray = False
        elif not self._is_astray:
            self._is_astray = True
        else:
            _log.warning("pointer_mended", model=self.store.model, version=serving.version)
            await self.store.point_at(serving.version)

    def has_newest_layout(self) -> bool:
        """Tell whether requests are for this process: where two programs run, the newer one carries them out."""
        return all(build.layout <= self.store.layout for build in self.builds)

    def in_role(self, role: str) -> Build | None:
        """Return the version in a role, None when there is none."""
        return next((build for build in self.builds if build.role == role), None)

    async def begin(self) -> Build:
        """Add an empty version in its place of the store, to be built from the book."""
        if self.table is None:
            raise ControlUnreachable("there is no table of versions; set control_database_url")
        head = await self._shared.book.read_head()
        version = max([await self.store.read_pointer(), *(build.version for build in self.builds)]) + 1
        await self.store.clear(version)  # what an interrupted drop or an older backup left there
        build = Build(
            model=self.store.model,
            version=version,
            layout=self.store.layout,
            role="candidate",
            head=head.position,
        )
        await self.table.add(build)
        return build

    def reports(self) -> list[Report]:
        """Say how each version is that runs here, and which are paused."""
        running = [line.report() for line in self.lines.values()]
        paused = [
            Report(model=build.model, version=build.version, state="paused")
            for build in self.builds
            if build.wanted == "paused" and build.version not in self.lines and build.role != "dropping"
        ]
        return running + paused

    async def why_not_ready(self) -> str | None:
        """Say what keeps the version that serves from giving fresh answers, None when nothing does."""
        serving = self.in_role("serving")
        if serving is None:
            return f"starting: {self._trouble}"
        if serving.wanted == "paused":
            return None  # as somebody wished, and readers are told how old their answers are
        line = self.lines.get(serving.version)
        if line is None:
            return (
                f"stopped: version {serving.version} has layout {serving.layout}, this program writes "
                f"{self.store.layout}; promote a version of that layout"
            )
        return await line.progress.why_not_ready()

    async def _read(self) -> list[Build]:
        if self.table is None:
            if self.builds:
                return self.builds
            return [Build(model=self.store.model, version=await self.store.read_pointer(), layout=self.store.layout)]
        builds = [build for build in await self.table.read() if build.model == self.store.model]
        if not builds:
            head = await self._shared.book.read_head()
            found = Build(
                model=self.store.model,
                version=await self.store.read_pointer(),
                layout=self.store.layout,
                head=head.position,
            )
            await self.table.add(found)
            return [found]
        self.builds = builds
        if all(build.layout < self.store.layout for build in builds) and self.in_role("candidate") is None:
            return [*builds, await self.begin()]  # this program is newer than every version
        return builds

    def _is_to_run(self, build: Build) -> bool:
        return build.role != "dropping" and build.wanted == "running" and build.layout == self.store.layout

    async def _drop(self, build: Build) -> None:
        if self.table is None or build.role_since is None:
            return
        now = self._shared.clock.now()
        if now - build.role_since >= timedelta(seconds=DROP_AFTER_S):
            await self.store.clear(build.version)
            await self.table.forget(build)

    async def _stop(self, version: int) -> None:
        line = self.lines.pop(version)
        self._models.remove(line.progress)
        await line.stop()

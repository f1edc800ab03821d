"""Which words a ruleset gave its reasons: from the shelf where rulesets are kept, else from the one that is shipped.

Words belong to the version that decided. A version that is on no shelf here is explained by the shipped ruleset, and
the answer says so; a code that nobody has words for stands for itself.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import structlog

from contracts.risk_words import DEFAULT_RULESET, RulesetWords, words_of_ruleset

RULESETS_KEPT_MAX: Final = 16
RULESET_BYTES_MAX: Final = 262_144

_log = structlog.get_logger(__name__)


class RulesetShelf:
    """The rulesets of a folder, read only. ``folder``: the command API's own, or None where it cannot be seen."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._shipped = words_of_ruleset(DEFAULT_RULESET.read_bytes())
        self._kept: dict[str, RulesetWords] = {self._shipped.version: self._shipped}

    async def words(self, version: str) -> RulesetWords:
        """Give the words of a version, or those of the shipped ruleset when it is not to be had."""
        found = self._kept.get(version)
        if found is None:
            found = await asyncio.to_thread(self._read, version)
            if found is None:
                return self._shipped
            if len(self._kept) < RULESETS_KEPT_MAX:
                self._kept[version] = found
        return found

    def _read(self, version: str) -> RulesetWords | None:
        if self._folder is None:
            return None
        path = self._folder / "rulesets" / f"{version}.toml"  # a version has no slash and begins with no dot
        try:
            with path.open("rb") as file:
                found = words_of_ruleset(file.read(RULESET_BYTES_MAX))
        except (OSError, ValueError) as fault:
            _log.info("ruleset_not_readable", version=version, error=type(fault).__name__)
            return None
        return found if found.version == version else None

"""Screening a name: the one thing that the door calls.

`Screener.screen` answers at once and is meant for names of everyday length, which take about a millisecond. The event
loop calls `screen_aside`, which does the same, but leaves the loop free when a name has so many candidates that
comparing them would hold up everybody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from command_api.screening.entries import BirthDate, EntryKind, ListRefused
from command_api.screening.loaded import LoadedLists, Match
from command_api.screening.loading import list_files, load_lists
from command_api.screening.names import NormalName, normalise_asked
from command_api.screening.scoring import SAME, birth_change, country_change, kind_change
from command_api.screening.settings import ScreeningTerms
from contracts.screening import ListedHit, ListVersion, ScreeningSummary

COMPARED_IN_THE_LOOP_MAX: Final = 500  # candidates; about two milliseconds


class Party(Struct, frozen=True, kw_only=True):
    """Who is screened. Only the name is needed; what else is known sharpens the answer.

    ``countries`` are ISO 3166 alpha-2 codes of nationality and residence. Personal data: seal or forget it.
    """

    name: str
    kind: EntryKind | None = None
    birth_date: BirthDate | None = None
    countries: frozenset[str] = frozenset()


class ScreeningHit(Struct, frozen=True, kw_only=True):
    """An entry that came up, with the evidence. Holds the screened name: for a sealed case, never for an event."""

    list: str
    entry_id: str
    kind: EntryKind
    listed_name: str
    programme: str
    score_permille: int
    compared_listed: str
    compared_screened: str


class ScreeningResult(Struct, frozen=True, kw_only=True):
    """The answer for one name, best hits first. `summary` is what may leave this process in clear."""

    outcome: Literal["clear", "hit"]
    lists: tuple[ListVersion, ...]
    hits: tuple[ScreeningHit, ...]
    hits_count: int

    def summary(self) -> ScreeningSummary:
        """Return the same without any name."""
        return ScreeningSummary(
            outcome=self.outcome,
            lists=self.lists,
            hits=tuple(
                ListedHit(list=hit.list, entry_id=hit.entry_id, score_permille=hit.score_permille) for hit in self.hits
            ),
            hits_count=self.hits_count,
        )


def summary_of(results: Sequence[ScreeningResult]) -> ScreeningSummary:
    """Put the results of a payment's parties into one summary: a hit if any is one, an entry counted once per party.

    All of them have to come from the same lists. Raises ValueError for none, and when the lists were exchanged between.
    """
    if len({result.lists for result in results}) != 1:
        raise ValueError("a summary is of one or more results from the same lists")
    hits = sorted((hit for result in results for hit in result.summary().hits), key=_rank)
    return ScreeningSummary(
        outcome="hit" if hits else "clear",
        lists=results[0].lists,
        hits=tuple(hits),
        hits_count=sum(result.hits_count for result in results),
    )


def _rank(hit: ListedHit) -> tuple[int, str, str]:
    return -hit.score_permille, hit.list, hit.entry_id


class Screener:
    """Screens names against the lists of a folder, or of named files."""

    def __init__(self, paths: Sequence[Path], *, loaded: LoadedLists, terms: ScreeningTerms) -> None:
        self._paths = tuple(paths)
        self._loaded = loaded
        self._terms = terms
        self._aside = asyncio.Lock()  # one long comparison at a time: more would only share the interpreter

    @classmethod
    def load(cls, paths: Sequence[Path], *, terms: ScreeningTerms | None = None) -> Screener:
        """Load lists; a folder stands for all lists in it. Raises ListRefused, also when there is no list at all."""
        return cls(paths, loaded=_load(paths), terms=terms or ScreeningTerms())

    @property
    def lists(self) -> tuple[ListVersion, ...]:
        """The lists that are asked now."""
        return self._loaded.versions

    @property
    def entries_count(self) -> int:
        """How many entries the lists have together."""
        return self._loaded.entries_count

    def files(self) -> tuple[Path, ...]:
        """Name the files that a reload would read."""
        return _files(self._paths)

    def reload(self) -> tuple[ListVersion, ...]:
        """Read the files again and exchange the lists whole. Raises ListRefused, and then the old ones stay."""
        self._loaded = _load(self._paths)
        return self._loaded.versions

    def screen(self, party: Party) -> ScreeningResult:
        """Screen one name now. Raises UnscreenableName."""
        loaded, name = self._loaded, normalise_asked(party.name)
        threshold = self._terms.threshold_permille
        matches = loaded.remembered(name, threshold=threshold)
        if matches is None:
            matches = loaded.compare(name, loaded.questions(name), threshold=threshold)
        return self._result(party, name, loaded=loaded, matches=matches)

    async def screen_aside(self, party: Party) -> ScreeningResult:
        """Screen one name without holding the event loop for long. Raises UnscreenableName."""
        loaded, name = self._loaded, normalise_asked(party.name)
        threshold = self._terms.threshold_permille
        matches = loaded.remembered(name, threshold=threshold)
        if matches is None:
            questions = loaded.questions(name)
            if sum(len(question.candidates) for question in questions) <= COMPARED_IN_THE_LOOP_MAX:
                matches = loaded.compare(name, questions, threshold=threshold)
            else:
                async with self._aside:
                    matches = await asyncio.to_thread(loaded.compare, name, questions, threshold=threshold)
        return self._result(party, name, loaded=loaded, matches=matches)

    def _result(
        self, party: Party, name: NormalName, *, loaded: LoadedLists, matches: Iterable[Match]
    ) -> ScreeningResult:
        threshold = self._terms.threshold_permille
        best: dict[int, tuple[int, Match]] = {}
        for match in matches:
            score = score_of(party, match, threshold=threshold)
            if score >= threshold and score > best.get(id(match.entry), (-1, match))[0]:
                best[id(match.entry)] = (score, match)
        ranked = sorted(best.values(), key=lambda pair: (-pair[0], pair[1].entry.list, pair[1].entry.entry_id))
        return ScreeningResult(
            outcome="hit" if ranked else "clear",
            lists=loaded.versions,
            hits=tuple(_hit(score, match, name) for score, match in ranked[: self._terms.hits_max]),
            hits_count=len(ranked),
        )


def score_of(party: Party, match: Match, *, threshold: int) -> int:
    """Return the score of a match with everything known counted, 0 to 1000.

    The very name that a list does not doubt stays a hit whatever else is said: a birth date is easily misstated.
    """
    entry = match.entry
    score = match.score + kind_change(party.kind, entry.kind) + country_change(party.countries, entry.countries)
    if entry.kind == "person":
        score += birth_change(party.birth_date, entry.birth_dates)
    least = threshold if match.is_same and match.name.quality != "low" else 0
    return min(max(score, least), SAME)


def _hit(score: int, match: Match, name: NormalName) -> ScreeningHit:
    return ScreeningHit(
        list=match.entry.list,
        entry_id=match.entry.entry_id,
        kind=match.entry.kind,
        listed_name=match.name.text,
        programme=match.entry.programme,
        score_permille=score,
        compared_listed=match.listed_text,
        compared_screened=name.text,
    )


def _files(paths: Sequence[Path]) -> tuple[Path, ...]:
    try:
        return tuple(file for path in paths for file in (list_files(path) if path.is_dir() else (path,)))
    except OSError as fault:
        raise ListRefused(str(fault.filename), f"cannot be read: {fault.strerror}") from None


def _load(paths: Sequence[Path]) -> LoadedLists:
    files = _files(paths)
    if not files:
        raise ListRefused(", ".join(map(str, paths)) or "no folder", "no list is there; screening needs at least one")
    return LoadedLists(load_lists(files))

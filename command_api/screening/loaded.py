"""A set of lists as it is asked: loaded once, never changed, exchanged whole.

Persons and other entries have an index each, because legal forms are words of a company's name and may be a person's.
For names in scripts without vowels there are two more, of consonants: one of the persons' Latin names, for a name that
is asked in such a script, and one of the entries that a list names in such a script only.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Final, NamedTuple

from command_api.screening.entries import ListedName, ListEntry, ListFile
from command_api.screening.index import NameIndex
from command_api.screening.names import NormalName, UnscreenableName, normalise, skeletons
from command_api.screening.scoring import (
    OTHER_SCRIPT,
    RAISE_MAX,
    Likeness,
    Words,
    nearness,
    quality_change,
    words_to_compare,
)
from contracts.screening import ListVersion

NAMES_REMEMBERED_MAX: Final = 10_000  # results by name; the commonest payers and payees come again and again


class Match(NamedTuple):
    """A listed name that is near the one asked, before anything but the names was compared.

    ``listed_text`` is the listed name as it was compared; ``score`` counts the list's doubts about an alias and the
    other script, ``is_same`` says that the words are the same.
    """

    entry: ListEntry
    name: ListedName
    listed_text: str
    score: int
    is_same: bool


class Question(NamedTuple):
    """A name asked of one index: which of its names are candidates, and what comparing there takes away."""

    block: _Block
    words: Words
    candidates: list[int]
    change: int


class LoadedLists:
    """The lists of one moment with their indexes, and the matches of the names asked lately."""

    def __init__(self, files: Sequence[ListFile]) -> None:
        self.versions: tuple[ListVersion, ...] = tuple(file.version for file in files)
        self.entries_count = sum(len(file.entries) for file in files)
        named = [row for file in files for entry in file.entries for row in _rows(entry)]
        is_vowelled = {id(row.entry) for row in named if not row.normal.is_abjad}
        self._persons = _Block((row, row.normal.words) for row in named if row.entry.kind == "person")
        self._others = _Block((row, row.normal.core) for row in named if row.entry.kind != "person")
        self._consonants = _Block((row, skeletons(row.normal.core)) for row in named if not row.normal.is_abjad)
        self._vowelless = _Block((row, skeletons(row.normal.core)) for row in named if id(row.entry) not in is_vowelled)
        self._remembered: OrderedDict[tuple[NormalName, int], tuple[Match, ...]] = OrderedDict()
        self._lock = Lock()

    def remembered(self, name: NormalName, *, threshold: int) -> tuple[Match, ...] | None:
        """Return what `compare` found for this name lately."""
        with self._lock:
            found = self._remembered.get((name, threshold))
            if found is not None:
                self._remembered.move_to_end((name, threshold))
            return found

    def questions(self, name: NormalName) -> tuple[Question, ...]:
        """Ask the indexes for candidates; the cheap half of screening."""
        consonants = skeletons(name.core)
        asked = [
            (self._persons, name.words, 0),
            (self._others, name.core, 0),
            (self._consonants if name.is_abjad else self._vowelless, consonants, OTHER_SCRIPT),
        ]
        return tuple(_question(block, words, change) for block, words, change in asked if words)

    def compare(self, name: NormalName, questions: Iterable[Question], *, threshold: int) -> tuple[Match, ...]:
        """Compare with the candidates, and remember what came near enough that a birth date could make it a hit."""
        found = tuple(match for question in questions for match in _matches(question, least=threshold - RAISE_MAX))
        with self._lock:
            self._remembered[name, threshold] = found
            while len(self._remembered) > NAMES_REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        return found


class _Row(NamedTuple):
    entry: ListEntry
    name: ListedName
    normal: NormalName


class _Block:
    """Rows with the words they are found by."""

    def __init__(self, rows: Iterable[tuple[_Row, tuple[str, ...]]]) -> None:
        kept = [(row, words) for row, words in rows if words]
        self.rows = tuple(row for row, _ in kept)
        self.index = NameIndex([words_to_compare(words) for _, words in kept])


def _rows(entry: ListEntry) -> list[_Row]:
    """The names of an entry that can be compared; one without a letter cannot, and its entry may have others."""
    found = []
    for name in entry.names:
        try:
            found.append(_Row(entry, name, normalise(name.text)))
        except UnscreenableName:
            continue
    return found


def _question(block: _Block, words: tuple[str, ...], change: int) -> Question:
    side = words_to_compare(words)
    return Question(block, side, block.index.candidates(side), change)


def _matches(question: Question, *, least: int) -> list[Match]:
    names = question.block.index.names
    likeness = Likeness(question.words.words, (word for number in question.candidates for word in names[number].words))
    found = []
    for number in question.candidates:
        listed = names[number]
        row = question.block.rows[number]
        change = question.change + quality_change(row.name.quality)
        near = nearness(question.words, listed, likeness=likeness, least=least - change)
        score = near + change
        if score >= least:
            is_same = near == 1000 and question.change == 0
            found.append(Match(row.entry, row.name, " ".join(listed.words), score, is_same))
    return found

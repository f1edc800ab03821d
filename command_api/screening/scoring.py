"""How near two names are, in permille, and what a birth date or a country adds or takes away.

Two words are as like as the mean of their Jaro-Winkler similarity and their Indel ratio (both rapidfuzz's). Two names
are compared word by word, in whatever order they stand: each word of the name that has fewer goes with the free word
of the other that is most like it, or with two of them written together, longest words first. Then

    nearness = (1 - WORST_SHARE) * mean likeness, weighted by length + WORST_SHARE * likeness of the worst telling word
               - EXTRA_WORD for each telling word left over, at most EXTRA_WORDS_MAX

A *telling* word is one that is neither a particle (`al`, `von`, a single letter) nor a word of trade (`shipping`);
those count half. The nearness is 0 when a telling word finds nothing like itself, and when the shorter name has only
one telling word and one of the other is left over: one shared word is no shared name. (Unless it is long, and what is
left over is so short that it may be a misspelt legal form.)

This is what `token_sort_ratio` and `token_set_ratio` are for, with typing errors forgiven in each word and a short
word that differs not outweighed by a long one that does not. No number depends on what else is on the lists, so a new
entry never hides an old one.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import permutations
from typing import Final, NamedTuple

import numpy as np
from rapidfuzz.distance import JaroWinkler
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import cdist

from command_api.screening.entries import BirthDate, EntryKind, NameQuality
from command_api.screening.names import says_little

SAME: Final = 1000
WORST_SHARE: Final = 0.3
EXTRA_WORD: Final = 20
EXTRA_WORDS_MAX: Final = 100  # padding a name with words must not carry it below the threshold
WORD_LIKENESS_MIN: Final = 600  # below, two words are different words and not one misspelt
TOGETHER_LIKENESS_MIN: Final = 850  # two words written together have to be nearly what stands on the other side
LITTLE_WEIGHT: Final = 0.5
ALONE_CHARS_MIN: Final = 6
SHORT_CHARS_MAX: Final = 4
PAIRED_AT_ONCE_MAX: Final = 8  # words of a name up to which it is worth looking whether any pair could be short enough
PAIRS_KEPT: Final = 16_384  # names whose words are kept two by two

WEAK_ALIAS: Final = -50
OTHER_SCRIPT: Final = -40  # compared by consonants only
OTHER_KIND: Final = -50  # a person's name on a ship, or the other way round
BORN_SAME_DAY: Final = 40
BORN_SAME_YEAR: Final = 20
BORN_APART: Final = -100
SAME_COUNTRY: Final = 20
OTHER_COUNTRY: Final = -20
BORN_APART_YEARS: Final = 2  # lists are often a year or two off; only more than that speaks against a match
RAISE_MAX: Final = BORN_SAME_DAY + SAME_COUNTRY


class Part(NamedTuple):
    """One word of a name, how much it weighs in the mean, and whether it says something by itself."""

    word: str
    weight: float
    is_telling: bool


class Words(NamedTuple):
    """One side of a comparison: its words sorted, and longest first with their weights."""

    words: tuple[str, ...]
    parts: tuple[Part, ...]
    weight: float
    telling_count: int


def words_to_compare(words: tuple[str, ...]) -> Words:
    """Weigh the sorted words of a name. When none of them tells anything, all of them have to."""
    has_telling = not all(map(says_little, words))
    parts = tuple(
        Part(word, len(word) * (LITTLE_WEIGHT if is_little else 1.0), not is_little)
        for word in sorted(words, key=len, reverse=True)
        for is_little in [has_telling and says_little(word)]
    )
    return Words(words, parts, sum(part.weight for part in parts), sum(part.is_telling for part in parts))


class Likeness:
    """Likeness of words, in permille: of one name's words with all words that they will be compared with.

    They are computed at once, because a call per pair costs more than the pair; other pairs are computed when asked.
    """

    def __init__(self, asked: Iterable[str] = (), listed: Iterable[str] = ()) -> None:
        rows, columns = sorted(set(asked)), sorted(set(listed))
        self._known: dict[str, dict[str, float]] = {}
        if not rows or not columns:
            return
        table = 500 * cdist(rows, columns, scorer=JaroWinkler.similarity, dtype=np.float64)
        table += 5 * cdist(rows, columns, scorer=ratio, dtype=np.float64)
        for word, values in zip(rows, table.tolist(), strict=True):
            self._known[word] = dict(zip(columns, values, strict=True))
        for word, values in zip(columns, table.T.tolist(), strict=True):
            self._known.setdefault(word, {}).update(zip(rows, values, strict=True))

    def row(self, word: str) -> dict[str, float]:
        """Return what is known already of a word beside others."""
        return self._known.setdefault(word, {})

    def of(self, left: str, right: str) -> float:
        """Return the mean of Jaro-Winkler and Indel ratio; the same both ways."""
        known = self.row(left)
        value = known.get(right)
        if value is None:
            value = known[right] = 500 * JaroWinkler.similarity(left, right) + 5 * ratio(left, right)
        return value


def nearness(left: Words, right: Words, *, likeness: Likeness, least: int = 0) -> int:
    """Return how near two names are, 0 to 1000; 1000 only for the same words. What is below ``least`` may come as 0."""
    if left.words == right.words:
        return SAME
    is_left_shorter = (len(left.words), left.words) <= (len(right.words), right.words)
    shorter, longer = (left, right) if is_left_shorter else (right, left)
    return min(round(_aligned(shorter, longer, likeness=likeness, least=least)), SAME - 1)


def _aligned(shorter: Words, longer: Words, *, likeness: Likeness, least: int) -> float:
    free = [part.word for part in longer.parts]
    mean: float = SAME  # as if all words still to come were the same
    worst: float = SAME
    for word, weight, is_telling in shorter.parts:
        value, used = _best(word, free, longer, likeness=likeness)
        for taken in used:
            free.remove(taken)
        mean -= weight * (SAME - value) / shorter.weight
        worst = min(worst, value) if is_telling else worst
        if worst < WORD_LIKENESS_MIN or _total(mean, worst) < least:
            return 0.0
    extra = sum(1 for word in free if not says_little(word))
    if extra and shorter.telling_count == 1 and not _is_enough_alone(shorter, free):
        return 0.0
    return max(_total(mean, worst) - min(extra * EXTRA_WORD, EXTRA_WORDS_MAX), 0.0)


def _total(mean: float, worst: float) -> float:
    return (1 - WORST_SHARE) * mean + WORST_SHARE * worst


def _is_enough_alone(shorter: Words, free: list[str]) -> bool:
    """One telling word is a whole name if it is long and what is left of the other could be a misspelt legal form."""
    alone = next(part.word for part in shorter.parts if part.is_telling)
    return len(alone) >= ALONE_CHARS_MIN and max(map(len, free)) <= SHORT_CHARS_MAX


def _best(word: str, free: list[str], longer: Words, *, likeness: Likeness) -> tuple[float, tuple[str, ...]]:
    """The free word that is most like ``word``, or two free words that are it when written together."""
    if word in free:
        return SAME, (word,)
    best: float = 0.0
    used: tuple[str, ...] = ()
    known = likeness.row(word)
    for other in free:
        value = known[other] if other in known else likeness.of(word, other)
        if value > best:
            best, used = value, (other,)
    if len(free) < 2:
        return best, used
    return max((best, used), _together(word, free, longer, likeness=likeness))


def _together(word: str, free: list[str], longer: Words, *, likeness: Likeness) -> tuple[float, tuple[str, ...]]:
    best: tuple[float, tuple[str, ...]] = (0.0, ())
    if len(longer.words) <= PAIRED_AT_ONCE_MAX and sum(sorted(map(len, free))[:2]) > len(word) + 1:
        return best
    pairs = pairs_of(longer.words)
    for length in (len(word) - 1, len(word), len(word) + 1):
        for first, second in pairs.get((word[0], length), ()):
            value = likeness.of(word, first + second)
            is_free = first in free and second in free and (first != second or free.count(first) > 1)
            if value >= TOGETHER_LIKENESS_MIN and is_free:
                best = max(best, (value, (first, second)))
    return best


@lru_cache(maxsize=PAIRS_KEPT)
def pairs_of(words: tuple[str, ...]) -> dict[tuple[str, int], list[tuple[str, str]]]:
    """Return the words of a name two by two, in both orders, by their first letter and their length together.

    By the first letter, because a long name has hundreds of pairs: a word that is split *and* begins wrong is not met.
    """
    found: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for first, second in permutations(words, 2):
        found.setdefault((first[0], len(first) + len(second)), []).append((first, second))
    return found


def quality_change(quality: NameQuality) -> int:
    """Return what the list's own doubt about an alias takes away."""
    return WEAK_ALIAS if quality == "low" else 0


def kind_change(party: EntryKind | None, listed: EntryKind) -> int:
    """Return what it takes away that one is a person and the other is not; nothing when the party's kind is unknown."""
    return OTHER_KIND if party is not None and (party == "person") != (listed == "person") else 0


def birth_change(party: BirthDate | None, listed: tuple[BirthDate, ...]) -> int:
    """Compare birth dates: the best that one of the listed dates says; nothing when either side has none."""
    if party is None or not listed:
        return 0
    return max(_birth_change(party, date) for date in listed)


def _birth_change(party: BirthDate, listed: BirthDate) -> int:
    if party.day is not None and party.day == listed.day:
        return BORN_SAME_DAY
    apart = max(party.year_first - listed.year_last, listed.year_first - party.year_last, 0)
    if apart == 0:
        return BORN_SAME_YEAR
    return BORN_APART if apart > BORN_APART_YEARS else 0


def country_change(party: frozenset[str], listed: frozenset[str]) -> int:
    """Compare countries: one in common, none in common, or nothing to compare."""
    if not party or not listed:
        return 0
    return SAME_COUNTRY if party & listed else OTHER_COUNTRY

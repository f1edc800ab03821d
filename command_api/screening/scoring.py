"""How near two names are, in permille, and what a birth date or a country adds or takes away.

The nearness of two names is the greatest of

- *sorted*: the Indel ratio of the two sorted texts (rapidfuzz `fuzz.ratio`, which on sorted words is its
  `token_sort_ratio`);
- *aligned*: the words of the name that has fewer of them, each beside the best free word of the other, or beside two
  of its words written together. A pair counts the mean of Jaro-Winkler and Indel ratio, weighted by the word's length.
  Each word left over costs EXTRA_WORD, particles nothing, together at most EXTRA_WORDS_MAX. It counts only if the
  shorter name has two words that say something, and each of these found something like itself.

*Aligned* is a `token_set_ratio` that forgives typing errors and does not take one shared word for a shared name.
No number depends on what else is on the lists, so a new entry never hides an old one.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from rapidfuzz.distance import JaroWinkler
from rapidfuzz.fuzz import ratio

from command_api.screening.entries import BirthDate, EntryKind, NameQuality
from command_api.screening.names import is_particle

SAME: Final = 1000
EXTRA_WORD: Final = 20
EXTRA_WORDS_MAX: Final = 100  # padding a name with words must not carry it below the threshold
WORD_LIKENESS_MIN: Final = 600  # below, two words are different words and not one misspelt
TOGETHER_LIKENESS_MIN: Final = 850  # two words written together have to be nearly what stands on the other side

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


class Words(NamedTuple):
    """One side of a comparison: sorted words, and the same as text."""

    words: tuple[str, ...]
    text: str


class Likeness:
    """Likeness of words, kept while one name is compared with many: the same words come up again and again."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], float] = {}

    def of(self, left: str, right: str) -> float:
        """Return the mean of Jaro-Winkler and Indel ratio, in permille."""
        if left == right:
            return SAME
        pair = (left, right)
        known = self._known.get(pair)
        if known is None:
            known = 500 * JaroWinkler.similarity(left, right) + 5 * ratio(left, right)
            self._known[pair] = known
        return known


def nearness(left: Words, right: Words, *, likeness: Likeness) -> int:
    """Return how near two names are, 0 to 1000; 1000 only for the same words."""
    if left.words == right.words:
        return SAME
    best = 10 * ratio(left.text, right.text)
    shorter, longer = _by_length(left, right)
    if sum(1 for word in shorter.words if not is_particle(word)) > 1:
        best = max(best, _aligned(shorter, longer, likeness=likeness))
    return min(round(best), SAME - 1)


def _by_length(left: Words, right: Words) -> tuple[Words, Words]:
    """The name with fewer words first; between equals the shorter text, so that the order of asking is no matter."""
    one, other = sorted((left, right), key=lambda side: (len(side.words), len(side.text), side.text))
    return one, other


def _aligned(shorter: Words, longer: Words, *, likeness: Likeness) -> float:
    free = list(longer.words)
    total = weight = 0.0
    for word in sorted(shorter.words, key=len, reverse=True):
        value, used = _best(word, free, likeness=likeness)
        if value < WORD_LIKENESS_MIN and not is_particle(word):
            return 0.0
        for taken in used:
            free.remove(taken)
        total += len(word) * value
        weight += len(word)
    extra = sum(1 for word in free if not is_particle(word))
    return total / weight - min(extra * EXTRA_WORD, EXTRA_WORDS_MAX)


def _best(word: str, free: list[str], *, likeness: Likeness) -> tuple[float, tuple[str, ...]]:
    """The free word that is most like ``word``, or two free words that are it when written together."""
    if not free:
        return 0.0, ()
    if word in free:
        return SAME, (word,)
    single = max(free, key=lambda other: likeness.of(word, other))
    best, used = likeness.of(word, single), (single,)
    if best >= TOGETHER_LIKENESS_MIN or len(free) == 1:
        return best, used
    return max((best, used), _together(word, free, likeness=likeness))


def _together(word: str, free: list[str], *, likeness: Likeness) -> tuple[float, tuple[str, ...]]:
    best: tuple[float, tuple[str, ...]] = (0.0, ())
    for i, first in enumerate(free):
        for j, second in enumerate(free):
            if i == j or abs(len(first) + len(second) - len(word)) > 1:
                continue
            value = likeness.of(word, first + second)
            if value >= TOGETHER_LIKENESS_MIN:
                best = max(best, (value, (first, second)))
    return best


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

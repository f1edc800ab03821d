"""Names that nobody bears, for measuring: built from syllables in several styles, and then misspelt in known ways.

Everything is drawn from a seed, so a figure stated in the guide is the figure that the test sees.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from command_api.screening.entries import EntryKind, ListedName, ListEntry, ListFile
from command_api.screening.loaded import LoadedLists
from command_api.screening.screener import Screener
from command_api.screening.settings import ScreeningTerms
from contracts.screening import ListVersion

COMMON_GIVEN: Final = (
    "Vadim Oleg Irina Boris Marina Dmitri Sergei Olga Pavel Tatiana Andrei Yulia Mohammed Ahmad Fatima Omar Yusuf "
    "Layla Hassan Khalid Ibrahim Ali Anna Sophie Martin Clara Paul Julia Thomas Emma Peter Marie Javier Lucia Carlos "
    "Elena Rafael Carmen Maria Jose Wei Jun Hong Ping Yan Amara Kwame Aisha Raj Priya Sanjay Hiroshi Yuki Minh Thanh"
)
# Beginnings, vowels and endings of syllables, by style; a family name is two to four syllables of one style.
STYLES: Final = {
    "slavic": ("b br v vl g gr d dr zh z k kr l m n p pr r s st str t tr f kh ts ch sh", "a e i o u ya",
               "ov ev in sky enko uk ich kin vets ak ar an"),
    "arabic": ("b t th j h kh d dh r z s sh t gh f q k l m n w y", "a i u aa ee",
               "ani awi ari adi im ar ab oum ali id"),
    "western": ("b bl br d f fl g gr h j k kl l m n p r s sch st t tr v w z", "a e i o u au ei ie",
                "mann berg feld sen ert ler ing haus rich dorf son ard"),
    "hispanic": ("b c ch d f g gu j l ll m n p qu r s t v z", "a e i o u ie ue",
                 "ez era illo ado ano uez edo ales ino"),
    "african": ("b d f g k kw l m mb n nd ny ng s t ts w y z", "a e i o u", "a e i o u ba nda sa we ki mu go"),
    "indian": ("b bh ch d dh g h j k kh l m n p r s sh t v y", "a aa i u ee", "an esh war ram dev nath raj ti ya kar"),
    "chinese": ("b p m f d t n l g k h j q x zh ch sh r z c s y w", "a o e i u ai ei ao ou ia ua", "n ng n ng"),
}  # fmt: skip
TRADES: Final = (
    "Shipping Textiles Logistics Minerals Agro Petroleum Capital Fisheries Timber Optics Electronics Construction "
    "Pharma Machinery Airlines Exports Holdings Telecom Foundation Bank Steelworks Chemicals Laboratories Metals"
)
FORMS: Final = "GmbH Ltd S.A. LLC OOO Co.,Ltd B.V. AG"


class Names:
    """A stream of invented names."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def person(self) -> str:
        """Two to four words: one given name or two, common or invented, and one family name or two."""
        style = self.chance.choice(list(STYLES))
        given = [self._given(style) for _ in range(self.chance.choice((1, 1, 2)))]
        family = [self._word(style) for _ in range(self.chance.choice((1, 1, 1, 2)))]
        return " ".join([*given, *family])

    def organisation(self) -> str:
        """An invented word or two, a trade and a legal form."""
        style = self.chance.choice(list(STYLES))
        words = [self._word(style) for _ in range(self.chance.choice((1, 2)))]
        return " ".join([*words, self.chance.choice(TRADES.split()), self.chance.choice(FORMS.split())])

    def any(self) -> str:
        """A person three times out of four."""
        return self.person() if self.chance.random() < 0.75 else self.organisation()

    def _given(self, style: str) -> str:
        return self.chance.choice(COMMON_GIVEN.split()) if self.chance.random() < 0.5 else self._word(style)

    def _word(self, style: str) -> str:
        starts, vowels, ends = (part.split() for part in STYLES[style])
        syllables = 1 if style == "chinese" else self.chance.choice((1, 2, 2, 3))
        inner = "".join(self.chance.choice(starts) + self.chance.choice(vowels) for _ in range(syllables))
        return (inner + self.chance.choice(starts) * (style != "chinese") + self.chance.choice(ends)).capitalize()


def kind_of(name: str) -> EntryKind:
    """Return what an invented name is the name of."""
    return "entity" if set(name.split()) & set(TRADES.split()) else "person"


def entry_of(name: str, number: int = 0) -> ListEntry:
    """Return an entry with one name."""
    return ListEntry(list="own", entry_id=f"own-{number}", kind=kind_of(name), names=(ListedName(name, "primary"),))


def screener_of(entries: Iterable[ListEntry], *, threshold: int = 880, hits_max: int = 10) -> Screener:
    """Return a screener for these entries."""
    version = ListVersion(list="own", published_on=None, sha256="0" * 64)
    loaded = LoadedLists([ListFile(version=version, entries=tuple(entries))])
    return Screener([], loaded=loaded, terms=ScreeningTerms(threshold_permille=threshold, hits_max=hits_max))


class Disguise(NamedTuple):
    """A way in which a listed name turns up elsewhere, and the share of such names that must be found."""

    name: str
    floor: float
    change: Callable[[str, random.Random], str]


def _letter(name: str, chance: random.Random) -> tuple[int, str]:
    places = [place for place, char in enumerate(name) if char.isalpha()]
    return chance.choice(places), chance.choice("abcdefghijklmnopqrstuvwxyz")


def substitute(name: str, chance: random.Random) -> str:
    place, other = _letter(name, chance)
    return name[:place] + other + name[place + 1 :]


def leave_out(name: str, chance: random.Random) -> str:
    place, _ = _letter(name, chance)
    return name[:place] + name[place + 1 :]


def insert(name: str, chance: random.Random) -> str:
    place, other = _letter(name, chance)
    return name[:place] + other + name[place:]


def exchange_first_letters(name: str, chance: random.Random) -> str:
    words = name.split()
    number = chance.choice([i for i, word in enumerate(words) if len(word) > 2 and word[:2].isalpha()])
    word = words[number]
    words[number] = word[1] + word[0] + word[2:]
    return " ".join(words)


def two_typos(name: str, chance: random.Random) -> str:
    return substitute(leave_out(name, chance), chance)


def shuffle_words(name: str, chance: random.Random) -> str:
    words = name.split()
    chance.shuffle(words)
    return " ".join(words)


def drop_middle(name: str, chance: random.Random) -> str:
    words = name.split()
    if len(words) > 2 and kind_of(name) == "person":
        del words[chance.randrange(1, len(words) - 1)]
    return " ".join(words)


def add_middle(name: str, chance: random.Random) -> str:
    words = name.split()
    if kind_of(name) == "person":
        words.insert(1, chance.choice(COMMON_GIVEN.split()))
    return " ".join(words)


def shout_and_point(name: str, chance: random.Random) -> str:
    return ", ".join(reversed(name.upper().replace("-", " ").split()))


def accent(name: str, chance: random.Random) -> str:
    return name.translate(str.maketrans("aeioucn", "áèïôüçñ"))


DISGUISES: Final = (
    Disguise("words in another order", 1.0, shuffle_words),
    Disguise("capitals, commas, no hyphens", 1.0, shout_and_point),
    Disguise("accents", 1.0, accent),
    Disguise("middle name left out", 0.99, drop_middle),
    Disguise("middle name added", 0.99, add_middle),
    Disguise("one letter wrong", 0.95, substitute),
    Disguise("one letter missing", 0.96, leave_out),
    Disguise("one letter too many", 0.99, insert),
    Disguise("first letters exchanged", 0.93, exchange_first_letters),
    Disguise("two typing errors", 0.8, two_typos),
)

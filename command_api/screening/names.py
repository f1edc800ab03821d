"""A name as it is compared: without script, case, accents, punctuation and order.

The steps, each of which changes nothing in a name it does not concern:

1. NFKC, then control and formatting characters out; combining marks of the Latin, Greek, Cyrillic, Arabic and Hebrew
   scripts out. (NFKC and not NFKD, which would take the Cyrillic й apart and read it as и.)
2. Transliteration to ASCII with anyascii, lower case. Chinese and Korean names written as one word of two to four
   characters become family name and given name.
3. Apostrophes and dots inside a word out (`O'Hara`, `S.A.`), all other punctuation a space.
4. The words sorted. For organisations a second form leaves out legal forms such as `gmbh`, unless nothing is left.

Arabic and Hebrew write hardly any vowels, so a name in these scripts is compared with a Latin one by its `skeleton`:
the consonants, with those that transliterations confuse made equal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from anyascii import anyascii

SCREENED_CHARS_MAX: Final = 200  # ISO 20022 allows 140
SCREENED_WORDS_MAX: Final = 24  # what a name costs grows with its words, and whoever is screened chooses the name
WORDS_KEPT_IN_MEMORY: Final = 65_536

_LEGAL_FORMS_TEXT: Final = """
    ab ag aps as asa bhd bv bvba co company corp corporation cv dd doo eood fze fzc fzco fzllc gesmbh gie gmbh inc
    incorporated jsc kft kg kgaa lc limited llc llp lp ltd ltda mbh nv oao oo ooo ood ou oy oyj pao pjsc plc pt pte
    pty pvt rao sa sab sae sal saog sapi sarl sas sdn se sia sl sp spa spol sro srl tbk uab ug zao zoo zrt"""
_PARTICLES_TEXT: Final = """
    abd abu al am an and ap as at bin bint bn d da dal de del della den der di do dos du e el i ibn la le of ould the
    und van ven vom von y zu zur"""
_TRADES_TEXT: Final = """
    agency agricultural agro air airlines airways association aviation banca banco bank banking banque brothers
    business capital center central centre charity chemical chemicals commercial construction consulting corporation
    council development electronics energy engineering enterprise enterprises equipment establishment exchange
    export exports factory finance financial fisheries food foods foundation freight fund gas general global group
    handels handelsgesellschaft holding holdings import imports industrial industries industry institute insurance
    international investment investments laboratories laboratory leasing lines logistics machinery management marine
    maritime medical metal metals military mineral minerals mining motors national network oil optics organisation
    organization partners petrochemical petroleum pharma pharmaceutical plant ports power production products
    projects properties research resources sea security service services ship shipping society solutions state steel
    steelworks supplies supply systems technical technologies technology telecom textile textiles timber tourism
    trade trading transport travel trust union university works"""
LEGAL_FORMS: Final = frozenset(_LEGAL_FORMS_TEXT.split())
_SAY_LITTLE: Final = frozenset(_PARTICLES_TEXT.split()) | frozenset(_TRADES_TEXT.split())

_JOINERS: Final = re.compile(r"['`.]")
_SPLITTERS: Final = re.compile(r"[^a-z0-9]+")
_SINGLE_WORD: Final = range(2, 5)  # characters of a Chinese or Korean name written without a space
_MARKS: Final = ((0x0300, 0x036F), (0x0483, 0x0489), (0x0591, 0x05C7), (0x0610, 0x061A), (0x064B, 0x065F),
                 (0x0670, 0x0670), (0x06D6, 0x06ED), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF),
                 (0xFE20, 0xFE2F))  # fmt: skip
_ABJADS: Final = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_GREEK_DIPHTHONG: Final = re.compile(r"([αεοΑΕΟ])[υύΥΎ]")  # by itself the second letter is a y
_SYLLABIC: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff]+")

# How transliterations write one consonant in several ways; longer spellings first.
_CONFUSED: Final = (("kh", "k"), ("gh", "g"), ("sh", "s"), ("ch", "s"), ("th", "t"), ("dh", "d"), ("ph", "f"),
                    ("ts", "s"), ("q", "k"), ("c", "k"), ("z", "s"), ("v", "f"), ("p", "b"), ("x", "ks"))  # fmt: skip
_VOWELS: Final = re.compile(r"[aeiouwy]+")
_DOUBLED: Final = re.compile(r"(.)\1+")
_ARTICLES: Final = {"al", "el", "ul"}
_GROWN_ARTICLE: Final = re.compile(r"^\u0627\u0644(?=\w{3})")  # Arabic writes "al" and its noun as one word


class UnscreenableName(ValueError):
    """A name without a letter or digit, or too long to be one: nobody can say whether it is on a list."""


class NormalName(NamedTuple):
    """A name ready to be compared: its words sorted, and the same without legal forms."""

    words: tuple[str, ...]
    core: tuple[str, ...]
    is_abjad: bool

    @property
    def text(self) -> str:
        """The words with spaces between them."""
        return " ".join(self.words)


def normalise_asked(name: str) -> NormalName:
    """Bring a name that somebody gave us into the form it is compared in. Raises UnscreenableName."""
    if len(name) > SCREENED_CHARS_MAX:
        raise UnscreenableName(f"the name is longer than {SCREENED_CHARS_MAX} characters")
    normal = normalise(name)
    if len(normal.words) > SCREENED_WORDS_MAX:
        raise UnscreenableName(f"the name has more than {SCREENED_WORDS_MAX} words")
    return normal


def normalise(name: str) -> NormalName:
    """Bring a name into the form it is compared in. Raises UnscreenableName when nothing is left of it."""
    composed = unicodedata.normalize("NFKC", name)
    parts = composed.split()
    if len(parts) == 1 and len(parts[0]) in _SINGLE_WORD and _SYLLABIC.fullmatch(parts[0]):
        parts = [parts[0][0], parts[0][1:]]
    words = tuple(sorted(word for part in parts for word in _words_of(part)))
    if not words:
        raise UnscreenableName("the name holds no letter or digit")
    core = tuple(word for word in words if word not in LEGAL_FORMS)
    return NormalName(words, core or words, _ABJADS.search(composed) is not None)


def says_little(word: str) -> bool:
    """Whether a word names nobody by itself: `al`, `von`, a single letter, `shipping`."""
    return word in _SAY_LITTLE or len(word) == 1


@lru_cache(maxsize=WORDS_KEPT_IN_MEMORY)
def skeleton(word: str) -> str:
    """Return the consonants of a word as transliterations from Arabic and Hebrew agree on them; may be empty."""
    for written, heard in _CONFUSED:
        word = word.replace(written, heard)
    return _DOUBLED.sub(r"\1", _VOWELS.sub("", word))


def skeletons(words: Iterable[str]) -> tuple[str, ...]:
    """Return the skeletons of the words that have one, sorted, without the article."""
    found = [skeleton(word) for word in words if word not in _ARTICLES]
    return tuple(sorted(text for text in found if text))


@lru_cache(maxsize=WORDS_KEPT_IN_MEMORY)
def _words_of(part: str) -> tuple[str, ...]:
    bare = "".join(char for char in part if not _is_ignored(char))
    bare = _GREEK_DIPHTHONG.sub(lambda found: f"{anyascii(found[1])}u", _GROWN_ARTICLE.sub("", bare))
    ascii_text = anyascii(bare).lower()
    return tuple(word for word in _SPLITTERS.split(_JOINERS.sub("", ascii_text)) if word)


def _is_ignored(char: str) -> bool:
    if char.isascii():
        return False
    code = ord(char)
    return unicodedata.category(char) in {"Cf", "Cc"} or any(first <= code <= last for first, last in _MARKS)

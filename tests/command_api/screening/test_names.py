"""What is the same name for screening, and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command_api.screening.names import UnscreenableName, normalise, normalise_asked, skeletons

WORDS = st.text("abcdefghijklmnopqrstuvwxyzäéñøčıßжщийύών", min_size=1, max_size=12)
NAMES = st.lists(WORDS, min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("written", "also"),
    [
        ("Vadim Zlatogorsky", "ZLATOGORSKY, Vadim"),
        ("Ludger Quästenbrink", "Ludger Qua\u0308stenbrink"),  # the accent as a letter of its own
        ("Вадим Петров", "Vadim Petrov"),
        ("Йозеф Щербаков", "Yozef Shcherbakov"),
        ("Ελευθέριος Παπαδόπουλος", "Eleutherios Papadopoulos"),
        ("ΕΛΕΥΘΕΡΙΟΣ", "ελευθεριος"),
        ("朱凌甫", "Zhu Lingfu"),
        ("Þorgrímur Ægisson", "THorgrimur AEgisson"),
        ("Siobhán O’Hara", "siobhan ohara"),
        ("Ann\u200bMarie \u202eKorn", "AnnMarie Korn"),  # zero-width and direction marks
        ("Ｌｕｄｇｅｒ", "Ludger"),  # full width
    ],
)
def test_one_name_in_two_writings(written: str, also: str) -> None:
    assert normalise(written).words == normalise(also).words


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("Nordlicht Quarzhandel G.m.b.H.", ("nordlicht", "quarzhandel")),
        ("S.A. Plateran", ("plateran",)),
        ("Golden Heron Co., Ltd.", ("golden", "heron")),
        ("SA", ("sa",)),  # a name of legal forms only keeps them
    ],
)
def test_legal_forms_are_left_out_of_the_core(name: str, core: tuple[str, ...]) -> None:
    assert normalise(name).core == core


@pytest.mark.parametrize(
    ("arabic", "latin"),
    [("محمد", "Mohammed"), ("حسن", "Hassan"), ("قاسم", "Qassem"), ("المرزاوي", "al-Marzawi"), ("خالد", "Khalid")],
)
def test_consonants_of_a_name_without_vowels(arabic: str, latin: str) -> None:
    assert skeletons(normalise(arabic).core) == skeletons(normalise(latin).core)
    assert normalise(arabic).is_abjad
    assert not normalise(latin).is_abjad


@pytest.mark.parametrize("name", ["", "  ", "-- / --", "\u200b", "a" * 201, "a " * 25])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UnscreenableName):
        normalise_asked(name)


@given(NAMES, st.randoms(use_true_random=False))
def test_order_case_and_separators_change_nothing(words: list[str], chance: object) -> None:
    try:
        expected = normalise(" ".join(words)).words
    except UnscreenableName:
        return
    shuffled = list(words)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert normalise(", ".join(shuffled)).words == expected
    assert normalise(" ".join(words).upper()).words == expected
    assert normalise("\u202f".join(words)).words == expected


@given(NAMES, st.sampled_from("\u0301\u0308\u0327\u0304"))
def test_accents_change_nothing_in_latin(words: list[str], accent: str) -> None:
    plain = [word for word in words if word.isascii()]
    if plain:
        accented = " ".join(word + accent for word in plain)
        assert normalise(accented).words == normalise(" ".join(plain)).words


@given(st.text(max_size=60))
def test_any_text_is_ascii_words_or_refused(text: str) -> None:
    try:
        name = normalise(text)
    except UnscreenableName:
        return
    assert all(word.isascii() and word.isalnum() and word == word.lower() for word in name.words)
    assert list(name.words) == sorted(name.words)
    assert set(name.core) <= set(name.words)

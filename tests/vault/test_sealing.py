"""A sealed text opens at its own place and nowhere else, and its length says little."""

from __future__ import annotations

import base64
from collections.abc import Callable

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from contracts.sealed import SEALED_CHARS_MAX, Sealed
from runtime.vault import KekWrong, SealBroken, Unsealable, sealing
from runtime.vault.sealing import (
    TEXT_BYTES_MAX,
    Place,
    open_text,
    padded_size,
    parse_sealed,
    require_names,
    seal_text,
    unwrap_key,
    wrap_key,
)
from tests.support.vault import key_for

KEY = key_for("a data key")
CIPHER = AESGCM(KEY)
HERE = Place("main", "customer_1", 3)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,20}", fullmatch=True)
FIELDS = st.from_regex(r"[a-z][a-z0-9_.]{0,12}", fullmatch=True)
PLACES = st.builds(Place, st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), IDS, st.integers(1, 999_999_999))


class TestKnownAnswers:
    def test_aes_gcm_of_the_library(self) -> None:
        """Test case 16 of McGrew and Viega's GCM specification: AES-256 with associated data."""
        key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
        text = bytes.fromhex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
        )
        beside = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
        assert AESGCM(key).encrypt(bytes.fromhex("cafebabefacedbaddecaf888"), text, beside).hex() == (
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
            "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
            "76fc6ece0f4e1768cddf8853bb2d551b"
        )

    def test_aes_key_wrap_of_the_library(self) -> None:
        """RFC 3394, section 4.6: 256 bits of key data under a 256-bit key."""
        data = bytes.fromhex("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f")
        assert aes_key_wrap(bytes(range(32)), data).hex() == (
            "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"
        )

    def test_a_sealed_text(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put together once more from the library's low-level parts, and pinned: books of years ago must still open."""
        nonce = bytes(range(12))
        monkeypatch.setattr(sealing, "random_bytes", lambda count: nonce[:count])
        low = Cipher(algorithms.AES(KEY), modes.GCM(nonce)).encryptor()
        low.authenticate_additional_data(b"bursar.sealed|v1|main|customer_1|name|3")
        ciphertext = low.update(b"Ada Lovelace\x80" + bytes(34)) + low.finalize()
        expected = "sealed.v1.3." + base64.urlsafe_b64encode(nonce + ciphertext + low.tag).decode()

        pinned = (
            "sealed.v1.3.AAECAwQFBgcICQoLYsljmChwk4RldwFfhHIu9l-ZgRgWnQ_mtwre"
            "ld9tcpjj56MW5h3510sVzTN8nPETwL-x-pFDnyAcu6RU4ZNy"
        )
        assert seal_text(CIPHER, HERE, "name", "Ada Lovelace") == expected == pinned

    def test_a_wrapped_key(self) -> None:
        assert (
            wrap_key(key_for("k1"), HERE, KEY).hex()
            == "b02e2f40a0cd89f0da3bc03384da9394e3b339097e90541a531ffa9cbc92fc243179a255f754de88"
        )


@given(place=PLACES, field=FIELDS, text=TEXTS)
@settings(max_examples=300, deadline=None)
def test_what_was_sealed_opens_again(place: Place, field: str, text: str) -> None:
    sealed = seal_text(CIPHER, place, field, text)
    assert open_text(CIPHER, place, field, sealed) == text
    assert msgspec.convert(sealed, Sealed) == sealed
    assert sealed.isascii()


@given(a=PLACES, b=PLACES, fields=st.tuples(FIELDS, FIELDS), text=TEXTS)
@settings(max_examples=300, deadline=None)
def test_it_opens_nowhere_else(a: Place, b: Place, fields: tuple[str, str], text: str) -> None:
    """Neither for another subject, ledger or key number, nor under another field."""
    assert_opens_nowhere_else(a, b, fields, text)


def assert_opens_nowhere_else(a: Place, b: Place, fields: tuple[str, str], text: str) -> None:
    sealed = seal_text(CIPHER, a, fields[0], text)
    elsewhere = [
        (a._replace(subject=b.subject), fields[0]),
        (a._replace(ledger=b.ledger), fields[0]),
        (a._replace(key_no=b.key_no), fields[0]),
        (a, fields[1]),
    ]
    for place, field in elsewhere:
        if (place, field) != (a, fields[0]):
            with pytest.raises(SealBroken, match="does not open"):
                open_text(CIPHER, place, field, sealed)


@given(text=TEXTS, where=st.integers(0, 10**6), drawn=st.permutations("ABCDabcd01289-_.=+/ \n"))
@settings(max_examples=300, deadline=None)
def test_a_changed_character_is_noticed(text: str, where: int, drawn: list[str]) -> None:
    """Every character counts, the last one of the base64 included: a value has one spelling.

    A nonce is random, so that no choice of Hypothesis may depend on what the sealed text says.
    """
    sealed = seal_text(CIPHER, HERE, "name", text)
    at = len(sealed) - 1 - where % len(sealed)
    other = next(char for char in drawn if char != sealed[at])
    changed = sealed[:at] + other + sealed[at + 1 :]
    with pytest.raises(SealBroken):
        open_as_named(changed)


def open_as_named(sealed: str) -> str:
    """Open under the key number that the text itself names, as the vault does."""
    number, _ = parse_sealed("name", sealed)
    return open_text(CIPHER, HERE._replace(key_no=number), "name", sealed)


def test_every_flipped_bit_is_noticed() -> None:
    prefix, content = "sealed.v1.3.", base64.urlsafe_b64decode(seal_text(CIPHER, HERE, "name", "Ada")[12:])
    opened = 0
    for bit in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << (bit % 8)
        try:
            open_text(CIPHER, HERE, "name", prefix + base64.urlsafe_b64encode(bytes(flipped)).decode())
            opened += 1
        except SealBroken:
            continue
    assert (len(content), opened) == (75, 0)


@pytest.mark.parametrize(
    "text",
    ["", "Ada Lovelace", "sealed.v1.3", "sealed.v1.3.", "sealed.v2.3." + "A" * 100, "sealed.v1.0." + "A" * 100,
     "sealed.v1.03." + "A" * 100, "sealed.v1.3." + "A" * 99, "sealed.v1.3." + "A" * 96, " sealed.v1.3." + "A" * 100,
     "sealed.v1.3." + "A" * 100 + "\n", "sealed.v1.\u0663." + "A" * 100, "sealed.v1.3." + "A" * 400_000],
)  # fmt: skip
def test_what_is_no_sealed_text_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(SealBroken) as refused:
        parse_sealed("name", text)
    assert not text or text[:400] not in str(refused.value)


def test_the_same_text_never_looks_the_same() -> None:
    assert len({seal_text(CIPHER, HERE, "name", "Ada") for _ in range(1_000)}) == 1_000


@given(a=st.text(max_size=11), b=st.text(max_size=11))
def test_short_texts_have_one_length(a: str, b: str) -> None:
    """Up to 46 bytes, which is every short name and every IBAN."""
    if all(len(text.encode()) <= 46 for text in (a, b)):
        assert len(seal_text(CIPHER, HERE, "name", a)) == len(seal_text(CIPHER, HERE, "name", b))


@given(st.integers(0, TEXT_BYTES_MAX))
def test_a_size_holds_its_text_and_spells_itself_in_whole_groups(text_bytes: int) -> None:
    size = padded_size(text_bytes)
    assert text_bytes < size <= max(47, 2 * text_bytes + 1, text_bytes + 384)
    assert (12 + size + 16) % 3 == 0
    assert padded_size(text_bytes + 1) >= size


def test_the_longest_text_is_sealed_and_a_longer_one_refused() -> None:
    longest = "x" * TEXT_BYTES_MAX
    sealed = seal_text(CIPHER, HERE, "document", longest)
    assert len(sealed) <= SEALED_CHARS_MAX
    assert msgspec.convert(sealed, Sealed)
    assert open_text(CIPHER, HERE, "document", sealed) == longest
    with pytest.raises(Unsealable, match="'document' has 65537 bytes"):
        seal_text(CIPHER, HERE, "document", longest + "x")


def test_what_is_no_text_is_refused_without_being_repeated() -> None:
    with pytest.raises(Unsealable, match="'name' is not valid Unicode") as refused:
        seal_text(CIPHER, HERE, "name", "Ada\ud800")
    assert refused.value.__suppress_context__
    assert "Ada" not in str(refused.value)


@pytest.mark.parametrize(
    ("subject", "field"),
    [
        ("", "name"),
        ("a|b", "name"),
        ("Ada Lovelace", "name"),
        ("x" * 201, "name"),
        ("c", ""),
        ("c", "a|b"),
        ("c", "Name"),
        ("c", "x" * 65),
    ],
)
def test_names_that_could_blur_a_place_are_refused(subject: str, field: str) -> None:
    with pytest.raises(Unsealable):
        require_names(subject, [field])


@given(a=PLACES, b=PLACES)
@settings(max_examples=100, deadline=None)
def test_a_wrapped_key_unwraps_in_its_own_row_alone(a: Place, b: Place) -> None:
    wrapped = wrap_key(key_for("k1"), a, KEY)
    assert len(wrapped) == 40
    assert unwrap_key(key_for("k1"), a, wrapped) == KEY
    with pytest.raises(KekWrong, match="does not unwrap"):
        unwrap_key(key_for("k2"), a, wrapped)
    if a != b:
        with pytest.raises(KekWrong):
            unwrap_key(key_for("k1"), b, wrapped)


def forget_the_field(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Place.bound_to
    monkeypatch.setattr(Place, "bound_to", lambda self, field: real(self, "any"))


def forget_the_subject(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Place.bound_to
    monkeypatch.setattr(Place, "bound_to", lambda self, field: real(self._replace(subject="any"), field))


def forget_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Place, "bound_to", lambda self, field: b"")


@pytest.mark.parametrize("plant", [forget_the_field, forget_the_subject, forget_the_place])
def test_a_planted_fault_lets_a_text_open_elsewhere(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The property above fails as soon as the tag covers less than the whole place."""
    plant(monkeypatch)
    check = settings(max_examples=300, deadline=None, database=None, phases=[Phase.generate])(
        given(a=PLACES, b=PLACES, fields=st.tuples(FIELDS, FIELDS), text=TEXTS)(assert_opens_nowhere_else)
    )
    with pytest.raises((AssertionError, pytest.fail.Exception, ExceptionGroup)):
        check()

"""The ring of key-encryption keys: what it accepts, what it refuses, and that it never shows a key."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
import pickle
from pathlib import Path

import pytest

from runtime.vault import KekMissing, KeyRing, RingRefused, new_ring, parse_ring, read_ring, write_ring
from tests.support.vault import key_for, ring_of

K1, K2, INDEX = (base64.b64encode(key_for(name)).decode() for name in ("k1", "k2", "the index"))


def as_json(*keks: tuple[str, str], index: str = INDEX, **others: object) -> str:
    return json.dumps({"keks": [{"id": name, "key": key} for name, key in keks], "index": index, **others})


def test_lines_and_json_say_the_same() -> None:
    lines = parse_ring(f"# two keys\nk1:{K1}\nk2: {K2}\n\nindex:{INDEX}\nactive:k2\n")
    document = parse_ring(as_json(("k1", K1), ("k2", K2), active="k2"))

    assert lines.kek_ids == document.kek_ids == ["k1", "k2"]
    assert lines.active_id == document.active_id == "k2"
    assert lines.kek("k1") == document.kek("k1") == key_for("k1")
    assert lines.has_same_index(document)


def test_the_first_key_is_active_unless_another_is_named() -> None:
    assert parse_ring(f"k2:{K2}\nk1:{K1}\nindex:{INDEX}").active_id == "k2"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "the ring is empty"),
        ("   \n", "the ring is empty"),
        (f"index:{INDEX}", "no key-encryption key"),
        (f"k1:{K1}", "no line `index:base64`"),
        (f"k1:{K1}\nk1:{K2}\nindex:{INDEX}", "line 2 of the ring repeats"),
        (f"k1:{K1}\nk2:{K1}\nindex:{INDEX}", "the same key"),
        (f"k1:{K1}\nindex:{K1}", "the same key"),
        (f"k1:{K1}\nindex:{INDEX}\nactive:k9", "'k9' is not in the ring"),
        (f"k1 {K1}", "line 1 of the ring is not `id:base64`"),
        (f"k1:{K1[:-4]}\nindex:{INDEX}", "'k1' has 30 bytes"),
        (f"k1:{K1}!\nindex:{INDEX}", "'k1' is not base64"),
        (f"K 1:{K1}\nindex:{INDEX}", "is no key id"),
        (as_json(("k1", K1), ("k1", K2)), "the same id"),
        (as_json(("index", K1)), "is no key id"),
        (as_json(("k1", K1), colour="red"), "unknown field `colour`"),
        (as_json(), "no key-encryption key"),
        ('{"keks": [}', "not the JSON of a ring: DecodeError"),
    ],
)
def test_what_is_missing_repeated_or_misspelt_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(RingRefused, match=complaint) as refused:
        parse_ring(text)
    assert K1 not in str(refused.value)
    assert INDEX not in str(refused.value)


WEAK = {
    "zeros": bytes(32),
    "ones": b"\xff" * 32,
    "counting": bytes(range(32)),
    "striding": bytes(range(0, 256, 8)),
    "pattern": b"ab" * 16,
    "typed": b"correct horse battery staple 123",
    "short": key_for("x")[:31],
    "empty": b"",
}


@pytest.mark.parametrize("weak", WEAK.values(), ids=WEAK)
def test_a_weak_key_is_refused(weak: bytes) -> None:
    with pytest.raises(RingRefused, match=r"not random|bytes; AES-256"):
        KeyRing([("k1", weak)], index_secret=key_for("the index"))
    with pytest.raises(RingRefused, match=r"not random|bytes; AES-256"):
        KeyRing([("k1", key_for("k1"))], index_secret=weak)


def test_random_keys_are_never_called_weak() -> None:
    for number in range(2_000):
        KeyRing([("k1", key_for(f"a{number}"))], index_secret=key_for(f"b{number}"))


def test_no_key_is_shown_copied_or_pickled() -> None:
    ring = ring_of("k1", "k2")
    shown = f"{ring!r} {ring}"
    assert shown.startswith("KeyRing(active='k1', keks=['k1', 'k2'], keys=***)")
    for secret in ("k1", "k2", "the index"):
        assert repr(key_for(secret))[2:-1] not in shown
        assert key_for(secret).hex() not in shown
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="neither copied nor pickled"):
            way(ring)


def test_a_key_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(KekMissing, match=r"'k7', and the ring has \['k1', 'k2'\]"):
        ring_of("k1", "k2").kek("k7")


def test_the_active_key_is_not_taken_out() -> None:
    with pytest.raises(RingRefused, match="'k2' is the active"):
        ring_of("k1", "k2", active="k2").without_kek("k2")
    assert ring_of("k1", "k2", active="k2").without_kek("k1").kek_ids == ["k2"]


class TestFile:
    def test_it_is_private_and_comes_back_whole(self, tmp_path: Path) -> None:
        file = tmp_path / "ring.json"
        write_ring(file, ring := new_ring("k1"))

        assert file.stat().st_mode & 0o777 == 0o600
        assert read_ring(file).kek("k1") == ring.kek("k1")
        assert [path.name for path in tmp_path.iterdir()] == ["ring.json"]

    def test_one_that_exists_is_replaced_only_on_purpose(self, tmp_path: Path) -> None:
        file = tmp_path / "ring.json"
        write_ring(file, first := new_ring("k1"))
        with pytest.raises(FileExistsError):
            write_ring(file, new_ring("k2"))
        assert read_ring(file).kek("k1") == first.kek("k1")

        write_ring(file, first.with_new_kek("k2", key_for("k2")), replace=True)
        assert read_ring(file).active_id == "k2"
        assert [path.name for path in tmp_path.iterdir()] == ["ring.json"]

    def test_one_that_everyone_may_change_is_refused(self, tmp_path: Path) -> None:
        write_ring(file := tmp_path / "ring.json", new_ring("k1"))
        file.chmod(0o666)
        with pytest.raises(RingRefused, match="everyone may change"):
            read_ring(file)

    def test_a_missing_one_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(RingRefused, match=r"gone\.json: cannot read the ring: No such file"):
            read_ring(tmp_path / "gone.json")

    def test_a_wrong_one_is_named(self, tmp_path: Path) -> None:
        (file := tmp_path / "huge").write_bytes(b"x" * 70_000)
        with pytest.raises(RingRefused, match="longer than"):
            read_ring(file)
        file.write_bytes(b"k1:\xff")
        with pytest.raises(RingRefused, match="plain ASCII"):
            read_ring(file)


class TestBlindIndex:
    def test_known_answer(self) -> None:
        """Recomputed with the standard library: HKDF (RFC 5869) with one block, then HMAC-SHA256, cut to 128 bits."""
        extracted = hmac.digest(bytes(32), key_for("the index"), "sha256")
        derived = hmac.digest(extracted, b"bursar.index|1|payee\x01", "sha256")
        expected = hmac.new(derived, b"DE89370400440532013000", hashlib.sha256).hexdigest()[:32]

        index = ring_of().blind_index("DE89370400440532013000", purpose="payee")
        assert index == expected == "99d0b35cdbb2d1fc17de417ce7d736b9"

    def test_it_outlives_every_rotation(self) -> None:
        before, after = ring_of("k1"), ring_of("k1").with_new_kek("k2", key_for("k2")).without_kek("k1")
        assert before.blind_index("Ada", purpose="payee") == after.blind_index("Ada", purpose="payee")

    def test_purposes_and_rings_do_not_share_it(self) -> None:
        other = KeyRing([("k1", key_for("k1"))], index_secret=key_for("another index"))
        values = [
            ring_of().blind_index("Ada", purpose="payee"),
            ring_of().blind_index("Ada", purpose="payer"),
            ring_of().blind_index("Ada ", purpose="payee"),
            other.blind_index("Ada", purpose="payee"),
        ]
        assert len(set(values)) == 4

    def test_a_purpose_needs_a_name(self) -> None:
        with pytest.raises(ValueError, match="is no purpose"):
            ring_of().blind_index("Ada", purpose="a|b")

"""Hostile JSON: what is refused with which code, what passes, and that screening is fast."""

from __future__ import annotations

import json
import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.http.json_screen import DEPTH_MAX, OPENINGS_MAX, UnsafeJson, screen_json

REFUSED = [
    # not JSON, with the byte where it stops being JSON
    (b"", "invalid_json", 0),
    (b"  ", "invalid_json", 2),
    (b"nope", "invalid_json", None),
    (b"{", "invalid_json", 1),
    (b'{"a":', "invalid_json", 5),
    (b'{"a":1,}', "invalid_json", None),
    (b"[1,]", "invalid_json", None),
    (b"{'a':1}", "invalid_json", 1),
    (b"{a:1}", "invalid_json", 1),
    (b"[1] // comment", "invalid_json", None),
    (b"{} {}", "invalid_json", None),
    (b'{"a":1}\x00', "invalid_json", None),
    (b'["\x01"]', "invalid_json", None),
    (b'["a\nb"]', "invalid_json", None),
    (b'["\\x41"]', "invalid_json", None),
    (b'["\\u12"]', "invalid_json", None),
    (b"\xef\xbb\xbf{}", "invalid_json", 0),
    # numbers that are none
    (b"[NaN]", "invalid_json", None),
    (b"[Infinity]", "invalid_json", None),
    (b"[-Infinity]", "invalid_json", None),
    (b"[nan]", "invalid_json", None),
    (b"[01]", "invalid_json", None),
    (b"[+1]", "invalid_json", None),
    (b"[.5]", "invalid_json", None),
    (b"[1.]", "invalid_json", None),
    (b"[1e]", "invalid_json", None),
    (b"[0x10]", "invalid_json", None),
    (b"[1_000]", "invalid_json", None),
    (b"[1e400]", "invalid_json", None),
    (b'{"a":-1e999}', "invalid_json", None),
    ("[１２]".encode(), "invalid_json", None),  # full-width digits are the point
    # text that is none
    (b'{"\xff":1}', "invalid_utf8", 2),
    (b'["\xc3"]', "invalid_utf8", 2),
    (b'["\xc0\x80"]', "invalid_utf8", 2),
    (b'["\xed\xa0\x80"]', "invalid_utf8", 2),
    (b'["\xf4\x90\x80\x80"]', "invalid_utf8", 2),
    ('{"a":1}'.encode("utf-16"), "invalid_utf8", 0),
    (b'["\\u0000"]', "nul_character", 2),
    (b'{"\\u0000":1}', "nul_character", 2),
    (b'["\\\\\\u0000"]', "nul_character", 4),
    (b'["\\ud800"]', "lone_surrogate", 2),
    (b'["\\uDFFF"]', "lone_surrogate", 2),
    (b'["\\ud800\\ud800"]', "lone_surrogate", 2),
    (b'["\\ude00\\ud83d"]', "lone_surrogate", 2),
    (b'["\\ud83dx\\ude00"]', "lone_surrogate", 2),
    (b'{"\\ud800":1}', "lone_surrogate", 2),
    # a key twice, however it is spelled and wherever it hides
    (b'{"a":1,"a":1}', "duplicate_key", None),
    (b'{"a":1,"b":2,"a":3}', "duplicate_key", None),
    (b'{"a":1,"\\u0061":2}', "duplicate_key", None),
    (b'{"\xc3\xa9":1,"\\u00e9":2}', "duplicate_key", None),
    (b'{"":1,"":2}', "duplicate_key", None),
    (b'{"a":{},"a":{}}', "duplicate_key", None),
    (b'[[[{"x":{"a":1, "a":1}}]]]', "duplicate_key", None),
    (b'{"a":1.0,"b":"\\/","c":{"d":1,"d":1}}', "duplicate_key", None),
    (b'[{"a":1},{"a":1,"a":1}]', "duplicate_key", None),
    # depth
    (b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1), "json_too_deep", None),
    (b'{"a":' * (DEPTH_MAX + 1) + b"1" + b"}" * (DEPTH_MAX + 1), "json_too_deep", None),
    (b'[{"a":' * 17 + b"1" + b"}]" * 17, "json_too_deep", None),
    (b'["]",' * 40 + b"1" + b"]" * 40, "json_too_deep", None),
    (b"[" * 900 + b"]" * 900, "json_too_deep", None),
    (b"[" * 100_000 + b"]" * 100_000, "json_too_deep", None),
    (b'{"a":' * 100_000, "json_too_deep", None),
    (b"[" + b"[]," * OPENINGS_MAX + b"[]]", "json_too_complex", None),
]

ACCEPTED = [
    b"{}",
    b"null",
    b' { "a" : [ 1 , 2 ] } \n',
    b"[" * DEPTH_MAX + b"]" * DEPTH_MAX,
    b'{"a":' * DEPTH_MAX + b"1" + b"}" * DEPTH_MAX,
    b'["' + b"[" * 1000 + b'"]',
    b'["' + b'{\\"a\\":' * 1000 + b'"]',
    b'["\\\\u0000"]',
    b'["\\ud83d\\ude00"]',
    '["😀é\u2028"]'.encode(),
    b'{"a":{"a":{"a":1}},"A":1}',
    b'{"a:\\"b\\":":1,"b":":"}',
    b"[1e5,-0,1.50,123456789012345678901234567890]",
    b'{"a":1.50,"b":"\\u00e9\\/"}',
]


@pytest.mark.parametrize(("body", "code", "offset"), REFUSED, ids=[repr(body[:24]) for body, _, _ in REFUSED])
def test_hostile_text_is_refused_with_its_code(body: bytes, code: str, offset: int | None) -> None:
    with pytest.raises(UnsafeJson) as refused:
        screen_json(body)

    assert refused.value.code == code
    if offset is not None:
        assert refused.value.offset == offset


@pytest.mark.parametrize("body", ACCEPTED, ids=[repr(body[:24]) for body in ACCEPTED])
def test_unusual_but_sound_text_passes(body: bytes) -> None:
    screen_json(body)


def test_the_refusal_of_a_duplicate_names_the_key_but_never_at_length() -> None:
    with pytest.raises(UnsafeJson, match="the key 'amount_minor' appears twice"):
        screen_json(b'{"amount_minor":1,"amount_minor":2}')
    key = "k" * 100_000
    with pytest.raises(UnsafeJson) as refused:
        screen_json(json.dumps({key: 1})[:-1].encode() + f',"{key}":2}}'.encode())
    assert len(refused.value.detail) < 200


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(_JSON, st.sampled_from([None, 0, 3]), st.booleans())
@settings(deadline=None)
def test_whatever_a_serializer_writes_passes(value: object, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    if any(mark in text for mark in ("\\u0000", "\\ud", "\ud800")) or "\0" in text:
        return
    try:
        body = text.encode()
    except UnicodeEncodeError:
        return
    screen_json(body)


@given(st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\0")), st.integers(), min_size=1))
@settings(deadline=None)
def test_repeating_any_key_of_any_object_is_found(members: dict[str, int]) -> None:
    text = json.dumps(members, ensure_ascii=False)
    repeated = next(iter(members))
    body = f"[[{text[:-1]}, {json.dumps(repeated)}: 0}}]]".encode()
    with pytest.raises(UnsafeJson, match="appears twice"):
        screen_json(body)


@pytest.mark.parametrize(
    ("encode", "budget_s"), [(msgspec.json.encode, 0.25), (lambda value: json.dumps(value).encode(), 0.25)]
)
def test_a_bulk_body_of_5_mb_is_screened_quickly(encode: object, budget_s: float) -> None:
    """The budget is several times what was measured (40 ms): it catches the wrong order of magnitude, not noise."""
    item = {"key": "k-00000001", "postings": [{"debit": "customers:alice:eur", "amount_minor": 1}], "note": "x" * 380}
    assert callable(encode)
    body = encode([item] * 10_000)
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        screen_json(body)
        seconds.append(time.perf_counter() - started)

    assert len(body) > 4_500_000
    assert min(seconds) < budget_s

"""Standard Webhooks: the official vector, and every way in which a message is not believed."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from runtime.webhooks import (
    SIGNATURES_MAX,
    TOLERANCE,
    SecretMalformed,
    Verified,
    WebhookRefused,
    check_secret,
    sign,
    verify,
)

# The vector of the standard's own libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
SENT_AT = datetime.fromtimestamp(1614265330, tz=UTC)
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
HEADERS = {"webhook-id": ID, "webhook-timestamp": "1614265330", "webhook-signature": SIGNATURE}
OTHER_SECRET = "whsec_" + base64.b64encode(b"another secret of 32 bytes here.").decode()


def said(headers: dict[str, str], body: bytes = BODY, *, secrets: Any = (SECRET,), now: datetime = SENT_AT) -> Any:
    return verify(headers, body, secrets=secrets, now=now)


def test_the_official_vector() -> None:
    assert sign(ID, BODY, secrets=[SECRET], now=SENT_AT) == HEADERS
    assert said(HEADERS) == Verified(ID, SENT_AT)


def test_the_library_believes_what_we_sign() -> None:
    headers = sign("evt_1", BODY, secrets=[SECRET], now=datetime.now(UTC))
    assert Webhook(SECRET).verify(BODY, headers)


def test_a_zone_other_than_utc_makes_no_difference() -> None:
    there = SENT_AT.astimezone(timezone(timedelta(hours=5)))
    assert sign(ID, BODY, secrets=[SECRET], now=there) == HEADERS
    assert isinstance(said(HEADERS, now=there), Verified)


@pytest.mark.parametrize("sign_of_time", [1, -1])
def test_the_tolerance_holds_both_ways(sign_of_time: int) -> None:
    edge = SENT_AT + sign_of_time * TOLERANCE
    assert isinstance(said(HEADERS, now=edge), Verified)
    refused = said(HEADERS, now=edge + sign_of_time * timedelta(seconds=1))
    assert refused.code == ("timestamp_too_old" if sign_of_time > 0 else "timestamp_too_new")


def test_while_a_secret_rotates_both_are_good_and_then_only_the_new_one() -> None:
    both = sign(ID, BODY, secrets=[OTHER_SECRET, SECRET], now=SENT_AT)
    only_new = sign(ID, BODY, secrets=[OTHER_SECRET], now=SENT_AT)
    assert isinstance(said(both, secrets=[SECRET]), Verified)
    assert isinstance(said(both, secrets=[OTHER_SECRET]), Verified)
    assert isinstance(said(only_new, secrets=[SECRET, OTHER_SECRET]), Verified)
    assert said(only_new, secrets=[SECRET]).code == "signature_mismatch"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"webhook-id": ""}, "header_missing"),
        ({"webhook-timestamp": ""}, "header_missing"),
        ({"webhook-signature": ""}, "header_missing"),
        ({"Webhook-Id": ID}, "header_repeated"),
        ({"webhook-id": "msg.1614265330"}, "id_malformed"),
        ({"webhook-id": "x" * 256}, "id_malformed"),
        ({"webhook-id": "msg_other"}, "signature_mismatch"),
        ({"webhook-timestamp": "1614265330.0"}, "timestamp_malformed"),
        ({"webhook-timestamp": "nan"}, "timestamp_malformed"),
        ({"webhook-timestamp": "-1614265330"}, "timestamp_malformed"),
        ({"webhook-timestamp": "1614265331"}, "signature_mismatch"),
        ({"webhook-signature": "v1,a"}, "signature_malformed"),
        ({"webhook-signature": "v1,!!!"}, "signature_malformed"),
        ({"webhook-signature": "v1,é"}, "signature_malformed"),
        ({"webhook-signature": SIGNATURE[3:]}, "signature_malformed"),
        ({"webhook-signature": "v1a," + SIGNATURE[3:]}, "signature_unsupported"),
        ({"webhook-signature": "v1,"}, "signature_mismatch"),
        ({"webhook-signature": " ".join([SIGNATURE] * (SIGNATURES_MAX + 1))}, "signature_malformed"),
    ],
)
def test_a_changed_header_is_refused_precisely(change: dict[str, str], code: str) -> None:
    refused = said({**HEADERS, **change})
    assert isinstance(refused, WebhookRefused)
    assert refused.code == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"test":2432232314}', "signature_mismatch"),
        (b"", "signature_mismatch"),
        (BODY + b" ", "signature_mismatch"),
        (b"\xff", "body_malformed"),
    ],
)
def test_a_changed_body_is_refused(body: bytes, code: str) -> None:
    """Also one that was only parsed and written again."""
    assert said(HEADERS, body).code == code


def test_header_names_have_any_case_and_other_headers_do_not_matter() -> None:
    assert isinstance(said({name.title(): value for name, value in HEADERS.items()} | {"Accept": "x"}), Verified)


@pytest.mark.parametrize("secret", ["", "whsec_", SECRET[6:], "whsec_a", "whsec_!!!!", "whsec_c2hvcnQ="])
def test_a_bad_secret_stops_the_start_and_is_not_repeated(secret: str) -> None:
    with pytest.raises(SecretMalformed) as refused:
        check_secret(secret)
    assert len(secret) < 7 or secret not in str(refused.value)


@pytest.mark.parametrize("message_id", ["", "a.b", "a b", "é", "x" * 256])
def test_an_id_that_could_be_mistaken_is_not_signed(message_id: str) -> None:
    with pytest.raises(ValueError):
        sign(message_id, BODY, secrets=[SECRET], now=SENT_AT)


@given(st.dictionaries(st.sampled_from([*HEADERS, "x"]), st.text(max_size=80)), st.binary(max_size=80))
def test_nothing_raises_and_nothing_forged_is_believed(headers: dict[str, str], body: bytes) -> None:
    assert isinstance(said({**HEADERS, **headers}, body), WebhookRefused) or body == BODY

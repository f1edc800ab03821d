"""Signed messages between servers, as Standard Webhooks describes them (https://www.standardwebhooks.com).

The sender signs `<webhook-id>.<webhook-timestamp>.<body>` with HMAC-SHA256 and sends id, Unix time and signature as
headers. `sign` and `verify` are pure: time, secrets and bytes are arguments. The library computes the signatures; it is
not asked to verify, because it reads the clock itself and raises `binascii.Error` for a malformed signature.

What a signature does not do, the receiver does:

*Replay.* A captured message stays valid for the tolerance, and an honest sender repeats one that was not answered. So
the receiver uses `webhook-id` as the idempotency key of whatever the message makes it do: the second arrival finds the
first one's outcome, at any distance in time. A sender therefore keeps the id when it repeats, and signs with the time
of the repetition.

*Order.* Messages overtake each other, so no message may be read as "and this is the state now". The receiver's life
cycle decides: a message whose step is not open any more (a failure after a success, a `pending` after the end) changes
nothing, is recorded, and one that contradicts an end goes to a person.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec
from standardwebhooks.webhooks import Webhook

ID_HEADER: Final = "webhook-id"
TIMESTAMP_HEADER: Final = "webhook-timestamp"
SIGNATURE_HEADER: Final = "webhook-signature"

TOLERANCE: Final = timedelta(minutes=5)  # both ways, as the standard's libraries have it
SIGNATURES_MAX: Final = 8  # of one message; the sender of a rotating secret sends two
SECRETS_MAX: Final = 4
SECRET_BYTES: Final = (24, 64)  # the standard's bounds
SECRET_PREFIX: Final = "whsec_"

_ID: Final = re.compile(r"[\x21-\x2d\x2f-\x7e]{1,255}")  # no dot: it separates the signed parts
_SECONDS: Final = re.compile(r"[0-9]{1,11}")

RefusalCode = Literal[
    "header_missing",
    "header_repeated",
    "id_malformed",
    "timestamp_malformed",
    "timestamp_too_old",
    "timestamp_too_new",
    "signature_malformed",
    "signature_unsupported",
    "signature_mismatch",
    "body_malformed",
]


class Verified(msgspec.Struct, frozen=True):
    """The message comes from who has the secret. `message_id` is the idempotency key of what it asks for."""

    message_id: str
    sent_at: datetime


class WebhookRefused(msgspec.Struct, frozen=True):
    """Why a message is not believed. The detail may be shown to the sender: it holds no secret and no signature."""

    code: RefusalCode
    detail: str


class SecretMalformed(ValueError):
    """The secret is not `whsec_` and base64 of 24 to 64 bytes. Configuration, so it stops the start."""


def check_secret(secret: str) -> str:
    """Return the secret if it can sign; raises SecretMalformed, whose text does not repeat it."""
    low, high = SECRET_BYTES
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SecretMalformed("a webhook secret is whsec_ and base64 text") from error
    if not secret.startswith(SECRET_PREFIX) or not low <= len(key) <= high:
        raise SecretMalformed(f"a webhook secret is whsec_ and base64 of {low} to {high} bytes")
    return secret


def sign(message_id: str, body: bytes, *, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """Return the three headers. While a secret rotates, pass the new and the old one: the message gets both signatures.

    Raises ValueError for an id that could not be told from the text around it and for a body that is not UTF-8,
    SecretMalformed for a bad secret.
    """
    if not _ID.fullmatch(message_id):
        raise ValueError("a message id is 1 to 255 visible ASCII characters without a dot")
    if not 1 <= len(secrets) <= SECRETS_MAX:
        raise ValueError(f"a message is signed with 1 to {SECRETS_MAX} secrets")
    seconds = int(now.timestamp())
    signatures = (_signature(secret, message_id, seconds, body.decode()) for secret in secrets)
    return {ID_HEADER: message_id, TIMESTAMP_HEADER: str(seconds), SIGNATURE_HEADER: " ".join(signatures)}


def verify(
    headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime
) -> Verified | WebhookRefused:
    """Say whether `body` was signed, with one of `secrets` (several while one rotates), within TOLERANCE of `now`.

    `headers` may have any case; give each header once, as it was received, and the body byte for byte: text that was
    parsed and written again has another signature. Raises SecretMalformed, nothing else.
    """
    read = _read(headers)
    if isinstance(read, WebhookRefused):
        return read
    message_id, seconds, signatures = read
    age_s = now.timestamp() - seconds
    if age_s > TOLERANCE.total_seconds():
        return WebhookRefused("timestamp_too_old", f"signed more than {TOLERANCE} ago")
    if age_s < -TOLERANCE.total_seconds():
        return WebhookRefused("timestamp_too_new", f"signed more than {TOLERANCE} in the future")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return WebhookRefused("body_malformed", "the body is not UTF-8 text")
    # Every pair is compared, and each in constant time: how long this takes says nothing about a secret.
    expected = [_signature(secret, message_id, seconds, text) for secret in secrets]
    matches = [hmac.compare_digest(ours, given) for ours in expected for given in signatures]
    if not any(matches):
        return WebhookRefused("signature_mismatch", "no signature was made with a secret of this endpoint")
    return Verified(message_id, datetime.fromtimestamp(seconds, tz=now.tzinfo))


def _read(headers: Mapping[str, str]) -> tuple[str, int, list[str]] | WebhookRefused:
    given: dict[str, str] = {}
    for name, value in headers.items():
        if name.lower() in given:
            return WebhookRefused("header_repeated", f"{name.lower()} is given twice")
        if name.lower() in (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER):
            given[name.lower()] = value
    for name in (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER):
        if not given.get(name):
            return WebhookRefused("header_missing", f"{name} is missing")
    if not _ID.fullmatch(given[ID_HEADER]):
        return WebhookRefused("id_malformed", f"{ID_HEADER} is not 1 to 255 visible ASCII characters without a dot")
    if not _SECONDS.fullmatch(given[TIMESTAMP_HEADER]):
        return WebhookRefused("timestamp_malformed", f"{TIMESTAMP_HEADER} is not a Unix time in whole seconds")
    signatures = _signatures(given[SIGNATURE_HEADER])
    if isinstance(signatures, WebhookRefused):
        return signatures
    return given[ID_HEADER], int(given[TIMESTAMP_HEADER]), signatures


def _signatures(text: str) -> list[str] | WebhookRefused:
    parts = text.split(" ")
    if len(parts) > SIGNATURES_MAX:
        return WebhookRefused("signature_malformed", f"more than {SIGNATURES_MAX} signatures")
    found = []
    for part in parts:
        version, comma, encoded = part.partition(",")
        if not comma:
            return WebhookRefused("signature_malformed", f"{SIGNATURE_HEADER} is not a list of <version>,<base64>")
        if version != "v1":
            continue  # v1a is asymmetric, and a version of tomorrow may stand beside v1
        try:
            base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return WebhookRefused("signature_malformed", "a v1 signature is not base64")
        found.append(part)
    if not found:
        return WebhookRefused("signature_unsupported", "no signature of version v1")
    return found


def _signature(secret: str, message_id: str, seconds: int, text: str) -> str:
    sent_at = datetime.fromtimestamp(seconds, tz=UTC)  # the library takes any other zone for UTC
    return Webhook(check_secret(secret)).sign(message_id, sent_at, text)

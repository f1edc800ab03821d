"""Webhook deliveries: whether one comes from Bursar, and what it says (https://www.standardwebhooks.com).

    event = webhooks.verify(headers, body, secrets=[secret], now=datetime.now(tz=UTC))

Give the body byte for byte as it was received. A delivery may arrive twice: drop what has an `id` that you have seen.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from bursar_client.errors import WebhookRefused

TOLERANCE: Final = timedelta(minutes=5)  # both ways
SIGNATURES_MAX: Final = 8
SECRET_PREFIX: Final = "whsec_"

_SECONDS: Final = re.compile(r"[0-9]{1,11}")


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A CloudEvent. `position`: read with it as `min_position` to see the event's effect; `data` depends on `type`."""

    id: str
    source: str
    type: str
    time: datetime
    ledgerposition: str
    subject: str | None = None
    tenantid: str | None = None
    data: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def position(self) -> int:
        """The event's place in the order of the book."""
        return int(self.ledgerposition)


def verify(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> Event:
    """Return the event of a delivery that was signed with one of `secrets` (two while one rotates) around `now`.

    Raises WebhookRefused, and ValueError for a secret that is not `whsec_` and base64.
    """
    given = {name.lower(): value for name, value in headers.items()}
    message_id, seconds, signatures = (
        given.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    )
    if not message_id or not _SECONDS.fullmatch(seconds):
        raise WebhookRefused("webhook-id or webhook-timestamp is missing or malformed")
    if abs(now.timestamp() - int(seconds)) > TOLERANCE.total_seconds():
        raise WebhookRefused(f"signed more than {TOLERANCE} away from now")
    signed = b".".join((message_id.encode(), seconds.encode(), body))
    expected = [hmac.digest(_key_of(secret), signed, hashlib.sha256) for secret in secrets]
    # Every pair is compared, each in constant time: how long this takes says nothing about a secret.
    matches = [hmac.compare_digest(ours, theirs) for ours in expected for theirs in _signatures(signatures)]
    if not any(matches):
        raise WebhookRefused("no signature was made with a secret of this endpoint")
    try:
        return msgspec.json.decode(body, type=Event)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise WebhookRefused(f"signed, but no event: {error}") from error


def _signatures(text: str) -> list[bytes]:
    parts = [part.partition(",") for part in text.split(" ")[:SIGNATURES_MAX]]
    try:
        return [base64.b64decode(encoded, validate=True) for version, _, encoded in parts if version == "v1"]
    except (binascii.Error, ValueError) as error:
        raise WebhookRefused("a v1 signature is not base64") from error


def _key_of(secret: str) -> bytes:
    if not secret.startswith(SECRET_PREFIX):
        raise ValueError("a webhook secret is whsec_ and base64 text")
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("a webhook secret is whsec_ and base64 text") from error

"""Deliveries signed as Bursar signs them are believed, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from bursar_client import webhooks
from bursar_client.errors import WebhookRefused

from runtime.webhooks import sign

SECRET = "whsec_" + "A" * 32
OLD_SECRET = "whsec_" + "B" * 32
NOW = datetime(2026, 11, 25, 10, 15, tzinfo=UTC)
BODY = (
    b'{"specversion":"1.0","id":"evt_4712","source":"urn:bursar:ledger:main","type":"payment.settled.v1",'
    b'"subject":"pay_4711","time":"2026-11-25T10:15:00Z","ledgerposition":"4712","tenantid":"acme","data":{"x":1}}'
)


def test_a_delivery_is_believed_and_read() -> None:
    headers = sign("evt_4712", BODY, secrets=[SECRET], now=NOW)
    event = webhooks.verify({name.title(): value for name, value in headers.items()}, BODY, secrets=[SECRET], now=NOW)
    assert (event.id, event.type, event.subject, event.position) == ("evt_4712", "payment.settled.v1", "pay_4711", 4712)
    assert event.data == {"x": 1}


def test_either_secret_will_do_while_one_rotates() -> None:
    both = [SECRET, OLD_SECRET]
    of_sender = webhooks.verify(sign("evt_1", BODY, secrets=both, now=NOW), BODY, secrets=[OLD_SECRET], now=NOW)
    of_receiver = webhooks.verify(sign("evt_1", BODY, secrets=[OLD_SECRET], now=NOW), BODY, secrets=both, now=NOW)
    assert of_sender == of_receiver


@pytest.mark.parametrize(
    ("changed", "body", "secret", "later"),
    [
        ({}, BODY + b" ", SECRET, timedelta(0)),
        ({}, BODY, OLD_SECRET, timedelta(0)),
        ({}, BODY, SECRET, timedelta(minutes=6)),
        ({}, BODY, SECRET, timedelta(minutes=-6)),
        ({"webhook-id": "evt_4713"}, BODY, SECRET, timedelta(0)),
        ({"webhook-id": ""}, BODY, SECRET, timedelta(0)),
        ({"webhook-timestamp": "soon"}, BODY, SECRET, timedelta(0)),
        ({"webhook-signature": ""}, BODY, SECRET, timedelta(0)),
        ({"webhook-signature": "v1,%%%"}, BODY, SECRET, timedelta(0)),
        ({"webhook-signature": "v2,AAAA"}, BODY, SECRET, timedelta(0)),
    ],
)
def test_nothing_else_is(changed: dict[str, str], body: bytes, secret: str, later: timedelta) -> None:
    headers = sign("evt_4712", BODY, secrets=[SECRET], now=NOW) | changed
    with pytest.raises(WebhookRefused):
        webhooks.verify(headers, body, secrets=[secret], now=NOW + later)


def test_what_is_signed_and_no_event_is_refused() -> None:
    with pytest.raises(WebhookRefused, match="no event"):
        webhooks.verify(sign("evt_1", b"[]", secrets=[SECRET], now=NOW), b"[]", secrets=[SECRET], now=NOW)


@pytest.mark.parametrize("secret", ["AAAA", "whsec_%%%"])
def test_a_secret_that_is_none_is_a_mistake_of_the_caller(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        webhooks.verify(sign("evt_1", BODY, secrets=[SECRET], now=NOW), BODY, secrets=[secret], now=NOW)

"""Payment files: XML, and therefore not in the OpenAPI document, which describes JSON."""

from __future__ import annotations

from typing import Final

from bursar_client.call import Call, key_of, read_content
from bursar_client.content import XML, Content

PATH: Final = "/v1/payment-files"


def send_payment_file(pain001: bytes, *, idempotency_key: str | None = None) -> Call[Content]:
    """Send a pain.001 file; the answer is a pain.002 with the status of each transaction.

    The file is refused as a whole if it is not sound; a transaction that is no payment is rejected in the answer. Sent
    again under the same key, the same file gets the same statuses.
    """
    return Call(
        name="send_payment_file",
        api="commands",
        method="POST",
        path=PATH,
        read=read_content,
        body=pain001,
        media_type=XML,
        accept=XML,
        key=key_of(idempotency_key),
        is_repeatable=True,
    )

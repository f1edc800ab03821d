"""The envelope of a public event: CloudEvents 1.0, structured mode, JSON.

The same event always becomes the same bytes, whoever publishes it and how often: id, time and everything else come from
the book. `source` + `id` name it for ever, so a reader who remembers ids drops repetitions.

Extension attributes: `ledgerposition` is decimal text, because an Integer of CloudEvents has 32 bits and a position
does not; `tenantid` is the tenant of whoever sent the command; `traceparent` is there when the command carried one.
"""

from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from contracts.public_events.data import PublicData, PublicInstant
from contracts.public_events.kinds import KIND_OF

MEDIA_TYPE: Final = "application/cloudevents+json"


class CloudEvent(Struct, frozen=True, kw_only=True):
    """One public event as it is published and delivered. Attribute names are CloudEvents'."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    time: PublicInstant
    datacontenttype: Literal["application/json"]
    dataschema: str
    ledgerposition: str
    tenantid: str
    traceparent: str | UnsetType = UNSET
    data: Any

    @property
    def position(self) -> int:
        """Position in the book of the event this one was made from. Raises ValueError for text that is no number."""
        return int(self.ledgerposition)


class Occurrence(Struct, frozen=True, kw_only=True):
    """Where in the book a public event comes from: what its envelope says apart from the data."""

    ledger: str
    position: int
    recorded_at: datetime
    tenant: str
    trace: str | None


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(CloudEvent)


def source_of(ledger: str) -> str:
    """Return the source of a ledger's public events."""
    return f"urn:bursar:ledger:{ledger}"


def schema_uri_of(kind: str) -> str:
    """Return the name of the JSON Schema of a kind's data: the file `contracts/schemas/public.<kind>.json`."""
    return f"urn:bursar:schema:public.{kind}"


def cloud_event_of(data: PublicData, *, subject: str, number: int, occurrence: Occurrence) -> CloudEvent:
    """Wrap public data. ``subject``: id of the thing it is about; ``number``: 0 for the first kind made from an event.

    The id is `evt_<position>`, with `_<number>` behind it for every further one.
    """
    kind = KIND_OF[type(data)]
    return CloudEvent(
        specversion="1.0",
        id=f"evt_{occurrence.position}" + (f"_{number}" if number else ""),
        source=source_of(occurrence.ledger),
        type=kind,
        subject=subject,
        time=occurrence.recorded_at,
        datacontenttype="application/json",
        dataschema=schema_uri_of(kind),
        ledgerposition=str(occurrence.position),
        tenantid=occurrence.tenant,
        traceparent=occurrence.trace if occurrence.trace else UNSET,
        data=data,
    )


def encode_cloud_event(event: CloudEvent) -> bytes:
    """Give the exact bytes that are published and signed."""
    return _encoder.encode(event)


def decode_cloud_event(body: bytes) -> CloudEvent:
    """Read a published event; its data stays a mapping. Raises msgspec.ValidationError or msgspec.DecodeError."""
    return _decoder.decode(body)

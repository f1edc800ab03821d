"""The AsyncAPI 3.0 document of the public stream, read off the kinds: what is published is what is described."""

import inspect
from typing import Any, Final

import msgspec

from contracts.public_events.cloud_event import MEDIA_TYPE, CloudEvent, schema_uri_of
from contracts.public_events.data import PublicData
from contracts.public_events.kinds import PUBLIC_KINDS, subject_of_kind
from contracts.subjects import LEDGER_NAME_PATTERN, public_stream_name, public_subject

TITLE: Final = "Bursar public events"
VERSION: Final = "1"
DESCRIPTION: Final = inspect.cleandoc(
    """
    What happened in a ledger, for other systems. Messages are CloudEvents 1.0 in structured mode, one NATS subject per
    kind, kept in the JetStream stream `PUBLIC_<LEDGER>`. Delivery is at least once: drop what repeats by `source` and
    `id`. Order is the order of the book; `ledgerposition` is the position an event was made from. Webhooks carry the
    same bytes, signed. Ignore fields you do not know: a kind gains optional fields; anything else is a new version of
    it, on a subject of its own, published beside the old one.
    """
)
_SCHEMAS: Final = "#/components/schemas/"
_MESSAGES: Final = "#/components/messages/"


def asyncapi_document() -> dict[str, Any]:
    """Describe every kind, with its subject, its message and its schema."""
    kinds = [CloudEvent, *PUBLIC_KINDS.values()]
    _, schemas = msgspec.json.schema_components(kinds, ref_template=_SCHEMAS + "{name}")
    return {
        "asyncapi": "3.0.0",
        "info": {"title": TITLE, "version": VERSION, "description": DESCRIPTION},
        "defaultContentType": MEDIA_TYPE,
        "channels": {subject_of_kind(kind): _channel(kind) for kind in PUBLIC_KINDS},
        "operations": {f"publish.{kind}": _operation(kind) for kind in PUBLIC_KINDS},
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "messages": {kind: _message(kind, data) for kind, data in PUBLIC_KINDS.items()},
        },
    }


def _channel(kind: str) -> dict[str, Any]:
    return {
        "address": public_subject("{ledger}", subject_of_kind(kind)),
        "parameters": {
            "ledger": {
                "description": f"Name of the ledger ({LEDGER_NAME_PATTERN.replace(chr(92) + 'Z', '$')}); the stream of "
                f"ledger main is {public_stream_name('main')}.",
                "examples": ["main"],
            }
        },
        "messages": {kind: {"$ref": _MESSAGES + kind}},
    }


def _operation(kind: str) -> dict[str, Any]:
    channel = f"#/channels/{subject_of_kind(kind)}"
    return {"action": "send", "channel": {"$ref": channel}, "messages": [{"$ref": f"{channel}/messages/{kind}"}]}


def _message(kind: str, data: type[PublicData]) -> dict[str, Any]:
    pinned = {
        "type": {"const": kind},
        "dataschema": {"const": schema_uri_of(kind)},
        "data": {"$ref": _SCHEMAS + data.__name__},
    }
    headers = {
        "Content-Type": {"const": MEDIA_TYPE},
        "Nats-Msg-Id": {"type": "string", "description": "The event's id."},
        "traceparent": {"type": "string", "description": "W3C Trace Context, when the command carried one."},
    }
    return {
        "name": kind,
        "summary": " ".join((inspect.getdoc(data) or "").split()),
        "contentType": MEDIA_TYPE,
        "headers": {"type": "object", "properties": headers, "required": ["Content-Type", "Nats-Msg-Id"]},
        "payload": {"allOf": [{"$ref": _SCHEMAS + CloudEvent.__name__}, {"properties": pinned}]},
    }

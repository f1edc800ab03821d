"""The published JSON Schemas: one per command, one per event of the book, one per public event, and the two envelopes.

The files in ``schemas/`` are generated from here and compared by a test: whoever reviews a changed contract sees its
changed schema.
"""

from typing import Any, Final

import msgspec

from contracts.commands import Command
from contracts.envelope import Envelope
from contracts.events import EVENT_TYPES
from contracts.public_events.cloud_event import CloudEvent
from contracts.public_events.kinds import PUBLIC_KINDS
from contracts.upcasters import UPCASTERS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
REFERENCE: Final = "#/$defs/{name}"


def schemas() -> dict[str, dict[str, Any]]:
    """Every published schema by name, such as ``command.post_transfer``, ``event.hold_placed.v1`` or
    ``public.payment.settled.v1``.
    """
    kinds: dict[str, Any] = {f"command.{kind.__struct_config__.tag}": kind for kind in Command.__subclasses__()}
    kinds |= {f"event.{name}.v{version}": kind for (name, version), kind in EVENT_TYPES.items()}
    kinds |= {f"event.{name}.v{version}": kind for (name, version), (kind, _) in UPCASTERS.items()}
    kinds |= {f"public.{kind}": data for kind, data in PUBLIC_KINDS.items()}
    kinds |= {"envelope": Envelope, "cloud_event": CloudEvent}
    return {name: schema_of(kind) for name, kind in kinds.items()}


def schema_of(kind: Any) -> dict[str, Any]:
    """The JSON Schema of one message, complete in itself."""
    (schema,), definitions = msgspec.json.schema_components([kind], ref_template=REFERENCE)
    name = schema["$ref"].rpartition("/")[2]
    whole = {"$schema": DIALECT, **definitions.pop(name)}
    if definitions:
        whole["$defs"] = dict(sorted(definitions.items()))
    portable: dict[str, Any] = _portable(whole)
    return portable


def _portable(schema: Any) -> Any:
    r"""Spell the end of a text as every regular-expression dialect of JSON Schema does: ``$`` for Python's ``\Z``."""
    match schema:
        case dict():
            return {
                key: value.replace(r"\Z", "$") if key == "pattern" and isinstance(value, str) else _portable(value)
                for key, value in schema.items()
            }
        case list():
            return [_portable(item) for item in schema]
        case _:
            return schema

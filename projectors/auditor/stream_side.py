"""The stream's copy of a slice: the book's bytes at the book's positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from nats.aio.client import Client

from contracts.audits import AuditDifference
from projectors.auditor.findings import WHOLE, Subject
from runtime.jetstream import fetch_range

STREAM: Final = "stream"


async def read_stream(nats: Client, stream: str, first: int, last: int) -> dict[int, bytes]:
    """Read the messages of a range. Raises IncompleteRange, JetStreamRefused."""
    return {sequence: body async for batch in fetch_range(nats, stream, first, last) for sequence, body in batch}


def audit_stream(found: Mapping[int, bytes], expected: Sequence[tuple[int, bytes]]) -> list[AuditDifference]:
    """Compare every message with the event at its position."""
    differences: list[AuditDifference] = []
    bodies = dict(expected)
    for position in sorted(found.keys() | bodies.keys()):
        subject = Subject(side="stream", model=STREAM, name=f"message {position}", position=position)
        differences += subject.compare(WHOLE, found=found.get(position), expected=bodies.get(position))
    return differences

"""A stream as data: what it must be, created when missing, refused precisely when it is something else."""

from __future__ import annotations

from base64 import b64decode
from typing import Any, Final

import msgspec
from nats.aio.client import Client

from runtime.jetstream.api import STREAM_NOT_FOUND, JetStreamRefused, call_api

UNLIMITED: Final = -1
DUPLICATE_WINDOW_MS: Final = 100  # the server's minimum; message ids are not used, and each costs memory while it is in
_NS_PER_MS: Final = 1_000_000
_NS_PER_S: Final = 1_000_000_000

# Each of these lets something other than the one publisher take a sequence number.
_FORBIDDEN: Final = (
    "mirror",
    "sources",
    "allow_batched",
    "allow_msg_counter",
    "allow_msg_schedules",
    "allow_msg_ttl",
    "allow_rollup_hdrs",
    "persist_mode",
    "sealed",
    "subject_delete_marker_ttl",
)


class StreamDrift(RuntimeError):
    """The stream exists and is configured otherwise; the text lists every difference."""


class StreamSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream must be. Ages in seconds, sizes in bytes; 0 s and UNLIMITED keep everything.

    The server sets `max_bytes` of its disk aside when it creates the stream, and refuses when it has not got them;
    `max_messages` costs nothing until there are that many.

    `first_sequence` counts only when the stream is created: it re-bases a stream that was lost, so that its sequence
    numbers continue where the old ones ended.
    """

    name: str
    subjects: tuple[str, ...]
    replicas: int = 1
    max_age_s: int = 0
    max_bytes: int = UNLIMITED
    max_messages: int = UNLIMITED
    first_sequence: int | None = None
    description: str = ""

    def settings(self) -> dict[str, Any]:
        """Return the server's own names and units for everything that is compared with an existing stream."""
        return {
            "subjects": list(self.subjects),
            "num_replicas": self.replicas,
            "max_age": self.max_age_s * _NS_PER_S,
            "max_bytes": self.max_bytes,
            "max_msgs": self.max_messages,
            "storage": "file",
            "retention": "limits",
            # Old messages leave when a limit is reached. The other choice would stop the publisher instead.
            "discard": "old",
            "compression": "s2",
            "duplicate_window": DUPLICATE_WINDOW_MS * _NS_PER_MS,
            "allow_atomic": True,
            "allow_direct": True,
            "deny_delete": True,
        }


async def ensure_stream(nc: Client, spec: StreamSpec) -> None:
    """Create the stream, or check the existing one. Raises StreamDrift, or JetStreamRefused."""
    try:
        found = await call_api(nc, f"STREAM.INFO.{spec.name}", {})
    except JetStreamRefused as refusal:
        if refusal.code != STREAM_NOT_FOUND:
            raise
        wanted = {"name": spec.name, "description": spec.description, **spec.settings()}
        if spec.first_sequence is not None:
            wanted["first_seq"] = spec.first_sequence
        # Two processes may both find it missing: creating the same configuration twice is allowed by the server.
        found = await call_api(nc, f"STREAM.CREATE.{spec.name}", wanted)
    differences = _differences(spec, found["config"])
    if differences:
        raise StreamDrift(f"stream {spec.name} exists with other settings: {'; '.join(differences)}")


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """How far a stream goes. ``created`` tells one stream from another that later took its name."""

    created: str
    first_sequence: int
    last_sequence: int
    messages: int


async def read_state(nc: Client, stream: str) -> StreamState:
    """Read how far a stream goes. Raises JetStreamRefused."""
    info = await call_api(nc, f"STREAM.INFO.{stream}", {})
    state = info["state"]
    return StreamState(
        created=info["created"],
        first_sequence=int(state["first_seq"]),
        last_sequence=int(state["last_seq"]),
        messages=int(state["messages"]),
    )


async def read_message(nc: Client, stream: str, sequence: int) -> bytes:
    """Read the body of one message. Raises JetStreamRefused, also for a sequence that the stream does not hold."""
    answer = await call_api(nc, f"STREAM.MSG.GET.{stream}", {"seq": sequence})
    return b64decode(answer["message"].get("data", ""))


async def delete_stream(nc: Client, stream: str) -> int:
    """Delete a stream and return how many messages it held; 0 when there is none. Raises JetStreamRefused."""
    try:
        held = (await read_state(nc, stream)).messages
        await call_api(nc, f"STREAM.DELETE.{stream}", {})
    except JetStreamRefused as refusal:
        if refusal.code != STREAM_NOT_FOUND:
            raise
        return 0
    return held


async def last_sequence(nc: Client, stream: str) -> int:
    """Read the sequence of the newest message, 0 in a new stream. Raises JetStreamRefused."""
    return (await read_state(nc, stream)).last_sequence


async def first_sequence(nc: Client, stream: str) -> int:
    """Read the sequence of the oldest message that is still there (of the next one, in an empty stream)."""
    return (await read_state(nc, stream)).first_sequence


def _differences(spec: StreamSpec, config: dict[str, Any]) -> list[str]:
    differences = [
        f"{name} is {config.get(name)!r}, wanted {wanted!r}"
        for name, wanted in spec.settings().items()
        if config.get(name) != wanted
    ]
    return differences + [f"{name} must not be set" for name in _FORBIDDEN if config.get(name)]

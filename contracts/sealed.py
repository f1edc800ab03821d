"""Personal data as it stands in commands and events: sealed text that only the keeper of the data's key can open."""

from typing import Annotated, Final

from msgspec import Meta

SEALED_CHARS_MAX: Final = 90_000  # of the longest text that is sealed, 64 KiB

Sealed = Annotated[
    str,
    Meta(
        pattern=r"^sealed\.v1\.[1-9][0-9]{0,8}\.[A-Za-z0-9_-]{100,}\Z",
        max_length=SEALED_CHARS_MAX,
        description="A text sealed under the key of the person it is about.",
    ),
]

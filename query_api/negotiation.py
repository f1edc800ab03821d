"""Content negotiation (RFC 9110 §12.5.1): the offered media type the client likes best, quality 0 meaning never."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from query_api.refusals import ReadRefused, Refusal

ACCEPT_CHARS_MAX: Final = 1_024

_Range = tuple[str, float]


def choose_media_type(accept: str | None, offered: Sequence[str]) -> str:
    """Choose among `offered`, in order of the server's preference. Raises ReadRefused (not_acceptable)."""
    if not accept:
        return offered[0]
    ranges = _ranges_of(accept[:ACCEPT_CHARS_MAX])
    qualities = [_quality_of(media_type, ranges) for media_type in offered]
    best = max(qualities)
    if best <= 0:
        raise ReadRefused(
            Refusal.NOT_ACCEPTABLE, f"none of the media types in Accept can be had; offered: {', '.join(offered)}"
        )
    return offered[qualities.index(best)]


def _ranges_of(accept: str) -> list[_Range]:
    ranges = []
    for part in accept.lower().split(","):
        media_range, *parameters = (piece.strip() for piece in part.split(";"))
        if media_range:
            ranges.append((media_range, _quality(parameters)))
    return ranges


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                return 0.0  # a range whose weight cannot be read is not one to rely on
            return quality if 0 <= quality <= 1 else 0.0
    return 1.0


def _quality_of(media_type: str, ranges: list[_Range]) -> float:
    """The most specific range that matches decides, wherever it stands."""
    for matching in (media_type, media_type.partition("/")[0] + "/*", "*/*"):
        found = [quality for media_range, quality in ranges if media_range == matching]
        if found:
            return max(found)
    return 0.0

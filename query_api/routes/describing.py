"""What a route says about itself beside its code: what it asks, answers and may refuse. document.py publishes it."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from query_api.parameters import Question
from query_api.refusals import Refusal

DESCRIBED: Final = "described"  # key in a route handler's `opt`


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """One route. `answers` None: no content. `media_types`: other forms of the answer than JSON."""

    asks: type[Question]
    answers: type[msgspec.Struct] | None
    refuses: Sequence[Refusal] = ()
    body: type[msgspec.Struct] | None = None
    media_types: Sequence[str] = ()


def described(
    asks: type[Question],
    answers: type[msgspec.Struct] | None,
    *refuses: Refusal,
    body: type[msgspec.Struct] | None = None,
    media_types: Sequence[str] = (),
) -> dict[str, Any]:
    """Make the `opt` of a route handler."""
    return {DESCRIBED: Described(asks=asks, answers=answers, refuses=refuses, body=body, media_types=media_types)}

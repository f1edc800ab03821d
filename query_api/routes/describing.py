"""What a route says about itself beside its code: what it asks, answers and may refuse. document.py publishes it."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from query_api.parameters import Question
from query_api.refusals import Refusal

DESCRIBED: Final = "described"  # key in a route handler's `opt`


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """One route. `answers` None: no content; `media_types`: other forms of the answer than JSON.

    `takes`: its body; `is_public`: needs no token.
    """

    asks: type[Question]
    answers: type[msgspec.Struct] | None
    refuses: Sequence[Refusal] = ()
    media_types: Sequence[str] = ()
    takes: type[msgspec.Struct] | None = None
    is_public: bool = False


def described(
    asks: type[Question],
    answers: type[msgspec.Struct] | None,
    *refuses: Refusal,
    media_types: Sequence[str] = (),
    takes: type[msgspec.Struct] | None = None,
    is_public: bool = False,
) -> dict[str, Any]:
    """Make the `opt` of a route handler."""
    return {
        DESCRIBED: Described(
            asks=asks, answers=answers, refuses=refuses, media_types=media_types, takes=takes, is_public=is_public
        )
    }

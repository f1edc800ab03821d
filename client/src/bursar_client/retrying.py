"""When the same request is sent again, and after how long. Pure: chance and the time that has passed are arguments."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from bursar_client.errors import problem_of
from bursar_client.wire import Broken, Response

# The server says "later", or something between us and the server does not know.
LATER: Final = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
# The same, with certainty that nothing happened.
NOTHING_HAPPENED: Final = frozenset({"queue_full", "not_taken", "request_timeout", "too_many_requests"})
# A refusal at the door says nothing about an attempt before it.
AT_THE_DOOR: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """The bounds of patience with one call.

    `attempts_max` attempts, none of which begins later than `within_s` after the first. Pauses double from `first_s` to
    `pause_max_s` and are shortened by chance by up to half, so that clients do not come back together; they come on top
    of a `Retry-After`, for the same reason.
    """

    attempts_max: int = 12
    within_s: float = 60.0
    first_s: float = 0.1
    pause_max_s: float = 5.0

    def pause_before_retry(
        self, outcome: Response | Broken, *, attempts: int, elapsed_s: float, is_repeatable: bool, chance: float
    ) -> float | None:
        """Return the pause in seconds before the next attempt; None: there is none."""
        if attempts >= self.attempts_max or not _is_worth_repeating(outcome, is_repeatable=is_repeatable):
            return None
        pause_s = min(self.pause_max_s, self.first_s * 2 ** (attempts - 1)) * (1 - chance / 2)
        if isinstance(outcome, Response):
            pause_s += outcome.retry_after_s or 0
        return pause_s if elapsed_s + pause_s <= self.within_s else None


NO_RETRIES: Final = RetryPolicy(attempts_max=1)


def may_have_happened(outcome: Response | Broken, *, before: bool) -> bool:
    """Tell whether a call may have been done although there is no result; `before`: so it was before this attempt."""
    if isinstance(outcome, Broken):
        return before or outcome.was_sent
    if outcome.status in AT_THE_DOOR:
        return before
    if outcome.status in LATER:
        return before or problem_of(outcome).code not in NOTHING_HAPPENED
    return outcome.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _is_worth_repeating(outcome: Response | Broken, *, is_repeatable: bool) -> bool:
    if isinstance(outcome, Broken):
        return is_repeatable or not outcome.was_sent
    if outcome.status not in LATER:
        return False  # refused: the same key would be refused in the same words
    return is_repeatable or outcome.retry_after_s is not None

"""Any course of commands about endpoints keeps what a delivery relies on; planted faults are seen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts import commands as c
from contracts.events import WebhookSecretRotated
from contracts.rejections import Refused
from ledger.domain import webhooks
from ledger.domain.book import DECIDERS, EVOLVERS
from ledger.domain.webhooks import DIRECTORY, ENDPOINT, THE_DIRECTORY, EndpointWithSecret, RotationWithSecret
from projectors.webhooks.endpoints import EndpointState
from tests.support.ledger import BookInMemory

URL = "https://hooks.example.com/"
IDS = ("whe_1", "whe_2", "whe_3")

courses = st.lists(
    st.tuples(
        st.sampled_from(["create", "rotate", "rotate_at_once", "disable", "enable", "update", "wait", "wait_long"]),
        st.sampled_from(IDS),
    ),
    max_size=25,
)


def command_of(step: str, endpoint_id: str, secret: str) -> Any:
    match step:
        case "create":
            return EndpointWithSecret(wish=c.CreateWebhookEndpoint(url=URL, kinds=("*",)), secret=secret)
        case "rotate" | "rotate_at_once":
            hours = 0 if step == "rotate_at_once" else 24
            wish = c.RotateWebhookSecret(endpoint_id=endpoint_id, overlap_hours=hours)
            return RotationWithSecret(wish=wish, secret=secret)
        case "disable":
            return c.DisableWebhookEndpoint(endpoint_id=endpoint_id)
        case "enable":
            return c.EnableWebhookEndpoint(endpoint_id=endpoint_id)
        case _:
            return c.UpdateWebhookEndpoint(endpoint_id=endpoint_id, url=URL, kinds=("payment.settled.v1",))


def follow(course: list[tuple[str, str]]) -> None:
    """Do it, and compare after every step with what was remembered beside."""
    book = BookInMemory()
    secrets: dict[str, list[tuple[str, Any]]] = {}  # newest first: the secret and until when it signs
    statuses: dict[str, str] = {}
    for number, (step, endpoint_id) in enumerate(course):
        if step.startswith("wait"):
            book.now += timedelta(hours=13 if step == "wait" else 25)
            judge(book, secrets, statuses)
            continue
        secret = f"sealed {number}"
        decided = book.attempt(command_of(step, endpoint_id, secret))
        if isinstance(decided, Refused):
            continue
        if step == "create":
            created = book.events[-1].endpoint_id  # type: ignore[attr-defined]
            secrets[created], statuses[created] = [(secret, None)], "enabled"
        elif step.startswith("rotate"):
            until = book.now + timedelta(hours=24 if step == "rotate" else 0)
            secrets[endpoint_id] = [(secret, None), (secrets[endpoint_id][0][0], until)]
        elif step in ("disable", "enable"):
            statuses[endpoint_id] = f"{step}d"
        judge(book, secrets, statuses)


def judge(book: BookInMemory, secrets: dict[str, list[tuple[str, Any]]], statuses: dict[str, str]) -> None:
    directory = book.state.record(DIRECTORY, THE_DIRECTORY)
    assert list(getattr(directory, "endpoint_ids", ())) == list(secrets)
    for endpoint_id, expected in secrets.items():
        stored = msgspec.json.encode(book.state.record(ENDPOINT, endpoint_id))
        state = msgspec.json.decode(stored, type=EndpointState)
        assert state.status == statuses[endpoint_id]
        assert state.hears("payment.settled.v1") == (state.status == "enabled")
        signing = [secret for secret, until in expected if until is None or book.now < until]
        assert state.sealed_secrets(book.now) == signing


@settings(max_examples=200, deadline=None, database=None)
@given(courses)
def test_an_endpoint_signs_with_its_newest_secret_and_the_one_before_within_the_overlap(
    course: list[tuple[str, str]],
) -> None:
    follow(course)


def exchange(patch: pytest.MonkeyPatch, table: Any, kind: type, function: Any) -> None:
    """Put another function into one of the book's two tables."""
    patch.setitem(table, kind, function)


def forget_the_old_secret(patch: pytest.MonkeyPatch) -> None:
    real = EVOLVERS[WebhookSecretRotated]

    def evolve(state: Any, event: WebhookSecretRotated, position: int) -> None:
        real(state, event, position)
        kept = state.record(ENDPOINT, event.endpoint_id)
        state.records[ENDPOINT, event.endpoint_id] = replace(kept, previous_secret=None)

    exchange(patch, EVOLVERS, WebhookSecretRotated, evolve)


def keep_the_old_secret_for_ever(patch: pytest.MonkeyPatch) -> None:
    real = DECIDERS[RotationWithSecret]

    def decide(command: Any, state: Any, moment: Any) -> Any:
        decided = real(command, state, moment)
        later = moment.now + timedelta(days=9)
        return decided if isinstance(decided, Refused) else replace(decided, previous_valid_until=later)

    exchange(patch, DECIDERS, RotationWithSecret, decide)


def disable_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(webhooks, "ENDPOINT_TRANSITIONS", dict.fromkeys(webhooks.ENDPOINT_TRANSITIONS, "enabled"))


@pytest.mark.parametrize("plant", [forget_the_old_secret, keep_the_old_secret_for_ever, disable_nothing])
def test_a_planted_fault_is_seen(monkeypatch: pytest.MonkeyPatch, plant: Any) -> None:
    plant(monkeypatch)

    @settings(max_examples=500, deadline=None, database=None, phases=[Phase.generate])
    @given(courses)
    def check(course: list[tuple[str, str]]) -> None:
        follow(course)

    with pytest.raises(AssertionError):
        check()

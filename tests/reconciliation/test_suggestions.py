"""Suggestions on real parts: computed by the job, listed by the query API, accepted by the command API, gone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cli.devstack import Servers
from projectors.reconciliation.matching.rules import DEFAULT_POLICY
from projectors.reconciliation.suggestions import policy_digest
from query_api import suggestions as listing
from tests.command_api.door import Door, problem_in
from tests.query_api.bank import Bank
from tests.query_api.windows import Window, open_window
from tests.reconciliation.test_whole_way import events_of, import_doubts, run_job
from tests.support.reconciling import BANK

LIST = "/matches/suggestions"


@asynccontextmanager
async def looking(door: Door, servers: Servers, folder: Path) -> AsyncIterator[Window]:
    """A query API on the door's book."""
    async with open_window(servers, door.dsn_of, Bank("main"), folder / "window") as window:
        yield window


async def test_a_suggestion_is_listed_accepted_as_it_says_and_gone(
    door: Door, servers: Servers, tmp_path: Path
) -> None:
    """Beside one with the same reference and another amount: worth looking at, and nothing that the book would take."""
    references = ["OTHER-2001", "INV-1002"]
    line_ids, paid = await import_doubts(door, booked=[700, 900], lines=[700, 600], references=references)
    async with looking(door, servers, tmp_path) as window:
        before = await window.get(LIST)
        await run_job(door)
        page = await window.get(LIST, account_id=BANK)
        differs, found = page["suggestions"]

        recorded = await door.accepted("/v1/matches", found["accept"])
        after = await window.get(LIST, min_position=recorded["position"])
        await run_job(door)
        later = await window.get(LIST)

    day = paid[0]["data"]["effective_date"]
    entries = [{"position": event["position"], "leg": 0} for event in paid]
    assert (before["suggestions"], before["looked_at"]) == ([], None)
    assert found["lines"] == [{"line_id": line_ids[0], "booked_on": day, "amount_minor": 700}]
    assert found["entries"] == [{**entries[0], "effective_on": day, "amount_minor": 700}]
    assert (found["rule"], found["score_permille"], found["difference_minor"]) == ("amount_only", 500, 0)
    assert (found["account_id"], found["currency"]) == (BANK, "EUR")
    assert found["policy"] == policy_digest(DEFAULT_POLICY)
    assert paid[1]["position"] < found["position"] < recorded["position"]
    assert found["computed_at"] == page["looked_at"]
    assert recorded["data"]["matches"][0]["rule"] == "amount_only"
    held = [event["data"] for event in await events_of(door, "break_opened")]
    holding = {data["break_id"] for data in held if line_ids[0] in data["line_ids"] or entries[0] in data["entries"]}
    assert set(recorded["data"]["resolved_breaks"]) == holding
    assert (after["suggestions"], after["looked_at"]) == ([differs], page["looked_at"])
    assert [one["suggestion_id"] for one in later["suggestions"]] == [differs["suggestion_id"]]
    assert later["looked_at"] > page["looked_at"]

    assert (differs["rule"], differs["difference_minor"], differs["accept"]) == ("same_reference", -300, None)
    match = {
        "line_ids": line_ids[1:],
        "entries": entries[1:],
        "rule": differs["rule"],
        "score_permille": differs["score_permille"],
        "difference_minor": differs["difference_minor"],
    }
    answer = await door.post("/v1/matches", {"account_id": BANK, "matches": [match]})
    problem_in(answer, status=422, code="match_difference_too_large")


OPEN_LINES = "WHERE kind = 'statement_line'"
OPEN_ENTRIES = "WHERE kind = 'matched_entry'"


def without(*looks: str) -> Mapping[str, str]:
    """The list's query with planted faults: what it looks for is never there."""
    ((name, query),) = listing._QUERIES.items()
    for look in looks:
        assert look in query, "the query changed: plant the fault anew"
        query = query.replace(look, "WHERE kind = 'nothing'")
    return {name: query}


async def test_a_suggestion_goes_with_its_line_and_with_its_entry(
    door: Door, servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line for two entries, two lines for one entry: one match ends both, and each look at the book is needed."""
    await import_doubts(door, booked=[700, 700, 300], lines=[700, 300, 300])
    await run_job(door)
    faults = [(), (OPEN_LINES,), (OPEN_ENTRIES,), (OPEN_LINES, OPEN_ENTRIES)]
    planted = {looks: without(*looks) for looks in faults}
    async with looking(door, servers, tmp_path) as window:
        found = (await window.get(LIST))["suggestions"]
        assert [one["lines"][0]["amount_minor"] for one in found].count(700) == len(found) / 2 == 2
        for minor in (700, 300):
            first = next(one for one in found if one["lines"][0]["amount_minor"] == minor)
            await door.accepted("/v1/matches", first["accept"])
        shown = []
        for looks in faults:
            monkeypatch.setattr(listing, "_QUERIES", planted[looks])
            shown.append([one["lines"][0]["amount_minor"] for one in (await window.get(LIST))["suggestions"]])
    assert shown[:3] == [[], [700], [300]]
    assert len(shown[3]) == len(found)

"""The things on the desk over HTTP: lists, filters, pages, one with its steps, and what is never shown."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts import events as e
from contracts.desk import STEPS_MAX
from contracts.events.limits import LimitSet
from query_api.refusals import Refusal
from tests.query_api.bank import START, Bank
from tests.query_api.windows import Window
from tests.support.reconciling import an_office, line, match, open_break, record, statement

SEALED = "sealed.v1.AAECAw"


def endpoint(bank: Bank, url: str) -> str:
    """Create a webhook endpoint."""
    endpoint_id = f"whe_{bank.position + 1}"
    bank.happen(
        e.WebhookEndpointCreated(endpoint_id=endpoint_id, url=url, kinds=("*",), description=None, secret=SEALED),
        actor="anna",
    )
    return endpoint_id


@pytest.fixture
async def desk(own_window: Window) -> Window:
    """Three endpoints (one disabled), the limits of a customer, and a rail that moved to another account."""
    bank = own_window.bank
    first = endpoint(bank, "https://one.example.com/h")
    endpoint(bank, "https://two.example.com/h")
    endpoint(bank, "https://three.example.com/h")
    bank.happen(e.WebhookEndpointDisabled(endpoint_id=first, cause="failing", reason="410 for a week"), actor="ben")
    limit = LimitSet(currency="EUR", window_hours=24, amount_max_minor=500_00, count_max=None, basis="gross")
    bank.happen(e.LimitsDefined(subject="customers:alice:eur", limits=(limit,)))
    for account in ("clearing:old", "clearing:new"):
        bank.happen(
            e.RailDefined(rail="sct_inst", currency="EUR", clearing_account_id=account, suspense_account_id="suspense")
        )
    await own_window.write_desk()
    return own_window


async def test_a_list_shows_the_newest_first_and_filters_by_the_status_now(desk: Window) -> None:
    everything = await desk.get("/webhook-endpoints")
    assert [thing["id"] for thing in everything["things"]] == ["whe_22", "whe_21", "whe_20"]
    disabled = await desk.get("/webhook-endpoints", status="disabled")
    assert [(thing["id"], thing["data"]["reason"]) for thing in disabled["things"]] == [("whe_20", "410 for a week")]
    assert (await desk.get("/webhook-endpoints", status="unheard_of"))["things"] == []
    assert everything["as_of"]["position"] == desk.bank.position


async def test_pages_join_and_a_cursor_belongs_to_its_list_and_filters(desk: Window) -> None:
    first = await desk.get("/webhook-endpoints", limit=2)
    second = await desk.get("/webhook-endpoints", limit=2, cursor=first["next_cursor"])
    assert [thing["id"] for page in (first, second) for thing in page["things"]] == ["whe_22", "whe_21", "whe_20"]
    assert second["next_cursor"] is None
    for path, query in (("/rails", {}), ("/webhook-endpoints", {"status": "enabled"})):
        problem = await desk.refused(path, cursor=first["next_cursor"], **query)
        assert problem["code"] == Refusal.CURSOR_INVALID


async def test_filters_that_no_single_list_answers_are_applied_together(desk: Window) -> None:
    page = await desk.get("/webhook-endpoints", status="enabled", customer_id="cust_1")
    assert (page["things"], page["next_cursor"]) == ([], None)


async def test_one_thing_shows_what_was_said_last_and_by_whom(desk: Window) -> None:
    thing = await desk.get("/webhook-endpoints/whe_20")
    assert (thing["status"], thing["data"]["cause"]) == ("disabled", "failing")
    assert [(step["type"], step["actor"], step["said"]) for step in thing["events"]] == [
        ("webhook_endpoint_created", "anna", {}),
        ("webhook_endpoint_disabled", "ben", {"cause": "failing", "reason": "410 for a week"}),
    ]
    rail = await desk.get("/rails/sct_inst:EUR")
    assert rail["data"]["clearing_account_id"] == "clearing:new"
    limits = await desk.get("/limits/customers:alice:eur")
    assert limits["data"]["limits"][0]["amount_max_minor"] == 500_00


async def test_a_break_that_a_match_settled_is_open_no_more(own_window: Window) -> None:
    """Neither in the list nor on the overview; the other one is."""
    office = an_office()
    office.take_in(statement("march", 0, 1_000, lines=2), line(300), line(700))
    settled, other = [office.do(open_break(line_id)).break_id for line_id in office.line_ids]
    office.do(record(match(office.line_ids[0], entry=office.pay_in(300))))
    for data in office.events:
        own_window.bank.happen(data)
    await own_window.write_all()

    open_breaks = await own_window.get("/breaks", status="open")
    thing = await own_window.get(f"/breaks/{settled}")
    alerts = {alert["key"]: alert["text"] for alert in (await own_window.get("/overview"))["alerts"]}
    assert [line["id"] for line in open_breaks["things"]] == [other]
    assert (thing["status"], thing["data"]["status"]) == ("resolved", "resolved")
    assert [step["type"] for step in thing["events"]] == ["break_opened", "matches_recorded"]
    assert alerts["breaks_open"].startswith("1 break ")


async def test_what_is_sealed_is_not_shown(desk: Window) -> None:
    answer = await desk.ask("/webhook-endpoints/whe_20")
    assert "sealed" not in answer.text
    assert "secret" not in answer.text


async def test_a_thing_that_is_not_there_has_a_position(desk: Window) -> None:
    problem = await desk.refused("/limits/cust_404")
    assert (problem["status"], problem["code"], problem["position"]) == (404, "thing_not_found", desk.bank.position)


async def test_a_thing_keeps_its_newest_steps(own_window: Window) -> None:
    bank = own_window.bank
    endpoint_id = endpoint(bank, "https://one.example.com/h")
    for number in range(STEPS_MAX + 5):
        moment = START + timedelta(hours=number)
        bank.happen(
            e.WebhookSecretRotated(endpoint_id=endpoint_id, overlap_hours=1, previous_valid_until=moment, secret=SEALED)
        )
    await own_window.write_desk()
    steps = (await own_window.get(f"/webhook-endpoints/{endpoint_id}"))["events"]
    assert len(steps) == STEPS_MAX
    assert steps[-1]["position"] == bank.position


async def test_a_list_waits_for_a_position(own_window: Window) -> None:
    await own_window.write_desk(to=10)
    problem = await own_window.refused("/limits", min_position=11, wait_ms=1)
    assert (problem["code"], problem["position"]) == (Refusal.POSITION_NOT_REACHED, 10)

"""From a row to what lies behind it: which link a row gets, and what the link says."""

from __future__ import annotations

from query_api.drilling import drill_links
from query_api.report_files import Drill

NAMES = ("level", "account_id", "currency")
TO_REPORT = Drill(
    target="general-ledger", parameters={"account": "account_id", "as_of_date": "$as_of_date", "depth": "1"}
)
TO_PATH = Drill(target="/v1/accounts/{id}", parameters={"id": "account_id", "limit": "50"})
OF_ACCOUNTS = Drill(target="general-ledger", parameters={}, only_where="level", values=("account",))


def links(
    drills: list[Drill], *rows: tuple[object, ...], **bound: object
) -> list[tuple[str, dict[str, object]] | None]:
    found = drill_links(drills, NAMES, rows, bound, 7)
    return [None if link is None else (link.path, dict(link.parameters)) for link in found]


def test_a_report_is_asked_at_the_same_position_with_what_there_is() -> None:
    """What is not given is left out, of the row and of the question."""
    assert links([TO_REPORT], ("account", "a", "EUR"), ("total", None, "EUR")) == [
        ("/v1/reports/general-ledger", {"account": "a", "depth": 1, "as_of_position": 7}),
        ("/v1/reports/general-ledger", {"depth": 1, "as_of_position": 7}),
    ]
    [asked] = links([TO_REPORT], ("account", "a", "EUR"), as_of_date="2026-03-31")
    assert asked is not None
    assert asked[1]["as_of_date"] == "2026-03-31"


def test_a_path_needs_all_that_it_names() -> None:
    rows = (("account", "a", "EUR"), ("total", None, "EUR"))
    assert links([TO_PATH], *rows) == [("/v1/accounts/a", {"limit": 50}), None]
    needing = Drill(target="/v1/accounts/{id}", parameters={"id": "account_id", "as_of_date": "$as_of_date"})
    assert links([needing], *rows) == [None, None]


def test_the_first_way_that_fits_is_taken() -> None:
    drills = [OF_ACCOUNTS, TO_PATH]
    assert links(drills, ("account", "a", "EUR"), ("group", "b", "EUR"), ("group", None, "EUR")) == [
        ("/v1/reports/general-ledger", {"as_of_position": 7}),
        ("/v1/accounts/b", {"limit": 50}),
        None,
    ]
    assert links([], ("account", "a", "EUR")) == []

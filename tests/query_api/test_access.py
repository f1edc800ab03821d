"""Who may ask what: no token, a wrong scope, another ledger."""

from __future__ import annotations

import pytest

from contracts.desk import KINDS
from tests.query_api.windows import SCOPES, Window

SCOPE_OF = {
    "/accounts": "accounts:read",
    "/accounts/customers:alice:eur": "accounts:read",
    "/accounts/customers:alice:eur/balance": "accounts:read",
    "/accounts/customers:alice:eur/statement": "accounts:read",
    "/accounts/customers:alice:eur/holds": "accounts:read",
    "/holds/hold_13": "accounts:read",
    "/transfers/xfer_7": "accounts:read",
    "/events/1": "accounts:read",
    "/payments": "payments:read",
    "/payments/pay_15": "payments:read",
    "/payments/pay_15/timeline": "payments:read",
    "/payments/pay_15/explanation": "payments:read",
    "/overview": "overview:read",
    "/audits": "projections:read",
    "/totals": "reports:read",
    "/reports": "reports:read",
    "/reports/trial-balance": "reports:read",
    "/status": "status:read",
    "/catalog": "sql:run",
    "/saved-queries": "sql:run",
    "/sql/audit": "sql:audit",
    **{f"/{kind.name}": kind.scope for kind in KINDS.values()},
}


@pytest.mark.parametrize("path", SCOPE_OF)
async def test_each_route_needs_its_scope_and_no_other(window: Window, path: str) -> None:
    """Every scope but the right one is refused; the right one alone is enough."""
    others = [scope for scope in SCOPES if scope != SCOPE_OF[path]]
    for scopes, status in ((others, 403), ([SCOPE_OF[path]], 200)):
        answer = await window.client.get(f"/v1{path}", headers=bearer(window.token(scopes)))
        assert answer.status_code == status, answer.text
    assert (await window.client.get(f"/v1{path}", headers=bearer(window.token(others)))).json()[
        "code"
    ] == "missing_scope"


@pytest.mark.parametrize("path", SCOPE_OF)
async def test_a_token_of_another_ledger_sees_nothing(window: Window, path: str) -> None:
    """Even with every scope; an unknown account of this ledger is not told apart from a known one."""
    headers = bearer(window.token(ledgers=["elsewhere"]))
    answer = await window.client.get(f"/v1{path}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "ledger_not_granted")


async def test_without_a_token_nothing_is_answered_but_health_metrics_and_the_document(window: Window) -> None:
    """401 with a challenge; the four open paths need none."""
    window.client.headers.pop("authorization")
    try:
        answer = await window.client.get("/v1/accounts")
        assert (answer.status_code, answer.json()["code"]) == (401, "missing_token")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        for path in ("/health/live", "/health/ready", "/metrics", "/schema/openapi.json", "/docs"):
            assert (await window.client.get(path)).status_code == 200, path
    finally:
        window.client.headers["authorization"] = f"Bearer {window.token()}"


async def test_requests_are_counted_by_template_never_by_id(window: Window) -> None:
    """A metric must not carry an account id."""
    await window.get("/accounts/customers:alice:eur/balance")
    text = (await window.client.get("/metrics")).text
    assert 'route="/v1/accounts/{account_id}/balance"' in text
    assert "alice" not in text


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"authorization": f"Bearer {token}"}

"""What `up` and `status` print for people. No side borders: every line can be copied into a shell as it is."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import rich_click as click

from cli.options import DATA_DIR_DEFAULT

if TYPE_CHECKING:
    from cli.devstack.state import DataDir

OPENAPI_PATH = "/docs"
AUDIT_PATH = "/audit"
LOGIN_PATH = "/auth/login"
WIDTH_MAX = 100

TRANSFER = (
    '{"postings":[{"account_id":"bank:settlement:eur","side":"debit","amount_minor":2500,"currency":"EUR"},'
    '{"account_id":"customers:alice:eur","side":"credit","amount_minor":2500,"currency":"EUR"}]}'
)
ACCOUNT = '{"account_id":"customers:you:eur","currency":"EUR","account_type":"liability"}'
DEMO = "demo"


def show_box(data: DataDir) -> None:
    """Print the status box: where everything is, a token, three requests to try, how to stop and wipe."""
    from cli.devstack.identity import ready_made_token, token_file

    state = data.read_state()
    addresses = state.addresses
    has_demo = any(process.name == DEMO for process in state.processes)
    token = ready_made_token(data)
    here = "" if data.path == DATA_DIR_DEFAULT else f" --data-dir {data.path}"
    lines = [
        "Bursar is running",
        "",
        *_api_lines(addresses),
        *_login_lines(addresses),
        *(
            f"{label:<13} {addresses[name]}   what it executed: {addresses[name]}{AUDIT_PATH}"
            for label, name in _COUNTERPARTIES
            if name in addresses
        ),
        *(f"{label:<13} {addresses[name]}" for label, name in _SERVERS if name in addresses),
        f"{'data':<13} {data.path}",
        f"{'token':<13} {token_file(data)}  (valid for a day; `./bursar token{here}` makes others)",
        "",
        token,
        "",
        *_requests_to_try(addresses, f'-H "Authorization: Bearer $(cat {token_file(data)})"', has_demo=has_demo),
        f"{'stop':<13} Ctrl-C, or ./bursar down{here}",
        f"{'wipe':<13} ./bursar down --wipe{here}",
    ]
    _echo_box(lines)


def show_status(status: dict[str, Any]) -> None:
    """Print the answer of `bursar status` as a table."""
    lines = [f"{'ready' if status['ready'] else 'NOT READY'}: {status['data_dir']}", ""]
    lines += [f"{name:<16} {address}" for name, address in status["addresses"].items()]
    lines += ["", f"{'process':<16} {'state':<12} {'pid':>8} {'restarts':>9}"]
    lines += [f"{p['name']:<16} {p['state']:<12} {p['pid'] or '-':>8} {p['restarts']:>9}" for p in status["processes"]]
    positions = status["positions"]
    lines += ["", f"{'position of':<16} {'position':>12} {'lag events':>12} {'lag s':>9}  visible within"]
    lines += [f"{name:<16} {_or_dash(positions[name]):>12}" for name in ("book", "stream")]
    lines += [
        f"{name:<16} {_or_dash(model.get('position')):>12} {_or_dash(model.get('lag_events')):>12}"
        f" {_or_dash(model.get('lag_s')):>9}  {_visible(model.get('visible_s'))}"
        for name, model in positions["read_models"].items()
    ]
    _echo_box(lines)


_COUNTERPARTIES = (("test bank", "bank"), ("test cards", "cards"))
_SERVERS = (("PostgreSQL", "postgres"), ("NATS", "nats"), ("Redis", "redis"))


def _api_lines(addresses: dict[str, str]) -> list[str]:
    apis = (("command API", "command_api"), ("query API", "query_api"))
    return [
        f"{label:<13} {addresses[name]}   OpenAPI: {addresses[name]}{OPENAPI_PATH}"
        for label, name in apis
        if name in addresses
    ]


def _login_lines(addresses: dict[str, str]) -> list[str]:
    if not {"identity", "query_api"} <= addresses.keys():
        return []
    return [f"{'log in':<13} {addresses['query_api']}{LOGIN_PATH}   with a browser; choose a role"]


def _requests_to_try(addresses: dict[str, str], authorization: str, *, has_demo: bool) -> list[str]:
    """Return the lines to paste: a command, the same again (the stored answer comes back), and a look at the result.

    The demo's accounts are there to move money between; without it the book is empty and the command opens one.
    """
    if "command_api" not in addresses or "query_api" not in addresses:
        return []
    if has_demo:
        wish, path, body, account_id = "Move 25.00 EUR", "/v1/transfers", TRANSFER, "customers:alice:eur"
    else:
        wish, path, body, account_id = "Open an account", "/v1/accounts", ACCOUNT, "customers:you:eur"
    post = (
        f"curl -si {addresses['command_api']}{path} {authorization}"
        f" -H 'Idempotency-Key: first-try' -H 'Content-Type: application/json' -d '{body}'"
    )
    return [
        f"{wish}:",
        post,
        "The same again is the same answer, and changes nothing (Idempotency-Replayed: true):",
        post,
        "Read the balance:",
        f"curl -s {addresses['query_api']}/v1/accounts/{account_id}/balance {authorization}",
        "",
    ]


def _visible(shares: dict[str, float] | None) -> str:
    """Say how soon commits became readable: half of the newest events, 99 and 99.9 percent of them."""
    if shares is None:
        return "-"
    p50, p99, p999 = (f"{1000 * shares[name]:.0f}" for name in ("p50", "p99", "p999"))
    return f"{p50} / {p99} / {p999} ms (p50 / p99 / p99.9)"


def _or_dash(value: object) -> str:
    return "-" if value is None else str(value)


def _echo_box(lines: list[str]) -> None:
    rule = "─" * min(WIDTH_MAX, shutil.get_terminal_size().columns)
    click.echo("\n".join([rule, *lines, rule]))

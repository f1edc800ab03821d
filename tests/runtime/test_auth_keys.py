"""Keys from files and URLs, the development issuer, and what the HTTP wrapper and the guards answer."""

import asyncio
import json
import os
import stat
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from joserfc.jwk import OKPKey
from litestar import Litestar, Request, get

from runtime.auth import (
    Authenticate,
    DevIssuer,
    FileKeys,
    InvalidToken,
    KeysUnavailable,
    TokenVerifier,
    UrlKeys,
    require_ledger,
    require_scope,
)
from runtime.auth import keys as keys_module
from runtime.clock import SystemClock
from runtime.health import Health
from runtime.http.asgi import ASGIApp
from runtime.http.framework import problem_handlers
from runtime.metrics import create_registry
from runtime.server import ops_app
from runtime.shutdown import Shutdown
from tests.runtime.conftest import Serve, served

WAIT_S = 5.0


def _key_set(*kids: str) -> bytes:
    return json.dumps(
        {"keys": [{**OKPKey.generate_key("Ed25519", private=False).as_dict(), "kid": kid} for kid in kids]}
    ).encode()


async def _eventually(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():  # the condition is somebody else's state
            await asyncio.sleep(0.01)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_bytes(_key_set("old"))
    keys = FileKeys(path)
    assert keys.find("old")
    path.write_bytes(_key_set("new"))
    os.utime(path, ns=(1, 1))

    assert keys.find("new")
    assert keys.find("old") is None


@pytest.mark.parametrize("broken", [b"", b"{", b'{"keys":[]}', b'{"keys":7}', b"[]", _key_set("a", "a"), None])
def test_the_last_good_keys_survive_a_broken_file(tmp_path: Path, broken: bytes | None) -> None:
    path = tmp_path / "jwks.json"
    path.write_bytes(_key_set("good"))
    keys = FileKeys(path)
    if broken is None:
        path.unlink()
    else:
        path.write_bytes(broken)
        os.utime(path, ns=(1, 1))

    assert keys.find("good")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not JSON"),
        (b'{"keys":[]}', "no key that can be used"),
        (b'{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"a"}]}', "no key that can be used"),
        (b'{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA","kid":"a"}]}', "no key that can be used"),
        (b'{"keys":[{"kty":"RSA","n":7,"e":[],"kid":"a"}]}', "no key that can be used"),
        (_key_set("a", "a"), "stands twice"),
        (b'{"keys":[],"keys":[]}', "not JSON"),
        (b'{"keys":[' + b"{}," * 100 + b"{}]}", "at most 64"),
        (b" " * 300_000, "more than 262144 bytes"),
    ],
)
def test_a_process_does_not_start_on_a_bad_key_set(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "jwks.json"
    path.write_bytes(content)
    with pytest.raises(KeysUnavailable, match=complaint):
        FileKeys(path)


def test_a_process_does_not_start_without_its_key_file(tmp_path: Path) -> None:
    with pytest.raises(KeysUnavailable, match="No such file"):
        FileKeys(tmp_path / "none.json")


def test_a_private_key_in_the_set_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [{**OKPKey.generate_key("Ed25519").as_dict(private=True), "kid": "a"}]}))
    with pytest.raises(KeysUnavailable, match="no key that can be used"):
        FileKeys(path)


class _Issuer:
    """An issuer's JWKS endpoint whose answer can be changed, and that counts its visitors."""

    def __init__(self) -> None:
        self.key_set = _key_set("first")
        self.status = 200
        self.visits = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.visits += 1
            await send({"type": "http.response.start", "status": self.status, "headers": []})
            await send({"type": "http.response.body", "body": self.key_set})


async def test_an_unknown_key_id_is_looked_up_in_the_background(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rotated key is found without a restart, and an outage of the issuer keeps the last good keys."""
    monkeypatch.setattr(keys_module, "REFRESH_PAUSE_S_MIN", 0.05)
    issuer = _Issuer()
    client = await serve(issuer)
    keys, shutdown = UrlKeys(f"{client.base_url}/jwks", clock=SystemClock()), Shutdown()
    await keys.fetch()
    running = asyncio.create_task(keys.run(shutdown))
    assert keys.find("first")
    issuer.key_set = _key_set("second")
    await _eventually(lambda: keys.find("second"))
    assert keys.find("first") is None
    issuer.status, visits = 503, issuer.visits
    assert keys.find("third") is None
    await _eventually(lambda: issuer.visits > visits)
    assert keys.find("second")
    shutdown.request("the test is over")
    await running


async def test_many_unknown_key_ids_cause_one_fetch_per_pause(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_module, "REFRESH_PAUSE_S_MIN", 0.3)
    issuer = _Issuer()
    client = await serve(issuer)
    visits_before = issuer.visits
    keys, shutdown = UrlKeys(f"{client.base_url}/jwks", clock=SystemClock()), Shutdown()
    begun = time.monotonic()
    running = asyncio.create_task(keys.run(shutdown))
    for number in range(60):
        keys.find(f"kid-{number}")
        await asyncio.sleep(0.01)
    shutdown.request("the test is over")
    await running

    pauses = (time.monotonic() - begun) / 0.3
    assert 1 <= issuer.visits - visits_before <= pauses + 2


async def test_fetching_from_nobody_is_an_error_that_names_the_url() -> None:
    with pytest.raises(KeysUnavailable, match=r"cannot fetch http://127\.0\.0\.1:1/jwks"):
        await UrlKeys("http://127.0.0.1:1/jwks", clock=SystemClock()).fetch()


def test_the_development_issuer_refuses_to_exist_in_production(tmp_path: Path) -> None:
    with pytest.raises(PermissionError, match="does not run in production"):
        DevIssuer(tmp_path, environment="production")
    assert list(tmp_path.iterdir()) == []


def test_the_development_issuer_keeps_its_key_to_itself_and_across_restarts(tmp_path: Path) -> None:
    folder = tmp_path / "issuer"
    first = DevIssuer(folder)
    verifier = TokenVerifier(FileKeys(first.jwks_file), first.issuer, first.audience, SystemClock())
    issued = DevIssuer(folder).issue("alice", "acme", ["transfers:write"], ["main"], 60)

    assert verifier.verify(issued).scopes == {"transfers:write"}
    assert stat.S_IMODE((folder / "signing-key.json").stat().st_mode) == 0o600
    assert '"d"' not in first.jwks_file.read_text()
    assert sorted(path.name for path in folder.iterdir()) == ["jwks.json", "signing-key.json"]


@pytest.mark.parametrize("lifetime_s", [0, -1, 86_401])
def test_the_development_issuer_writes_no_token_that_nobody_accepts(tmp_path: Path, lifetime_s: int) -> None:
    with pytest.raises(ValueError, match="1 to 86400"):
        DevIssuer(tmp_path).issue("alice", "acme", [], [], lifetime_s)


@get("/v1/transfers", guards=[require_scope("transfers:read"), require_ledger("main")])
async def read_transfers(request: Request[Any, Any, Any]) -> dict[str, Any]:
    principal = request.scope["principal"]  # type: ignore[typeddict-item]
    return {"subject": principal.subject, "tenant": principal.tenant, "address": principal.address}


@get("/schema/openapi.json")
async def read_schema() -> dict[str, str]:
    return {"openapi": "3.1.0"}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> DevIssuer:
    return DevIssuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(scope="module")
async def client(issuer: DevIssuer) -> AsyncIterator[httpx2.AsyncClient]:
    api = Litestar(
        [read_transfers, read_schema],
        exception_handlers=problem_handlers(),
        openapi_config=None,
        logging_config=None,
    )
    verifier = TokenVerifier(FileKeys(issuer.jwks_file), issuer.issuer, issuer.audience, SystemClock())
    app: ASGIApp = Authenticate(api, verifier=verifier)  # type: ignore[arg-type]  # Litestar narrows the ASGI types
    async with served(ops_app(Health(), create_registry(), app=app)) as client:
        yield client


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_a_good_token_reaches_the_handler_as_a_principal(client: httpx2.AsyncClient, issuer: DevIssuer) -> None:
    token = issuer.issue("alice", "acme", ["transfers:read"], ["main"], 60)
    answer = await client.get("/v1/transfers", headers=_bearer(token))

    assert answer.json() == {"subject": "alice", "tenant": "acme", "address": "127.0.0.1"}


@pytest.mark.parametrize(
    ("headers", "code", "challenge"),
    [
        ([], "missing_token", 'Bearer realm="bursar"'),
        ([("authorization", "Basic YTpi")], "missing_token", 'Bearer realm="bursar"'),
        ([("authorization", "Bearer")], "missing_token", 'Bearer realm="bursar"'),
        ([("authorization", "Bearer nonsense")], "malformed_token", 'error="invalid_token"'),
        ([("authorization", "Bearer a.b.c")] * 2, "malformed_token", 'error="invalid_token"'),
        ([("authorization", b"Bearer \xff.\xff.\xff")], "malformed_token", 'error="invalid_token"'),
    ],
)
async def test_without_a_good_token_the_answer_is_401_and_says_how(
    client: httpx2.AsyncClient, headers: list[Any], code: str, challenge: str
) -> None:
    answer = await client.get("/v1/transfers", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert msgspec.json.decode(answer.content)["code"] == code
    assert challenge in answer.headers["www-authenticate"]


async def test_a_token_in_the_query_string_is_not_looked_at(client: httpx2.AsyncClient, issuer: DevIssuer) -> None:
    token = issuer.issue("alice", "acme", ["transfers:read"], ["main"], 60)
    assert (await client.get("/v1/transfers", params={"access_token": token})).status_code == 401


async def test_unknown_paths_ask_for_a_token_first(client: httpx2.AsyncClient) -> None:
    """Nobody without a token learns which paths exist."""
    assert (await client.get("/v1/nothing")).status_code == 401


@pytest.mark.parametrize("path", ["/metrics", "/health/live", "/health/ready", "/schema/openapi.json"])
async def test_operators_and_readers_of_the_schema_need_no_token(client: httpx2.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 200


async def test_a_missing_scope_is_named(client: httpx2.AsyncClient, issuer: DevIssuer) -> None:
    token = issuer.issue("alice", "acme", ["transfers:write"], ["main"], 60)
    answer = await client.get("/v1/transfers", headers=_bearer(token))

    assert answer.status_code == 403
    assert answer.json()["code"] == "missing_scope"
    assert "'transfers:read'" in answer.json()["detail"]
    assert 'scope="transfers:read"' in answer.headers["www-authenticate"]


async def test_another_ledgers_token_is_refused(client: httpx2.AsyncClient, issuer: DevIssuer) -> None:
    token = issuer.issue("alice", "acme", ["transfers:read"], ["other"], 60)
    answer = await client.get("/v1/transfers", headers=_bearer(token))

    assert (answer.status_code, answer.json()["code"]) == (403, "ledger_not_granted")


async def test_a_guarded_route_outside_the_wrapper_stays_closed(serve: Serve) -> None:
    api = Litestar([read_transfers], exception_handlers=problem_handlers(), openapi_config=None, logging_config=None)
    client = await serve(api)  # type: ignore[arg-type]  # Litestar narrows the ASGI types
    answer = await client.get("/v1/transfers")

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_refusals_say_nothing_about_the_token_itself(tmp_path: Path, issuer: DevIssuer) -> None:
    verifier = TokenVerifier(FileKeys(issuer.jwks_file), "another", "bursar", SystemClock())
    with pytest.raises(InvalidToken) as refused:
        verifier.verify(issuer.issue("alice", "acme", [], [], 60))
    assert "alice" not in str(refused.value)
    assert issuer.issuer not in str(refused.value)

"""`bursar simulate` as a user runs it, and as the local stack would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cli.devstack import DevStack
from cli.devstack.http_probe import http_get
from cli.devstack.processes import SIMULATORS
from cli.options import CHECKOUT, child_environment
from tests.rails.counterparties import simulated

WITHIN_S = 60


def simulate(*arguments: str, secret: str | None = None) -> subprocess.CompletedProcess[str]:
    env = child_environment() | ({"BURSAR_SIMULATOR_WEBHOOK_SECRET": secret} if secret is not None else {})
    return subprocess.run(
        (sys.executable, "-P", "-m", "cli", "simulate", *arguments),
        cwd=CHECKOUT,
        env=env,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )


@pytest.mark.parametrize("kind", ["bank", "cards"])
def test_help_explains_it(kind: str) -> None:
    done = simulate(kind, "--help")
    assert done.returncode == 0
    assert "--misbehave" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("bank",), "--port"),
        (("bank", "--port", "0", "--misbehave", "sometimes"), "sometimes"),
        (("bank", "--port", "0", "--seed", "-1"), "--seed"),
    ],
)
def test_a_wrong_command_line_is_refused(arguments: tuple[str, ...], says: str) -> None:
    done = simulate(*arguments)
    assert done.returncode == 2
    assert says in done.stderr


async def test_what_cannot_start_says_why(tmp_path: Path) -> None:
    bad = simulate("bank", "--port", "0", "--data-dir", str(tmp_path / "bad"), secret="whsec_")
    assert bad.returncode == 1
    assert "webhook secret" in bad.stderr
    async with simulated("bank", tmp_path) as bank:
        taken = simulate("cards", "--port", str(bank.port), "--data-dir", str(tmp_path / "other"))
    assert taken.returncode == 1
    assert "port taken" in taken.stderr


async def test_the_secret_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    async with simulated("bank", tmp_path) as bank:
        path = tmp_path / "bank/webhook.secret"
        first = path.read_text()
        assert path.stat().st_mode & 0o077 == 0
        bank.end()
        assert bank.process is not None
        assert bank.process.returncode == 0
        await bank.start()
        assert path.read_text() == first


async def test_the_local_stack_can_run_both(tmp_path: Path) -> None:
    async with DevStack(tmp_path / "stack", processes=SIMULATORS, migrate=False) as stack:
        for spec in SIMULATORS:
            url = f"http://127.0.0.1:{stack.servers.ports[spec.name]}/audit"
            assert (await http_get(url))[0] == 200

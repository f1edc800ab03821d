"""The command line itself: every command is found, refuses precisely, and the box can be copied from."""

from __future__ import annotations

import base64
import importlib
import importlib.util
import json
import os
import socket
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from cli.devstack import BURSAR_PROCESSES, ProcessSpec, privileges
from cli.devstack.identity import SCOPES
from cli.devstack.ports import LOOPBACK
from cli.devstack.processes import demonstration
from cli.devstack.state import DataDir, StackState
from cli.main import COMMANDS, bursar
from cli.serve import PROCESSES
from cli.status_box import show_box
from command_api.guards import SCOPE_OF
from contracts.payment_codes import SCA_ACR


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_explains_itself(name: str) -> None:
    """The table of commands has no dead entry."""
    done = CliRunner().invoke(bursar, [name, "--help"])
    assert done.exit_code == 0
    assert "Usage" in done.output


def test_an_unknown_command_is_refused() -> None:
    """With a usage error, not a trace."""
    done = CliRunner().invoke(bursar, ["pay-me"])
    assert done.exit_code == 2
    assert "pay-me" in done.output


def test_serve_refuses_an_unknown_process_and_names_the_known_ones() -> None:
    """A typo in a container's command is found at once."""
    done = CliRunner().invoke(bursar, ["serve", "comand-api"])
    assert done.exit_code == 2
    assert "command-api" in done.output
    assert "query-api" in done.output


@pytest.mark.parametrize("spec", BURSAR_PROCESSES, ids=lambda spec: spec.name)
def test_the_stack_sets_exactly_what_a_process_knows_and_needs(spec: ProcessSpec) -> None:
    """An unknown or a missing setting would stop the process at its start."""
    module = PROCESSES[spec.name].partition(":")[0]
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} does not exist yet")
    fields = msgspec.structs.fields(importlib.import_module(module).Settings)
    assert set(spec.settings) <= {field.name for field in fields}
    assert {field.name for field in fields if field.required} <= set(spec.settings)


def test_the_ready_made_token_may_send_every_command() -> None:
    """What the box prints is enough to try everything."""
    assert set(SCOPE_OF.values()) <= set(SCOPES)


def test_a_token_says_how_its_subject_authenticated(tmp_path: Path) -> None:
    """`--acr sca` is what an authorisation of a payment asks for; without it a token says nothing."""
    data = DataDir(tmp_path)
    data.create()
    for options, acr in (((), None), (("--acr", "sca"), SCA_ACR), (("--acr", "urn:else"), "urn:else")):
        done = CliRunner().invoke(bursar, ["token", "--data-dir", str(tmp_path), *options])
        claims = done.output.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        assert said.get("acr") == acr
        assert ("auth_time" in said) == (acr is not None)


def test_one_seed_chooses_the_whole_demonstration() -> None:
    """Wishes and misbehaviour; without a seed the counterparties have theirs and the wishes are random."""
    seeded = {spec.name: spec.argv for spec in demonstration(seed=7)}
    assert all(seeded[name][-2:] == ("--seed", "7") for name in ("bank", "cards", "demo"))
    assert not any("--seed" in spec.argv for spec in demonstration())
    assert [spec.name for spec in demonstration()] == [
        "bank",
        "cards",
        "identity",
        *[spec.name for spec in BURSAR_PROCESSES],
        "demo",
    ]


def test_doctor_finds_this_machine_fit(tmp_path: Path) -> None:
    """Every server binary runs here; what is not fit would be named with a remedy."""
    done = CliRunner().invoke(bursar, ["doctor", "--json", "--data-dir", str(tmp_path)])
    findings = json.loads(done.output)
    assert [f for f in findings if f["verdict"] == "failure"] == []
    assert {"platform", "user", "folder", "ports", "PostgreSQL", "NATS", "Valkey"} <= {f["check"] for f in findings}


def test_doctor_names_a_folder_that_cannot_be_written() -> None:
    """With a remedy, and exit code 1."""
    done = CliRunner().invoke(bursar, ["doctor", "--json", "--data-dir", "/proc/stack"])
    finding = next(f for f in json.loads(done.output) if f["check"] == "folder")
    assert done.exit_code == 1
    assert finding["verdict"] == "failure"
    assert "--data-dir" in finding["remedy"]


def test_doctor_warns_of_a_taken_port(tmp_path: Path) -> None:
    """It is no failure: the next `up` chooses another one."""
    data = DataDir(tmp_path)
    data.create()
    with socket.socket() as stranger:
        stranger.bind((LOOPBACK, 0))
        stranger.listen()
        data.write_state(StackState(ports={"nats": stranger.getsockname()[1]}))
        done = CliRunner().invoke(bursar, ["doctor", "--json", "--data-dir", str(tmp_path)])
    finding = next(f for f in json.loads(done.output) if f["check"] == "ports")
    assert done.exit_code == 0
    assert finding["verdict"] == "warning"
    assert "lsof" in finding["remedy"]


# PostgreSQL refuses to run as root only, so anybody else has no stand-in to test; containers often run as root.
@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a stand-in for PostgreSQL")
def test_doctor_explains_a_folder_that_roots_stand_in_cannot_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root without capabilities, as in some containers, is told which folder is in the way."""
    monkeypatch.setattr(privileges, "_held_capability", lambda: None)
    tmp_path.chmod(0o700)
    done = CliRunner().invoke(bursar, ["doctor", "--json", "--data-dir", str(tmp_path / "stack")])
    finding = next(f for f in json.loads(done.output) if f["check"] == "user")
    assert done.exit_code == 1
    assert "nobody" in finding["cause"]
    assert "--data-dir" in finding["remedy"]


def test_down_without_a_stack_says_so(tmp_path: Path) -> None:
    """Stopping nothing is no error."""
    done = CliRunner().invoke(bursar, ["down", "--data-dir", str(tmp_path)])
    assert done.exit_code == 0
    assert "nothing is running" in done.output


def test_the_box_has_addresses_a_token_and_three_requests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The lines to try begin at the left edge, and the second is the first again."""
    data = DataDir(tmp_path)
    data.create()
    data.write_state(StackState(addresses={"command_api": "http://127.0.0.1:1", "query_api": "http://127.0.0.1:2"}))
    show_box(data)
    lines = capsys.readouterr().out.splitlines()
    requests = [line for line in lines if line.startswith("curl ")]
    assert len(requests) == 3
    assert requests[0] == requests[1]
    assert "Idempotency-Key" in requests[0]
    assert "/balance" in requests[2]
    assert (tmp_path / "token").read_text() in lines
    assert any("down --wipe" in line for line in lines)

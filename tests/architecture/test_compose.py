"""compose.yaml confines every service, publishes the APIs alone, and sets only settings that exist."""

from __future__ import annotations

import copy
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from cli.serve import prefix_of
from docs.reference.generate import settings_of
from runtime.vault.ring import read_ring
from runtime.webhooks import check_secret
from tests.architecture.tree import ROOT

Services = dict[str, dict[str, Any]]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: Services = COMPOSE["services"]
BURSAR = {"migrate", "command-api", "relay", "projectors", "reactors", "timers", "query-api"}
PUBLISHED = {"command-api", "query-api"}
OUTWARD = {"reactors": ["inside", "outward"]}  # rails and webhooks are outside
# What a container may be given by name; a misspelt key would otherwise confine nothing.
KNOWN_KEYS = {
    *("build", "image", "command", "entrypoint", "init", "user", "environment", "configs", "secrets"),
    *("read_only", "cap_drop", "security_opt", "tmpfs", "shm_size", "volumes", "networks", "ports"),
    *("depends_on", "healthcheck", "restart", "stop_signal", "stop_grace_period", "logging"),
}
DOCKER_WITHIN_S = 60


def lapses(services: Services) -> Iterator[str]:
    """Yield what a service is allowed that it does not need."""
    for name, service in services.items():
        rules = {
            "unknown keys": set(service) <= KNOWN_KEYS,
            "a writable root": service.get("read_only") is True,
            "capabilities": service.get("cap_drop") == ["ALL"],
            "new privileges": "no-new-privileges:true" in service.get("security_opt", ()),
            "a port on every interface": all(str(port).startswith("127.0.0.1:") for port in service.get("ports", ())),
            "a port of its own": name in PUBLISHED or "ports" not in service,
            "the outside network": name in PUBLISHED or service.get("networks") == OUTWARD.get(name, ["inside"]),
            "a secret in its environment": not any(map(carries_a_secret, service.get("environment", {}).items())),
            "no health check": "healthcheck" in service,
        }
        yield from (f"{name} has {lapse}" for lapse, is_kept in rules.items() if not is_kept)


def carries_a_secret(variable: tuple[str, Any]) -> bool:
    """Tell whether a password or a URL with one is written into an environment variable instead of a file."""
    name, value = variable
    is_secret = re.search(r"PASSWORD|SECRET|(?:DATABASE|REDIS|NATS)_URL", name) is not None
    return (is_secret and not name.endswith("_FILE")) or re.search(r"://[^/]*@", str(value)) is not None


def test_every_service_is_confined() -> None:
    assert list(lapses(SERVICES)) == []


@pytest.mark.parametrize(
    ("service", "change", "lapse"),
    [
        ("relay", {"read_only": False}, "relay has a writable root"),
        ("redis", {"cap_drop": []}, "redis has capabilities"),
        ("nats", {"security_opt": []}, "nats has new privileges"),
        ("command-api", {"ports": ["8080:8080"]}, "command-api has a port on every interface"),
        ("postgres", {"ports": ["127.0.0.1:5432:5432"]}, "postgres has a port of its own"),
        ("relay", {"environment": {"RELAY_DATABASE_URL": "postgresql://"}}, "relay has a secret in its environment"),
        ("relay", {"environment": {"RELAY_NATS": "nats://a:b@nats"}}, "relay has a secret in its environment"),
        ("redis", {"readonly": True}, "redis has unknown keys"),
        ("timers", {"networks": ["inside", "outward"]}, "timers has the outside network"),
    ],
)
def test_a_planted_lapse_is_found(service: str, change: dict[str, Any], lapse: str) -> None:
    services = copy.deepcopy(SERVICES)
    services[service] |= change
    assert list(lapses(services)) == [lapse]


def test_nothing_runs_as_root() -> None:
    """The two built images say so themselves; the official ones are told."""
    dockerfile = (ROOT / "ops/docker/Dockerfile").read_text("utf-8")
    stages = {stage.split()[0]: stage for stage in dockerfile.split(" AS ")[1:]}
    for name, service in SERVICES.items():
        is_told = service.get("user", "root") not in ("root", "0")
        assert is_told or "\nUSER 1000" in stages[service["build"]["target"]], name


def test_everything_written_survives_in_a_named_volume() -> None:
    mounts = [mount.split(":") for service in SERVICES.values() for mount in service.get("volumes", ())]
    writable = {source for source, _, *mode in mounts if mode != ["ro"]}
    assert writable == set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", sorted(BURSAR - {"migrate"}))
def test_a_process_is_given_settings_that_exist_and_all_it_requires(name: str) -> None:
    prefix = prefix_of(name)
    fields = msgspec.structs.fields(settings_of(name))
    known = {field.name for field in fields}
    given = {
        setting.removesuffix("_file") if setting not in known else setting
        for setting in (variable.removeprefix(prefix).lower() for variable in SERVICES[name]["environment"])
    }
    assert all(variable.startswith(prefix) for variable in SERVICES[name]["environment"])
    assert given <= known
    assert {field.name for field in fields if field.required} <= given
    assert "environment" not in given  # production is the default and stays it


def test_every_secret_is_made_by_the_script(tmp_path: Path) -> None:
    """And a second run changes none of them."""
    script = ROOT / "ops/docker/make-secrets.sh"
    subprocess.run([script, tmp_path / "secrets"], check=True, capture_output=True, timeout=DOCKER_WITHIN_S)
    made = {path.name: path.read_bytes() for path in (tmp_path / "secrets").glob("[!.]*")}
    subprocess.run([script, tmp_path / "secrets"], check=True, capture_output=True, timeout=DOCKER_WITHIN_S)

    assert set(made) == set(COMPOSE["secrets"])
    assert {path.name: path.read_bytes() for path in (tmp_path / "secrets").glob("[!.]*")} == made
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    assert len(set(re.findall(rb"[0-9a-f]{48}", b"".join(made.values())))) == 11


def test_the_made_secrets_are_what_the_processes_read(tmp_path: Path) -> None:
    """A ring of keys, and secrets of rails, that would stop no start."""
    script = ROOT / "ops/docker/make-secrets.sh"
    subprocess.run([script, tmp_path / "secrets"], check=True, capture_output=True, timeout=DOCKER_WITHIN_S)
    ring = read_ring(tmp_path / "secrets/vault_keys")
    assert ring.kek_ids == ["k1"]
    for rail in ("sct_inst", "card_psp"):
        check_secret((tmp_path / f"secrets/{rail}_secret").read_text("ascii").strip())


def test_every_mounted_file_exists_and_every_secret_is_declared() -> None:
    mounts = [mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", ())]
    assert all((ROOT / mount).exists() for mount in mounts if mount.startswith("."))
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", ())}
    assert used == set(COMPOSE["secrets"])


def test_docker_accepts_the_file(tmp_path: Path) -> None:
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run([docker, "compose", "version"], capture_output=True, timeout=DOCKER_WITHIN_S).returncode
    ):
        pytest.skip("the docker client with its compose plugin is not installed")
    operator = {
        "BURSAR_TOKEN_ISSUER": "https://issuer.example",
        "BURSAR_TOKEN_AUDIENCE": "bursar",
        "BURSAR_SERVICE_TOKEN_DIR": ".",
    }
    done = subprocess.run(
        [docker, "compose", "config", "--quiet"],
        cwd=ROOT,
        env={**os.environ, **operator, "BURSAR_JWKS_FILE": str(tmp_path / "jwks.json")},
        capture_output=True,
        text=True,
        timeout=DOCKER_WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr

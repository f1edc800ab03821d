"""Bursar's own processes as the local stack runs them: which settings each is given, and when it is ready."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cli.devstack import identity
from cli.devstack.http_probe import http_get
from cli.devstack.ports import LOOPBACK
from cli.devstack.postgres import ASKER, OPENER, OPERATOR, PROJECTOR, REACTOR, READER, WRITER
from cli.devstack.servers import Servers
from cli.devstack.session_keys import session_keys_file
from cli.devstack.supervisor import Service
from cli.devstack.vault_keys import vault_keys_file
from cli.options import CHECKOUT, child_environment
from cli.simulators.misbehaviour import SECRET_FILE
from runtime.auth.dev_issuer import AUDIENCE, ISSUER

READY_PATH = "/health/ready"
LOGIN_CLIENT = "bursar-query-api"
SAMPLE_LISTS = CHECKOUT / "command_api" / "screening" / "samples"  # invented names, in the formats of real lists

_APIS_VERIFY = ("jwks_file", "token_issuer", "token_audience")


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """One process of the stack: `settings` are the names it is given, as `<prefix><NAME>` in its environment.

    `argv` is the command line; empty means `bursar serve <name>`. "{port}" and the other names of `service_of` are
    filled in. `health` is the page that answers 200 once it is ready; None means as soon as it runs.
    """

    name: str
    settings: Sequence[str] = ("port",)
    role: str = READER
    argv: tuple[str, ...] = ()
    health: str | None = READY_PATH

    @property
    def prefix(self) -> str:
        """The prefix of its settings: `command-api` is set by `COMMAND_API_…`."""
        return self.name.upper().replace("-", "_") + "_"


BURSAR_PROCESSES: tuple[ProcessSpec, ...] = (
    ProcessSpec(
        name="command-api",
        settings=(
            *("environment", "database_url", "nats_url", "redis_url", "port", *_APIS_VERIFY),
            *("vault_keys_file", "screening_folder", "risk_folder", "sct_inst_secret_file", "card_psp_secret_file"),
            "webhooks_to_loopback",
        ),
        role=WRITER,
    ),
    ProcessSpec(
        name="relay",
        settings=("environment", "database_url", "nats_url", "nats_monitor_url", "port"),
    ),
    ProcessSpec(
        name="projectors",
        settings=(
            *("environment", "database_url", "nats_url", "redis_url", "lake_dir", "port"),
            "control_database_url",
        ),
    ),
    ProcessSpec(
        name="reactors",
        settings=(
            *("environment", "database_url", "nats_url", "command_api_url", "service_token_file", "port"),
            *("vault_database_url", "vault_keys_file", "sct_inst_url", "card_psp_url"),
            "webhooks_to_loopback",
            *("files_dir", "file_cut_off_minutes", "file_calendar"),
            *("institution_name", "institution_iban", "institution_bic"),
        ),
        role=REACTOR,
    ),
    ProcessSpec(
        name="timers",
        settings=(
            *("environment", "database_url", "command_api_url", "service_token_file", "port"),
            *("redis_url", "nats_url", "lake_dir"),
        ),
        role=REACTOR,
    ),
    ProcessSpec(
        name="query-api",
        settings=(
            *("environment", "database_url", "nats_url", "redis_url", "lake_dir", "port", "risk_folder", "exports_dir"),
            *("operations_database_url", "adhoc_database_url", *_APIS_VERIFY),
            *("public_url", "login_discovery_url", "login_client_id", "session_keys_file"),
        ),
    ),
)


_BURSAR = (sys.executable, "-P", "-m", "cli")

DEMO = ProcessSpec(
    name="demo",
    settings=(),
    argv=(*_BURSAR, "demo", "run", "--data-dir", "{data_dir}"),
    health=None,
)


_SIMULATED = ("--port", "{port}", "--misbehave", "demo")


def _simulated(name: str, rail: str) -> tuple[str, ...]:
    """The command line of a simulated counterparty, which sends its messages to the door of its rail."""
    callback = f"{{command_api_url}}/v1/rails/{rail}/messages"
    return (
        *_BURSAR,
        "simulate",
        name,
        *_SIMULATED,
        "--data-dir",
        f"{{simulators_dir}}/{name}",
        "--callback-url",
        callback,
    )


# Where browsers log in: it issues tokens to whoever asks, for development and nothing else.
IDENTITY = ProcessSpec(
    name="identity",
    settings=(),
    argv=(*_BURSAR, "identity", "--port", "{port}", "--data-dir", "{data_dir}"),
)

DEVELOPMENT: tuple[ProcessSpec, ...] = (IDENTITY, *BURSAR_PROCESSES)

# Counterparties of the rails; each keeps its books, and the secret of its webhooks, in a folder of its own.
SIMULATORS: tuple[ProcessSpec, ...] = (
    ProcessSpec(name="bank", settings=(), argv=(*_simulated("bank", "sct_inst"), "--files-dir", "{files_dir}")),
    ProcessSpec(name="cards", settings=(), argv=_simulated("cards", "card_psp")),
)


def demonstration(*, seed: int | None = None) -> tuple[ProcessSpec, ...]:
    """Everything that `bursar up` runs: counterparties, Bursar, and a small fintech's traffic.

    ``seed`` chooses what the fintech's customers wish and how the counterparties treat what they are sent.
    """
    simulators, demo = SIMULATORS, DEMO
    if seed is not None:
        chosen = ("--seed", str(seed))
        simulators = tuple(replace(one, argv=(*one.argv, *chosen)) for one in SIMULATORS)
        demo = replace(DEMO, argv=(*DEMO.argv, *chosen))
    return (*simulators, *DEVELOPMENT, demo)


def service_of(spec: ProcessSpec, servers: Servers) -> Service:
    """Return how the supervisor runs `spec`: ready when its health page says so."""
    port = servers.ports.get(spec.name)  # None for a process that serves nothing
    known: Mapping[str, str] = {
        "environment": "development",
        "database_url": servers.postgres_dsn(spec.role),
        "nats_url": servers.nats_url,
        "nats_monitor_url": servers.nats_monitor_url,
        "redis_url": servers.redis_url,
        "lake_dir": str(servers.lake_dir),
        "exports_dir": str(servers.data.path / "exports"),
        "port": str(port),
        "data_dir": str(servers.data.path),
        "simulators_dir": str(servers.data.path / "simulators"),
        "jwks_file": str(identity.jwks_file(servers.data)),
        "screening_folder": str(SAMPLE_LISTS),
        "risk_folder": str(servers.data.path / "risk"),
        "vault_keys_file": str(vault_keys_file(servers.data)),
        "token_file": str(identity.token_file(servers.data)),
        "service_token_file": str(identity.service_token_file(servers.data, spec.name)),
        "vault_database_url": servers.postgres_dsn(OPENER),
        "control_database_url": servers.postgres_dsn(PROJECTOR),
        "operations_database_url": servers.postgres_dsn(OPERATOR),
        "adhoc_database_url": servers.postgres_dsn(ASKER),
        "sct_inst_url": servers.addresses.get("bank", ""),
        "card_psp_url": servers.addresses.get("cards", ""),
        "sct_inst_secret_file": _secret_of(servers, "bank"),
        "card_psp_secret_file": _secret_of(servers, "cards"),
        "webhooks_to_loopback": "true",
        "files_dir": str(servers.data.bank_files),
        "file_cut_off_minutes": "1",
        "file_calendar": "EVERY_DAY",
        "institution_name": "Bursar Demo",
        "institution_iban": "DE02120300000000202051",
        "institution_bic": "BYLADEM1001",
        "command_api_url": servers.addresses.get("command_api", ""),
        "query_api_url": servers.addresses.get("query_api", ""),
        "token_issuer": ISSUER,
        "token_audience": AUDIENCE,
        **_logins_of(servers),
    }
    argv = spec.argv or (*_BURSAR, "serve", spec.name)
    return Service(
        name=spec.name,
        argv=tuple(part.format_map(known) for part in argv),
        ready=lambda: _answers(f"http://{LOOPBACK}:{port}", spec.health),
        env=_environment(spec.prefix, {name: known[name] for name in spec.settings if known[name]}),
        cwd=CHECKOUT,
    )


def _logins_of(servers: Servers) -> dict[str, str]:
    """What the query API needs for logins, where this stack has an identity provider; else nothing."""
    provider = servers.addresses.get("identity")
    if provider is None:
        return dict.fromkeys(("public_url", "login_discovery_url", "login_client_id", "session_keys_file"), "")
    return {
        "public_url": servers.addresses.get("query_api", ""),
        "login_discovery_url": f"{provider}/.well-known/openid-configuration",
        "login_client_id": LOGIN_CLIENT,
        "session_keys_file": str(session_keys_file(servers.data)),
    }


def _secret_of(servers: Servers, simulator: str) -> str:
    """The file in which a simulator that is part of this stack keeps the secret of its messages, or nothing."""
    return str(servers.data.path / "simulators" / simulator / SECRET_FILE) if simulator in servers.addresses else ""


def _environment(prefix: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Add the settings to this process's environment, where a user's own setting of the same name wins."""
    given = {f"{prefix}{name.upper()}": value for name, value in settings.items()}
    return given | child_environment()


async def _answers(url: str, page: str | None) -> bool:
    return page is None or (await http_get(url + page))[0] == 200

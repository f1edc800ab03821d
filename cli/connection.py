"""Which APIs a command talks to, and as whom: those of a local stack, or given addresses with a token in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cli.options import Failure

if TYPE_CHECKING:
    from cli.client import TokenSource


class Apis(NamedTuple):
    """Where to send commands and where to read. `token` is asked before every request."""

    commands_url: str
    queries_url: str
    token: TokenSource


def local_apis(data_dir: Path, *, subject: str) -> Apis:
    """Return the APIs of the stack that runs in a folder, with a token of their own for `subject`.

    Raises Failure when no stack runs there.
    """
    from cli.devstack.identity import issue_token
    from cli.devstack.state import DataDir

    data = DataDir(data_dir)
    addresses = data.read_state().addresses
    if not data.is_running() or not {"command_api", "query_api"} <= set(addresses):
        raise Failure(f"no stack is running in {data.path}; start one with `bursar up --data-dir {data.path}`")
    token = issue_token(data, subject=subject)
    return Apis(addresses["command_api"], addresses["query_api"], lambda: token)


class Queries(NamedTuple):
    """Where to read."""

    url: str
    token: TokenSource


def queries_of(query_api: str | None, token_file: Path | None, data_dir: Path) -> Queries:
    """Return the query API that the options name, or that of the stack in a folder. Raises Failure."""
    if query_api and token_file:
        return Queries(query_api, token_in(token_file))
    if query_api or token_file:
        raise Failure("--query-api and --token-file belong together: give both or neither")
    apis = local_apis(data_dir, subject="you")
    return Queries(apis.queries_url, apis.token)


def token_in(file: Path) -> TokenSource:
    """Read the token from a file each time, so that a newer one is found. Raises Failure when it cannot be read."""

    def read() -> str:
        try:
            return file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Failure(f"{file} has no token: {error}") from error

    return read

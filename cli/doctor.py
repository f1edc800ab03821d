"""`bursar doctor`: why the stack would not start on this machine, each cause with its remedy."""

from __future__ import annotations

import json
import os
import platform
import pwd
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import rich_click as click

from cli.options import data_dir_option, json_option

PYTHON_MIN = (3, 11)
GLIBC_MIN = (2, 28)
FREE_DISK_BYTES_MIN = 2 * 1024**3
OPEN_FILES_MIN = 1024
VERSION_WITHIN_S = 20.0

Verdict = Literal["ok", "warning", "failure"]
MARKS: dict[Verdict, str] = {"ok": "ok     ", "warning": "warning", "failure": "FAILURE"}


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `remedy` is empty when nothing has to be done."""

    check: str
    verdict: Verdict
    cause: str
    remedy: str = ""


@click.command(name="doctor")
@data_dir_option
@json_option
def command(data_dir: Path, as_json: bool) -> None:
    """Check platform, rights, ports, disk and server binaries.

    Ends with exit code 1 when the stack cannot start.
    """
    findings = [finding for check in CHECKS for finding in check(data_dir.absolute())]
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(f"{MARKS[finding.verdict]}  {finding.check}: {finding.cause}")
            if finding.remedy:
                click.echo(f"         -> {finding.remedy}")
    if any(finding.verdict == "failure" for finding in findings):
        raise SystemExit(1)


def check_platform(data_dir: Path) -> Iterator[Finding]:
    """Look at operating system, processor, C library and Python, as far as wheels exist for them."""
    from cli.devstack.binaries import PLATFORMS

    system, machine = platform.system(), platform.machine().lower()
    known = system in ("Linux", "Darwin") and machine in ("x86_64", "amd64", "aarch64", "arm64")
    yield (
        Finding("platform", "ok", f"{system} {machine}")
        if known
        else Finding("platform", "failure", f"no wheels of the servers for {system} {machine}", f"Use {PLATFORMS}.")
    )
    if system == "Linux":
        yield _check_libc()
    version = platform.python_version()
    yield (
        Finding("Python", "ok", version)
        if sys.version_info >= PYTHON_MIN
        else Finding("Python", "failure", f"{version} is too old", "Install Python 3.11 or newer.")
    )


def check_user(data_dir: Path) -> Iterator[Finding]:
    """Say what being root means, and whether root's stand-in reaches the folders PostgreSQL needs."""
    from cli.devstack.binaries import MissingBinary, postgres_binary
    from cli.devstack.privileges import UNPRIVILEGED_USER, Unreachable, unprivileged_user

    try:
        user = unprivileged_user((data_dir / "postgres" / "data", postgres_binary("postgres")))
    except Unreachable as error:
        yield Finding("user", "failure", str(error), "See above, or choose --data-dir below /var/lib or /tmp.")
        return
    except MissingBinary:
        return  # check_binaries says so
    if user is None:
        yield _check_account(os.geteuid())
        return
    power = "" if user.capability is None else ", and keeps one capability to pass private folders on the way"
    yield Finding("user", "ok", f"root; PostgreSQL runs as {UNPRIVILEGED_USER}{power}")


def check_folder(data_dir: Path) -> Iterator[Finding]:
    """See that the data folder can be written and has room."""
    existing = next(folder for folder in (data_dir, *data_dir.parents) if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        yield Finding("folder", "failure", f"no file can be made in {existing}: {error}", "Choose another --data-dir.")
        return
    yield Finding("folder", "ok", f"{data_dir} is writable")
    free = shutil.disk_usage(existing).free
    gigabytes = f"{free / 1024**3:.1f} GB free in {existing}"
    yield (
        Finding("disk", "ok", gigabytes)
        if free >= FREE_DISK_BYTES_MIN
        else Finding("disk", "warning", f"only {gigabytes}", "Make room, or choose --data-dir on another disk.")
    )


def check_ports(data_dir: Path) -> Iterator[Finding]:
    """See whether the remembered ports are still free; taken ones are replaced at the next start."""
    from cli.devstack.ports import is_free
    from cli.devstack.state import DataDir

    data = DataDir(data_dir)
    if data.is_running():
        yield Finding("ports", "ok", f"a stack is running in {data_dir}")
        return
    taken = {name: port for name, port in data.read_state().ports.items() if not is_free(port)}
    for name, port in taken.items():
        yield Finding(
            "ports",
            "warning",
            f"{port} of {name} is taken by another program",
            "`up` will choose another port; to keep this one, stop the program that listens there "
            f"(lsof -iTCP:{port} -sTCP:LISTEN).",
        )
    if not taken:
        yield Finding("ports", "ok", "free ports are chosen at the first start and kept")


def check_binaries(data_dir: Path) -> Iterator[Finding]:
    """Run each server's `--version`: finds missing wheels, wrong processors, missing libraries and noexec mounts."""
    from cli.devstack.binaries import MissingBinary, nats_binary, postgres_binary, valkey_binary

    finders: tuple[tuple[str, Callable[[], Path]], ...] = (
        ("PostgreSQL", lambda: postgres_binary("postgres")),
        ("NATS", nats_binary),
        ("Valkey", valkey_binary),
    )
    for name, find in finders:
        try:
            done = subprocess.run(
                [find(), "--version"], capture_output=True, text=True, timeout=VERSION_WITHIN_S, check=True
            )
        except MissingBinary as error:
            yield Finding(name, "failure", str(error), "Delete .venv and run ./bursar again.")
        except (OSError, subprocess.SubprocessError) as error:
            remedy = "Is the checkout on a file system mounted noexec, or the wheel for another processor?"
            yield Finding(name, "failure", f"does not run: {error}", remedy)
        else:
            yield Finding(name, "ok", done.stdout.strip())


def check_limits(data_dir: Path) -> Iterator[Finding]:
    """See that enough files may be open: every connection of every server is one."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield (
        Finding("open files", "ok", f"{soft}")
        if soft >= OPEN_FILES_MIN
        else Finding("open files", "warning", f"only {soft} files may be open", f"ulimit -n {OPEN_FILES_MIN}")
    )


def _check_account(uid: int) -> Finding:
    try:
        return Finding("user", "ok", pwd.getpwuid(uid).pw_name)
    except KeyError:
        cause = f"uid {uid} has no entry in /etc/passwd, which PostgreSQL needs"
        return Finding("user", "failure", cause, "Run as a user with a name, or add an entry for this uid.")


def _check_libc() -> Finding:
    name, version = platform.libc_ver()
    if name != "glibc":
        return Finding(
            "C library", "failure", "not glibc (Alpine?): no wheels", "Use Debian, Ubuntu, Fedora or similar."
        )
    found = tuple(int(part) for part in version.split(".")[:2])
    if found < GLIBC_MIN:
        return Finding("C library", "failure", f"glibc {version} is too old", "Use a distribution of 2019 or newer.")
    return Finding("C library", "ok", f"glibc {version}")


CHECKS = (check_platform, check_user, check_folder, check_ports, check_binaries, check_limits)

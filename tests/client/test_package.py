"""The client stands alone: it is built and imported without anything else of this checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from client.generator.places import SOURCES
from tests.architecture.tree import PACKAGES, ROOT

BUILT_WITHIN_S = 120
IMPORTED_WITHIN_S = 60
BACKEND = "flit_core"

LOADED = f"""
import sys
sys.path.insert(0, {str(SOURCES)!r})
import bursar_client
client = bursar_client.Client(commands_url="http://127.0.0.1:9", queries_url="http://127.0.0.1:9", token="t")
client.open_account
print(*sorted({{name.partition(".")[0] for name in sys.modules}}))
"""


def test_it_is_imported_without_the_rest_of_the_checkout(tmp_path: Path) -> None:
    """Isolated from the environment and the current folder; tables are loaded when one is wanted."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", LOADED],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=IMPORTED_WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert loaded & {*PACKAGES, "client", "tests", "pyarrow", "pandas", "litestar", "asyncpg"} == set()
    assert {"bursar_client", "httpx2", "msgspec"} <= loaded


def test_it_is_built_with_its_types_and_without_its_generator(tmp_path: Path) -> None:
    if find_spec(BACKEND) is None:
        pytest.skip(f"{BACKEND}, which builds the client, is not installed")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--no-index", "--no-deps", "--no-build-isolation", "--quiet"),
            *("--wheel-dir", str(tmp_path), str(ROOT / "client")),
        ],
        check=True,
        timeout=BUILT_WITHIN_S,
    )
    (wheel,) = tmp_path.glob("bursar_client-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    packed = {name for name in names if name.startswith("bursar_client/")}
    committed = {path.relative_to(SOURCES).as_posix() for path in (SOURCES / "bursar_client").rglob("*.py")}
    assert packed == committed | {"bursar_client/py.typed"}
    assert all(name.startswith(("bursar_client/", "bursar_client-")) for name in names)

"""The root script `bursar`: what it installs, when, and what it says when it cannot."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from cli.options import CHECKOUT

SCRIPT = CHECKOUT / "bursar"
REQUIREMENTS = CHECKOUT / "ops" / "requirements"


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module whose environment would be a new folder."""
    monkeypatch.setenv("BURSAR_VENV", str(tmp_path / "venv"))
    loader = SourceFileLoader("bursar_script", str(SCRIPT))
    spec = spec_from_loader("bursar_script", loader)
    assert spec is not None
    module = module_from_spec(spec)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(module)
    return module


def test_it_imports_only_the_standard_library() -> None:
    """Nothing is installed yet when it runs."""
    modules = re.findall(r"^(?:import|from) (\w+)", SCRIPT.read_text(), flags=re.MULTILINE)
    assert set(modules) <= sys.stdlib_module_names


@pytest.mark.parametrize("name", ["run", "dev"])
def test_every_requirement_is_pinned_by_hash_and_no_registry_is_named(name: str) -> None:
    """Whoever builds Bursar gets the same bytes, from the index that pip is configured for."""
    text = (REQUIREMENTS / f"{name}.txt").read_text()
    requirements = [line for line in text.splitlines() if line[:1].isalnum()]
    assert all(re.match(r"[a-z0-9.-]+(\[[a-z]+\])?==\S+ (;.*)?\\$", line) for line in requirements)
    assert text.count("\n    --hash=sha256:") >= len(requirements)
    assert "://" not in text
    assert "index-url" not in text


def test_dev_holds_every_pin_of_run() -> None:
    """Tests run on the versions that are shipped."""
    run, dev = (
        {line for line in (REQUIREMENTS / name).read_text().splitlines() if line[:1].isalnum()}
        for name in ("run.txt", "dev.txt")
    )
    assert run < dev


def test_an_environment_is_trusted_only_while_its_stamp_fits(script: ModuleType) -> None:
    """A changed pin, or an interrupted installation, installs again."""
    assert not script.is_installed(["run"])
    script.PYTHON.parent.mkdir(parents=True)
    script.PYTHON.touch()
    assert not script.is_installed(["run"])
    digest = script.hashlib.sha256((REQUIREMENTS / "run.txt").read_bytes()).hexdigest()
    script.stamp("run").write_text(digest)
    assert script.is_installed(["run"])
    assert not script.is_installed(["run", "dev"])
    script.stamp("run").write_text("0" * 64)
    assert not script.is_installed(["run"])


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("WARNING: Retrying (Retry(total=0)) ...\nERROR: No matching distribution found for x", "did not answer"),
        ("ERROR: No matching distribution found for x", "No wheel for Python"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "not the pinned one"),
        ("OSError: [Errno 28] No space left on device", "No space left"),
    ],
)
def test_a_failed_installation_is_explained(script: ModuleType, log: str, said: str) -> None:
    """Cause and remedy instead of pip's last line."""
    with pytest.raises(SystemExit, match=said):
        script.explain(log.splitlines())


def test_a_missing_venv_module_is_explained(tmp_path: Path) -> None:
    """Debian and Ubuntu leave it out of their Python."""
    python = tmp_path / "python3"
    python.write_text("#!/bin/sh\necho 'ensurepip is not available'; exit 1\n")
    python.chmod(0o755)
    code = f"import runpy, sys; sys.executable = {str(python)!r}; runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    environment = {**os.environ, "BURSAR_VENV": str(tmp_path / "venv")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ensurepip is not available" in done.stderr
    assert "apt install python3-venv" in done.stderr


def test_too_old_a_python_is_explained(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """No newer one on the PATH: say which is needed."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit, match=r"too old\.\nInstall Python 3\.11"):
        script.use_newer_python()

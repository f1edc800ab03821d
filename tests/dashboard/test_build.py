"""The committed build belongs to its sources, needs nothing from elsewhere, and carries its licences."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path

from contracts.currencies import SCALE_OF_CURRENCY
from query_api.dashboard import STATIC

FOLDER = STATIC.parent
SOURCE = FOLDER / "source"
BESIDE = ("build.mjs", "package.json", "package-lock.json", "tsconfig.json")
FILE_BYTES_MAX = 500_000
FIRST_PAINT_BYTES_MAX = 260_000  # scripts and styles of the first page, before compression


def digest_of_sources(folder: Path) -> str:
    """Hash the sources as build.mjs does it."""
    names = [
        *BESIDE,
        *(path.relative_to(folder).as_posix() for path in (folder / "source").rglob("*") if path.is_file()),
    ]
    digest = sha256()
    for name in sorted(names):
        digest.update(f"{name}\0{sha256((folder / name).read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def test_the_committed_build_is_of_these_sources() -> None:
    recorded = json.loads((STATIC / "build.json").read_text("utf-8"))["sources"]
    assert recorded == digest_of_sources(FOLDER), "run: cd query_api/dashboard && npm ci && npm run build"


def test_a_changed_source_is_another_digest(tmp_path: Path) -> None:
    for name in BESIDE:
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "main.tsx").write_text("one")
    before = digest_of_sources(tmp_path)
    (tmp_path / "source" / "main.tsx").write_text("two")
    assert digest_of_sources(tmp_path) != before


def test_the_page_runs_and_styles_nothing_inline_and_loads_its_own_files_only() -> None:
    page = (STATIC / "index.html").read_text("utf-8")
    assert "<style" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)|\bon\w+=|\bstyle=|javascript:", page)
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert addresses
    assert all(address.startswith("/dashboard/assets/") for address in addresses)
    assert all((STATIC / "assets" / address.rpartition("/")[2]).exists() for address in addresses)


def test_files_are_small_enough_for_a_first_paint() -> None:
    page = (STATIC / "index.html").read_text("utf-8")
    sizes = {path.name: path.stat().st_size for path in (STATIC / "assets").iterdir()}
    first = [name for name in sizes if name in page and name.endswith((".js", ".css"))]
    assert any(name.startswith("chunk-") for name in first)  # what main.js needs at once is named in the page, too
    assert max(sizes.values()) <= FILE_BYTES_MAX
    assert sum(sizes[name] for name in first) <= FIRST_PAINT_BYTES_MAX


def test_licences_of_everything_bundled_are_kept() -> None:
    notices = (STATIC / "NOTICES.txt").read_text("utf-8")
    wanted = json.loads((FOLDER / "package.json").read_text("utf-8"))["dependencies"]
    assert [f"{name} {version}" for name, version in wanted.items() if f"\n{name} {version} (" not in notices] == []


def test_the_lock_file_pins_by_hash_and_names_no_registry() -> None:
    lock = json.loads((FOLDER / "package-lock.json").read_text("utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert all(entry.get("integrity", "").startswith("sha512-") for entry in packages.values())
    assert all("resolved" not in entry for entry in packages.values())


def test_currencies_have_the_scales_of_the_contracts() -> None:
    text = (SOURCE / "currencies.ts").read_text("utf-8")
    written = {code: int(scale) for scale, codes in re.findall(r'(\d): "([A-Z ]+)"', text) for code in codes.split()}
    assert written == {code: scale for code, scale in SCALE_OF_CURRENCY.items() if scale != 2}

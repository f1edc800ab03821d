"""`bursar vault` as an operator types it, and the ring that the local stack makes for itself."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cli.devstack import ProcessSpec, Servers
from cli.devstack.processes import service_of
from cli.devstack.state import DataDir
from cli.devstack.vault_keys import vault_keys_file
from cli.migrate import run as migrate
from runtime.vault import ERASED, KekMissing, read_ring
from tests.cli.conftest import bursar
from tests.support.vault import DsnOf, opened_vault

ADA = {"name": "Ada Lovelace"}


@pytest_asyncio.fixture(loop_scope="session")
async def keys_file(tmp_path: Path) -> AsyncIterator[Path]:
    """A ring made by `bursar vault init`."""
    code, said = await bursar("vault", "init", "--keys-file", str(tmp_path / "ring.json"))
    assert (code, said.startswith(f"made {tmp_path / 'ring.json'}. Keep a copy")) == (0, True), said
    yield tmp_path / "ring.json"


async def vault(dsn_of: DsnOf, keys_file: Path, verb: str, *arguments: str) -> tuple[int, str]:
    """Run a verb on a test's own database; returns exit code and its JSON line, or the last line without one."""
    place = ("--database-url", dsn_of("bursar_writer"), "--keys-file", str(keys_file))
    code, said = await bursar("vault", verb, *arguments, *place)
    lines = said.strip().splitlines()
    return code, next((line for line in lines if line.startswith("{")), lines[-1])


async def test_init_makes_a_private_file_once(keys_file: Path) -> None:
    before = keys_file.read_bytes()
    assert keys_file.stat().st_mode & 0o777 == 0o600
    code, said = await bursar("vault", "init", "--keys-file", str(keys_file))
    assert (code, "exists already and is left as it is" in said) == (1, True)
    assert keys_file.read_bytes() == before


async def test_init_names_a_folder_that_is_not_there(tmp_path: Path) -> None:
    code, said = await bursar("vault", "init", "--keys-file", str(tmp_path / "gone" / "ring.json"))
    assert (code, "No such file or directory" in said) == (1, True)


async def test_rotate_and_retire_keep_everything_readable(book_database: DsnOf, keys_file: Path) -> None:
    async with opened_vault(book_database, ring=read_ring(keys_file)) as before:
        sealed = await before.seal("customer_1", ADA)
        first = before.ring.active_id
        code, said = await vault(book_database, keys_file, "rotate", "--json")
        second = read_ring(keys_file).active_id
        assert code == 0, said
        assert json.loads(said) == {
            "active": second, "keys_by_kek": {second: 1}, "waiting": 0, "erased_subjects": 0,
        }  # fmt: skip
        assert second.startswith(first)
        assert second != first

        await before.seal("customer_2", ADA)  # a process that still has the old ring
        code, said = await vault(book_database, keys_file, "retire", first)
        assert (code, said) == (
            1, f"1 data keys are still wrapped with {first}: run `bursar vault rotate --resume` first",
        )  # fmt: skip
        code, said = await vault(book_database, keys_file, "rotate")
        assert (code, "finish it with --resume first" in said) == (1, True)
    assert (await vault(book_database, keys_file, "rotate", "--resume"))[0] == 0
    assert await vault(book_database, keys_file, "retire", first) == (0, f"{first} is no longer in {keys_file}")

    async with opened_vault(book_database, ring=read_ring(keys_file)) as after:
        assert after.ring.kek_ids == [second]
        assert await after.open("customer_1", sealed) == ADA
    async with opened_vault(book_database, ring=before.ring) as outdated:
        with pytest.raises(KekMissing):
            await outdated.open("customer_1", sealed)


async def test_the_active_and_an_unknown_key_are_not_retired(book_database: DsnOf, keys_file: Path) -> None:
    active, before = read_ring(keys_file).active_id, keys_file.read_bytes()
    code, said = await vault(book_database, keys_file, "retire", active)
    assert (code, "is the active key-encryption key" in said) == (1, True)
    assert (await vault(book_database, keys_file, "retire", "k9"))[0] == 1
    assert keys_file.read_bytes() == before


async def test_erase_prints_the_proof_and_status_counts_it(book_database: DsnOf, keys_file: Path) -> None:
    async with opened_vault(book_database, ring=read_ring(keys_file)) as door:
        sealed = await door.seal("customer_1", ADA)
    arguments = ("customer_1", "--reason", "case 7", "--by", "ann", "--yes")
    code, said = await vault(book_database, keys_file, "erase", *arguments, "--json")
    proof = json.loads(said)
    assert code == 0
    assert {name: proof[name] for name in ("subject", "key_nos", "destroyed_by", "reason")} == {
        "subject": "customer_1", "key_nos": [1], "destroyed_by": "ann", "reason": "case 7",
    }  # fmt: skip
    assert await vault(book_database, keys_file, "erase", *arguments) == (0, "destroyed keys: 1")
    code, said = await vault(book_database, keys_file, "status", "--json")
    assert (code, json.loads(said)["erased_subjects"]) == (0, 1)
    async with opened_vault(book_database, ring=read_ring(keys_file)) as window:
        assert await window.open("customer_1", sealed) == {"name": ERASED}


async def test_erase_wants_a_reason_and_a_yes(book_database: DsnOf, keys_file: Path) -> None:
    assert (await vault(book_database, keys_file, "erase", "customer_1", "--yes"))[0] == 2
    code, said = await vault(book_database, keys_file, "erase", "customer_1", "--reason", "case 7")
    assert (code, "There is no way back" in said or "Aborted" in said) == (1, True)
    assert json.loads((await vault(book_database, keys_file, "status", "--json"))[1])["erased_subjects"] == 0


async def test_another_ring_than_the_databases_is_refused(
    book_database: DsnOf, keys_file: Path, tmp_path: Path
) -> None:
    assert (await vault(book_database, keys_file, "status"))[0] == 0
    await bursar("vault", "init", "--keys-file", str(tmp_path / "other.json"))
    code, said = await vault(book_database, tmp_path / "other.json", "status")
    assert (code, "first used with another ring" in said) == (1, True)


async def test_half_of_a_place_is_refused(keys_file: Path, tmp_path: Path) -> None:
    code, said = await bursar("vault", "status", "--keys-file", str(keys_file))
    assert (code, "belong together" in said) == (1, True)
    code, said = await bursar("vault", "status", "--data-dir", str(tmp_path))
    assert (code, "no stack runs in" in said) == (1, True)


class TestLocalStack:
    def test_it_makes_its_ring_once(self, tmp_path: Path) -> None:
        data = DataDir(tmp_path / "stack")
        data.create()
        file = vault_keys_file(data)
        before = file.read_bytes()
        assert file.stat().st_mode & 0o777 == 0o600
        assert vault_keys_file(data) == file
        assert file.read_bytes() == before
        assert read_ring(file).kek_ids == ["k1"]

    async def test_a_process_that_asks_is_given_the_path(self, own_servers: Servers) -> None:
        own_servers.ports["door"] = 1
        service = service_of(ProcessSpec(name="door", settings=("vault_keys_file",)), own_servers)
        assert service.env is not None
        path = Path(service.env["DOOR_VAULT_KEYS_FILE"])
        assert path.parent == own_servers.data.secrets
        assert read_ring(path).active_id == "k1"

    async def test_its_vault_needs_no_options(self, own_servers: Servers) -> None:
        await migrate(own_servers.postgres_dsn())
        vault_keys_file(own_servers.data)
        for arguments, expected in (
            (("status",), "k1: wraps 0 data keys, active\n0 subjects erased\n"),
            (("erase", "customer_1", "--reason", "case 7", "--yes"), "destroyed keys: none had been made\n"),
        ):
            code, said = await bursar("vault", *arguments, "--data-dir", str(own_servers.data.path))
            assert (code, said.endswith(expected)) == (0, True), said

"""schema.sql is the whole truth of schema `projections`: its migrations leave exactly that. Every query is asked."""

from __future__ import annotations

import re
from pathlib import Path

import asyncpg

from cli.devstack import Servers
from cli.migrate import PROJECTIONS
from contracts.projections import MODELS
from contracts.read_models import READ_MODELS
from projectors.stores.registry import REDIS_KINDS
from tests.reactors.test_schema import dump

ROOT = Path(__file__).parents[2]


async def test_migrations_add_up_to_the_schema_file(servers: Servers, book_template: str) -> None:
    async with (
        servers.database("projections_migrated", template=book_template) as migrated,
        servers.database("projections_fresh") as fresh,
    ):
        connection = await asyncpg.connect(fresh("bursar_owner"))
        await connection.execute("CREATE SCHEMA projections")
        await connection.execute((PROJECTIONS / "schema.sql").read_text(encoding="utf-8"))
        await connection.close()
        by_migrations, by_schema = (dump(dsn("postgres"), "projections") for dsn in (migrated, fresh))
    assert by_migrations == by_schema
    assert any("builds_one_per_role" in line for line in by_schema)


def test_every_query_is_used_somewhere() -> None:
    for folder, file in (("projectors/control", "queries.sql"), ("query_api", "projections.sql")):
        queries = re.findall(r"^-- name: (\w+)", (ROOT / folder / "sql" / file).read_text(), re.MULTILINE)
        code = "\n".join(path.read_text() for path in (ROOT / folder).glob("*.py"))
        assert [name for name in queries if f'"{name}"' not in code] == []


def test_the_registry_lists_every_model_once() -> None:
    names = [model.name for model in MODELS]
    assert len(names) == len(set(names))
    assert set(READ_MODELS) < set(names)
    assert {kind.model: kind.layout for kind in REDIS_KINDS} == {
        model.name: model.layout for model in MODELS if model.kept == "redis"
    }

"""Reads what Redis holds of some things, each read of one moment, with the checkpoint of that moment beside it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import redis.asyncio as redis
from redis.exceptions import ResponseError

from contracts.read_models import Fields, WalletsKeys, checkpoint_of
from projectors.apply import Fenced
from projectors.auditor.wallets_side import AccountFound, Members, text_of

HOLDS_MAX: Final = 1_000  # newest members of an account's index of open holds that are compared

Client = redis.Redis


async def read_position(client: Client, checkpoint: str) -> int:
    """Return a model's position. Raises Fenced, RedisError."""
    fields: Any = await client.hgetall(checkpoint)
    return _position(fields)


async def read_accounts(
    client: Client, keys: WalletsKeys, account_ids: Sequence[str], *, in_full: Collection[str]
) -> tuple[int, dict[str, AccountFound]]:
    """Read accounts, and of those in ``in_full`` also statement and holds; give the model's position with them."""
    async with client.pipeline(transaction=True) as pipeline:
        pipeline.hgetall(keys.checkpoint)
        for account_id in account_ids:
            pipeline.hgetall(keys.account(account_id))
            pipeline.zscore(keys.accounts, account_id)
            if account_id in in_full:
                pipeline.zrange(keys.statement(account_id), 0, -1, withscores=True)
                pipeline.zrange(keys.holds(account_id), 0, HOLDS_MAX - 1, desc=True, withscores=True)
        answers = iter(await pipeline.execute(raise_on_error=False))
    position = _position(next(answers))
    found: dict[str, AccountFound] = {}
    for account_id in account_ids:
        fields, score = _fields(next(answers)), _score(next(answers))
        statement, held_by = (_members(next(answers)), _members(next(answers))) if account_id in in_full else ({}, {})
        found[account_id] = AccountFound(fields, score, statement, held_by, {})
    members = sorted({member for account in found.values() for member in account.held_by})
    holds = dict(zip(members, await read_hashes(client, [keys.hold(text_of(one)) for one in members]), strict=True))
    return position, {
        account_id: AccountFound(
            account.fields,
            account.score,
            account.statement,
            account.held_by,
            {member: holds[member] for member in account.held_by},
        )
        for account_id, account in found.items()
    }


async def read_hashes(client: Client, names: Sequence[str]) -> list[Fields]:
    """Read hashes by their keys."""
    if not names:
        return []
    async with client.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.hgetall(name)
        return [_fields(answer) for answer in await pipeline.execute(raise_on_error=False)]


class Asked(NamedTuple):
    """What is read of a thing: its hash, its steps where it has some, and its score on some lists, member of each."""

    hash: str
    member: str
    lists: Collection[str] = ()
    steps: str | None = None


class Read(NamedTuple):
    """What Redis holds of a thing. ``lists``: its score by the list's key."""

    fields: Fields
    steps: Members
    lists: dict[str, str | None]


async def read_things(client: Client, things: Sequence[Asked]) -> list[Read]:
    """Read some things, all of one moment."""
    if not things:
        return []
    async with client.pipeline(transaction=True) as pipeline:
        for asked in things:
            pipeline.hgetall(asked.hash)
            if asked.steps is not None:
                pipeline.zrange(asked.steps, 0, -1, withscores=True)
            for name in asked.lists:
                pipeline.zscore(name, asked.member)
        answers = iter(await pipeline.execute(raise_on_error=False))
    return [
        Read(
            _fields(next(answers)),
            {} if asked.steps is None else _members(next(answers)),
            {name: _score(next(answers)) for name in asked.lists},
        )
        for asked in things
    ]


async def read_totals(client: Client, keys: WalletsKeys, statuses: Sequence[str]) -> tuple[int, Fields, dict[str, int]]:
    """Read the counters with the model's position and the length of every list that they count."""
    lists = {"accounts": keys.accounts, "payments": keys.payments}
    lists |= {f"payments:{status}": keys.payments_in(status) for status in statuses}
    async with client.pipeline(transaction=True) as pipeline:
        pipeline.hgetall(keys.checkpoint)
        pipeline.hgetall(keys.totals)
        for key in lists.values():
            pipeline.zcard(key)
        checkpoint, totals, *lengths = await pipeline.execute(raise_on_error=False)
    counted = {name: length for name, length in zip(lists, lengths, strict=True) if isinstance(length, int)}
    return _position(checkpoint), _fields(totals), counted


def _position(fields: Any) -> int:
    if isinstance(fields, Exception):
        raise fields
    try:
        checkpoint = checkpoint_of(fields)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise Fenced("the model's checkpoint cannot be read; run `bursar rebuild`") from fault
    if checkpoint.fence is not None:
        raise Fenced(f"the model is being emptied ({checkpoint.fence})")
    return checkpoint.position


def _fields(answer: Any) -> Fields:
    """Take an answer as a hash; a key of another kind is a hash that says so."""
    if isinstance(answer, ResponseError):
        return {b"key": b"of another kind"}
    return _sound(answer)  # type: ignore[no-any-return]


def _members(answer: Any) -> Members:
    if isinstance(answer, ResponseError):
        return {b"of another kind": "0"}
    return {member: _score_text(score) for member, score in _sound(answer)}


def _score(answer: Any) -> str | None:
    if answer is None or isinstance(answer, ResponseError):
        return None
    return _score_text(_sound(answer))


def _score_text(score: Any) -> str:
    """Write a score, which Redis keeps as a double, as the whole number that every score of a model is."""
    return str(int(score)) if score == score // 1 else str(score)


def _sound(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer

"""Everything a read model holds, for comparing two of them."""

from __future__ import annotations

from typing import Any

from contracts.read_models import WalletsKeys, totals_of


async def dump_wallets(client: Any, keys: WalletsKeys) -> dict[str, Any]:
    """Return the content of every key of the model, by name without prefix."""
    content: dict[str, Any] = {}
    async for key in client.scan_iter(match=f"{keys.prefix}*", count=1000):
        name = key.decode().removeprefix(keys.prefix)
        if await client.type(key) != b"hash":
            content[name] = await client.zrange(key, 0, -1, withscores=True)
            continue
        fields = await client.hgetall(key)
        # A sum may be spread over its counters in more than one way.
        content[name] = totals_of(fields) if key.decode() == keys.totals else fields
    return content

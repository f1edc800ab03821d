"""Python's garbage collector, told what a server is like.

The modules and the wiring made at the start never die, and requests leave hardly any cycles. Left to itself the
collector walks all of the former again and again in search of the latter: 15 % of the cost of a small request.
"""

import gc
from typing import Final

COLLECT_AFTER_OBJECTS: Final = 20_000
COLLECT_OLDER_AFTER: Final = (20, 50)  # collections of the younger generation


def settle_memory() -> None:
    """Take what exists out of the collector's sight and let it look less often. Call once, when all is put together."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_OBJECTS, *COLLECT_OLDER_AFTER)

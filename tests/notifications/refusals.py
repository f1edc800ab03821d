"""Every way a decision about a webhook endpoint can refuse, as a table; see tests/ledger/refusals.py."""

from __future__ import annotations

from typing import Final

from contracts import commands as c
from contracts.commands.webhooks import REPLAY_POSITIONS_MAX
from contracts.rejections import Rejection as R
from ledger.domain.webhooks import ENDPOINTS_MAX
from tests.ledger.refusals import Row
from tests.support.ledger import BookInMemory

URL: Final = "https://hooks.example.com/"
NOBODY: Final = "whe_999999"
CREATE: Final = c.CreateWebhookEndpoint(url=URL, kinds=("*",))


def full() -> BookInMemory:
    """As many endpoints as there may be; the first is disabled."""
    book = BookInMemory()
    book.do(*[CREATE] * ENDPOINTS_MAX, c.DisableWebhookEndpoint(endpoint_id="whe_1"))
    return book


def old() -> BookInMemory:
    """An endpoint in a book with more positions than are replayed at once."""
    book = BookInMemory()
    book.do(CREATE)
    book.position = 2 * REPLAY_POSITIONS_MAX
    return book


FULL: Final = full()
OLD: Final = old()
ID: Final = "/endpoint_id"


def replay(endpoint_id: str, first: int, last: int) -> c.ReplayWebhookDeliveries:
    return c.ReplayWebhookDeliveries(endpoint_id=endpoint_id, from_position=first, to_position=last)


WEBHOOK_ROWS: Final = tuple(
    Row(command, rejection, pointer, bank=bank)  # type: ignore[arg-type]
    for command, rejection, pointer, bank in (
        (CREATE, R.WEBHOOK_ENDPOINTS_EXHAUSTED, None, FULL),
        (c.UpdateWebhookEndpoint(endpoint_id=NOBODY, url=URL, kinds=("*",)), R.WEBHOOK_ENDPOINT_NOT_FOUND, ID, FULL),
        (c.RotateWebhookSecret(endpoint_id=NOBODY), R.WEBHOOK_ENDPOINT_NOT_FOUND, ID, FULL),
        (c.DisableWebhookEndpoint(endpoint_id=NOBODY), R.WEBHOOK_ENDPOINT_NOT_FOUND, ID, FULL),
        (c.DisableWebhookEndpoint(endpoint_id="whe_1"), R.WEBHOOK_ENDPOINT_STATE_CONFLICT, None, FULL),
        (c.EnableWebhookEndpoint(endpoint_id=NOBODY), R.WEBHOOK_ENDPOINT_NOT_FOUND, ID, FULL),
        (c.EnableWebhookEndpoint(endpoint_id="whe_2"), R.WEBHOOK_ENDPOINT_STATE_CONFLICT, None, FULL),
        (replay(NOBODY, 1, 2), R.WEBHOOK_ENDPOINT_NOT_FOUND, ID, FULL),
        (replay("whe_1", 1, 2), R.WEBHOOK_ENDPOINT_STATE_CONFLICT, None, FULL),
        (replay("whe_2", 2, 1), R.WEBHOOK_REPLAY_RANGE_INVALID, "/to_position", FULL),
        (replay("whe_2", 1, FULL.position + 1), R.WEBHOOK_REPLAY_RANGE_INVALID, "/to_position", FULL),
        (replay("whe_1", 1, REPLAY_POSITIONS_MAX + 1), R.WEBHOOK_REPLAY_RANGE_INVALID, "/from_position", OLD),
    )
)

REFUSALS_OF_WEBHOOKS: Final[dict[type[c.Command], set[R]]] = {
    c.CreateWebhookEndpoint: {R.WEBHOOK_ENDPOINTS_EXHAUSTED},
    c.UpdateWebhookEndpoint: {R.WEBHOOK_ENDPOINT_NOT_FOUND},
    c.RotateWebhookSecret: {R.WEBHOOK_ENDPOINT_NOT_FOUND},
    c.DisableWebhookEndpoint: {R.WEBHOOK_ENDPOINT_NOT_FOUND, R.WEBHOOK_ENDPOINT_STATE_CONFLICT},
    c.EnableWebhookEndpoint: {R.WEBHOOK_ENDPOINT_NOT_FOUND, R.WEBHOOK_ENDPOINT_STATE_CONFLICT},
    c.ReplayWebhookDeliveries: {
        R.WEBHOOK_ENDPOINT_NOT_FOUND,
        R.WEBHOOK_ENDPOINT_STATE_CONFLICT,
        R.WEBHOOK_REPLAY_RANGE_INVALID,
    },
}

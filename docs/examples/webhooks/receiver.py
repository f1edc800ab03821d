"""A receiver of Bursar's webhooks: verifies, answers at once, and deals with every event exactly once.

    python receiver.py --secret-file secret --inbox inbox --port 9000

It needs Python and `standardwebhooks`. Three rules make it right:

* verify the bytes as they came: JSON that was parsed and written again has another signature;
* the id is the key of whatever the event makes you do: what arrives twice is answered 204 and done once;
* answer as soon as the event is stored, then work: after 15 seconds Bursar sends it again.
"""

from __future__ import annotations

import argparse
import binascii
import json
import logging
from collections.abc import Sequence
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

BODY_BYTES_MAX = 1024 * 1024

log = logging.getLogger("receiver")


class Inbox:
    """A folder with one file per event that arrived, each once; your database's unique key does the same."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, event: dict[str, str], body: bytes) -> bool:
        """Store an event; False when it was here before. The file appears whole or not at all."""
        name = sha256(f"{event['source']} {event['id']}".encode()).hexdigest()
        whole = self._folder / f"{name}.json"
        if whole.exists():
            return False
        part = self._folder / f"{name}.part"
        part.write_bytes(body)
        part.replace(whole)
        return True

    def events(self) -> list[dict[str, str]]:
        """Return everything that arrived, by position in the ledger."""
        found = [json.loads(path.read_bytes()) for path in self._folder.glob("*.json")]
        return sorted(found, key=lambda event: int(event["ledgerposition"]))


class Receiver:
    """Decides what to answer to one request. Give both secrets while one is being rotated."""

    def __init__(self, secrets: Sequence[str], inbox: Inbox) -> None:
        self._webhooks = [Webhook(secret) for secret in secrets]
        self._inbox = inbox

    def receive(self, headers: dict[str, str], body: bytes) -> int:
        """Return the HTTP status for a request."""
        if not any(_is_signed(webhook, headers, body) for webhook in self._webhooks):
            return 401
        event = json.loads(body)
        is_new = self._inbox.put(event, body)
        log.info("%s %s %s", "new" if is_new else "again", event["id"], event["type"])
        return 204


def _is_signed(webhook: Webhook, headers: dict[str, str], body: bytes) -> bool:
    """Check signature and time. The library raises binascii.Error for a signature that is not base64."""
    try:
        webhook.verify(body, headers)
    except (WebhookVerificationError, binascii.Error, ValueError):
        return False
    return True


def handler_of(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    """Return the class that answers requests with ``receiver``."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            too_large = length > BODY_BYTES_MAX
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(413 if too_large else receiver.receive(headers, self.rfile.read(length)))
            self.end_headers()

    return Handler


def main() -> None:
    """Serve until interrupted."""
    logging.basicConfig(level=logging.INFO)
    parser = argparse.ArgumentParser()
    parser.add_argument("--secret-file", type=Path, required=True, help="one secret a line")
    parser.add_argument("--inbox", type=Path, default=Path("inbox"))
    parser.add_argument("--port", type=int, default=9000)
    given = parser.parse_args()
    receiver = Receiver(given.secret_file.read_text("utf-8").split(), Inbox(given.inbox))
    HTTPServer(("127.0.0.1", given.port), handler_of(receiver)).serve_forever()


if __name__ == "__main__":
    main()

"""HTTP to addresses that somebody else chose, without becoming their way into our own network.

    addresses.py   which addresses are anybody's on the internet, and which are not
    urls.py        which URLs may be called, by their spelling alone
    sending.py     one request: resolve once, check every address, connect to a checked one, bounded in time and bytes

Nothing here follows a redirect, uses a proxy of the environment, or keeps a connection.
"""

from runtime.outbound.sending import Answered, Content, Destination, NotSent, Resolve, Sender, resolve_by_system
from runtime.outbound.urls import Reach, UrlRefused, parse_url, refuse_loopback

__all__ = [
    "Answered",
    "Content",
    "Destination",
    "NotSent",
    "Reach",
    "Resolve",
    "Sender",
    "UrlRefused",
    "parse_url",
    "refuse_loopback",
    "resolve_by_system",
]

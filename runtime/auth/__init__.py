"""Who is asking, and may they?

principal.py   what is known about the caller once a token was accepted
keys.py        the issuer's public keys, from a file or a URL, always the last good ones
claims.py      what a token must say, beyond being signed
tokens.py      token → principal, with a short memory of tokens already verified
id_tokens.py   what a provider says about a login
sessions.py    a browser's session, in a cookie that sealed_cookies.py encrypts
middleware.py  the ASGI wrapper that answers 401, and the guards that answer 403
guarding.py    the guards of a group of routes, run once per request without the framework's copies
dev_issuer.py  an issuer for development; it refuses to exist in production
"""

from runtime.auth.claims import InvalidToken
from runtime.auth.dev_issuer import DevIssuer, refuse_development_issuer
from runtime.auth.guarding import Guarded
from runtime.auth.keys import FileKeys, KeySource, KeysUnavailable, UrlKeys
from runtime.auth.middleware import Authenticate, require_authentication, require_ledger, require_scope
from runtime.auth.principal import Principal
from runtime.auth.sessions import Sessions
from runtime.auth.tokens import TokenVerifier

__all__ = [
    "Authenticate",
    "DevIssuer",
    "FileKeys",
    "Guarded",
    "InvalidToken",
    "KeySource",
    "KeysUnavailable",
    "Principal",
    "Sessions",
    "TokenVerifier",
    "UrlKeys",
    "refuse_development_issuer",
    "require_authentication",
    "require_ledger",
    "require_scope",
]

"""What a person sees when a login is refused: the reason, its code, and the way to try again."""

from __future__ import annotations

from html import escape
from typing import Final

from query_api.login.refusals import LoginRefused

POLICY: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

_PAGE: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Not logged in</title></head>
<body>
<main>
<h1>You are not logged in</h1>
<p>{detail}.</p>
<p>Code: <code>{code}</code></p>
<p><a href="/auth/login">Log in again</a></p>
</main>
</body>
</html>
"""


def refusal_page(refused: LoginRefused) -> str:
    """Write the page."""
    detail = refused.detail[:1].upper() + refused.detail[1:]
    return _PAGE.format(detail=escape(detail), code=escape(refused.code))

"""The dashboard: pages that read this API, served by it. None of them needs a token; what they ask for does.

`source/` is TypeScript and CSS; `static/` is what `npm run build` makes of it, committed so that nobody who runs Bursar
needs Node. Files under `assets/` carry a hash of their content in their names, so a browser may keep them for ever.

    dashboard_pages()   routes: /dashboard, /dashboard/assets/<file>, /dashboard/<any page>
"""

import gzip
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

PAGE_PATH: Final = "/dashboard"
OPEN_PATHS: Final = (PAGE_PATH,)
STATIC: Final = Path(__file__).parent / "static"

_ASSETS: Final = STATIC / "assets"
_MEDIA_TYPES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_COMPRESSED_ALREADY: Final = {".woff2"}
_FILES_MAX: Final = 64  # of the build; each is read and compressed once
_FOREVER: Final = "public, max-age=31536000, immutable"
# Nothing inline, nothing evaluated, nothing from elsewhere, framed by nobody. Styles that scripts set go through the
# CSSOM, which needs no exception. Blobs are the files that reports are saved as.
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_ALWAYS: Final[Mapping[str, str]] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_OF_PAGES: Final[Mapping[str, str]] = {
    **_ALWAYS,
    "content-security-policy": _POLICY,
    "x-frame-options": "DENY",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-cache",  # ask each time: the index names the files of the newest build
}

AnyRequest = Request[object, object, State]


def dashboard_pages() -> Router:
    """Make the routes. Raises FileNotFoundError when the build is missing from the checkout."""
    page = (STATIC / "index.html").read_bytes()
    tag = f'"{sha256(page).hexdigest()[:32]}"'
    names = frozenset(file.name for file in _ASSETS.iterdir())

    @get([PAGE_PATH, f"{PAGE_PATH}/{{path:path}}"])
    async def show_dashboard(request: AnyRequest) -> Response[bytes]:
        headers = {**_OF_PAGES, "etag": tag}
        if tag in request.headers.get("if-none-match", ""):
            return Response(b"", status_code=304, headers=headers)
        return Response(page, media_type="text/html", headers=headers)

    @get(f"{PAGE_PATH}/assets/{{name:str}}")
    async def read_dashboard_file(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        if name not in names:
            raise NotFoundException
        plain, compressed = _contents(name)
        headers = {**_ALWAYS, "cache-control": _FOREVER, "vary": "accept-encoding"}
        body = plain
        if compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            body = compressed
        return Response(body, media_type=_MEDIA_TYPES[Path(name).suffix], headers=headers)

    return Router("/", route_handlers=[show_dashboard, read_dashboard_file], include_in_schema=False)


@lru_cache(_FILES_MAX)
def _contents(name: str) -> tuple[bytes, bytes | None]:
    """Return a file as it is and, unless that saves nothing, compressed."""
    plain = (_ASSETS / name).read_bytes()
    is_compressed = Path(name).suffix in _COMPRESSED_ALREADY
    return plain, None if is_compressed else gzip.compress(plain, mtime=0)

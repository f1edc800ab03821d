"""Swagger UI, served from this process: API pages that work without reaching any other host.

The bundled files are those of the npm package `swagger-ui-dist` 5.35.0 (Apache-2.0, see LICENSE and NOTICE beside this
file), without the references to source maps. To update: `npm pack swagger-ui-dist`, copy the same files.

    api_pages(document)   routes: /docs, /docs/<file>, /schema/openapi.json; none of them needs a token
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from litestar import Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

DOCUMENT_PATH: Final = "/schema/openapi.json"
PAGE_PATH: Final = "/docs"
OPEN_PATHS: Final = (PAGE_PATH, DOCUMENT_PATH)
CACHE_S: Final = 86_400

_FOLDER: Final = Path(__file__).parent
_MEDIA_TYPES: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui-standalone-preset.js": "text/javascript",
    "open.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
# The page loads nothing from elsewhere and runs nothing inline; Swagger UI draws its icons from data: URLs.
_POLICY: Final = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"


def api_pages(document: Callable[[], bytes]) -> Router:
    """Make the routes. `document` returns the OpenAPI document as JSON; it is called once per request, so cache it."""
    files = {name: (_FOLDER / name).read_bytes() for name in _MEDIA_TYPES}
    page = (_FOLDER / "page.html").read_bytes()

    @get(DOCUMENT_PATH)
    async def read_document() -> Response[bytes]:
        return Response(document(), media_type="application/json")

    @get(PAGE_PATH)
    async def show_page() -> Response[bytes]:
        return Response(page, media_type="text/html; charset=utf-8", headers={"content-security-policy": _POLICY})

    @get(f"{PAGE_PATH}/{{name:str}}")
    async def read_page_file(name: FromPath[str]) -> Response[bytes]:
        if name not in files:
            raise NotFoundException
        headers = {"cache-control": f"public, max-age={CACHE_S}", "x-content-type-options": "nosniff"}
        return Response(files[name], media_type=_MEDIA_TYPES[name], headers=headers)

    return Router("/", route_handlers=[read_document, show_page, read_page_file], include_in_schema=False)

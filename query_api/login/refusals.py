"""Why a login is refused: a stable code and a sentence that may be shown to anybody."""

from __future__ import annotations

from http import HTTPStatus


class LoginRefused(Exception):
    """A login that does not lead to a session. ``status``: what the page with the reason is answered with."""

    def __init__(self, code: str, detail: str, *, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.status = status


def provider_failed(detail: str) -> LoginRefused:
    """The identity provider does not do its part; trying again may help."""
    return LoginRefused("provider_unavailable", detail, status=HTTPStatus.SERVICE_UNAVAILABLE)

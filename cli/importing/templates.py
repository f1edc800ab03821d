"""Templates: text with the names of columns in braces, such as `customers:{account_id}:eur`.

Nothing but names may stand in the braces: no formats, no attributes, so a template cannot do anything.
"""

from __future__ import annotations

import string
from collections.abc import Mapping


class TemplateError(ValueError):
    """A template that cannot be read."""


class Template:
    """One template, parsed once and filled per line."""

    def __init__(self, text: str) -> None:
        """Parse. Raises TemplateError."""
        self._parts: list[tuple[str, str | None]] = []
        try:
            parsed = list(string.Formatter().parse(text))
        except ValueError as error:
            raise TemplateError(f"{text!r}: {error}") from error
        for literal, name, form, conversion in parsed:
            if form or conversion or name == "":
                raise TemplateError(f"{text!r}: only names of columns may stand in braces")
            self._parts.append((literal, name))

    @property
    def names(self) -> list[str]:
        """The columns that it needs."""
        return [name for _, name in self._parts if name is not None]

    def fill(self, texts: Mapping[str, str]) -> str:
        """Put the texts of a line in."""
        return "".join(literal + (texts[name] if name is not None else "") for literal, name in self._parts)

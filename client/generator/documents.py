"""The two OpenAPI documents, and their operations in the order in which they are described."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from command_api.app import HANDLERS
from command_api.document import write_document
from contracts.iso20022.pacs import MEDIA_TYPE as XML
from query_api.app import _document as write_query_document

Schema = Mapping[str, Any]
Document = Mapping[str, Any]
Api = Literal["commands", "queries"]

FILES = (XML,)


class Operation(NamedTuple):
    """One route."""

    api: Api
    method: str
    path: str
    described: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What the server calls it."""
        return re.sub(r"\W", "_", self.described["operationId"])

    @property
    def parameters(self) -> Sequence[Schema]:
        """What it takes in its path, its query and its headers."""
        parameters: Sequence[Schema] = self.described.get("parameters", ())
        return parameters

    @property
    def answers(self) -> Mapping[str, Any]:
        """The media types of its success with their schemas."""
        content: Mapping[str, Any] = {}
        for status, response in sorted(self.described["responses"].items()):
            if status.startswith("2"):
                content = {**content, **response.get("content", {})}
        return content

    @property
    def asks(self) -> Schema | None:
        """The schema of its body in JSON; None: it has none."""
        content = self._content
        unknown = set(content) - {"application/json", *FILES}
        if unknown or len(content) > 1:
            raise ValueError(f"{self.name} takes {set(content)}; generated are bodies in JSON, or a file of {FILES}")
        schema: Schema | None = content.get("application/json", {}).get("schema")
        return schema

    @property
    def file_type(self) -> str | None:
        """The media type of a body that is a file, sent as it is; None: it has no such body."""
        return next((media_type for media_type in self._content if media_type in FILES), None)

    @property
    def _content(self) -> Mapping[str, Any]:
        content: Mapping[str, Any] = self.described.get("requestBody", {}).get("content", {})
        return content


def read_documents() -> dict[Api, Document]:
    """Describe both APIs as they are in this checkout."""
    return {
        "commands": msgspec.json.decode(write_document(HANDLERS)),
        "queries": msgspec.json.decode(write_query_document()),
    }


def operations_of(documents: Mapping[Api, Document]) -> Iterator[Operation]:
    """Yield every operation of both documents."""
    for api, document in documents.items():
        for path, methods in document["paths"].items():
            yield from (Operation(api, method.upper(), path, described) for method, described in methods.items())

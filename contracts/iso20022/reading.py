"""The one gate for XML from outside: refuses what is hostile before it costs anything, hands out a plain tree.

Three defences, in this order. Bytes are counted, and searched for what may not be there at all (NUL, DOCTYPE), before
the parser sees them: without a DOCTYPE there are no entities to expand and nothing external to fetch. The parser is fed
in slices and watched: depth, number of nodes, attributes and the length of a single token have named bounds. At last
the message's namespace must be one that the caller reads, and no element of it may come from another.

The message is the root, ``Document``, or the one ``Document`` in an envelope, as networks put it around a message and
its header (AppHdr, head.001). Of an envelope nothing is kept: it is bounded like all else, and what it holds beside the
message decides nothing. A second Document, or one where none belongs, leaves in doubt what was sent, and is refused.

The tree is xml.etree's with local names only: after the gate the namespace says nothing more.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from msgspec import Struct

from contracts.file_refusals import FileRefusalCode, HostileXml, UnknownMessage, Unreadable, quoted, wrong

SLICE_BYTES: Final = 16_384
SILENT_SLICES_MAX: Final = 4  # a token is at most this many slices long; the longest honest one is a few kilobytes
TEXT_BUFFER_BYTES: Final = 8_192
_DOCTYPE: Final = b"<!DOCTYPE"
_XINCLUDE: Final = "http://www.w3.org/2001/XInclude"
_MESSAGE: Final = "Document"
# SWIFT's envelope and its older one, Alliance Access's, ISO's (nvlp.001), TARGET2-Securities'; in any namespace.
_ENVELOPES: Final = frozenset({"Envelope", "RequestPayload", "DataPDU", "BizMsgEnvlp", "BizData"})
_HOLDERS: Final = frozenset({"Body", "Doc", "Pyld"})  # between an envelope and its message
_SUPPLEMENT: Final = "SplmtryData"  # xs:any: whatever the two ends agreed on, in a namespace of theirs
_ISO_PREFIX: Final = "urn:iso:std:iso:20022:tech:xsd:"
_UNDEFINED_ENTITY: Final = expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]
_OTHER_UNICODE: Final = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<", b"\x00\x00", b"+/v")


class XmlLimits(Struct, frozen=True, kw_only=True):
    """Bounds of one kind of file. Chosen by the caller, who knows what an honest one looks like."""

    bytes_max: int
    depth_max: int = 40
    nodes_max: int = 1_000_000
    attributes_max: int = 16
    attribute_chars_max: int = 1_024
    text_chars_max: int = 10_000


class XmlMessage(Struct, frozen=True):
    """What came through the gate: the message's name with version (pain.001.001.09) and its Document."""

    name: str
    root: Element


def read_message(body: bytes | Iterable[bytes], *, limits: XmlLimits, namespaces: Mapping[str, str]) -> XmlMessage:
    """Read one XML message. ``namespaces`` maps those that the caller reads to the message's name.

    A stream is refused as soon as it is longer than ``bytes_max``; the rest of it is not asked for. Raises Unreadable
    with HostileXml or UnknownMessage, or with WrongContent for an envelope without exactly one message.
    """
    gate = _Gate(limits, namespaces)
    for piece in _slices(body, limits):
        gate.feed(piece)
    return gate.close()


def namespaces_of(*names: str) -> dict[str, str]:
    """The namespaces of messages by their names: ``namespaces_of("pain.001.001.09")``."""
    return {_ISO_PREFIX + name: name for name in names}


def _slices(body: bytes | Iterable[bytes], limits: XmlLimits) -> Iterator[bytes]:
    """Cut into slices; counts, and looks for what no part of an honest file contains."""
    seen_bytes = 0
    before = b""
    for chunk in (body,) if isinstance(body, bytes) else body:
        if seen_bytes == 0 and chunk.startswith(_OTHER_UNICODE):
            _refuse(FileRefusalCode.WRONG_ENCODING, "it must be UTF-8; this looks like UTF-16, UTF-32 or UTF-7")
        seen_bytes += len(chunk)
        if seen_bytes > limits.bytes_max:
            _refuse(FileRefusalCode.TOO_LARGE, f"it has more than {limits.bytes_max} bytes")
        for start in range(0, len(chunk), SLICE_BYTES):
            piece = chunk[start : start + SLICE_BYTES]
            if b"\0" in piece:
                _refuse(FileRefusalCode.NUL_BYTE, "it has a NUL byte, which XML does not allow")
            if _DOCTYPE in before + piece:
                _refuse(
                    FileRefusalCode.DOCTYPE, "it has a DOCTYPE; ISO 20022 files have none, and entities are refused"
                )
            before = (before + piece)[1 - len(_DOCTYPE) :]
            yield piece


class _Gate:
    """Watches the parser, and builds the tree from what may pass."""

    def __init__(self, limits: XmlLimits, namespaces: Mapping[str, str]) -> None:
        self._limits = limits
        self._namespaces = namespaces
        self._tree = TreeBuilder()
        self._namespace = ""
        self._depth = 0
        self._nodes = 0
        self._text_chars = 0
        self._inside_message = 0  # depth of the Document, 0 outside
        self._inside_supplement = 0  # depth of the supplementary data's root, 0 outside
        self._around: list[str] = []  # local names of the envelope's elements that are open
        self._heard = False
        self._silent_slices = 0
        self._parser = self._watched_parser()

    def _watched_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")
        parser.buffer_text = True
        parser.buffer_size = TEXT_BUFFER_BYTES
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.CommentHandler = self._comment
        parser.StartCdataSectionHandler = self._count
        parser.StartNamespaceDeclHandler = self._namespace_declared
        parser.ProcessingInstructionHandler = self._instruction
        return parser

    def feed(self, piece: bytes) -> None:
        """Parse one slice. Raises Unreadable."""
        self._heard = False
        self._parse(piece, final=False)
        self._silent_slices = 0 if self._heard else self._silent_slices + 1
        if self._silent_slices >= SILENT_SLICES_MAX:
            _refuse(
                FileRefusalCode.TOKEN_TOO_LONG,
                f"a tag, attribute or comment is longer than {SILENT_SLICES_MAX * SLICE_BYTES} bytes",
                self._place(),
            )

    def close(self) -> XmlMessage:
        """End the file. Raises Unreadable if it ends too early."""
        self._parse(b"", final=True)
        if not self._namespace:
            raise wrong(FileRefusalCode.MISSING_ELEMENT, "Document is missing: there is no message in the envelope")
        return XmlMessage(self._namespaces[self._namespace], self._tree.close())

    def _parse(self, piece: bytes, *, final: bool) -> None:
        try:
            self._parser.Parse(piece, final)
        except expat.ExpatError as error:
            if error.code == _UNDEFINED_ENTITY:
                _refuse(
                    FileRefusalCode.ENTITY,
                    "it refers to an entity; only &lt; &gt; &amp; &apos; &quot; exist",
                    self._place(),
                )
            _refuse(
                FileRefusalCode.MALFORMED_XML,
                f"it is not well-formed XML: {expat.ErrorString(error.code)}",
                self._place(),
            )

    def _place(self) -> str:
        return f"line {self._parser.CurrentLineNumber}"

    def _count(self) -> None:
        self._heard = True
        self._nodes += 1
        if self._nodes > self._limits.nodes_max:
            _refuse(
                FileRefusalCode.TOO_MANY_NODES, f"it has more than {self._limits.nodes_max} elements", self._place()
            )

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        self._heard = True
        if encoding is not None and encoding.lower() not in {"utf-8", "us-ascii"}:
            _refuse(FileRefusalCode.WRONG_ENCODING, f"it must be UTF-8, not {quoted(encoding)}", self._place())
        if version != "1.0":
            _refuse(FileRefusalCode.MALFORMED_XML, f"it must be XML 1.0, not {quoted(version)}", self._place())

    def _doctype(self, *_: object) -> NoReturn:
        # The bytes were searched already; this line is here for the day somebody changes the search.
        _refuse(FileRefusalCode.DOCTYPE, "it has a DOCTYPE; ISO 20022 files have none", self._place())

    def _instruction(self, target: str, _: str) -> NoReturn:
        _refuse(
            FileRefusalCode.PROCESSING_INSTRUCTION, f"it has a processing instruction, {quoted(target)}", self._place()
        )

    def _comment(self, _: str) -> None:
        self._count()

    def _namespace_declared(self, _: str | None, uri: str | None) -> None:
        self._count()
        if uri == _XINCLUDE:
            _refuse(FileRefusalCode.XINCLUDE, "it uses XInclude; nothing is included from elsewhere", self._place())

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count()
        self._depth += 1
        self._text_chars = 0
        if self._depth > self._limits.depth_max:
            _refuse(
                FileRefusalCode.TOO_DEEP, f"elements are nested deeper than {self._limits.depth_max}", self._place()
            )
        if attributes:
            self._check_attributes(attributes)
        namespace, _, local = name.rpartition(" ")
        if not self._inside_message:
            if not self._begins(namespace, local):
                self._around.append(local)
                return
        elif namespace != self._namespace and not self._inside_supplement:
            _refuse(FileRefusalCode.FOREIGN_NAMESPACE, f"{quoted(local)} is from {quoted(namespace)}", self._place())
        if local == _SUPPLEMENT and not self._inside_supplement:
            self._inside_supplement = self._depth
        self._tree.start(local, attributes)

    def _begins(self, namespace: str, local: str) -> bool:
        """Tell whether the message begins here; what surrounds it goes by. Raises Unreadable."""
        if self._depth == 1 and local in _ENVELOPES:
            return False
        if self._depth > 1 and local != _MESSAGE:
            return False
        if self._namespace:
            words = "the envelope holds a second Document; send each message in a file of its own"
            raise wrong(FileRefusalCode.SEVERAL_DOCUMENTS, words, self._place())
        if self._depth > 3 or (self._depth == 3 and self._around[-1] not in _HOLDERS):
            words = f"a Document inside {quoted(self._around[-1])} of an envelope is not its message"
            raise wrong(FileRefusalCode.UNSUPPORTED_ELEMENT, words, self._place())
        self._enter(namespace, local)
        return True

    def _enter(self, namespace: str, local: str) -> None:
        if namespace in self._namespaces and local == _MESSAGE:
            self._namespace = namespace
            self._inside_message = self._depth
            return
        known = ", ".join(sorted(self._namespaces.values()))
        family = next(iter(self._namespaces.values()))[:8]
        if namespace.startswith(_ISO_PREFIX + family):
            code, words = FileRefusalCode.UNKNOWN_VERSION, f"{namespace.removeprefix(_ISO_PREFIX)[:40]} is not read"
        else:
            code, words = FileRefusalCode.UNKNOWN_NAMESPACE, f"{quoted(local)} of {quoted(namespace)} is not read"
        raise Unreadable(UnknownMessage(code, f"{words}; these are: {known}", self._place()))

    def _check_attributes(self, attributes: dict[str, str]) -> None:
        limits = self._limits
        if len(attributes) > limits.attributes_max:
            _refuse(
                FileRefusalCode.TOO_MANY_ATTRIBUTES, f"an element has more than {limits.attributes_max}", self._place()
            )
        if any(len(value) > limits.attribute_chars_max for value in attributes.values()):
            _refuse(
                FileRefusalCode.TOKEN_TOO_LONG,
                f"an attribute is longer than {limits.attribute_chars_max} characters",
                self._place(),
            )

    def _end(self, name: str) -> None:
        self._heard = True
        self._text_chars = 0
        if self._depth == self._inside_supplement:
            self._inside_supplement = 0
        if self._inside_message:
            self._tree.end(name.rpartition(" ")[2])
        else:
            self._around.pop()
        if self._depth == self._inside_message:
            self._inside_message = 0
        self._depth -= 1

    def _text(self, text: str) -> None:
        self._heard = True
        self._text_chars += len(text)
        if self._text_chars > self._limits.text_chars_max:
            _refuse(
                FileRefusalCode.TOKEN_TOO_LONG,
                f"an element's text is longer than {self._limits.text_chars_max} characters",
                self._place(),
            )
        if self._inside_message:
            self._tree.data(text)


def _refuse(code: FileRefusalCode, words: str, where: str = "") -> NoReturn:
    raise Unreadable(HostileXml(code, words, where))

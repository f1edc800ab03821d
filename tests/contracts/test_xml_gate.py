"""Hostile XML is refused with a reason, quickly and without growing, before anything is made of it."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import tostring

import pytest

from contracts.file_refusals import FileRefusal, FileRefusalCode, HostileXml, UnknownMessage, Unreadable, WrongContent
from contracts.iso20022.reading import SILENT_SLICES_MAX, SLICE_BYTES, XmlLimits, namespaces_of, read_message
from tests.contracts.bank_samples import ENVELOPES, PAIN001, enveloped

HANGS_AFTER_S: Final = 10.0  # of processor time; traced by tracemalloc it takes some tenths of a second
MEMORY_BYTES_MAX: Final = 4 * 1024 * 1024
LIMITS: Final = XmlLimits(bytes_max=1024 * 1024, nodes_max=20_000)
ROOT: Final = f'<Document xmlns="{PAIN001}">'.encode()
LAUGHS: Final = (
    b'<!DOCTYPE lolz [<!ENTITY a "lol">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12))
    + b"]>"
    + ROOT
    + b"&m;</Document>"
)
QUADRATIC: Final = b'<!DOCTYPE q [<!ENTITY a "' + b"a" * 50_000 + b'">]>' + ROOT + b"&a;" * 50_000 + b"</Document>"
DEEP: Final = ROOT + b"<a>" * 100_000
LONG_ATTRIBUTE: Final = ROOT + b'<a b="' + b"x" * 900_000 + b'"/></Document>'

HOSTILE: Final = {
    "billion laughs": (LAUGHS, "doctype"),
    "quadratic blow-up": (QUADRATIC, "doctype"),
    "external file": (b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + ROOT + b"&x;</Document>", "doctype"),
    "external http": (b'<!DOCTYPE d SYSTEM "http://127.0.0.1:9/evil.dtd">' + ROOT + b"</Document>", "doctype"),
    "parameter entity": (b'<!DOCTYPE d [<!ENTITY % p SYSTEM "file:///dev/zero"> %p;]>' + ROOT, "doctype"),
    "entity without a DTD": (ROOT + b"&evil;</Document>", "entity"),
    "XInclude": (
        ROOT + b'<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/></Document>',
        "xinclude",
    ),
    "stylesheet": (b'<?xml-stylesheet href="http://127.0.0.1:9/"?>' + ROOT + b"</Document>", "processing_instruction"),
    "too deep": (DEEP, "too_deep"),
    "long attribute": (LONG_ATTRIBUTE, "token_too_long"),
    "attribute above its bound": (ROOT + b'<a b="' + b"x" * 2_000 + b'"/></Document>', "token_too_long"),
    "many attributes": (
        ROOT + b"<a " + b" ".join(b'a%d="1"' % n for n in range(100)) + b"/></Document>",
        "too_many_attributes",
    ),
    "many namespaces": (ROOT + b'<a xmlns:x="urn:x"/>' * 20_000 + b"</Document>", "too_many_nodes"),
    "many elements": (ROOT + b"<a/>" * 30_000 + b"</Document>", "too_many_nodes"),
    "many comments": (ROOT + b"<!-- -->" * 30_000 + b"</Document>", "too_many_nodes"),
    "long comment": (ROOT + b"<!--" + b"x" * 900_000 + b"--></Document>", "token_too_long"),
    "many CDATA": (ROOT + b"<a>" + b"<![CDATA[x]]>" * 30_000 + b"</a></Document>", "token_too_long"),
    "long CDATA": (ROOT + b"<a><![CDATA[" + b"x" * 900_000 + b"]]></a></Document>", "token_too_long"),
    "long text": (ROOT + b"<a>" + b"x" * 900_000 + b"</a></Document>", "token_too_long"),
    "long name": (ROOT + b"<" + b"a" * 900_000 + b"/></Document>", "token_too_long"),
    "NUL": (ROOT + b"<a>\0</a></Document>", "nul_byte"),
    "control character": (ROOT + b"<a>\x01</a></Document>", "malformed_xml"),
    "NUL as a reference": (ROOT + b"<a>&#0;</a></Document>", "malformed_xml"),
    "UTF-16 with a mark": (
        f'<?xml version="1.0" encoding="UTF-16"?>{ROOT.decode()}'.encode("utf-16"),
        "wrong_encoding",
    ),
    "UTF-16 without": (ROOT.decode().encode("utf-16-le"), "wrong_encoding"),
    "UTF-16 without, turned": (ROOT.decode().encode("utf-16-be"), "wrong_encoding"),
    "UTF-32": (ROOT.decode().encode("utf-32"), "wrong_encoding"),
    "UTF-7 declared": (
        b'<?xml version="1.0" encoding="UTF-7"?>+ADw-!DOCTYPE x+AD4-' + ROOT + b"</Document>",
        "wrong_encoding",
    ),
    "UTF-7 with a mark": (b"+/v8-" + ROOT, "wrong_encoding"),
    "Latin-1 declared": (b'<?xml version="1.0" encoding="ISO-8859-1"?>' + ROOT + b"\xe9</Document>", "wrong_encoding"),
    "not UTF-8 within": (ROOT + b"<a>\xe9\xe9</a></Document>", "malformed_xml"),
    "overlong UTF-8": (ROOT + b"<a>\xc0\xbc</a></Document>", "malformed_xml"),
    "XML 1.1": (b'<?xml version="1.1"?>' + ROOT + b"</Document>", "malformed_xml"),
    "garbage behind": (ROOT + b"</Document>garbage", "malformed_xml"),
    "second root": (ROOT + b"</Document>" + ROOT + b"</Document>", "malformed_xml"),
    "cut off": (ROOT + b"<a>", "malformed_xml"),
    "empty": (b"", "malformed_xml"),
    "not XML": (b"PK\x03\x04", "malformed_xml"),
    "foreign element": (ROOT + b'<a xmlns="urn:evil"/></Document>', "foreign_namespace"),
    "element of none": (ROOT + b'<a xmlns=""/></Document>', "foreign_namespace"),
}


# Faults of a file's head and end, which in an envelope are the envelope's: its declaration, and text that says nothing.
OF_THE_FILE: Final = {"UTF-7 declared", "XML 1.1", "garbage behind"}
HOSTILE_ENVELOPES: Final = {
    "nothing but depth": (b"<Envelope>" + b"<a>" * 100_000, "too_deep"),
    "depth below the header": (
        b"<Envelope><AppHdr>" + b"<a>" * 50 + b"</a>" * 50 + b"</AppHdr>" + ROOT + b"</Document></Envelope>",
        "too_deep",
    ),
    "many elements around": (b"<Envelope>" + b"<a/>" * 30_000 + ROOT + b"</Document></Envelope>", "too_many_nodes"),
    "many comments around": (b"<Envelope>" + b"<!-- -->" * 30_000, "too_many_nodes"),
    "long text around": (b"<Envelope><AppHdr>" + b"x" * 900_000 + b"</AppHdr></Envelope>", "token_too_long"),
    "long attribute around": (b'<Envelope a="' + b"x" * 2_000 + b'"/>', "token_too_long"),
    "a DOCTYPE before": (b'<!DOCTYPE e SYSTEM "file:///etc/passwd"><Envelope>' + ROOT, "doctype"),
    "an entity around": (b"<Envelope>&evil;" + ROOT + b"</Document></Envelope>", "entity"),
    "an entity in the header": (b"<Envelope><AppHdr>&evil;</AppHdr></Envelope>", "entity"),
    "XInclude around": (
        b'<Envelope><x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/></Envelope>',
        "xinclude",
    ),
    "an instruction around": (b"<Envelope><?php x?></Envelope>", "processing_instruction"),
    "a foreign element within": (
        b"<Envelope>" + ROOT + b'<AppHdr xmlns="urn:x"/></Document></Envelope>',
        "foreign_namespace",
    ),
    "cut off behind the message": (b"<Envelope>" + ROOT + b"</Document>", "malformed_xml"),
}
NO_MESSAGE: Final = {
    "an empty envelope": (b"<Envelope/>", "missing_element"),
    "a header alone": (
        b"<Envelope><AppHdr><MsgDefIdr>pain.001.001.09</MsgDefIdr></AppHdr></Envelope>",
        "missing_element",
    ),
    "two messages": (b"<Envelope>" + (ROOT + b"</Document>") * 2 + b"</Envelope>", "several_documents"),
    "two messages in holders": (
        b"<BizMsgEnvlp>" + (b"<Doc>" + ROOT + b"</Document></Doc>") * 2 + b"</BizMsgEnvlp>",
        "several_documents",
    ),
    "another message behind": (
        b"<Envelope>" + ROOT + b'</Document><a><b><Document xmlns="urn:x"/></b></a></Envelope>',
        "several_documents",
    ),
    "a message in the header": (
        b"<Envelope><AppHdr>" + ROOT + b"</Document></AppHdr></Envelope>",
        "unsupported_element",
    ),
    "a message too deep": (
        b"<Envelope><Body><Body>" + ROOT + b"</Document></Body></Body></Envelope>",
        "unsupported_element",
    ),
    "an envelope in an envelope": (
        b"<Envelope><Envelope>" + ROOT + b"</Document></Envelope></Envelope>",
        "unsupported_element",
    ),
}


def refused(body: bytes | Iterator[bytes], limits: XmlLimits = LIMITS) -> FileRefusal:
    with pytest.raises(Unreadable) as caught:
        read_message(body, limits=limits, namespaces=namespaces_of("pain.001.001.09"))
    return caught.value.refusal


@pytest.mark.parametrize("name", HOSTILE | HOSTILE_ENVELOPES)
def test_hostile_xml_is_refused_quickly_and_without_growing(name: str) -> None:
    body, code = (HOSTILE | HOSTILE_ENVELOPES)[name]
    tracemalloc.start()
    try:
        began = time.process_time()
        refusal = refused(body)
        seconds = time.process_time() - began
        grown = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(refusal, HostileXml)
    assert refusal.code == code
    assert refusal.words
    assert seconds < HANGS_AFTER_S
    assert grown < MEMORY_BYTES_MAX


def resident_bytes() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096


def test_a_stream_is_refused_at_the_cap_and_not_read_further() -> None:
    asked = 0

    def stream() -> Iterator[bytes]:
        nonlocal asked
        yield ROOT
        for _ in range(200):
            asked += 1
            yield b"<!-- " + b"x" * (1024 * 1024 - 9) + b" -->"

    before = resident_bytes()
    refusal = refused(stream(), XmlLimits(bytes_max=3 * 1024 * 1024))
    assert refusal.code in {FileRefusalCode.TOO_LARGE, FileRefusalCode.TOKEN_TOO_LONG}
    assert asked <= 4
    assert resident_bytes() - before < 32 * 1024 * 1024


def test_200_megabytes_of_honest_looking_elements_stop_at_the_cap() -> None:
    asked = 0

    def stream() -> Iterator[bytes]:
        nonlocal asked
        yield ROOT
        for _ in range(3_200):
            asked += 1
            yield b"<a>x</a>" * 8_192

    refusal = refused(stream(), XmlLimits(bytes_max=2 * 1024 * 1024))
    assert refusal.code == FileRefusalCode.TOO_LARGE
    assert asked * 65_536 <= 2 * 1024 * 1024 + 65_536


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_doctype_cut_between_two_pieces_is_seen(cut: int) -> None:
    body = b" " * 10 + b"<!DOCTYPE a []>" + ROOT
    assert refused(iter([body[: 10 + cut], body[10 + cut :]])).code == FileRefusalCode.DOCTYPE


def test_a_token_of_the_longest_allowed_length_passes_and_a_longer_one_does_not() -> None:
    longest = SLICE_BYTES * (SILENT_SLICES_MAX - 2)
    read_message(ROOT + b"<!--" + b"x" * longest + b"--></Document>", limits=LIMITS, namespaces={PAIN001: "x"})
    longer = SLICE_BYTES * (SILENT_SLICES_MAX + 2)
    assert refused(ROOT + b"<!--" + b"x" * longer + b"--></Document>").code == FileRefusalCode.TOKEN_TOO_LONG


@pytest.mark.parametrize(
    ("root", "code"),
    [
        ('<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.12"/>', "unknown_version"),
        ('<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"/>', "unknown_namespace"),
        ('<Document xmlns="http://www.six-interbank-clearing.com/de/pain.001.001.03.ch.02.xsd"/>', "unknown_namespace"),
        ("<Document/>", "unknown_namespace"),
        (f'<Other xmlns="{PAIN001}"><Document/></Other>', "unknown_version"),
        ('<Other><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"/></Other>', "unknown_namespace"),
        ('<Envelope><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.12"/></Envelope>', "unknown_version"),
        ("<Envelope><Document/></Envelope>", "unknown_namespace"),
    ],
)
def test_another_message_is_named(root: str, code: str) -> None:
    refusal = refused(root.encode())
    assert isinstance(refusal, UnknownMessage)
    assert refusal.code == code
    assert "pain.001.001.09" in refusal.words


def test_what_is_sound_passes() -> None:
    body = (
        b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?><!-- hello -->'
        + f'<d:Document xmlns:d="{PAIN001}"><d:Nm>W\u00f8ol &amp; <![CDATA[<Sons>]]></d:Nm>'.encode()
        + b'<d:SplmtryData><d:Envlp><own xmlns="urn:own"/></d:Envlp></d:SplmtryData></d:Document>'
    )
    message = read_message(body, limits=LIMITS, namespaces=namespaces_of("pain.001.001.09"))
    assert message.name == "pain.001.001.09"
    assert message.root.findtext("Nm") == "W\u00f8ol & <Sons>"


def test_after_the_supplementary_data_foreign_elements_are_foreign_again() -> None:
    body = ROOT + b'<SplmtryData><o xmlns="urn:o"/></SplmtryData><o xmlns="urn:o"/></Document>'
    assert refused(body).code == FileRefusalCode.FOREIGN_NAMESPACE


@pytest.mark.parametrize("kind", ENVELOPES)
def test_of_an_envelope_its_one_document_is_read_and_nothing_else(kind: str) -> None:
    bare = ROOT + b"<Nm>Wool</Nm><a><Document>inside is the message's own affair</Document></a></Document>"
    message = read_message(enveloped(bare, kind), limits=LIMITS, namespaces=namespaces_of("pain.001.001.09"))
    assert message.name == "pain.001.001.09"
    assert tostring(message.root) == tostring(
        read_message(bare, limits=LIMITS, namespaces=namespaces_of("pain.001.001.09")).root
    )


@pytest.mark.parametrize("kind", ENVELOPES)
@pytest.mark.parametrize("name", sorted(HOSTILE.keys() - OF_THE_FILE))
def test_what_is_hostile_alone_is_hostile_in_an_envelope(kind: str, name: str) -> None:
    body, _ = HOSTILE[name]
    assert isinstance(refused(enveloped(body, kind)), HostileXml | WrongContent)


@pytest.mark.parametrize("name", NO_MESSAGE)
def test_an_envelope_without_exactly_one_message_in_its_place_is_refused(name: str) -> None:
    body, code = NO_MESSAGE[name]
    refusal = refused(body)
    assert isinstance(refusal, WrongContent)
    assert (refusal.code, bool(refusal.words)) == (code, True)

"""Where a webhook may not lead, in every spelling we know: refused before anything is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.outbound import NotSent, Reach, Sender, UrlRefused, parse_url
from runtime.outbound import sending as sending_module
from runtime.outbound.addresses import why_not_public

# Refused by their spelling: no name is resolved for them.
HOSTILE_URLS = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://2130706433/",  # 127.0.0.1 in decimal
    "https://017700000001/",  # in octal
    "https://0x7f000001/",  # in hexadecimal
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://0x7f.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://2852039166/",  # 169.254.169.254 in decimal
    "https://0xa9fea9fe/",
    "https://0251.0376.0251.0376/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.0.1/",
    "https://100.64.0.1/",
    "https://8.8.8.8/",  # a public address is no name either
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::a9fe:a9fe]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fc00::1]/",
    "https://[fd00:ec2::254]/",
    "https://[ff02::1]/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://a.localhost/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://router.home.arpa/",
    "https://intranet/",
    "https://example.com./",
    "https://EXAMPLE.com/",
    "https://exa_mple.com/",
    "https://-example.com/",
    "https://example..com/",
    "https://example.com:22/",
    "https://example.com:80/",
    "https://example.com:0/",
    "https://example.com:99999/",
    "https://example.com:4 43/",
    "https://example.com:６４４３/",
    "https://user@example.com/",
    "https://user:secret@example.com/",
    "https://example.com@127.0.0.1/",
    "https://127.0.0.1#@example.com/",
    "https://example.com\\@127.0.0.1/",
    "https://example.com\\.evil/",
    "https://example.com/#fragment",
    "https://example.com/ x",
    "https://example.com/\r\nHost: evil",
    "https://example.com/\x00",
    "https://ｅxample.com/",
    "https://①②⑦.0.0.1/",
    "https://example。com/",
    "https:example.com/",
    "https:///example.com/",
    "https:/example.com/",
    "//example.com/",
    "example.com",
    "http://example.com/",
    "HTTPS://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "javascript:alert(1)",
    "https://",
    "https://?",
    "",
    "https://example.com/" + "a" * 2048,
]

# Names that look like any other, and where they lead.
HOSTILE_ADDRESSES = [
    "0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254", "168.63.129.16",
    "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::7f00:1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378::1", "2001:db8::1", "2002:7f00:1::1",
    "2002:a00:1::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
    "not an address", "", "1.2.3", "0x7f.1",
]  # fmt: skip

PUBLIC_ADDRESSES = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1",
                    "192.167.1.1", "223.255.255.254", "2606:4700::1111", "2a00:1450::1", "2001:4860::8888"]  # fmt: skip

GOOD_URLS = [
    "https://example.com",
    "https://example.com/",
    "https://hooks.example.com/bursar?tenant=acme&x=%20",
    "https://xn--bcher-kva.example/hook",
    "https://example.com:443/",
    "https://example.com:8443/a/b",
    "https://a-b.c-d.example.co.uk/",
]


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_a_hostile_spelling_is_refused(url: str) -> None:
    with pytest.raises(UrlRefused):
        parse_url(url, Reach())


@pytest.mark.parametrize("url", GOOD_URLS)
def test_an_ordinary_url_is_taken(url: str) -> None:
    assert parse_url(url, Reach()).scheme == "https"


@pytest.mark.parametrize("address", HOSTILE_ADDRESSES)
def test_an_address_inside_is_refused(address: str) -> None:
    assert why_not_public(address)


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_a_public_address_is_taken(address: str) -> None:
    assert why_not_public(address) is None


@given(st.ip_addresses(v=6).filter(lambda address: not 0x2000 <= int(address) >> 112 <= 0x3FFF))
def test_only_global_unicast_is_called_over_ipv6(address: object) -> None:
    assert why_not_public(str(address))


@given(st.text(max_size=80), st.sampled_from(["", "https://", "https://example.com", "https://127.0.0.1"]))
def test_any_text_is_refused_or_a_name_of_letters(text: str, start: str) -> None:
    try:
        url = parse_url(start + text, Reach())
    except UrlRefused:
        return
    assert url.host.isascii()
    assert url.host.rpartition(".")[2][0].isalpha()
    assert url.port in Reach().ports


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server of this machine that should hear nothing."""
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(b"a connection")
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heard


def leading_to(*addresses: str) -> Callable[[str, int], object]:
    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses)

    return resolve


@pytest.mark.parametrize("address", [a for a in HOSTILE_ADDRESSES if a])
async def test_a_name_that_leads_inside_is_not_called(address: str) -> None:
    sender = Sender(Reach(), resolve=leading_to(address))  # type: ignore[arg-type]
    outcome = await sender.post("https://hooks.example.com/", b"{}", {})
    assert isinstance(outcome, NotSent)
    assert outcome.refused


async def test_one_address_inside_spoils_the_name() -> None:
    """A name with a public and a private address must not be a coin to toss."""
    sender = Sender(Reach(), resolve=leading_to("1.1.1.1", "127.0.0.1"))  # type: ignore[arg-type]
    outcome = await sender.post("https://hooks.example.com/", b"{}", {})
    assert isinstance(outcome, NotSent)
    assert outcome.refused


async def test_a_name_is_resolved_once_and_the_checked_address_is_called() -> None:
    """DNS rebinding: the second answer would lead inside, and nobody asks for it."""
    async with listening() as (port, heard):
        answers = iter([["198.41.0.4"], ["127.0.0.1"]])
        asked: list[str] = []

        async def rebinding(host: str, wanted_port: int) -> list[str]:
            asked.append(host)
            return next(answers)

        reach = Reach(ports=frozenset({port}))
        destination = await Sender(reach, resolve=rebinding).destination_of(f"https://rebind.example.com:{port}/")
        assert destination.addresses == ("198.41.0.4",)
        assert asked == ["rebind.example.com"]
        backend = sending_module._CheckedBackend(destination)
        connected: list[str] = []

        class Inner:
            async def connect_tcp(self, address: str, port: int, **_: object) -> None:
                connected.append(address)

        backend._inner = Inner()  # type: ignore[assignment]
        await backend.connect_tcp("rebind.example.com", port)
        assert connected == ["198.41.0.4"]
        with pytest.raises(Exception, match="not checked"):
            await backend.connect_tcp("127.0.0.1", port)
        assert heard == []


async def test_a_name_that_leads_nowhere_is_an_answer() -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    outcome = await Sender(Reach(), resolve=nowhere).post("https://hooks.example.com/", b"{}", {})
    assert isinstance(outcome, NotSent)
    assert not outcome.refused


class TestPlantedFaults:
    """The table above notices each."""

    async def test_of_an_unchecked_address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with listening() as (port, heard):
            monkeypatch.setattr(sending_module, "why_not_public", lambda address: None)
            sender = Sender(Reach(ports=frozenset({port})), resolve=leading_to("127.0.0.1"))  # type: ignore[arg-type]
            await sender.post(f"https://hooks.example.com:{port}/", b"{}", {})
            assert heard == [b"a connection"]

    async def test_of_checking_only_the_first_address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real, seen = why_not_public, 0

        def lazy(address: str) -> str | None:
            nonlocal seen
            seen += 1
            return real(address) if seen == 1 else None

        monkeypatch.setattr(sending_module, "why_not_public", lazy)
        sender = Sender(Reach(), resolve=leading_to("1.1.1.1", "127.0.0.1"), whole_s=0.2)  # type: ignore[arg-type]
        destination = await sender.destination_of("https://hooks.example.com/")
        assert "127.0.0.1" in destination.addresses

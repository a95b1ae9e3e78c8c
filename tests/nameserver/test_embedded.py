"""A real server, asked by dnspython's own resolver over UDP and TCP."""

import asyncio
import socket
import threading
from contextlib import suppress

import dns.exception
import dns.message
import dns.query
import dns.resolver
import pytest

from mailsim.nameserver.embedded import DnsServer, DnsServerError
from mailsim.provider.dns import Zone

ZONE = {
    "abc.example": {"mx": ["20 b.abc.example", "10 a.abc.example"], "txt": ["v=spf1 mx -all"]},
    "long.example": {"txt": ["x" * 3000]},
    "servfail.example": {"fault": "servfail"},
    "silent.example": {"fault": "timeout"},
    "slow.example": {"a": "192.0.2.3", "fault": "slow 0.2"},
}


def resolver(server: DnsServer) -> dns.resolver.Resolver:
    made = dns.resolver.Resolver(configure=False)
    made.nameservers = [server.host]
    made.port = server.port
    made.lifetime = made.timeout = 5
    return made


def test_a_resolver_finds_what_the_zone_holds() -> None:
    """MX, TXT; a long TXT record by TCP, without being told; and the questions are kept."""
    with DnsServer(ZONE) as server:
        client = resolver(server)
        exchangers = sorted(client.resolve("abc.example", "MX"))
        long = client.resolve("long.example", "TXT")

        assert [str(mx) for mx in exchangers] == ["10 a.abc.example.", "20 b.abc.example."]
        assert b"".join(long[0].strings) == b"x" * 3000
        assert server.asked == (("abc.example", "MX"), ("long.example", "TXT"), ("long.example", "TXT"))


def test_faults_are_what_a_client_meets() -> None:
    """NXDOMAIN, SERVFAIL, nothing at all, and late."""
    with DnsServer(ZONE) as server:
        client = resolver(server)
        with pytest.raises(dns.resolver.NXDOMAIN):
            client.resolve("nowhere.example", "A")
        with pytest.raises(dns.resolver.NoNameservers, match="SERVFAIL"):
            client.resolve("servfail.example", "A")
        with pytest.raises(dns.exception.Timeout):
            client.resolve("silent.example", "A", lifetime=0.3)
        with pytest.raises(dns.exception.Timeout):
            client.resolve("slow.example", "A", lifetime=0.05)
        assert [str(a) for a in client.resolve("slow.example", "A")] == ["192.0.2.3"]


def test_one_connection_takes_many_questions() -> None:
    """RFC 7766 section 6.2.1; a silent server says nothing and goes on listening, a slow one is late."""
    with DnsServer(ZONE) as server, socket.create_connection((server.host, server.port), timeout=5) as line:
        for name in ("abc.example", "slow.example", "abc.example"):
            query = dns.message.make_query(name, "A")
            dns.query.send_tcp(line, query)
            answer, _ = dns.query.receive_tcp(line)
            assert query.is_response(answer)
        dns.query.send_tcp(line, dns.message.make_query("silent.example", "A"))
        query = dns.message.make_query("abc.example", "MX")
        dns.query.send_tcp(line, query)
        assert query.is_response(dns.query.receive_tcp(line)[0])


def test_leaving_leaves_nothing() -> None:
    """Neither thread nor socket, though a client is connected, an answer due and a client gone in the midst of a word."""
    before = threading.active_count()
    with DnsServer(ZONE) as server:
        line = socket.create_connection((server.host, server.port), timeout=5)
        gone = socket.create_connection((server.host, server.port), timeout=5)
        gone.sendall(b"\x00")
        gone.close()
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.sendto(dns.message.make_query("slow.example", "A").to_wire(), (server.host, server.port))
        dns.query.send_tcp(line, dns.message.make_query("abc.example", "A"))
        dns.query.receive_tcp(line)
        port = server.port

    assert threading.active_count() == before
    with suppress(ConnectionResetError):
        assert line.recv(1) == b""
    line.close()
    datagrams.close()
    with DnsServer(ZONE, port=port) as again:
        assert again.port == port


def test_time_out_of_an_idle_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 7766 section 6.2.3: a client that says nothing is let go; what is no query is not answered."""
    monkeypatch.setattr("mailsim.nameserver.server.IDLE_SECONDS", 0.05)
    with DnsServer(ZONE) as server, socket.create_connection((server.host, server.port), timeout=5) as line:
        line.sendall(b"\x00\x03abc")

        assert line.recv(1) == b""
        assert server.asked == ()


def test_a_datagram_that_is_no_query() -> None:
    """Is not answered, and harms nobody."""
    with DnsServer(ZONE) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"abc", (server.host, server.port))
        client.sendto(dns.message.make_query("silent.example", "A").to_wire(), (server.host, server.port))

        assert str(resolver(server).resolve("abc.example", "MX").rrset).count("MX") == 2
        assert server.asked[0] == ("silent.example", "A")


def test_a_server_may_be_entered_again() -> None:
    """One at a time."""
    server = DnsServer("abc.example. A 192.0.2.1")
    with pytest.raises(DnsServerError, match="has no port yet"):
        _ = server.port
    assert (repr(server), server.asked) == ("DnsServer(not running)", ())
    for _ in range(2):
        with server:
            assert str(resolver(server).resolve("abc.example", "A")[0]) == "192.0.2.1"
            assert repr(server) == f"DnsServer(127.0.0.1:{server.port})"
            with pytest.raises(DnsServerError, match="is running"):
                server.__enter__()
    server.__exit__(None, None, None)


def test_a_port_that_cannot_be_had_is_told() -> None:
    """In one line: taken in UDP, taken in TCP, none at all."""
    with DnsServer(Zone()) as first, pytest.raises(DnsServerError, match=f"port {first.port} cannot be had"):
        DnsServer(Zone(), port=first.port).__enter__()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DnsServerError, match=f"port {port} cannot be had"):
            DnsServer(Zone(), port=port).__enter__()
    with pytest.raises(DnsServerError, match="port 70000 cannot be had"):
        DnsServer(Zone(), port=70000).__enter__()


def test_inside_a_running_loop() -> None:
    """As in a notebook: it never lives on its caller's loop."""

    async def ask() -> str:
        async with DnsServer("abc.example. A 192.0.2.1") as server:
            return str((await asyncio.to_thread(resolver(server).resolve, "abc.example", "A"))[0])

    assert asyncio.run(ask()) == "192.0.2.1"


def test_what_is_no_zone_is_one_line() -> None:
    """Where it is given."""
    with pytest.raises(DnsServerError, match="zone of type int: write a Zone"):
        DnsServer(5)  # type: ignore[arg-type] # what is wrong is the point

"""What goes wrong on purpose, and TLS, on real sockets."""

import asyncio
import poplib
import socket
import ssl
import struct
import time
from collections.abc import Sequence
from contextlib import suppress

import pytest

from mailsim.faults.syntax import FaultError
from mailsim.pop3.effects import Refusal
from mailsim.pop3.embedded import Pop3Server
from mailsim.pop3.maildrop import Maildrop
from mailsim.pop3.maildrops import Maildrops
from mailsim.pop3.proof import Proof
from mailsim.pop3.server import serve
from mailsim.pop3.session import BACKLOG

LOGIN = ["USER alice", "PASS secret"]
MESSAGES = [b"Subject: one\r\n\r\n" + b"x" * 200 + b"\r\n", b"Subject: two\r\n\r\n.\r\n"]
BODY = b"+OK 218 octets\r\n" + MESSAGES[0] + b".\r\n"


def server(*faults: str, **options: str) -> Pop3Server:
    """Alice's two messages on a server with faults."""
    return Pop3Server({"alice": ("secret", MESSAGES)}, faults=faults, **options)  # type: ignore[arg-type] # options of str


def talk(place: Pop3Server, commands: Sequence[str]) -> bytes:
    """Send all commands at once and read until the server closes."""
    with socket.create_connection((place.host, place.port), timeout=20) as client:
        client.sendall("".join(command + "\r\n" for command in commands).encode())
        received = b""
        with suppress(ConnectionResetError):
            while some := client.recv(65536):
                received += some
    return received


def settled(place: Pop3Server) -> tuple[bytes, ...]:
    """What the maildrop holds once the sessions before have ended: a login is let in then."""
    while b"[IN-USE]" in talk(place, [*LOGIN, "QUIT"]):
        pass
    return place.messages("alice")


def test_a_drop_cuts_the_reply_at_the_octet() -> None:
    """Nothing is removed, the lock is given back, and the next session is served."""
    with server("pop:RETR:1:drop@30") as place:
        received = talk(place, [*LOGIN, "DELE 2", "RETR 1", "QUIT"])
        assert received.endswith(b"deleted\r\n" + BODY[:30])
        assert settled(place) == tuple(MESSAGES)
        assert BODY in talk(place, [*LOGIN, "RETR 1", "QUIT"])
        assert [str(fault) for fault in place.struck] == ["pop:RETR:1:drop@30"]


def test_a_lost_reply_to_quit_has_removed() -> None:
    """As when a network fails at the worst moment."""
    with server("pop:QUIT:1:drop") as place:
        assert talk(place, [*LOGIN, "DELE 2", "QUIT"]).endswith(b"message 2 deleted\r\n")
        assert settled(place) == (MESSAGES[0],)


@pytest.mark.parametrize("tls", ["none", "implicit"])
def test_a_half_closed_connection_still_listens(tls: str) -> None:
    """Nothing more is said, QUIT is not heard; over TLS, which has no half, the connection is closed."""
    with server("pop:RETR:1:half-close@5", tls=tls) as place:
        with socket.create_connection((place.host, place.port), timeout=20) as raw:
            context = ssl.create_default_context(cafile=place.ca)
            client = context.wrap_socket(raw, server_hostname="localhost") if tls == "implicit" else raw
            file = client.makefile("rwb")
            file.write("".join(line + "\r\n" for line in [*LOGIN, "DELE 2", "RETR 1"]).encode())
            file.flush()
            assert file.read().endswith(b"deleted\r\n+OK 2")
            with suppress(OSError):
                file.write(b"QUIT\r\n")
                file.flush()
            with suppress(OSError):
                file.close()
            client.close()
        assert place.messages("alice") == tuple(MESSAGES)


def test_a_stall_lasts_as_long_as_it_says() -> None:
    """What was pipelined meanwhile is answered after it."""
    with server("pop:RETR:1:stall 0.3s@7", "pop:CONNECT:1:stall 0.2s") as place:
        began = time.monotonic()
        received = talk(place, [*LOGIN, "RETR 1", "QUIT"])
        assert time.monotonic() - began >= 0.5
    assert received.endswith(BODY + b"+OK bye\r\n")


@pytest.mark.parametrize("more", [1000, 1_000_000])
def test_who_stalls_for_ever_lets_go_when_the_client_does(more: int) -> None:
    """The maildrop is not locked until autologout; who sends more than may wait is sent away."""
    with server("pop:RETR:1:stall@3") as place:
        with socket.create_connection((place.host, place.port), timeout=20) as client:
            client.sendall("".join(line + "\r\n" for line in [*LOGIN, "RETR 1"]).encode())
            received = b""
            while not received.endswith(b"octets)\r\n+OK"):
                received += client.recv(65536)
            with suppress(ConnectionError):
                client.sendall(b"NOOP\r\n" * more)
                if more * len(b"NOOP\r\n") > BACKLOG:  # else nothing comes, and nothing ends
                    assert client.recv(1) == b""
        assert settled(place) == tuple(MESSAGES)


def test_nothing_more_is_written_to_a_client_that_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    """In the middle of many replies; asyncio complains of who writes on."""
    with Pop3Server({"alice": ("secret", [b"Subject: x\r\n\r\n" + b"y\r\n" * 30_000])}) as place:
        with socket.create_connection((place.host, place.port)) as client:
            client.sendall(b"USER alice\r\nPASS secret\r\n")
            received = b""
            while received.count(b"+OK") < 3:
                received += client.recv(1000)
            client.sendall(b"RETR 1\r\n" * 400)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # by RST
        settled(place)

    assert caplog.messages == []


def test_a_slow_reply_takes_its_time() -> None:
    """So many octets a second."""
    with server("pop:RETR:1:slow 1000") as place:
        began = time.monotonic()
        received = talk(place, [*LOGIN, "RETR 1", "QUIT"])
        assert 0.15 < time.monotonic() - began < 5
    assert received.endswith(BODY + b"+OK bye\r\n")


def test_arrival_and_removal_reach_the_maildrop() -> None:
    """Not only what the session shows."""
    with server("pop:LIST:1:arrive", "pop:RETR:1:vanish", "pop:DELE:1:eager-delete") as place:
        received = talk(place, [*LOGIN, "LIST", "RETR 1", "DELE 2"] + ["STAT", "XYZZY"] * 2 + ["QUIT"])
        assert b"-ERR message 1 is gone" in received
        [left] = place.messages("alice")
        assert left.startswith(b"From: postman@")


@pytest.mark.parametrize(
    ("certificate", "told"),
    [("expired", "certificate has expired"), ("foreign", "unable to get local issuer")],
)
@pytest.mark.parametrize("tls", ["stls", "implicit"])
def test_a_bad_certificate_is_shown(certificate: str, told: str, tls: str) -> None:
    """Once; the next client sees the good one."""
    verb = "STLS" if tls == "stls" else "CONNECT"
    with server(f"pop:{verb}:1:{certificate}-certificate", tls=tls) as place:
        context = ssl.create_default_context(cafile=place.ca)

        def connect() -> poplib.POP3:
            if tls == "implicit":
                return poplib.POP3_SSL("localhost", place.port, context=context, timeout=20)
            client = poplib.POP3("localhost", place.port, timeout=20)
            try:
                client.stls(context)
            except OSError:
                with suppress(OSError):  # the socket went into the TLS one, which is closed already
                    client.close()
                raise
            return client

        with pytest.raises(ssl.SSLCertVerificationError, match=told):
            connect()
        client = connect()
        client.user("alice")
        client.pass_("secret")
        client.quit()


def test_a_server_without_tls_takes_no_fault_of_certificates() -> None:
    """There is none to show."""
    with pytest.raises(FaultError, match="shows no certificate"):
        server("pop:CONNECT:1:expired-certificate")


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("pop:RETR:next:reply no", [b"-ERR no", b"+OK 218"]),
        ("pop:RETR:2:reply no", [b"+OK 218", b"-ERR no"]),
        ("pop:RETR:next:vanish", [b"-ERR message 1 is gone", b"-ERR message 1 is gone"]),
        ("pop:ANY:3:reply no", [b"+OK 218", b"+OK 218"]),
        ("pop:CONNECT:next:drop", [b"+OK 218", b"+OK 218"]),
    ],
)
@pytest.mark.parametrize("begun", [False, True])
def test_the_first_fault_may_be_given_to_an_open_session(
    fault: str, told: list[bytes], *, begun: bool
) -> None:
    """Between two commands: one that is on its way already is obeyed, and counted by nobody."""
    with server() as place, socket.create_connection((place.host, place.port), timeout=20) as client:
        lines = client.makefile("rb")
        lines.readline()
        for command in LOGIN:
            client.sendall(f"{command}\r\n".encode())
            assert lines.readline().startswith(b"+OK")
        if begun:
            client.sendall(b"RE")
            poplib.POP3(place.host, place.port, timeout=20).close()  # by now the server has it
        place.add_fault(fault)
        if begun:
            client.sendall(b"TR 1\r\n")
            assert lines.readline() == b"+OK 218 octets\r\n"
            assert b"".join(iter(lines.readline, b".\r\n")) == MESSAGES[0]
        for expected in told:
            client.sendall(b"RETR 1\r\n")
            line = lines.readline()
            assert line.startswith(expected)
            if line.startswith(b"+OK"):
                assert b"".join(iter(lines.readline, b".\r\n")) == MESSAGES[0]


def test_faults_may_be_added_while_it_runs() -> None:
    """For the sessions to come; messages may be, too."""
    with server() as place:
        assert BODY in talk(place, [*LOGIN, "RETR 1", "QUIT"])
        place.add_fault("pop:RETR:next:reply no")
        uid = place.append("alice", b"three\r\n")
        received = talk(place, [*LOGIN, "RETR 1", "UIDL 3", "QUIT"])
        assert b"-ERR no\r\n+OK 3 " + uid.encode() + b"\r\n" in received


class Broken(Maildrops):
    """Maildrops on a disk that fails now and then."""

    works = False

    def open(self, user: str, proof: Proof) -> Maildrop | Refusal:
        """Fail at first."""
        if not self.works:
            self.works = True
            raise OSError("disk")
        return super().open(user, proof)

    def update(self, maildrop: Maildrop, removed: Sequence[str]) -> bool:
        """Fail."""
        raise OSError("disk")


def test_a_broken_maildrop_is_told() -> None:
    """By [SYS/TEMP] at the login (RFC 3206 §4), by an -ERR at QUIT (RFC 1939 §6); the lock is given back."""
    maildrops = Broken({"alice": ("secret", MESSAGES)})

    async def main() -> bytes:
        listener = await serve(maildrops)
        reader, writer = await asyncio.open_connection(listener.host, listener.port)
        writer.write("".join(line + "\r\n" for line in [*LOGIN, *LOGIN, "DELE 1", "QUIT"]).encode())
        received = await reader.read(-1)
        writer.close()
        await listener.close()
        return received

    received = asyncio.run(main())
    assert b"-ERR [SYS/TEMP] the maildrop cannot be opened" in received
    assert received.endswith(b"-ERR some deleted messages not removed\r\n")
    assert maildrops.messages("alice") == tuple(MESSAGES)
    assert not maildrops.locked("alice")


def test_who_speaks_no_tls_after_stls_is_sent_away() -> None:
    """Nothing said in the clear is obeyed; others are served."""
    with server(tls="stls") as place:
        with socket.create_connection((place.host, place.port), timeout=20) as client:
            file = client.makefile("rwb", buffering=0)
            file.readline()
            file.write(b"STLS\r\n")
            assert file.readline() == b"+OK begin TLS\r\n"
            file.write(b"USER alice\r\nPASS secret\r\n")
            with suppress(OSError):
                assert b"+OK" not in file.read()
            file.close()
        assert b"STLS" in talk(place, ["CAPA", "QUIT"])


@pytest.mark.parametrize("tls", ["stls", "implicit"])
def test_a_command_may_come_with_the_end_of_the_handshake(tls: str) -> None:
    """In one segment with it, as mpop sends its CAPA; it is answered, behind the greeting where there is one."""
    with server(tls=tls) as place, socket.create_connection((place.host, place.port), timeout=20) as client:
        if tls == "stls":
            client.recv(65536)
            client.sendall(b"STLS\r\n")
            client.recv(65536)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=place.ca)
        secure = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        while True:
            try:
                secure.do_handshake()
                break
            except ssl.SSLWantReadError:
                client.sendall(outgoing.read())
                incoming.write(client.recv(65536))
        secure.write(b"USER alice\r\nPASS secret\r\nSTAT\r\nQUIT\r\n")
        client.sendall(outgoing.read())
        received = b""
        while not received.endswith(b"+OK bye\r\n"):
            incoming.write(client.recv(65536))
            with suppress(ssl.SSLWantReadError):
                while some := secure.read():
                    received += some

    greeted = b"+OK mailsim POP3 server ready\r\n" if tls == "implicit" else b""
    assert received == greeted + b"+OK send PASS\r\n+OK 2 messages (237 octets)\r\n+OK 2 237\r\n+OK bye\r\n"

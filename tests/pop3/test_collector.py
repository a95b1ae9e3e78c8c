"""The collector: kept before deleted, whatever the server does (R4.1, R4.2)."""

import asyncio
import os
import socket
import ssl
import struct
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET

import pytest

from mailsim.pop3.client import SINK_FROM
from mailsim.pop3.collection import CollectError, Collection, Failure, Keeping, Listed, Retrieved, Step
from mailsim.pop3.collector import collect
from mailsim.pop3.embedded import Pop3Server, Tls
from mailsim.pop3.maildrops import Maildrops
from mailsim.pop3.server import serve
from mailsim.pop3.spool import Spool
from mailsim.pop3.wire import wire_form

pytestmark = pytest.mark.anyio


@dataclass
class Peer:
    """A scripted server: what it answers to a command, and what it was told.

    A script maps a command line or its verb to an answer. An answer that ends in `DROP` ends the connection,
    `RESET` resets it.
    """

    script: Mapping[str, bytes]
    port: int = 0
    told: list[str] = field(default_factory=list)
    most_at_once: int = 0
    heard: dict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))


DROP = b"<drop>"
RESET = b"<reset>"
GOOD: Mapping[str, bytes] = {
    "": b"+OK ready\r\n",
    "CAPA": b"+OK\r\nPIPELINING\r\n.\r\n",
    "USER": b"+OK\r\n",
    "PASS": b"+OK\r\n",
    "LIST": b"+OK\r\n1 8\r\n2 8\r\n3 8\r\n4 8\r\n5 8\r\n.\r\n",
    "UIDL": b"+OK\r\n1 a\r\n2 b\r\n3 c\r\n4 d\r\n5 e\r\n.\r\n",
    "RETR": b"+OK\r\nH: h\r\n\r\n.\r\n",
    "DELE": b"+OK\r\n",
    "QUIT": b"+OK\r\n",
}


@asynccontextmanager
async def scripted(script: Mapping[str, bytes]) -> AsyncIterator[Peer]:
    """Serve one client after another by a script."""
    peer = Peer({**GOOD, **script})

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = [""]
        while lines:
            peer.most_at_once = max(peer.most_at_once, len(lines))
            for line in lines:
                answer = peer.script.get(line, peer.script.get(line.partition(" ")[0], b"-ERR\r\n"))
                writer.write(answer.removesuffix(DROP).removesuffix(RESET))
                if answer == RESET:
                    writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
                    writer.transport.abort()
                    return
                if answer.endswith(DROP):
                    writer.close()
                    return
            lines = (await reader.read(10_000)).decode("latin-1").splitlines()
            peer.told += lines
            for line in lines:
                peer.heard[line].set()
        writer.close()

    async def talk_while_heard(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):  # a client that gives up in mid-answer
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(talk_while_heard, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        await server.wait_closed()


@dataclass
class Keeper:
    """Keeps batches, and what the peer had been told when each came."""

    peer: Peer | None = None
    batches: list[Sequence[Retrieved]] = field(default_factory=list)
    told: list[list[str]] = field(default_factory=list)

    def keep(self, batch: Sequence[Retrieved]) -> None:
        """Keep a batch, with its octets: what lies on the disk is gone afterwards."""
        self.batches.append([replace(one, body=one.octets) for one in batch])
        self.told.append(list(self.peer.told) if self.peer else [])

    async def keep_later(self, batch: Sequence[Retrieved]) -> None:
        """Keep a batch after a while."""
        await asyncio.sleep(0)
        self.keep(batch)

    @property
    def messages(self) -> list[bytes]:
        """All octets kept, in order."""
        return [one.octets for batch in self.batches for one in batch]


async def collect_from(peer: Peer, keeper: Keeper, *, batch: int = 2, silence: float = 20) -> Collection:
    """Collect as alice."""
    return await collect(
        "127.0.0.1",
        peer.port,
        username="alice",
        password="secret",
        tls=None,
        keep=keeper.keep_later,
        batch=batch,
        timeout=silence,
    )


@pytest.mark.parametrize("tls", [Tls.NONE, Tls.IMPLICIT])
async def test_all_is_collected_and_deleted(tls: Tls, nasty: tuple[bytes, ...]) -> None:
    """Octet for octet as sent, in order, with uids; the maildrop is empty after it (R4.1)."""
    keeper = Keeper()
    async with Pop3Server({"alice": ("secret", nasty * 10)}, tls=tls) as server:
        context = ssl.create_default_context(cafile=server.ca) if server.ca else None
        done = await collect(
            server.host, server.port, username="alice", password="secret", tls=context, keep=keeper.keep
        )
        again = await collect(
            server.host, server.port, username="alice", password="secret", tls=context, keep=keeper.keep
        )

    count = len(nasty) * 10
    assert done == Collection(listed=count, kept=count, new=count, deleted=count, failures=())
    assert again == Collection(listed=0, kept=0, new=0, deleted=0, failures=())
    assert keeper.messages == [wire_form(message) for message in nasty * 10]
    kept = [one for batch in keeper.batches for one in batch]
    assert [one.number for one in kept] == list(range(1, count + 1))
    assert len({one.uid for one in kept}) == count
    assert not any(one.truncated or one.size_listed != len(one.octets) for one in kept)
    assert server.messages("alice") == ()


async def test_a_batch_is_deleted_only_after_it_is_kept() -> None:
    """When a batch comes, the server has been told to delete the earlier ones and no more (R4.2)."""
    async with scripted({}) as peer:
        keeper = Keeper(peer)
        done = await collect_from(peer, keeper)

    deleted = [[line for line in told if line.startswith("DELE")] for told in keeper.told]
    assert deleted == [[], ["DELE 1", "DELE 2"], ["DELE 1", "DELE 2", "DELE 3", "DELE 4"]]
    assert peer.told[-2:] == ["DELE 5", "QUIT"]
    assert done == Collection(listed=5, kept=5, new=5, deleted=5, failures=())


@pytest.mark.parametrize(
    ("script", "step", "kept", "deleted"),
    [
        ({"RETR 4": b"+OK\r\nH: h\r\nhalf" + DROP}, Step.RETRIEVE, 3, 0),
        ({"RETR 4": b"+OK\r\nH: h\r\n.\r" + DROP}, Step.RETRIEVE, 3, 0),
        ({"RETR 1": DROP}, Step.RETRIEVE, 0, 0),
        ({"DELE 4": DROP}, Step.DELETE, 4, 4),
        ({"QUIT": DROP}, Step.QUIT, 5, 5),
        ({"RETR 3": b"250 ok\r\n"}, Step.RETRIEVE, 2, 0),
        ({"STAT": b"", "UIDL": b"+OK\r\n.\r\n+OK\r\n"}, Step.RETRIEVE, 0, 0),
        ({"LIST": b"-ERR [SYS/TEMP] later\r\n"}, Step.LIST, 0, 0),
        ({"PASS": b"-ERR [AUTH] no\r\n"}, Step.LOGIN, 0, 0),
        ({"USER": b"-ERR no\r\n"}, Step.LOGIN, 0, 0),
        ({"": b"-ERR busy\r\n"}, Step.GREETING, 0, 0),
        ({"": b"220 mail.example ESMTP\r\n"}, Step.GREETING, 0, 0),
        ({"": DROP}, Step.GREETING, 0, 0),
    ],
)
async def test_a_broken_session_is_one_error_and_deletes_nothing_unkept(
    script: dict[str, bytes], step: Step, kept: int, deleted: int
) -> None:
    """It says where it broke; no DELE names a message that was not kept, and QUIT is not sent to mend it."""
    async with scripted(script) as peer:
        keeper = Keeper(peer)
        with pytest.raises(CollectError) as caught:
            await collect_from(peer, keeper)

    assert caught.value.step is step
    assert str(caught.value).startswith(f"127.0.0.1:{peer.port}: {step}: ")
    assert "secret" not in str(caught.value)
    assert len(keeper.messages) == kept
    assert sum(line.startswith("DELE") for line in peer.told) == deleted
    assert ("QUIT" in peer.told) is (step is Step.QUIT)


@pytest.mark.parametrize(
    ("answer", "code"), [(b"-ERR [in-use] locked\r\n", "IN-USE"), (b"-ERR no\r\n", None)]
)
async def test_a_refused_login_has_the_servers_code(answer: bytes, code: str | None) -> None:
    """So that a caller can tell a locked maildrop from a wrong password."""
    async with scripted({"PASS": answer}) as peer:
        with pytest.raises(CollectError) as caught:
            await collect_from(peer, Keeper())

    assert caught.value.code == code


async def test_a_batch_that_cannot_be_kept_ends_the_session() -> None:
    """The error of `keep` goes on as it is; nothing is deleted, nothing committed."""

    def full(_: Sequence[Retrieved]) -> None:
        raise OSError("no space left")

    async with scripted({}) as peer:
        with pytest.raises(OSError, match="no space left"):
            await collect("127.0.0.1", peer.port, username="a", password="b", tls=None, keep=full)

    assert not {"DELE 1", "QUIT"} & set(peer.told)


async def test_a_server_without_capa_and_uidl_works_one_command_at_a_time() -> None:
    """Nothing is pipelined where PIPELINING is not offered (RFC 2449 §6.6)."""
    async with scripted({"CAPA": b"-ERR\r\n", "UIDL": b"-ERR\r\n"}) as peer:
        keeper = Keeper()
        done = await collect_from(peer, keeper, batch=5)

    assert done.deleted == 5
    assert peer.most_at_once == 1
    assert [one.uid for one in keeper.batches[0]] == [None] * 5


async def test_commands_are_pipelined_where_offered() -> None:
    """All of a batch at once."""
    async with scripted({}) as peer:
        await collect_from(peer, Keeper(), batch=5)

    assert peer.most_at_once == 5


UTF8_MAIL = "From: Jérôme <jerome@client.example>\r\nSubject: Résumé\r\n\r\nnaïve\r\n".encode()


async def test_mail_with_utf8_in_its_header_comes_octet_for_octet() -> None:
    """From a server that gives it only to who has said UTF8 (RFC 6856 §2)."""
    keeper = Keeper()
    async with Pop3Server({"alice": ("secret", [UTF8_MAIL, b"plain\r\n"])}) as server:
        done = await collect(
            server.host, server.port, username="alice", password="secret", tls=None, keep=keeper.keep
        )

    assert done.failures == ()
    assert keeper.messages == [UTF8_MAIL, b"plain\r\n"]


@pytest.mark.parametrize(
    ("offered", "answer", "said"),
    [(b"utf8 user\r\n", b"+OK\r\n", True), (b"UTF8\r\n", b"-ERR no\r\n", True), (b"", b"-ERR\r\n", False)],
)
async def test_utf8_is_said_before_login_where_it_is_offered(
    offered: bytes,
    answer: bytes,
    said: bool,
) -> None:
    """A server that offers and refuses it is collected from all the same."""
    async with scripted({"CAPA": b"+OK\r\n" + offered + b".\r\n", "UTF8": answer}) as peer:
        done = await collect_from(peer, Keeper())

    assert done.deleted == 5
    assert peer.told[: 2 + said] == ["CAPA", *["UTF8"] * said, "USER alice"]


async def test_a_message_that_is_refused_stays_and_the_others_are_collected() -> None:
    """The failures say which, where and why; all that is left may be refused."""
    refused = {"RETR 1": b"-ERR gone\r\n", "RETR 5": b"-ERR [SYS/TEMP] later\r\n", "DELE 4": b"-ERR no\r\n"}
    async with scripted(refused) as peer:
        keeper = Keeper()
        done = await collect_from(peer, keeper, batch=1)

    assert done == Collection(
        listed=5,
        kept=3,
        new=3,
        deleted=2,
        failures=(
            Failure(1, "a", Step.RETRIEVE, "gone"),
            Failure(5, "e", Step.RETRIEVE, "later"),
            Failure(4, "d", Step.DELETE, "no"),
        ),
    )
    assert [one.number for batch in keeper.batches for one in batch] == [2, 3, 4]


async def test_a_refused_quit_means_nothing_is_deleted() -> None:
    """Servers may remove some or none then (RFC 1939 §6)."""
    async with scripted({"QUIT": b"-ERR some deleted messages not removed\r\n"}) as peer:
        done = await collect_from(peer, Keeper())

    assert (done.kept, done.deleted) == (5, 0)


@pytest.mark.parametrize(
    ("sizes", "truncated"),
    [
        ((8, 9, 8, 7, 8), [2]),  # right but for two, one of which brought more than listed
        ((8, 8, 8, 8, 8), []),
        ((9, 9, 8, 9, 8), []),  # most are wrong: this server estimates
        ((1024, 1024, 1024, 1024, 1024), []),
        ((8, 8, 9, 9, 7), []),
    ],
)
async def test_a_message_shorter_than_listed_is_cut_short_where_sizes_are_right(
    sizes: Sequence[int], truncated: list[int]
) -> None:
    """A server most of whose sizes are not what it sends only estimates them, and tells nothing."""
    listing = b"".join(b"%d %d\r\n" % (number, size) for number, size in enumerate(sizes, 1))
    async with scripted({"LIST": b"+OK\r\n" + listing + b".\r\n"}) as peer:
        keeper = Keeper()
        await collect_from(peer, keeper, batch=5)

    assert [one.number for one in keeper.batches[0] if one.truncated] == truncated


async def test_the_next_batch_is_retrieved_while_one_is_kept() -> None:
    """The disk and the network work at the same time."""
    told: list[str] = []

    async def keep(batch: Sequence[Retrieved]) -> None:
        await peer.heard["RETR 4"].wait()
        told.extend(peer.told)

    async with scripted({}) as peer:
        async with asyncio.timeout(20):
            await collect("127.0.0.1", peer.port, username="a", password="b", tls=None, keep=keep, batch=2)

    assert told.index("RETR 4") < told.index("DELE 1")


async def test_what_is_kept_while_the_connection_is_lost_is_kept() -> None:
    """So is what had come of the next batch. The error says how much, and which message was under way."""
    kept: list[int] = []

    async def keep(batch: Sequence[Retrieved]) -> None:
        await peer.heard["RETR 4"].wait()
        kept.extend(one.number for one in batch)

    async with scripted({"RETR 4": DROP}) as peer:
        with pytest.raises(CollectError) as caught:
            await collect("127.0.0.1", peer.port, username="a", password="b", tls=None, keep=keep, batch=2)

    assert kept == [1, 2, 3]
    assert caught.value.so_far == Collection(listed=5, kept=3, new=3, deleted=0, failures=())
    assert caught.value.under_way == Listed(4, "d", 8)


async def test_what_cannot_be_kept_stays_and_is_told() -> None:
    """The others of its batch are deleted."""
    async with scripted({}) as peer:
        done = await collect(
            "127.0.0.1",
            peer.port,
            username="a",
            password="b",
            tls=None,
            keep=lambda _: Keeping(3, {2: "odd"}),
        )

    assert done == Collection(5, 4, 3, 4, (Failure(2, "b", Step.KEEP, "odd"),))
    assert [line for line in peer.told if line.startswith("DELE")] == ["DELE 1", "DELE 3", "DELE 4", "DELE 5"]


async def test_messages_are_retrieved_in_the_order_wanted() -> None:
    """And those left out are neither retrieved nor deleted."""
    async with scripted({}) as peer:
        keeper = Keeper()
        done = await collect(
            "127.0.0.1",
            peer.port,
            username="a",
            password="b",
            tls=None,
            keep=keeper.keep,
            order=lambda listed: (listed[3], listed[0]),
        )

    assert [(one.number, one.uid) for one in keeper.batches[0]] == [(4, "d"), (1, "a")]
    assert done == Collection(listed=5, kept=2, new=2, deleted=2, failures=())


@pytest.mark.parametrize("head", [b"H: h\r\n\r\n", b"." * 3 * SINK_FROM + b"\r\n"])
async def test_a_large_message_lies_on_the_disk_meanwhile(tmp_path: Path, head: bytes) -> None:
    """In a file without a name, in the folder given, whatever the length of its lines."""
    large = head + b".\r\n..\r\n" + b"." * SINK_FROM + b"\r\n" + b"\r\n.." * SINK_FROM + b"\r\n"
    bodies: list[object] = []

    def keep(batch: Sequence[Retrieved]) -> None:
        bodies.extend((type(one.body), one.octets) for one in batch)

    async with Pop3Server({"alice": ("secret", [large, b"small\r\n"])}) as server:
        await collect(
            server.host,
            server.port,
            username="alice",
            password="secret",
            tls=None,
            keep=keep,
            spool=tmp_path,
        )

    assert bodies == [(Spool, large), (bytes, b"small\r\n")]
    assert not any(os.scandir(tmp_path))


async def test_no_room_for_a_large_message_breaks_the_session(tmp_path: Path) -> None:
    """It is told, and the message is still there."""
    async with Pop3Server({"alice": ("secret", [b"x" * 3 * SINK_FROM])}) as server:
        with pytest.raises(CollectError, match="no room for a large message") as caught:
            await collect(
                server.host,
                server.port,
                username="alice",
                password="secret",
                tls=None,
                keep=Keeper().keep,
                spool=tmp_path / "no folder",
            )
        assert len(server.messages("alice")) == 1

    assert caught.value.step is Step.RETRIEVE


@pytest.mark.parametrize(
    ("batch", "batch_octets", "counts"),
    [(4, 10**9, [4, 4, 2]), (100, 250, [2, 2, 2, 2, 2]), (100, 1, [1] * 10), (0, 0, [1] * 10)],
)
async def test_a_batch_is_bounded_by_count_and_octets(
    batch: int, batch_octets: int, counts: list[int]
) -> None:
    """A message that is larger than a batch comes alone."""
    keeper = Keeper()
    listener = await serve(Maildrops({"alice": ("secret", [b"x" * 98 + b"\r\n"] * 10)}))
    await collect(
        listener.host,
        listener.port,
        username="alice",
        password="secret",
        tls=None,
        keep=keeper.keep,
        batch=batch,
        batch_octets=batch_octets,
    )
    await listener.close()

    assert [len(batch) for batch in keeper.batches] == counts


async def test_where_messages_are_larger_than_listed_fewer_are_asked_for() -> None:
    """Else a server that lists 1 octet each could have a whole window of large ones in memory at once."""
    keeper = Keeper()
    listing = b"".join(b"%d 1\r\n" % number for number in range(1, 101))
    script = {"LIST": b"+OK\r\n" + listing + b".\r\n", "RETR": b"+OK\r\n" + b"x" * 98 + b"\r\n.\r\n"}
    async with scripted(script) as peer:
        await collect(
            "127.0.0.1",
            peer.port,
            username="a",
            password="b",
            tls=None,
            keep=keeper.keep,
            batch_octets=250,
        )

    assert [len(batch) for batch in keeper.batches] == [64, *[2] * 18]


@pytest.mark.parametrize(
    ("listing", "uidl", "expected"),
    [
        (b"1 8\r\n2 -1\r\n3 1.5K\r\n4\r\n", b"1 a\r\n2 b\r\n3 c\r\n4 d\r\n", [8, None, None, None]),
        (b"1 8\r\n", b"1 a\r\n2 b\r\n", [8, None]),
        (b"1 8\r\n2 8\r\n", b"2 b\r\n", [8, 8]),
        (b"1 -5\r\n2 -5\r\n", b"", [None, None]),
    ],
)
async def test_a_message_that_is_listed_badly_is_collected(
    listing: bytes, uidl: bytes, expected: list[int | None]
) -> None:
    """What LIST or UIDL names is there; a size that is not to be read is unknown, and nothing is short of it."""
    keeper = Keeper()
    script = {"LIST": b"+OK\r\n" + listing + b".\r\n", "UIDL": b"+OK\r\n" + uidl + b".\r\n"}
    async with scripted(script) as peer:
        done = await collect_from(peer, keeper)

    kept = [one for batch in keeper.batches for one in batch]
    assert [one.size_listed for one in kept] == expected
    assert [one.number for one in kept] == list(range(1, len(expected) + 1))
    assert not any(one.truncated or one.short for one in kept)
    assert done.deleted == len(expected)


async def test_an_unknown_size_says_nothing_of_the_others() -> None:
    """One message is cut short (R4.8); those whose size is not to be read make the server's sizes no estimates."""
    keeper = Keeper()
    listing = b"1 8\r\n2 8\r\n3 -1\r\n4 -1\r\n5 9\r\n"
    async with scripted({"LIST": b"+OK\r\n" + listing + b".\r\n"}) as peer:
        await collect_from(peer, keeper, batch=5)

    assert [one.number for one in keeper.batches[0] if one.truncated] == [5]


@pytest.mark.parametrize(
    "script",
    [
        {"PASS": b"-ERR bad command: PASS secret\r\n"},
        {"PASS": b"-ERR [secret] no\r\n"},
        {"PASS": b"+OK\r\nyou said secret\r\n"},
        {"PASS": b"PASS secret\r\n"},
        {"LIST": b"-ERR not for secret\r\n"},
    ],
)
async def test_a_server_that_repeats_the_password_is_quoted_without_it(script: Mapping[str, bytes]) -> None:
    """In an error (R1.11)."""
    async with scripted(script) as peer:
        with pytest.raises(CollectError, match=r"\*\*\*") as caught:
            await collect_from(peer, Keeper())

    assert "secret" not in f"{caught.value} {caught.value.code}".casefold()


async def test_a_failure_is_told_without_the_password() -> None:
    """Whatever message the server says it of (R1.11)."""
    script = {"RETR 1": b"-ERR not for secret\r\n", "DELE 2": b"-ERR c2VjcmV0, no\r\n"}
    async with scripted(script) as peer:
        done = await collect_from(peer, Keeper())

    assert [failure.text for failure in done.failures] == ["not for ***", "***, no"]


NOT_HERE = b"+OK\r\nSTLS\r\n.\r\n"
CURE = "; it takes no password on this connection: use its port for TLS"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ({"CAPA": NOT_HERE, "USER": b"-ERR not here\r\n"}, f"not here{CURE}"),
        ({"CAPA": NOT_HERE, "PASS": b"-ERR [AUTH] not here\r\n"}, rf"\[AUTH\] not here{CURE}"),
        ({"CAPA": NOT_HERE, "PASS": b"-ERR [IN-USE] later\r\n"}, r"\[IN-USE\] later"),
        ({"CAPA": b"+OK\r\nUSER\r\nSTLS\r\n.\r\n", "PASS": b"-ERR wrong\r\n"}, "wrong"),
        ({"CAPA": b"-ERR what\r\n", "PASS": b"-ERR wrong\r\n"}, "wrong"),
    ],
)
async def test_who_takes_no_password_without_tls_is_told_from_who_takes_another(
    script: Mapping[str, bytes], told: str
) -> None:
    """RFC 2449 §6.3: a server that takes USER says so; a password is not said after a USER that was refused."""
    async with scripted(script) as peer:
        with pytest.raises(CollectError, match=f"login: the server refused: {told}$"):
            await collect_from(peer, Keeper())

    assert ("PASS secret" in peer.told) == ("USER" not in script)


async def test_a_silent_server_is_given_up() -> None:
    """After the time-out, with the step."""
    async with scripted({"CAPA": b""}) as peer:
        with pytest.raises(CollectError, match=r"greeting: the server was silent for 0\.05 s"):
            await collect_from(peer, Keeper(), silence=0.05)


async def test_a_reset_connection_is_lost() -> None:
    """Told like any other loss."""
    async with scripted({"DELE 1": RESET}) as peer:
        with pytest.raises(CollectError, match=r"delete: connection lost: .*[Rr]eset"):
            await collect_from(peer, Keeper())


async def test_a_server_that_is_closed_while_a_batch_is_kept_deletes_nothing() -> None:
    """The collector finds out at its next command."""
    maildrops = Maildrops({"alice": ("secret", [b"x"])})
    listener = await serve(maildrops)

    async def keep(_: Sequence[Retrieved]) -> None:
        await listener.close()

    with pytest.raises(CollectError, match="delete: connection lost"):
        await collect(listener.host, listener.port, username="alice", password="secret", tls=None, keep=keep)
    assert maildrops.messages("alice") == (b"x",)


@pytest.mark.parametrize(
    ("tls", "told"),
    [(None, "no connection: "), (ssl.create_default_context(), "no TLS: what answers does not speak it: ")],
)
async def test_no_connection_is_told(tls: ssl.SSLContext | None, told: str, nobody: tuple[str, int]) -> None:
    """Nobody listens, or nobody speaks TLS there."""
    async with scripted({"": b"+OK ready\r\n"}) as peer:
        port = peer.port if tls else nobody[1]
        with pytest.raises(CollectError, match=f"connect: {told}") as caught:
            await collect("127.0.0.1", port, username="a", password="b", tls=tls, keep=Keeper().keep)

    assert caught.value.step is Step.CONNECT


async def test_a_certificate_that_nobody_vouches_for_is_told() -> None:
    """Nothing is said to that server."""
    with (
        Pop3Server({"alice": ("secret", [])}, tls="implicit") as server,
        pytest.raises(CollectError, match="connect: the certificate is not to be trusted: unable to get"),
    ):
        await collect(
            server.host,
            server.port,
            username="alice",
            password="secret",
            tls=ssl.create_default_context(),
            keep=Keeper().keep,
        )


async def test_a_server_that_never_shakes_hands_is_given_up() -> None:
    """The time-out counts for connecting too."""
    with (
        socket.create_server(("127.0.0.1", 0)) as nobody,  # the system connects, nobody accepts
        pytest.raises(CollectError, match=r"no connection within 0\.05 s"),
    ):
        await collect(
            "127.0.0.1",
            nobody.getsockname()[1],
            username="a",
            password="b",
            tls=ssl.create_default_context(),
            keep=Keeper().keep,
            timeout=0.05,
        )


async def test_a_name_that_no_line_can_carry_is_refused() -> None:
    """It would be another command."""
    async with scripted({}) as peer:
        with pytest.raises(CollectError, match="login: USER: its argument has CR"):
            await collect(
                "127.0.0.1", peer.port, username="a\r\nX", password="b", tls=None, keep=Keeper().keep
            )

"""`mailsim collect` and `mailsim mailboxes`, as a user types them."""

import json
import mailbox
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal

from mailsim.cli import main
from mailsim.mail import Address, Envelope, Message, Reply
from mailsim.pop3.embedded import Pop3Server
from mailsim.pop3.proof import Proof
from mailsim.practice.turn import turn
from mailsim.smtp.backend import OK, Peer
from mailsim.smtp.embedded import SmtpServer
from mailsim.smtp.server import listen

LETTER = (
    b"Delivered-To: a1234@abc.com\r\nFrom: jane@client.example\r\nMessage-ID: <%d@c.example>\r\n\r\nYes.\r\n"
)
UNREADABLE = b"no header\r\n\r\n"
MAIL = (LETTER % 1, LETTER % 2, LETTER % 1, UNREADABLE, (LETTER % 3).replace(b"a1234", b"nobody"))


def site_file(folder: Path, server: str, smtp: str = "") -> str:
    path = folder / "site.toml"
    path.write_text(
        f"""
        [mailbox]
        type = "catch-all"
        default_sender = "matters@abc.com"
        fallback_address = "help@elsewhere.example"
        [pop]
        server = "{server}"
        username = "matters@abc.com"
        password = "secret"
        {smtp}
        [[action]]
        id = 1234
        """
    )
    return str(path)


def submission(port: int) -> str:
    """The table of an SMTP server that takes mail from anybody."""
    return f'[smtp]\nserver = "127.0.0.1"\nport = {port}\nauthentication = "none"'


@dataclass
class Server:
    """A POP3 server, and how to collect from it."""

    pop3: Pop3Server
    folder: Path
    smtp: str = ""

    @property
    def store(self) -> Path:
        """Where the mail goes."""
        return self.folder / "store.sqlite"

    def collect(self, *options: str) -> int:
        """Collect, and return the exit status."""
        scheme = "ssl" if self.pop3.ca else "tcp"
        trust = ["--ca", str(self.pop3.ca)] if self.pop3.ca else []
        site = site_file(self.folder, f"{scheme}://localhost:{self.pop3.port}", self.smtp)
        return main(["collect", "--site", site, "--store", str(self.store), *trust, *options])


@pytest.fixture(params=["none", "implicit"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server with mail of every kind."""
    with Pop3Server({"matters@abc.com": ("secret", MAIL)}, tls=request.param) as pop3, SmtpServer() as smtp:
        yield Server(pop3, tmp_path, submission(smtp.port))


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Server]:
    """The same without TLS."""
    with Pop3Server({"matters@abc.com": ("secret", MAIL)}) as pop3, SmtpServer() as smtp:
        yield Server(pop3, tmp_path, submission(smtp.port))


COUNTS = {
    "collected": 5,
    "delivered": 2,
    "unassigned": 1,
    "fallback": 1,
    "duplicate": 1,
    "deleted": 5,
    "left": 0,
    "short": 0,
    "sessions": 1,
}


def test_all_is_collected_once(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON of the contract; a second time there is nothing."""
    assert server.collect("--json") == 0
    first = json.loads(capsys.readouterr().out)
    assert list(first) == [*COUNTS, "seconds", "error"]
    assert first["error"] is None
    assert first | COUNTS == first
    assert server.pop3.messages("matters@abc.com") == ()

    assert server.collect() == 0
    assert capsys.readouterr().out.startswith(
        "0 collected: 0 delivered, 0 unassigned, 0 fallback, 0 duplicate; 0 deleted, 0 left; 1 session, "
    )


@pytest.mark.parametrize(
    ("faults", "deleted", "left", "told"),
    [
        (["pop:LOGIN:every:refuse"], 0, None, "0 deleted, not known how many left"),
        (
            ["pop:QUIT:1:drop", "pop:CONNECT:2:drop"],
            None,
            None,
            "not known how many deleted, not known how many left",
        ),
        (["pop:QUIT:1:drop"], 5, 0, "5 deleted, 0 left"),
    ],
)
def test_what_is_not_known_is_not_told(
    plain: Server,
    capsys: pytest.CaptureFixture[str],
    *,
    faults: list[str],
    deleted: int | None,
    left: int | None,
    told: str,
) -> None:
    """The error stands in the JSON too; where a later session shows what became of it, it is known."""
    for fault in faults:
        plain.pop3.add_fault(fault)
    plain.collect("--json")
    document = json.loads(capsys.readouterr().out)
    assert (document["deleted"], document["left"]) == (deleted, left)
    assert (document["error"] is None) == (left is not None)
    plain.store.unlink()
    with Pop3Server({"matters@abc.com": ("secret", MAIL)}, faults=faults) as plain.pop3:
        plain.collect()
    assert told in capsys.readouterr().out


def test_what_was_delivered_is_listed_and_exported(plain: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """As Maildirs, octet for octet; for people and for programs."""
    plain.collect()
    capsys.readouterr()
    out = plain.folder / "out"

    assert main(["mailboxes", "--store", str(plain.store)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "TARGET                           MESSAGES",
        "action:1234                      2",
        "fallback:help@elsewhere.example  1",
        "unassigned                       1",
    ]
    assert main(["mailboxes", "--store", str(plain.store), "--export", str(out), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["mailboxes"]
    assert listed[0] == {"target": "action:1234", "messages": 2, "maildir": str(out / "action.1234")}
    assert {(one["target"], one["messages"]) for one in listed[1:]} == {
        ("fallback:help@elsewhere.example", 1),
        ("unassigned", 1),
    }
    assert main(["mailboxes", "--store", str(plain.store), "--export", str(out)]) == 0
    assert "action.1234" in capsys.readouterr().out
    assert len(mailbox.Maildir(out / "action.1234")) == 2
    assert sorted(path.read_bytes() for path in (out / "action.1234" / "new").iterdir()) == [MAIL[0], MAIL[1]]


@pytest.mark.parametrize(
    "arguments",
    [
        ["collect", "--site", "site.toml", "--store", ""],
        ["mailboxes", "--store", ""],
        ["mailboxes", "--store", "x", "--export", ""],
    ],
)
def test_an_empty_path_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """It is not the folder that one stands in."""
    assert main(arguments) == 2
    assert f"'{arguments[-2]}': '' is no path; name one" in capsys.readouterr().err


def test_a_store_that_cannot_be_looked_at_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """With its path."""
    path = "x" * 300
    assert main(["mailboxes", "--store", path]) == 2
    assert f"{path}: cannot be used as a store: File name too long; name" in capsys.readouterr().err


def test_a_store_named_as_memory_is_a_file(plain: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """R4.2: what was deleted at the server is there."""
    monkeypatch.chdir(plain.folder)
    site = site_file(plain.folder, f"tcp://localhost:{plain.pop3.port}")
    assert main(["collect", "--site", site, "--store", ":memory:"]) == 1  # no server for the fallback address
    assert plain.pop3.messages("matters@abc.com") == ()
    assert main(["mailboxes", "--store", ":memory:"]) == 0


def test_no_store_is_no_empty_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped path is told, and nothing is made there."""
    assert main(["mailboxes", "--store", str(tmp_path / "none")]) == 2
    assert "there is no such store" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    empty = tmp_path / "empty"
    empty.touch()
    assert main(["mailboxes", "--store", str(empty)]) == 2
    assert "there is no such store" in capsys.readouterr().err
    assert empty.read_bytes() == b""


@pytest.mark.parametrize("folder", [".", "/", "sub/.."])
def test_a_folder_is_no_store(folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever it is called."""
    site = site_file(tmp_path, "tcp://localhost:1")
    assert main(["collect", "--site", site, "--store", folder]) == 2
    assert "cannot be used as a store" in capsys.readouterr().err
    assert main(["mailboxes", "--store", folder]) == 2


@pytest.mark.parametrize(
    ("fault", "told", "kept"),
    [
        ("pop:LOGIN:every:refuse", "login: the server refused: [AUTH]", 0),
        ("pop:CONNECT:every:drop", "if it is one, write ssl:// in [pop]; `mailsim check pop --site", 0),
        ("pop:LOGIN:every:locked", "login: the server refused: [IN-USE]", 0),
        ("pop:RETR:every:reply [SYS/TEMP] not now", "message 1 stays at the server: retrieve: not now", 0),
        ("pop:QUIT:every:ignore-deletes", "5 messages stay at the server: it did not delete them", 5),
        ("pop:QUIT:every:drop", "quit: connection lost", 5),
        ("pop:PASS:every:reply no PASS secret", "login: the server refused: no PASS ***", 0),
    ],
)
def test_what_is_not_as_expected_is_told_and_ends_in_1(
    plain: Server, capsys: pytest.CaptureFixture[str], fault: str, told: str, kept: int
) -> None:
    """What was kept is in the summary; nothing a server says reaches the terminal as it stands; no password."""
    plain.pop3.add_fault(fault)

    assert plain.collect("--json") == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["collected"] == kept
    assert told in said.err
    assert "secret" not in said.err
    assert "\x1b" not in said.err


def test_what_may_have_been_cut_short_is_told(plain: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """It is no failure: many a server only estimates sizes (R4.8)."""
    plain.pop3.add_fault("pop:LIST:every:wrong-size 100")

    assert plain.collect() == 0
    assert "warning: messages that are shorter than the server listed: 5;" in capsys.readouterr().err


@pytest.mark.parametrize("server", ["implicit"], indirect=True)
def test_a_certificate_of_a_foreign_authority_is_not_trusted(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --ca the system's authorities count."""
    site = site_file(server.folder, f"ssl://localhost:{server.pop3.port}")
    assert main(["collect", "--site", site, "--store", str(server.store)]) == 1
    assert "connect: the certificate is not to be trusted" in capsys.readouterr().err
    assert main(["collect", "--site", site, "--store", str(server.store), "--ca", site]) == 2
    assert "holds no certificates to trust" in capsys.readouterr().err


def test_a_second_collection_at_the_same_time_says_so(
    plain: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits first, as long as `PATIENCE`; the server is not asked."""
    monkeypatch.setattr(import_module("mailsim.cli.collect"), "PATIENCE", 0.05)
    with turn(plain.store, patience=0):
        assert plain.collect() == 2
    assert "another collection has been going on" in capsys.readouterr().err
    assert plain.collect() == 0


def test_a_store_that_is_none_is_told(plain: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is collected."""
    plain.store.write_text("my notes" * 1000)
    assert plain.collect() == 2
    assert "cannot be used as a store" in capsys.readouterr().err
    assert sorted(path.name for path in plain.folder.iterdir()) == ["site.toml", "store.sqlite"]
    assert len(plain.pop3.messages("matters@abc.com")) == 5


@dataclass
class Host:
    """An SMTP server's backend that gives one answer after another to DATA."""

    replies: list[Reply]
    took: list[tuple[Envelope, Message]] = field(default_factory=list)

    def login(self, username: str, proof: Proof) -> bool:
        """Let nobody in: nobody asks."""
        return False

    def mail(self, peer: Peer, sender: Address | None, size: int) -> Reply:
        """Take any sender."""
        return OK

    def rcpt(self, peer: Peer, sender: Address | None, recipient: Address) -> Reply:
        """Take any recipient."""
        return OK

    def data(self, peer: Peer, envelope: Envelope, message: Message) -> Reply:
        """Give the next answer."""
        self.took.append((envelope, message))
        return self.replies.pop(0)


def test_what_cannot_be_read_is_sent_on_until_a_server_takes_it(
    plain: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """R4.8: refused, it waits for the next collection, and goes under the same Message-ID; then it is gone."""
    host = Host([Reply(451, "try later", "4.3.0"), OK])
    with start_blocking_portal("asyncio") as portal:
        listener = portal.call(partial(listen, host, hostname="smtp.abc.com"))
        plain.smtp = submission(listener.port)
        assert plain.collect() == 1
        assert "not forwarded to help@elsewhere.example, tried again at the next collection: 451" in (
            capsys.readouterr().err
        )
        assert plain.collect() == 0
        assert plain.collect() == 0
        portal.call(listener.close)

    assert [str(envelope.recipients[0]) for envelope, _ in host.took] == ["help@elsewhere.example"] * 2
    assert [envelope.sender for envelope, _ in host.took] == [None, None]
    assert len({message.message_id for _, message in host.took}) == 1


def test_without_a_server_to_send_through_it_waits(plain: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """That is told with what to do, and is not as expected: nobody reads it (R4.8)."""
    plain.smtp = '[smtp]\nserver = "localhost"'
    assert plain.collect() == 1
    told = capsys.readouterr().err
    assert "1 message that cannot be read waits to be sent to help@elsewhere.example" in told
    assert "give the site an [smtp] server and collect again" in told

"""`mailsim check` and `mailsim probe`, as a user types them."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from mailsim.background.loop import BackgroundLoop
from mailsim.cli import main
from mailsim.pop3.embedded import Pop3Server

USER, PASSWORD = "matters@abc.com", "hush-hush-hush"
Keep = Callable[[bytes], object]


def site_file(folder: Path, pop: str, port: int, password: str = PASSWORD) -> str:
    path = folder / "site.toml"
    path.write_text(
        f"""
        [mailbox]
        type = "catch-all"
        default_sender = "{USER}"
        fallback_address = "help@elsewhere.example"
        [pop]
        server = "{pop}"
        username = "{USER}"
        password = "{password}"
        [smtp]
        server = "127.0.0.1"
        port = {port}
        authentication = "none"
        [[action]]
        id = 1234
        """
    )
    return str(path)


def smtp_server(keep: Keep) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Takes every message, and gives it to `keep` as it came."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 smtp.abc.com ESMTP\r\n")
        while line := await reader.readline():
            if line.upper().startswith(b"DATA"):
                writer.write(b"354 go\r\n")
                keep((await reader.readuntil(b"\r\n.\r\n"))[:-3])
            writer.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 ok\r\n")
        writer.close()

    return talk


@pytest.fixture
def pop3() -> Iterator[Pop3Server]:
    """A mailbox with one letter."""
    with Pop3Server({USER: (PASSWORD, [b"From: jane@client.example\r\n\r\nYes.\r\n"])}) as server:
        yield server


@pytest.fixture
def site(tmp_path: Path, pop3: Pop3Server) -> Iterator[str]:
    """The site file of a route that stamps what it takes, and puts it into the mailbox."""

    def keep(octets: bytes) -> None:
        pop3.append(USER, b"Delivered-To: a1234@abc.com\r\nReceived: by mx\r\n" + octets)

    async def start() -> asyncio.Server:
        return await asyncio.start_server(smtp_server(keep), "127.0.0.1", 0)

    async def stop() -> None:
        server.close()

    with BackgroundLoop("smtp") as portal:
        server = portal.call(start)
        port = server.sockets[0].getsockname()[1]
        yield site_file(tmp_path, f"tcp://localhost:{pop3.port}", port)
        portal.call(stop)


def test_green(site: str, pop3: Pop3Server, capsys: pytest.CaptureFixture[str]) -> None:
    """One line for people, the contract's fields for programs, status 0."""
    assert main(["check", "pop", "--site", site]) == 0
    assert capsys.readouterr().out == f"green: Check POP: tcp://localhost:{pop3.port}\n"
    assert main(["check", "smtp", "--site", site, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["check", "green", "step", "cause", "server", "message", "advice"]
    assert (told["check"], told["green"], told["cause"]) == ("smtp", True, None)
    assert len(pop3.messages(USER)) == 1


def test_red(site: str, pop3: Pop3Server, capsys: pytest.CaptureFixture[str]) -> None:
    """Cause, the server's words, advice, status 1; no secret though the server repeats it."""
    pop3.add_fault(f"pop:PASS:every:reply -ERR [AUTH] {PASSWORD} is wrong")
    assert main(["check", "pop", "--site", site]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("red: Check POP: tcp://localhost:")
    assert lines[1] == "  cause   wrong-credentials, at the step login"
    assert lines[2] == "  said    -ERR [AUTH] *** is wrong"
    assert lines[3].startswith("  advice  correct pop.username")
    assert main(["check", "pop", "--site", site, "--json"]) == 1
    told = capsys.readouterr().out
    assert json.loads(told)["cause"] == "wrong-credentials"
    assert PASSWORD not in told


@pytest.mark.parametrize(
    ("old", "new", "what", "cause"),
    [
        ("tcp://localhost:110", "ssl://localhost:993", "pop", "port-993"),
        ("port = 587", "port = 25", "smtp", "port-25"),
        ('username = "matters@abc.com"', "", "pop", "settings"),
    ],
)
def test_settings_that_no_server_need_be_asked_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, old: str, new: str, what: str, cause: str
) -> None:
    """They are a red check, as in the form (R1.5, R1.6)."""
    path = Path(site_file(tmp_path, "tcp://localhost:110", 587))
    path.write_text(path.read_text().replace(old, new))
    assert main(["check", what, "--site", str(path), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["cause"], told["step"], told["green"]) == (cause, "settings", False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "imap", "--site", "SITE"], "imap"),
        (["check", "pop", "--site", "none.toml"], "none.toml"),
        (["check", "pop", "--site", "SITE", "--ca", "SITE"], "holds no certificates"),
        (["check", "pop", "--site", "SITE", "--timeout", "0"], "--timeout"),
        (["probe", "--site", "SITE", "--action", "9"], "the practice has 1234"),
    ],
)
def test_bad_input(site: str, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    """Status 2, one line."""
    assert main([site if word == "SITE" else word for word in arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert len(told.err.splitlines()) == 1


def test_faults_elsewhere_in_the_site_are_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A check reads its own table; the rest of the file must be right."""
    path = Path(site_file(tmp_path, "tcp://localhost:110", 25))
    assert main(["check", "pop", "--site", str(path)]) == 2
    assert "smtp.port = 25" in capsys.readouterr().err


def test_probe(site: str, pop3: Pop3Server, capsys: pytest.CaptureFixture[str]) -> None:
    """What changed, and that replies come back; the mailbox is as it was."""
    assert main(["probe", "--site", site, "--json", "--timeout", "20"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["arrived"], told["comes_back"], told["left_at_server"]) == (True, True, False)
    assert [change["field"] for change in told["changes"]] == ["Delivered-To", "Received"]
    assert len(told["ways"]) == 6
    assert len(pop3.messages(USER)) == 1
    assert main(["probe", "--site", site]) == 0
    assert capsys.readouterr().out.startswith("a reply comes back to action 1234")


def test_a_probe_that_finds_no_way_back(
    site: str, pop3: Pop3Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1, and why."""
    pop3.add_fault("pop:LOGIN:every:locked")
    assert main(["probe", "--site", site]) == 1
    assert capsys.readouterr().out.startswith("no answer: the POP server: mailbox-locked")

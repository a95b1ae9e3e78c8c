"""Check POP against servers that run: green, and every cause of red (R2.1, R2.3)."""

import socket
import ssl
import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest

import mailsim
from mailsim.check.verdict import Cause, Step, Verdict
from mailsim.pop3.embedded import Pop3Server
from mailsim.practice.server_address import ServerAddress
from tests.check.servers import (
    PASSWORD,
    Reader,
    Talk,
    Writer,
    pop_site,
    saying,
    serving,
    silent,
    site_for,
    web,
)

pytestmark = pytest.mark.anyio
LETTER = b"From: jane@client.example\r\n\r\nYes.\r\n"
USER = "matters@abc.com"


def own_server(
    tls: str = "none", quirks: Sequence[str] = (), faults: Sequence[str] = (), password: str = PASSWORD
) -> Pop3Server:
    return Pop3Server({USER: (password, [LETTER])}, tls=tls, quirks=quirks, faults=faults)  # type: ignore[arg-type] # a plain str


async def checked(server: Pop3Server, scheme: str = "tcp", *, trust: bool = True) -> Verdict:
    tls = ssl.create_default_context(cafile=server.ca if trust else None) if scheme == "ssl" else None
    return await pop_site(server.port, scheme=scheme).check_pop(tls=tls, timeout=5)


async def spoken_to(talk: Talk, scheme: str = "tcp", tls: ssl.SSLContext | None = None) -> Verdict:
    async with serving(talk, tls) as port:
        return await pop_site(port, scheme=scheme).check_pop(timeout=1)


@pytest.mark.parametrize(("tls", "scheme"), [("none", "tcp"), ("implicit", "ssl")])
async def test_green_changes_nothing(tls: str, scheme: str) -> None:
    """No message is asked for, even where what is retrieved is gone at QUIT (R2.1)."""
    with own_server(tls, quirks=["expire=0"]) as server:
        verdict = await checked(server, scheme)

        assert verdict.green
        assert (verdict.step, verdict.cause, verdict.advice) == (Step.QUIT, None, "")
        assert server.messages(USER) == (LETTER,)


async def test_nothing_but_a_login_is_said() -> None:
    """USER, PASS, QUIT."""
    heard: list[bytes] = []

    async def talk(reader: Reader, writer: Writer) -> None:
        writer.write(b"+OK\r\n")
        while line := await reader.readline():
            heard.append(line)
            writer.write(b"+OK\r\n")

    assert await spoken_to(talk)
    assert heard == [b"USER matters@abc.com\r\n", f"PASS {PASSWORD}\r\n".encode(), b"QUIT\r\n"]


@pytest.mark.parametrize(
    ("quirks", "faults", "cause", "said"),
    [
        ([], ["pop:LOGIN:every:refuse"], Cause.WRONG_CREDENTIALS, "-ERR [AUTH]"),
        ([], ["pop:LOGIN:every:locked"], Cause.MAILBOX_LOCKED, "-ERR [IN-USE]"),
        (["login-delay=60"], [], Cause.LOGIN_DELAY, "-ERR [LOGIN-DELAY]"),
        ([], ["pop:PASS:every:reply -ERR unable to lock maildrop"], Cause.MAILBOX_LOCKED, "lock maildrop"),
        ([], ["pop:PASS:every:reply -ERR too many logins"], Cause.LOGIN_DELAY, "too many"),
        ([], ["pop:PASS:every:reply [SYS/TEMP] later"], Cause.REFUSED, "[SYS/TEMP] later"),
        ([], ["pop:PASS:every:drop"], Cause.REFUSED, ""),
        ([], ["pop:PASS:every:garbage"], Cause.NOT_A_POP_SERVER, ""),
        ([], ["pop:USER:every:reply -ERR no such user"], Cause.WRONG_CREDENTIALS, "-ERR no such user"),
    ],
)
async def test_a_login_that_fails(quirks: list[str], faults: list[str], cause: Cause, said: str) -> None:
    """Each by the server's own code or words; the second login of two is the one checked."""
    with own_server(quirks=quirks) as server:
        assert await checked(server)
        for fault in faults:
            server.add_fault(fault)
        verdict = await checked(server)

    assert (verdict.cause, verdict.step, verdict.green) == (cause, Step.LOGIN, False)
    assert said in verdict.message
    assert verdict.advice
    assert verdict.server == f"tcp://localhost:{server.port}"


async def test_a_wrong_password() -> None:
    """By the server itself, without any fault."""
    with own_server(password="another") as server:
        assert (await checked(server)).cause is Cause.WRONG_CREDENTIALS


async def test_a_login_that_needs_tls_is_not_offered() -> None:
    """STLS is demanded first (RFC 2595 section 4)."""
    with own_server("stls") as server:
        verdict = await checked(server)
    assert verdict.cause is Cause.AUTHENTICATION_NOT_OFFERED
    assert "ssl://" in verdict.advice


@pytest.mark.parametrize(
    ("certificate", "cause"),
    [
        ("good", None),
        ("expired", Cause.CERTIFICATE_EXPIRED),
        ("wrong-host", Cause.CERTIFICATE_WRONG_HOST),
        ("untrusted", Cause.CERTIFICATE_UNTRUSTED),
    ],
)
async def test_certificates(
    certificates: dict[str, ssl.SSLContext], trusted: ssl.SSLContext, certificate: str, cause: Cause | None
) -> None:
    """Expired, for another host, of an authority that is not trusted: no password goes there."""
    talk = saying(*[b"+OK\r\n"] * 4)
    async with serving(talk, certificates[certificate]) as port:
        verdict = await pop_site(port, scheme="ssl").check_pop(tls=trusted, timeout=5)
    assert verdict.cause is cause
    if cause:
        assert verdict.step is Step.TLS
        assert verdict.message


async def test_the_expired_certificate_of_our_own_server() -> None:
    """As a fault shows it."""
    with own_server("implicit", faults=["pop:CONNECT:every:expired-certificate"]) as server:
        assert (await checked(server, "ssl")).cause is Cause.CERTIFICATE_EXPIRED


async def test_tls_to_a_plain_port() -> None:
    """A second look finds POP3 without TLS."""
    with own_server() as server:
        verdict = await pop_site(server.port, scheme="ssl").check_pop(timeout=5)
    assert (verdict.cause, verdict.step) == (Cause.TLS_TO_PLAIN, Step.TLS)


async def test_a_plain_line_to_a_tls_port() -> None:
    """A second look finds TLS where nothing was said."""
    with own_server("implicit") as server:
        verdict = await pop_site(server.port).check_pop(timeout=1)
    assert (verdict.cause, verdict.step) == (Cause.PLAIN_TO_TLS, Step.GREETING)
    assert "ssl://" in verdict.advice


STRANGERS = {
    "IMAP": saying(b"* OK [CAPABILITY IMAP4rev1] ready\r\n", b""),
    "SMTP": saying(b"220 mx.abc.com ESMTP\r\n", b""),
    "HTTP": web,
}


@pytest.mark.parametrize("scheme", ["tcp", "ssl"])
@pytest.mark.parametrize("certificate", ["", "good"])
@pytest.mark.parametrize("name", STRANGERS)
async def test_another_kind_of_server_is_named(
    certificates: dict[str, ssl.SSLContext], name: str, scheme: str, certificate: str, trusted: ssl.SSLContext
) -> None:
    """Whether TLS is right or not: who answers is what helps."""
    async with serving(STRANGERS[name], certificates.get(certificate)) as port:
        verdict = await pop_site(port, scheme=scheme).check_pop(tls=trusted, timeout=1)
    assert verdict.cause is Cause.NOT_A_POP_SERVER
    assert f"a server of {name} answers there" in verdict.advice


async def test_an_unknown_kind_of_server() -> None:
    """It says something, and nobody knows what."""
    verdict = await spoken_to(saying(b"SSH-2.0-OpenSSH_9.2\r\n", b""))
    assert verdict.cause is Cause.NOT_A_POP_SERVER
    assert verdict.message == "SSH-2.0-OpenSSH_9.2"
    assert "unknown" in verdict.advice


@pytest.mark.parametrize("scheme", ["tcp", "ssl"])
async def test_a_silent_server(scheme: str) -> None:
    """It ends within the time given."""
    verdict = await spoken_to(silent, scheme)
    assert verdict.cause is Cause.TIMEOUT


async def test_a_server_that_stops_in_the_middle() -> None:
    """Half a line is no line."""
    verdict = await spoken_to(saying(b"+OK\r\n", b"+OK", b""))
    assert (verdict.cause, verdict.step) == (Cause.TIMEOUT, Step.LOGIN)


async def test_an_endless_greeting_ends() -> None:
    """What is kept of it is bounded."""

    async def talk(reader: Reader, writer: Writer) -> None:
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()

    verdict = await spoken_to(talk)
    assert verdict.cause is Cause.NOT_A_POP_SERVER
    assert len(verdict.message) <= 500


async def test_a_closed_port() -> None:
    """Nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    verdict = await pop_site(port, host="127.0.0.1").check_pop(timeout=5)
    assert (verdict.cause, verdict.step) == (Cause.REFUSED, Step.CONNECT)
    assert "refused" in verdict.message.lower()


async def test_a_server_that_hangs_up() -> None:
    """Before it says anything, or with a refusal."""
    assert (await spoken_to(saying())).cause is Cause.REFUSED
    verdict = await spoken_to(saying(b"-ERR not today\r\n", b""))
    assert (verdict.cause, verdict.step) == (Cause.REFUSED, Step.GREETING)


async def test_a_name_that_nobody_has() -> None:
    """By the system's resolver: RFC 6761 section 6.4 keeps `invalid` free."""
    verdict = await pop_site(110, host="pop.nowhere.invalid").check_pop(timeout=5)
    assert (verdict.cause, verdict.step) == (Cause.NAME_NOT_FOUND, Step.RESOLVE)


async def test_a_name_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time given holds for name resolution as well."""
    release = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        release.wait(20)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    verdict = await pop_site(110, host="pop.abc.com").check_pop(timeout=0.2)
    release.set()
    assert (verdict.cause, verdict.step) == (Cause.TIMEOUT, Step.RESOLVE)


@pytest.mark.parametrize(
    "echo",
    [
        f"-ERR [AUTH] wrong password: {PASSWORD}!",
        f"-ERR [AUTH] \x1b[31m{PASSWORD}\x07\u202e",
        "-ERR " + PASSWORD * 300,
        f"what is {PASSWORD}?",
    ],
)
async def test_a_password_that_comes_back_is_masked(echo: str) -> None:
    """In the text, the JSON and the display; and no control character comes through (R1.11)."""
    verdict = await spoken_to(saying(b"+OK\r\n", b"+OK\r\n", echo.encode() + b"\r\n", b""))
    assert not verdict.green
    for told in (str(verdict), repr(verdict), repr(verdict.as_json()), verdict._repr_html_()):
        assert PASSWORD not in told
    assert "***" in verdict.message
    assert verdict.message.isprintable()


async def test_port_993_is_refused_before_any_connection() -> None:
    """However the settings came to be (R1.5)."""
    site = pop_site(110)
    assert site.settings.pop is not None
    table = site.settings.pop.model_copy(update={"server": ServerAddress(True, "localhost", 993)})
    verdict = await replace(site, settings=site.settings.model_copy(update={"pop": table})).check_pop()
    assert (verdict.cause, verdict.step) == (Cause.PORT_993, Step.SETTINGS)
    assert ":995" in verdict.advice


async def test_settings_that_lack_something() -> None:
    """All that is missing is told."""
    verdict = await site_for(pop={"server": "ssl://pop.abc.com"}).check_pop()
    assert (verdict.cause, verdict.step) == (Cause.SETTINGS, Step.SETTINGS)
    assert "pop.username" in verdict.message
    assert "pop.password" in verdict.advice


async def test_a_password_that_no_line_can_carry() -> None:
    """It would be a second command."""
    async with serving(saying(b"+OK\r\n", b"+OK\r\n", b"")) as port:
        verdict = await pop_site(port, password="a\r\nDELE 1").check_pop(timeout=1)
    assert verdict.cause is Cause.SETTINGS
    assert "DELE" not in str(verdict)


async def test_against_a_lab(nobody: tuple[str, int]) -> None:
    """Names lead into its world, and nowhere else."""
    scenario = {
        "mailbox": {
            "type": "catch-all",
            "default_sender": "matters@abc.com",
            "fallback_address": "help@elsewhere.example",
        },
        "pop": {"server": "ssl://pop.abc.com:995", "username": USER, "password": "secret"},
        "action": [{"id": 1234}],
    }
    async with mailsim.Lab(scenario) as lab:
        trust = ssl.create_default_context(cadata=lab.authority.decode())
        assert await lab.site.check_pop(tls=trust, addresses=lab.addresses)
        elsewhere = {("pop.else.example", 995): nobody}
        verdict = await lab.site.check_pop(addresses=elsewhere)
        assert verdict.cause is Cause.NAME_NOT_FOUND
        verdict = await lab.site.check_pop(addresses={("pop.abc.com", 110): nobody})
        assert verdict.cause is Cause.REFUSED

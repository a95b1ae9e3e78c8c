"""Check SMTP against servers that run: green, and every cause of red (R2.2, R2.3, R1.6, R1.7)."""

import base64
import hmac
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import pytest
import trustme

import mailsim
from mailsim.check.verdict import Cause, Step, Verdict
from mailsim.practice.site import Site
from tests.check.servers import (
    PASSWORD,
    Reader,
    Talk,
    Writer,
    saying,
    serving,
    silent,
    site_for,
    smtp_site,
    web,
)

pytestmark = pytest.mark.anyio
USER = "matters@abc.com"
Checked = Callable[..., Awaitable[Verdict]]
GREETING = b"220 smtp.abc.com ESMTP\r\n"


def host(
    said: Mapping[str, str] | None = None,
    *,
    offers: str = "AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2",
    heard: list[str] | None = None,
) -> Talk:
    """A server that takes all, but for the verbs in `said`, which it answers so."""
    answers = {"QUIT": "221 bye", "AUTH": "334 ", "(answer)": "235 welcome", **(said or {})}
    lines = [] if heard is None else heard

    async def talk(reader: Reader, writer: Writer) -> None:
        writer.write(GREETING)
        challenged = 0
        while line := (await reader.readline()).decode("latin-1").strip("\r\n"):
            lines.append(line)
            verb = "(answer)" if challenged else line.split()[0].upper()
            challenged = max(0, challenged - 1)
            if verb == "EHLO":
                writer.write(f"250-smtp.abc.com\r\n250-SIZE 1000\r\n250 {offers}\r\n".encode())
                continue
            answer = answers.get(verb, "250 ok")
            challenged += answer.startswith("334")
            writer.write(f"{answer}\r\n".encode())

    return talk


async def check(
    site: Site, port: int, *, named: int = 465, tls: ssl.SSLContext | None = None, seconds: float = 5
) -> Verdict:
    """The check of a site whose server is `smtp.abc.com:NAMED`, which is at that port of loopback."""
    addresses = {("smtp.abc.com", named): ("127.0.0.1", port), ("localhost", 587): ("127.0.0.1", port)}
    return await site.check_smtp(tls=tls, timeout=seconds, addresses=addresses)


@pytest.fixture(scope="session")
def secure(authority: trustme.CA) -> ssl.SSLContext:
    """The server's TLS, for its name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("smtp.abc.com").configure_cert(context)
    return context


@pytest.fixture
def checked(secure: ssl.SSLContext, trusted: ssl.SSLContext) -> Checked:
    """Check a server that talks so, with TLS from the first octet."""

    async def run(talk: Talk, authentication: str = "plain", seconds: float = 5) -> Verdict:
        async with serving(talk, secure) as port:
            site = smtp_site(465, authentication=authentication)
            return await check(site, port, tls=trusted, seconds=seconds)

    return run


@pytest.mark.parametrize(
    ("authentication", "answers"),
    [
        ("none", []),
        ("plain", [f"\0{USER}\0{PASSWORD}"]),
        ("login", [USER, PASSWORD]),
        ("xoauth2", [f"user={USER}\1auth=Bearer {PASSWORD}\1\1"]),
    ],
)
async def test_green_sends_no_message(checked: Checked, authentication: str, answers: list[str]) -> None:
    """The verbs said are those of R2.2, and every mechanism says its own."""
    heard: list[str] = []
    said = {"(answer)": "334 "} if authentication == "login" else {}
    talk = host(said, heard=heard)
    if authentication == "login":
        talk = _login_server(heard)
    verdict = await checked(talk, authentication)

    assert verdict.green, verdict
    verbs = ["EHLO localhost"]
    if authentication != "none":
        verbs.append(f"AUTH {authentication.upper()}")
    coded = [base64.b64encode(answer.encode()).decode() for answer in answers]
    assert heard == [*verbs, *coded, f"MAIL FROM:<{USER}>", "RSET", "QUIT"]


def _login_server(heard: list[str]) -> Talk:
    return _scripted(
        heard,
        GREETING,
        b"250-smtp.abc.com\r\n250 AUTH LOGIN\r\n",
        b"334 VXNlcm5hbWU6\r\n",
        b"334 UGFzc3dvcmQ6\r\n",
        b"235 welcome\r\n",
        b"250 ok\r\n",
        b"250 ok\r\n",
        b"221 bye\r\n",
    )


def _scripted(heard: list[str], *turns: bytes) -> Talk:
    async def talk(reader: Reader, writer: Writer) -> None:
        for turn in turns:
            writer.write(turn)
            if line := (await reader.readline()).decode().strip():
                heard.append(line)

    return talk


async def test_cram_md5_answers_the_challenge(checked: Checked) -> None:
    """RFC 2195: the digest of the challenge; the password itself is not sent."""
    heard: list[str] = []
    challenge = base64.b64encode(b"<1896.697170952@smtp.abc.com>").decode()
    verdict = await checked(host({"AUTH": f"334 {challenge}"}, heard=heard), "cram-md5")

    assert verdict.green
    digest = hmac.new(PASSWORD.encode(), b"<1896.697170952@smtp.abc.com>", "md5").hexdigest()
    assert base64.b64decode(heard[2]).decode() == f"{USER} {digest}"


@pytest.mark.parametrize(
    ("said", "authentication", "cause", "step"),
    [
        ({"(answer)": "535 5.7.8 bad credentials"}, "plain", Cause.WRONG_CREDENTIALS, Step.LOGIN),
        ({"(answer)": "534 5.7.9 app password"}, "plain", Cause.WRONG_CREDENTIALS, Step.LOGIN),
        ({"(answer)": "454 4.7.0 too many logins"}, "plain", Cause.LOGIN_DELAY, Step.LOGIN),
        ({"AUTH": "504 5.5.4 unknown"}, "plain", Cause.AUTHENTICATION_NOT_OFFERED, Step.LOGIN),
        ({"AUTH": "334 !"}, "cram-md5", Cause.NOT_A_SMTP_SERVER, Step.LOGIN),
        ({"MAIL": "550 5.7.1 not yours"}, "plain", Cause.SENDER_REFUSED, Step.SENDER),
        ({"MAIL": "451 4.3.0 later"}, "plain", Cause.SENDER_REFUSED, Step.SENDER),
        ({"MAIL": "530 5.7.0 log in first"}, "none", Cause.SENDER_REFUSED, Step.SENDER),
        ({"MAIL": "hello"}, "none", Cause.NOT_A_SMTP_SERVER, Step.SENDER),
        ({"MAIL": "\r\n".join(["250-more"] * 200)}, "none", Cause.NOT_A_SMTP_SERVER, Step.SENDER),
    ],
)
async def test_what_the_server_refuses(
    checked: Checked, said: dict[str, str], authentication: str, cause: Cause, step: Step
) -> None:
    """Login and sender told apart, by the reply's code."""
    verdict = await checked(host(said), authentication)
    assert (verdict.cause, verdict.step) == (cause, step)
    assert verdict.advice
    assert verdict.server == "smtp.abc.com:465"


@pytest.mark.parametrize(
    ("talk", "cause", "advice"),
    [
        (host({"MAIL": "451 4.3.0 later"}), Cause.SENDER_REFUSED, "puts it off for now: wait"),
        (saying(b"421 4.3.2 busy\r\n"), Cause.REFUSED, "puts it off for now: wait"),
        (
            saying(GREETING, b"250-smtp.abc.com\r\n250 AUTH PLAIN\r\n", b""),
            Cause.TIMEOUT,
            "fell silent: wait",
        ),
        (host(offers="HELP"), Cause.AUTHENTICATION_NOT_OFFERED, "takes no logins there: use"),
    ],
)
async def test_advice_is_of_the_cause(checked: Checked, talk: Talk, cause: Cause, advice: str) -> None:
    """What is put off, or stops in the middle, is no matter of the settings."""
    verdict = await checked(talk, seconds=0.7)
    assert verdict.cause is cause
    assert advice in verdict.advice


async def test_the_error_of_xoauth2_is_heard_out(checked: Checked) -> None:
    """The server tells it as a challenge, which an empty line answers."""
    heard: list[str] = []
    talk = _scripted(
        heard,
        GREETING,
        b"250-smtp.abc.com\r\n250 AUTH XOAUTH2\r\n",
        b"334 \r\n",
        b"334 eyJzdGF0dXMiOiI0MDAifQ==\r\n",
        b"535 5.7.8 no\r\n",
        b"",
    )
    verdict = await checked(talk, "xoauth2")
    assert (verdict.cause, verdict.message) == (Cause.WRONG_CREDENTIALS, "535 5.7.8 no")


async def test_a_mechanism_that_is_not_offered(checked: Checked) -> None:
    """What is offered is told; the password stays here."""
    heard: list[str] = []
    verdict = await checked(host(offers="AUTH=LOGIN", heard=heard), "cram-md5")
    assert (verdict.cause, verdict.message) == (Cause.AUTHENTICATION_NOT_OFFERED, "offered: LOGIN")
    assert heard == ["EHLO localhost"]
    verdict = await checked(host({"EHLO": "502 no"}, offers="HELP"))
    assert verdict.message == "offered: no authentication at all"


async def test_a_server_that_knows_only_helo(checked: Checked) -> None:
    """RFC 5321 section 3.2."""
    talk = saying(
        GREETING, b"502 what?\r\n", b"250 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"221 bye\r\n", b""
    )
    assert await checked(talk, "none")


@pytest.mark.parametrize(
    "echo",
    [
        PASSWORD,
        base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode(),
        base64.b64encode(PASSWORD.encode()).decode(),
    ],
)
async def test_a_secret_that_comes_back_is_masked(checked: Checked, echo: str) -> None:
    """As it is and as it was sent (R1.11)."""
    verdict = await checked(host({"(answer)": f"535 no: {echo}\x1b[0m"}))
    assert verdict.cause is Cause.WRONG_CREDENTIALS
    assert echo not in str(verdict.as_json()) + str(verdict) + repr(verdict) + verdict._repr_html_()
    assert "***" in verdict.message
    assert verdict.message.isprintable()


# STARTTLS


async def test_starttls(trusted: ssl.SSLContext) -> None:
    """Against the Lab: named as in the settings, green without a message."""
    scenario = {
        "mailbox": {
            "type": "catch-all",
            "default_sender": USER,
            "fallback_address": "help@elsewhere.example",
        },
        "smtp": {
            "server": "smtp.abc.com",
            "port": 587,
            "authentication": "plain",
            "username": USER,
            "password": "secret",
        },
    }
    async with mailsim.Lab(scenario) as lab:
        trust = ssl.create_default_context(cadata=lab.authority.decode())
        verdict = await lab.site.check_smtp(tls=trust, addresses=lab.addresses)
        stranger = await lab.site.check_smtp(tls=trusted, addresses=lab.addresses)
        assert len(lab.trace) == 0
    assert verdict.green, verdict
    assert verdict.server == "smtp.abc.com:587"
    assert (stranger.cause, stranger.step) == (Cause.CERTIFICATE_UNTRUSTED, Step.TLS)


async def test_starttls_that_is_not_offered() -> None:
    """No password goes over a line that anyone reads; without a password none is needed."""
    heard: list[str] = []
    async with serving(host(heard=heard)) as port:
        verdict = await check(smtp_site(587), port, named=587)
        assert (verdict.cause, verdict.step) == (Cause.TLS_TO_PLAIN, Step.TLS)
        assert heard == ["EHLO localhost"]
        assert await check(smtp_site(587, authentication="none"), port, named=587)


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (b"454 4.7.0 not now\r\n", Cause.REFUSED),
        (b"220 go\r\nnot TLS at all\r\n", Cause.NOT_A_SMTP_SERVER),
    ],
)
async def test_starttls_that_fails(answer: bytes, cause: Cause) -> None:
    """Refused; or with words slipped in before TLS (RFC 3207 section 6)."""
    talk = saying(GREETING, b"250-smtp.abc.com\r\n250 STARTTLS\r\n", answer, b"")
    async with serving(talk) as port:
        verdict = await check(smtp_site(587), port, named=587)
    assert (verdict.cause, verdict.step) == (cause, Step.TLS)


# Who answers


@pytest.mark.parametrize(
    ("certificate", "cause"),
    [
        ("expired", Cause.CERTIFICATE_EXPIRED),
        ("wrong-host", Cause.CERTIFICATE_WRONG_HOST),
        ("untrusted", Cause.CERTIFICATE_UNTRUSTED),
    ],
)
async def test_certificates(
    certificates: dict[str, ssl.SSLContext], trusted: ssl.SSLContext, certificate: str, cause: Cause
) -> None:
    """Expired, for another host, not trusted."""
    async with serving(host(), certificates[certificate]) as port:
        verdict = await check(smtp_site(465), port, tls=trusted)
    assert (verdict.cause, verdict.step) == (cause, Step.TLS)


async def test_tls_to_a_plain_port() -> None:
    """Port 465 without TLS."""
    async with serving(host()) as port:
        verdict = await check(smtp_site(465), port)
    assert verdict.cause is Cause.TLS_TO_PLAIN


async def test_a_plain_line_to_a_tls_port(secure: ssl.SSLContext) -> None:
    """Port 587 with TLS from the first octet."""
    async with serving(host(), secure) as port:
        verdict = await check(smtp_site(587), port, named=587, seconds=1)
    assert verdict.cause is Cause.PLAIN_TO_TLS
    assert "465" in verdict.advice


@pytest.mark.parametrize(
    ("talk", "name"),
    [
        (saying(b"* OK IMAP4rev1\r\n", b""), "IMAP"),
        (saying(b"+OK POP3\r\n", b""), "POP3"),
        (web, "HTTP"),
    ],
)
@pytest.mark.parametrize("port", [465, 587])
async def test_another_kind_of_server_is_named(talk: Talk, name: str, port: int) -> None:
    """Each on a port where SMTP is meant."""
    async with serving(talk) as where:
        verdict = await check(smtp_site(port), where, named=port, seconds=1)
    assert verdict.cause is Cause.NOT_A_SMTP_SERVER
    assert f"a server of {name} answers there" in verdict.advice


async def test_a_server_of_ftp_is_none_of_smtp() -> None:
    """Both begin with 220 (RFC 959 section 4.2)."""
    async with serving(saying(b"220 ProFTPD ready\r\n", b"")) as port:
        verdict = await check(smtp_site(587), port, named=587)
    assert verdict.cause is Cause.NOT_A_SMTP_SERVER


async def test_silence_refusal_and_nobody(nobody: tuple[str, int]) -> None:
    """Three ways to get no further than the connection."""
    async with serving(silent) as port:
        verdict = await check(smtp_site(587), port, named=587, seconds=0.5)
    assert (verdict.cause, verdict.step) == (Cause.TIMEOUT, Step.GREETING)
    async with serving(saying(b"554 5.7.1 no mail from you\r\n", b"")) as port:
        verdict = await check(smtp_site(587), port, named=587)
    assert (verdict.cause, verdict.step) == (Cause.REFUSED, Step.GREETING)
    verdict = await check(smtp_site(587), nobody[1], named=587)
    assert (verdict.cause, verdict.step) == (Cause.REFUSED, Step.CONNECT)
    verdict = await check(smtp_site(587, host="smtp.else.example"), nobody[1], named=587)
    assert (verdict.cause, verdict.step) == (Cause.NAME_NOT_FOUND, Step.RESOLVE)


# Settings


async def test_port_25_is_refused_before_any_connection() -> None:
    """However the settings came to be (R1.6): nobody hears anything."""
    heard: list[str] = []
    site = smtp_site(587)
    assert site.settings.smtp is not None
    table = site.settings.smtp.model_copy(update={"port": 25})
    forced = replace(site, settings=site.settings.model_copy(update={"smtp": table}))
    async with serving(host(heard=heard)) as port:
        verdict = await check(forced, port, named=25)
    assert (verdict.cause, verdict.step) == (Cause.PORT_25, Step.SETTINGS)
    assert "587" in verdict.advice
    assert heard == []


async def test_settings_that_lack_something() -> None:
    """All that is missing is told."""
    verdict = await site_for(smtp={"server": "smtp.abc.com"}).check_smtp()
    assert verdict.cause is Cause.SETTINGS
    assert "smtp.port" in verdict.message


async def test_localhost_is_the_systems_own_server() -> None:
    """Green where one runs, without TLS and login; red, with what it means, where none does (R1.7)."""
    heard: list[str] = []
    site = site_for(smtp={"server": "localhost"})
    async with serving(host(heard=heard)) as port:
        assert await check(site, port)
    assert heard == ["EHLO localhost", f"MAIL FROM:<{USER}>", "RSET", "QUIT"]
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    verdict = await check(site, port)
    assert verdict.cause is Cause.REFUSED
    assert "the system's own SMTP server" in verdict.advice


async def test_a_sender_that_smtp_cannot_carry() -> None:
    """It is never offered."""
    site = smtp_site(587, authentication="none")
    odd = mailsim.Address("a\r\nRSET", "abc.com")
    async with serving(host()) as port:
        verdict = await check(replace(site, rules=replace(site.rules, system=odd)), port, named=587)
    assert (verdict.cause, verdict.step) == (Cause.SETTINGS, Step.SENDER)


@pytest.mark.parametrize("authentication", ["plain", "login", "cram-md5", "xoauth2"])
async def test_against_a_lab(authentication: str) -> None:
    """A server that runs, by every mechanism; the wrong secret is told, and what only a message would find out."""
    smtp = {"server": "smtp.abc.com", "port": 587, "authentication": authentication, "username": USER}
    scenario: dict[str, object] = {
        "mailbox": {
            "type": "catch-all",
            "default_sender": USER,
            "fallback_address": "help@elsewhere.example",
        },
        "smtp": smtp | {"password": PASSWORD},
    }
    async with mailsim.Lab(scenario) as lab:
        trust = ssl.create_default_context(cadata=lab.authority.decode())
        verdict = await lab.site.check_smtp(tls=trust, addresses=lab.addresses)
        assert verdict
        assert "`mailsim probe` tells" in verdict.advice
        wrong = site_for(smtp=smtp | {"password": "wrong"})
        verdict = await wrong.check_smtp(tls=trust, addresses=lab.addresses)
        assert (verdict.cause, verdict.step) == (Cause.WRONG_CREDENTIALS, Step.LOGIN)
        assert "wrong" not in verdict.message
        assert lab.waiting() == []
    assert {event.step for event in lab.trace} == set()

"""The checks against Dovecot and Postfix: green, and red for the right cause (R2.1-R2.3)."""

import ssl
from collections.abc import Iterator
from poplib import POP3

import pytest

from mailsim.check.verdict import Cause, Step
from mailsim.practice.site import Site, read_site
from tests.interop.dovecot import Dovecot
from tests.interop.postfix import Postfix

pytestmark = [pytest.mark.peers, pytest.mark.anyio]
USER, PASSWORD = "matters", "secret-of-matters"
LETTER = b"From: jane@client.example\r\n\r\nYes.\r\n"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Tests of coroutines run on asyncio."""
    return "asyncio"


OWNERS = {
    "smtpd_sender_restrictions": "reject_sender_login_mismatch",
    "smtpd_sender_login_maps": "inline:{ matters@abc.com=matters, boss@abc.com=boss }",
}


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    """A pair in which each sender belongs to one account."""
    with Postfix("abc.com", USER, PASSWORD, OWNERS) as pair:
        yield pair


def site(
    pop: str = "tcp://127.0.0.1",
    port: int = 587,
    *,
    sender: str = "matters@abc.com",
    password: str = PASSWORD,
    authentication: str = "plain",
) -> Site:
    login = {"username": USER, "password": password}
    return read_site(
        {
            "mailbox": {
                "type": "catch-all",
                "default_sender": sender,
                "fallback_address": "help@elsewhere.example",
            },
            "smtp": {"server": "127.0.0.1", "port": port, "authentication": authentication, **login},
            "pop": {"server": pop, **login},
        }
    )


def trust(dovecot: Dovecot) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=dovecot.ca)


async def test_pop_is_green_and_leaves_mail_alone(postfix: Postfix) -> None:
    """Plain and over TLS; Dovecot marks what is retrieved, and nothing is."""
    dovecot = postfix.dovecot
    dovecot.fill(USER, [LETTER])
    before = sorted(path.name for path in (dovecot.home / "mail" / USER).rglob("*,S=*"))
    assert await site(f"tcp://127.0.0.1:{dovecot.port}").check_pop()
    assert await site(f"ssl://localhost:{dovecot.tls_port}").check_pop(tls=trust(dovecot))
    assert dovecot.messages(USER) == [LETTER]
    assert sorted(path.name for path in (dovecot.home / "mail" / USER).rglob("*,S=*")) == before


@pytest.mark.parametrize(
    ("server", "trusting", "password", "cause"),
    [
        ("tcp://127.0.0.1:110", True, "not-the-password", Cause.WRONG_CREDENTIALS),
        ("ssl://localhost:995", False, PASSWORD, Cause.CERTIFICATE_UNTRUSTED),
        ("ssl://pop.abc.com:995", True, PASSWORD, Cause.CERTIFICATE_WRONG_HOST),
        ("ssl://localhost:110", True, PASSWORD, Cause.TLS_TO_PLAIN),
        ("tcp://127.0.0.1:995", True, PASSWORD, Cause.PLAIN_TO_TLS),
    ],
)
async def test_pop_is_red(
    postfix: Postfix, server: str, *, trusting: bool, password: str, cause: Cause
) -> None:
    """Each by Dovecot's own answer; the usual ports lead to its own."""
    dovecot = postfix.dovecot
    ports = {110: dovecot.port, 995: dovecot.tls_port}
    names = ("127.0.0.1", "localhost", "pop.abc.com")
    where = {(name, port): ("127.0.0.1", to) for name in names for port, to in ports.items()}
    checked = site(server, password=password)
    verdict = await checked.check_pop(tls=trust(dovecot) if trusting else None, timeout=8, addresses=where)
    assert verdict.cause is cause, verdict
    assert password not in str(verdict)


async def test_a_mailbox_in_use_is_locked(postfix: Postfix) -> None:
    """Dovecot waits for the other session, and then says [IN-USE]."""
    other = POP3("127.0.0.1", postfix.dovecot.port)
    other.user(USER)
    other.pass_(PASSWORD)
    try:
        verdict = await site(f"tcp://127.0.0.1:{postfix.dovecot.port}").check_pop(timeout=20)
    finally:
        other.quit()
    assert verdict.cause is Cause.MAILBOX_LOCKED, verdict


@pytest.mark.parametrize("authentication", ["plain", "login", "cram-md5"])
async def test_smtp_is_green(postfix: Postfix, authentication: str) -> None:
    """With STARTTLS, and with TLS from the first octet as on port 465; no message comes of it."""
    tls = trust(postfix.dovecot)
    postfix.dovecot.fill(USER, [])
    assert await site(port=postfix.port, authentication=authentication).check_smtp(tls=tls)
    where = {("127.0.0.1", 465): ("127.0.0.1", postfix.tls_port)}
    implicit = site(port=465, authentication=authentication)
    assert await implicit.check_smtp(tls=tls, addresses=where)
    assert postfix.dovecot.messages(USER) == []


@pytest.mark.parametrize(
    ("change", "cause", "step"),
    [
        ({"password": "not-the-password"}, Cause.WRONG_CREDENTIALS, Step.LOGIN),
        ({"authentication": "xoauth2"}, Cause.AUTHENTICATION_NOT_OFFERED, Step.LOGIN),
    ],
)
async def test_smtp_is_red(postfix: Postfix, change: dict[str, str], cause: Cause, step: Step) -> None:
    """By Postfix's own answer."""
    verdict = await site(port=postfix.port, **change).check_smtp(tls=trust(postfix.dovecot))
    assert (verdict.cause, verdict.step) == (cause, step), verdict


async def test_smtp_certificates_and_ports(postfix: Postfix) -> None:
    """Not trusted; TLS to the port of STARTTLS, and the reverse; a POP server instead."""
    tls = trust(postfix.dovecot)
    assert (await site(port=postfix.port).check_smtp()).cause is Cause.CERTIFICATE_UNTRUSTED
    where = {("127.0.0.1", 465): ("127.0.0.1", postfix.port)}
    assert (await site(port=465).check_smtp(tls=tls, addresses=where)).cause is Cause.TLS_TO_PLAIN
    verdict = await site(port=postfix.tls_port).check_smtp(tls=tls, timeout=4)
    assert verdict.cause is Cause.PLAIN_TO_TLS
    verdict = await site(port=postfix.dovecot.port).check_smtp(tls=tls)
    assert verdict.cause is Cause.NOT_A_SMTP_SERVER
    assert "POP3" in verdict.advice
    verdict = await site(f"tcp://127.0.0.1:{postfix.port}").check_pop()
    assert verdict.cause is Cause.NOT_A_POP_SERVER
    assert "SMTP" in verdict.advice


async def test_a_sender_of_somebody_else(postfix: Postfix) -> None:
    """Postfix tells at RCPT, which a check never says (R2.2), unless it is set to tell at once."""
    boss = "boss@abc.com"
    assert await site(port=postfix.port, sender=boss).check_smtp(tls=trust(postfix.dovecot))
    with Postfix("abc.com", USER, PASSWORD, OWNERS | {"smtpd_delay_reject": "no"}) as hasty:
        verdict = await site(port=hasty.port, sender=boss).check_smtp(tls=trust(hasty.dovecot))
    assert (verdict.cause, verdict.step) == (Cause.SENDER_REFUSED, Step.SENDER)
    assert "not owned by user matters" in verdict.message

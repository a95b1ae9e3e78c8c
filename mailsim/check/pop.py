"""Check POP: connect, TLS as set, greeting, log in, QUIT - nothing is listed, retrieved or deleted (R2.1, RFC 1939)."""

import ssl

import anyio

from mailsim.check.advice import advice_for
from mailsim.check.causes import Seen, Trouble
from mailsim.check.link import Addresses, Place, Stopped
from mailsim.check.pop_session import PopSession
from mailsim.check.settings import red_settings
from mailsim.check.verdict import Cause, Check, Step, Verdict
from mailsim.practice.faults import SiteError
from mailsim.practice.site import Site
from mailsim.words import shown_words

TIMEOUT = 10.0
"""Seconds for all of a check."""
_IMAP = 993


async def check_pop(
    site: Site,
    *,
    tls: ssl.SSLContext | None = None,
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - it is the result that tells of it
    addresses: Addresses | None = None,
) -> Verdict:
    """Whether the practice can log in to its POP3 server; changes nothing there, and never raises for what it finds.

    Args:
        site: The practice.
        tls: Whom to trust, where the settings say `ssl://`; the system's authorities when not given.
        timeout: Seconds, for all of it.
        addresses: Where names and ports lead, such as `lab.addresses`; the DNS when not given.
    """
    try:
        account = site.pop_account()
    except SiteError as error:
        return red_settings(Check.POP, error.faults)
    server = str(account.server)
    if account.server.port == _IMAP:  # a settings object may have come to be without being read (R1.5)
        seen = Seen(check=Check.POP, step=Step.SETTINGS, trouble=Trouble.UNSPEAKABLE)
        advice = advice_for(Cause.PORT_993, seen)
        return Verdict(
            check=Check.POP, step=Step.SETTINGS, cause=Cause.PORT_993, server=server, advice=advice
        )
    session = PopSession(account, Place(account.server.host, account.server.port, addresses))
    try:
        until = anyio.current_time() + timeout
        try:
            welcome = await session.open(tls or ssl.create_default_context(), until)
            await session.leave(until)
        finally:
            await session.close()
    except Stopped as stopped:
        return session.red(stopped)
    message = shown_words(welcome, secrets=(account.password.get_secret_value(),))
    return Verdict(check=Check.POP, step=Step.QUIT, server=server, message=message)

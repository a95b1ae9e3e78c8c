"""Check POP: connect, TLS as set, greeting, log in, QUIT - nothing is listed, retrieved or deleted (R2.1, RFC 1939)."""

import ssl

import anyio

from mailsim.check.advice import advice_for
from mailsim.check.causes import Answer, Protocol, Seen, Trouble, cause_of, recognised
from mailsim.check.link import Addresses, Link, Place, Stopped, greeted, opened, secured
from mailsim.check.settings import red_settings
from mailsim.check.verdict import Cause, Check, Step, Verdict
from mailsim.check.words import shown_words
from mailsim.pop3.client import Client, ProtocolError, Response, capabilities
from mailsim.practice.account import PopAccount
from mailsim.practice.faults import SiteError
from mailsim.practice.site import Site

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
    check = _Login(account, Place(account.server.host, account.server.port, addresses))
    return await check.verdict(tls or ssl.create_default_context(), anyio.current_time() + timeout)


class _Login:
    """One check under way."""

    def __init__(self, account: PopAccount, place: Place) -> None:
        self._account = account
        self._password = account.password.get_secret_value()
        self._place = place
        self._step = Step.CONNECT
        self._client = Client(body_limit=64 * 1024)

    async def verdict(self, context: ssl.SSLContext, until: float) -> Verdict:
        server, secrets = str(self._account.server), (self._password,)
        try:
            welcome = await self._session(context, until)
        except Stopped as stopped:
            said = shown_words(stopped.said, secrets=secrets)
            step = stopped.step or self._step
            seen = Seen(
                check=Check.POP,
                step=step,
                trouble=stopped.trouble,
                tls=self._account.server.tls,
                said=said,
                code=stopped.code,
                answer=stopped.answer,
            )
            cause = cause_of(seen)
            return Verdict(
                check=Check.POP,
                step=step,
                cause=cause,
                server=server,
                message=said,
                advice=advice_for(cause, seen),
            )
        message = shown_words(welcome, secrets=secrets)
        return Verdict(check=Check.POP, step=Step.QUIT, server=server, message=message)

    async def _session(self, context: ssl.SSLContext, until: float) -> str:
        """Log in and out; what the server said to the login. Raises Stopped."""
        link = await opened(self._place, until)
        try:
            if self._account.server.tls:
                self._step = Step.TLS
                await secured(link, self._place, context, until)
            self._step = Step.GREETING
            await self._greeting(link, until)
            self._step = Step.LOGIN
            welcome = await self._log_in(link, until)
            self._step = Step.QUIT
            await self._leave(link, until)
        finally:
            await link.close()
        return welcome

    async def _greeting(self, link: Link, until: float) -> None:
        tls = self._account.server.tls
        words = await greeted(link, self._place, until, tls=tls)
        protocol = recognised(words)
        if protocol is not Protocol.POP3:
            raise Stopped(Trouble.STRANGE, words, answer=Answer(protocol, tls))
        [response] = self._client.receive(words)
        _demand(response)

    async def _log_in(self, link: Link, until: float) -> str:
        try:
            user = self._client.user(self._account.username)
            response = await self._ask(link, user, until)
            if response.ok:
                response = await self._ask(link, self._client.password(self._password), until)
        except ProtocolError as error:
            raise Stopped(Trouble.UNSPEAKABLE, str(error)) from None
        if not response.ok and response.code in {None, "AUTH"} and await self._takes_no_password(link, until):
            raise Stopped(Trouble.NO_MECHANISM, _told(response))
        _demand(response)
        return _told(response)

    async def _takes_no_password(self, link: Link, until: float) -> bool:
        """Whether the server says that USER and PASS are not for this connection (RFC 2449 section 6.3)."""
        try:
            response = await self._ask(link, self._client.capa(), until)
        except Stopped:
            return False
        offered = capabilities(response.body) if response.ok and response.body else None
        return offered is not None and "USER" not in offered

    async def _leave(self, link: Link, until: float) -> None:
        """Say QUIT; whether the server answers makes no difference any more."""
        try:
            await self._ask(link, self._client.quit(), until)
        except Stopped:
            return

    async def _ask(self, link: Link, command: bytes, until: float) -> Response:
        await link.say(command, until)
        while True:
            octets = await link.more(until)
            if responses := self._client.receive(octets):
                return responses[0]
            if self._client.broken is not None:
                raise Stopped(Trouble.STRANGE, octets)


def _demand(response: Response) -> None:
    if not response.ok:
        raise Stopped(Trouble.REFUSAL, _told(response), code=response.code or "")


def _told(response: Response) -> str:
    code = f"[{response.code}] " if response.code else ""
    return f"{'+OK' if response.ok else '-ERR'} {code}{response.text}"

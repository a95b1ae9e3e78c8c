"""A session of a check at a POP3 server: the client's machine over a `Link`, and the red verdict when it stops."""

import ssl

from mailsim.check.advice import advice_for
from mailsim.check.causes import Answer, Protocol, Seen, Trouble, cause_of, recognised
from mailsim.check.link import Link, Place, Stopped, greeted, opened, secured, share
from mailsim.check.verdict import Check, Step, Verdict
from mailsim.pop3.client import Client, ProtocolError, Response, capabilities
from mailsim.practice.account import PopAccount
from mailsim.words import shown_words

_MOST = 4 * 1024 * 1024
"""Octets of one response."""


class PopSession:
    """One session, used once; whatever stops it is `Stopped`, and `red` says what that means."""

    def __init__(self, account: PopAccount, place: Place) -> None:
        self.client = Client(body_limit=_MOST)
        self._account = account
        self._password = account.password.get_secret_value()
        self._place = place
        self._step = Step.CONNECT
        self._link: Link | None = None

    async def open(self, context: ssl.SSLContext, until: float) -> str:
        """Connect and log in; what the server said to the login. Raises Stopped."""
        self._link = link = await opened(self._place, until)
        tls = self._account.server.tls
        if tls:
            self._step = Step.TLS
            await secured(link, self._place, context, until)
        self._step = Step.GREETING
        words = await greeted(link, self._place, until, tls=tls)
        protocol = recognised(words)
        if protocol is not Protocol.POP3:
            raise Stopped(Trouble.STRANGE, words, answer=Answer(protocol, tls))
        responses = self.client.receive(words)
        if not responses:
            raise Stopped(Trouble.STRANGE, words)
        demand(responses[0])
        self._step = Step.LOGIN
        return await self._log_in(until)

    async def _log_in(self, until: float) -> str:
        try:
            response = await self.ask(self.client.user(self._account.username), until)
            if response.ok:
                response = await self.ask(self.client.password(self._password), until)
        except ProtocolError as error:
            raise Stopped(Trouble.UNSPEAKABLE, str(error)) from None
        unclear = not response.ok and response.code in {None, "AUTH"}
        if unclear and await self._takes_no_password(share(until)):
            raise Stopped(Trouble.NO_MECHANISM, _told(response))
        demand(response)
        return _told(response)

    async def _takes_no_password(self, until: float) -> bool:
        """Whether the server says that USER and PASS are not for this connection (RFC 2449 section 6.3)."""
        try:
            response = await self.ask(self.client.capa(), until)
        except Stopped:
            return False
        offered = capabilities(response.body) if response.ok and response.body else None
        return offered is not None and "USER" not in offered

    async def ask(self, command: bytes, until: float) -> Response:
        """Send one command and return its response, good or bad; raises Stopped."""
        link = self._link
        if link is None:
            raise Stopped(Trouble.CLOSED)
        await link.say(command, until)
        while True:
            octets = await link.more(until)
            if responses := self.client.receive(octets):
                return responses[0]
            if self.client.broken is not None:
                raise Stopped(Trouble.STRANGE, octets)

    async def leave(self, until: float) -> bool:
        """Say QUIT; whether the server confirmed it."""
        self._step = Step.QUIT
        try:
            return (await self.ask(self.client.quit(), until)).ok
        except Stopped:
            return False

    async def close(self) -> None:
        """Let go of the connection; without QUIT before, the server removes nothing (RFC 1939 section 6)."""
        if self._link is not None:
            await self._link.close()

    def red(self, stopped: Stopped) -> Verdict:
        """What it means that the session stopped."""
        said = shown_words(stopped.said, secrets=(self._password,))
        seen = Seen(
            check=Check.POP,
            step=stopped.step or self._step,
            trouble=stopped.trouble,
            tls=self._account.server.tls,
            said=said,
            code=stopped.code,
            answer=stopped.answer,
        )
        cause = cause_of(seen)
        return Verdict(
            check=Check.POP,
            step=seen.step,
            cause=cause,
            server=str(self._account.server),
            message=said,
            advice=advice_for(cause, seen),
        )


def demand(response: Response) -> Response:
    """A response that must be +OK; raises Stopped."""
    if not response.ok:
        raise Stopped(Trouble.REFUSAL, _told(response), code=response.code or "")
    return response


def _told(response: Response) -> str:
    code = f"[{response.code}] " if response.code else ""
    return f"{'+OK' if response.ok else '-ERR'} {code}{response.text}"

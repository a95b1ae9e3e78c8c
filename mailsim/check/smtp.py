"""Check SMTP: connect, secure, authenticate, MAIL FROM the default sender, RSET, QUIT - never a message (R2.2, RFC 5321).

The connection is secured as the settings say: port 465 is TLS from the first octet (RFC 8314), any other port
STARTTLS (RFC 3207), which must be offered where a password is to be sent. `localhost` is the system's own server
(R1.7): nothing secures it, nobody logs in, and it is green when one runs on this computer and takes the sender.

Not by aiosmtplib: it keeps neither the octets of a stranger's greeting nor how TLS failed, which tell causes apart.
"""

import hmac
import ssl
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterator
from dataclasses import replace

import anyio

from mailsim.check.advice import advice_for
from mailsim.check.beyond import beyond
from mailsim.check.causes import Answer, Protocol, Seen, Trouble, cause_of, recognised
from mailsim.check.link import Addresses, Link, Place, Stopped, greeted, opened, secured
from mailsim.check.settings import red_settings
from mailsim.check.verdict import Cause, Check, Step, Verdict
from mailsim.mail import Address, Reply
from mailsim.practice.account import SmtpAccount
from mailsim.practice.faults import SiteError
from mailsim.practice.server_address import ServerAddressError, check_smtp_port
from mailsim.practice.settings import Authentication
from mailsim.practice.site import Site
from mailsim.smtp.backend import Tls
from mailsim.smtp.submission import security_of
from mailsim.smtp.transmission import path_of
from mailsim.words import shown_words

TIMEOUT = 10.0
"""Seconds for all of a check."""
_MOST_LINES = 100
"""Of one reply."""
_LOCAL_NAME = "localhost"
_Answering = Callable[[str], str]


async def check_smtp(
    site: Site,
    *,
    tls: ssl.SSLContext | None = None,
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - it is the result that tells of it
    addresses: Addresses | None = None,
) -> Verdict:
    """Whether the practice could send through its SMTP server; sends nothing, and never raises for what it finds.

    Args:
        site: The practice.
        tls: Whom to trust; the system's authorities when not given.
        timeout: Seconds, for all of it.
        addresses: Where names and ports lead, such as `lab.addresses`; the DNS when not given.
    """
    try:
        account = site.smtp_account()
        check_smtp_port(account.port)
    except SiteError as error:
        return red_settings(Check.SMTP, error.faults)
    except ServerAddressError as error:  # a settings object may have come to be without being read (R1.6)
        return Verdict(
            check=Check.SMTP,
            step=Step.SETTINGS,
            cause=Cause.PORT_25 if account.port == 25 else Cause.SETTINGS,
            server=f"{account.server}:{account.port}",
            message=error.allowed,
            advice=error.fix,
        )
    check = _Submission(account, site.rules.system, Place(account.server, account.port, addresses))
    verdict = await check.verdict(tls or ssl.create_default_context(), anyio.current_time() + timeout)
    return replace(verdict, advice=beyond(site, account)) if verdict else verdict


class _Submission:
    """One check under way."""

    def __init__(self, account: SmtpAccount, sender: Address, place: Place) -> None:
        self._account = account
        self._password = account.password.get_secret_value()
        self._sender = sender
        self._place = place
        self._tls = security_of(account)
        self._step = Step.CONNECT
        self._secrets: tuple[str, ...] = (self._password,)

    async def verdict(self, context: ssl.SSLContext, until: float) -> Verdict:
        account = self._account
        host = f"[{account.server}]" if ":" in account.server else account.server
        server = f"{host}:{account.port}"
        try:
            accepted = await self._session(context, until)
        except Stopped as stopped:
            said = shown_words(stopped.said, secrets=self._secrets)
            step = stopped.step or self._step
            seen = Seen(
                check=Check.SMTP,
                step=step,
                trouble=stopped.trouble,
                tls=self._tls is Tls.IMPLICIT,
                said=said,
                code=stopped.code,
                answer=stopped.answer,
            )
            cause = cause_of(seen)
            advice = advice_for(cause, seen, own=account.own)
            return Verdict(
                check=Check.SMTP, step=step, cause=cause, server=server, message=said, advice=advice
            )
        message = shown_words(str(accepted), secrets=self._secrets)
        return Verdict(check=Check.SMTP, step=Step.QUIT, server=server, message=message)

    async def _session(self, context: ssl.SSLContext, until: float) -> Reply:
        """All of the dialogue; what the server said to the sender. Raises Stopped."""
        link = await opened(self._place, until)
        try:
            offered = await self._opening(link, context, until)
            self._step = Step.LOGIN
            await self._log_in(link, offered, until)
            self._step = Step.SENDER
            accepted = await self._offer_sender(link, until)
            self._step = Step.QUIT
            await _leave(link, until)
        finally:
            await link.close()
        return accepted

    async def _opening(self, link: Link, context: ssl.SSLContext, until: float) -> dict[str, list[str]]:
        """Up to a connection that is as safe as it is set; the extensions offered there."""
        if self._tls is Tls.IMPLICIT:
            self._step = Step.TLS
            await secured(link, self._place, context, until)
        self._step = Step.GREETING
        await self._greeting(link, until)
        offered = await _hello(link, until)
        if self._tls is not Tls.STARTTLS:
            return offered
        self._step = Step.TLS
        if "STARTTLS" not in offered:
            if self._account.authentication is Authentication.NONE:
                return offered  # no secret to guard
            raise Stopped(Trouble.NO_STARTTLS, "STARTTLS is not offered")
        _demand(await _ask(link, "STARTTLS", until))
        await link.secure(context, self._place.name, until)
        return await _hello(link, until)

    async def _greeting(self, link: Link, until: float) -> None:
        tls = self._tls is Tls.IMPLICIT
        words = await greeted(link, self._place, until, tls=tls)
        protocol = recognised(words)
        if protocol is not Protocol.SMTP:
            raise Stopped(Trouble.STRANGE, words, answer=Answer(protocol, tls))
        _demand(await _reply(link, until, first=words))

    async def _log_in(self, link: Link, offered: dict[str, list[str]], until: float) -> None:
        """AUTH (RFC 4954), by the one mechanism that is set."""
        mechanism = self._account.authentication
        if mechanism is Authentication.NONE:
            return
        mechanisms = offered.get("AUTH", [])
        if mechanism.upper() not in mechanisms:
            if not mechanisms:
                raise Stopped(Trouble.NO_AUTHENTICATION, "offered: no authentication at all")
            raise Stopped(Trouble.NO_MECHANISM, f"offered: {', '.join(mechanisms)}")
        reply = await _ask(link, f"AUTH {mechanism.upper()}", until)
        for answer in self._answers(mechanism):
            if reply.code != 334:
                break
            reply = await _ask(link, self._kept(answer(reply.text)), until)
        if reply.code == 334 and mechanism is Authentication.XOAUTH2:  # the error in JSON, to be confirmed
            reply = await _ask(link, "", until)
        _demand(reply)

    def _answers(self, mechanism: Authentication) -> Iterator[_Answering]:
        """What answers each challenge of the server, in base64."""
        name, password = self._account.username, self._password
        if mechanism is Authentication.PLAIN:  # RFC 4616
            yield lambda _: _coded(f"\0{name}\0{password}".encode())
        elif mechanism is Authentication.XOAUTH2:
            yield lambda _: _coded(f"user={name}\1auth=Bearer {password}\1\1".encode())
        elif mechanism is Authentication.CRAM_MD5:  # RFC 2195
            yield lambda challenge: _digested(name, password, challenge)
        else:
            yield lambda _: _coded(name.encode())
            yield lambda _: _coded(password.encode())

    def _kept(self, answer: str) -> str:
        """The answer; it is a secret from now on, as what it is made of."""
        self._secrets = (*self._secrets, answer)
        return answer

    async def _offer_sender(self, link: Link, until: float) -> Reply:
        path = path_of(self._sender)
        if path is None:
            raise Stopped(Trouble.UNSPEAKABLE, "mailbox.default_sender is no address that SMTP can carry")
        reply = await _ask(link, f"MAIL FROM:<{path}>" + ("" if path.isascii() else " SMTPUTF8"), until)
        _demand(reply)
        return reply


async def _leave(link: Link, until: float) -> None:
    """RSET and QUIT; whether the server answers makes no difference any more."""
    try:
        await _ask(link, "RSET", until)
        await _ask(link, "QUIT", until)
    except Stopped:
        return


async def _hello(link: Link, until: float) -> dict[str, list[str]]:
    """The extensions that EHLO tells, with their parameters; none where only HELO is known (RFC 5321 section 3.2)."""
    reply = await _ask(link, f"EHLO {_LOCAL_NAME}", until)
    if not reply.accepted:
        _demand(await _ask(link, f"HELO {_LOCAL_NAME}", until))
        return {}
    offered: dict[str, list[str]] = {}
    for line in reply.text.upper().replace("AUTH=", "AUTH ").split("\n")[1:]:
        keyword, *words = line.split() or [""]
        offered.setdefault(keyword, []).extend(words)
    return offered


async def _ask(link: Link, command: str, until: float) -> Reply:
    await link.say(command.encode() + b"\r\n", until)
    return await _reply(link, until)


async def _reply(link: Link, until: float, *, first: bytes = b"") -> Reply:
    """One reply, of one line or several (RFC 5321 section 4.2.1); raises Stopped."""
    texts = []
    for _ in range(_MOST_LINES):
        line = (first or await link.line(until)).rstrip(b"\r\n")
        first = b""
        code, more = line[:3], line[3:4]
        if not (code.isdigit() and more in (b"", b" ", b"-")):
            raise Stopped(Trouble.STRANGE, line)
        texts.append(line[4:].decode("utf-8", "replace"))
        if more != b"-":
            return Reply.parse(int(code), "\n".join(texts))
    raise Stopped(Trouble.STRANGE, "\n".join(texts))


def _demand(reply: Reply) -> None:
    if not 200 <= reply.code < 300:
        raise Stopped(Trouble.REFUSAL, str(reply), code=str(reply.code))


def _coded(octets: bytes) -> str:
    return b64encode(octets).decode()


def _digested(name: str, password: str, challenge: str) -> str:
    try:
        octets = b64decode(challenge, validate=True)
    except (NotBase64, ValueError) as error:
        raise Stopped(Trouble.STRANGE, challenge) from error
    digest = hmac.new(password.encode(), octets, "md5").hexdigest()
    return _coded(f"{name} {digest}".encode())

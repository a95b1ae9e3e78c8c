"""The probe: one message from an action to itself, by the site's SMTP server and back by its POP3 server (R2.4).

Laws: other mail is neither deleted nor altered. The mailbox is listed before the message is sent, and afterwards only
messages that are new are looked at, by TOP, which marks nothing as read; only the probe's own, known by its token, is
deleted. Besides it, reports that are new are retrieved, whose header need not name what they are about (RFC 3464); a
server without TOP has its new messages retrieved one by one.

The action address stands in From and in Reply-To, so that one message tells of every placement. Where that is refused
and the site has it in Reply-To alone, a second message is sent as the site sends.
"""

import re
import secrets
import ssl
from dataclasses import replace
from datetime import UTC, datetime

import anyio

from mailsim.check.comparison import compare
from mailsim.check.link import Addresses, Place, Stopped, resolved
from mailsim.check.pop_session import PopSession, demand
from mailsim.check.probed import Probe
from mailsim.check.prospect import envelope_headers, header_advice, placement_advice, prospects
from mailsim.check.smtp import check_smtp
from mailsim.errors import MailsimError
from mailsim.mail import Address, Message, Reply
from mailsim.pop3.client import sizes, uids
from mailsim.practice.account import PopAccount, SmtpAccount
from mailsim.practice.composing import Composed, Draft, Recipient, compose
from mailsim.practice.server_address import ServerAddressError, check_smtp_port
from mailsim.practice.settings import ActionAddressIn
from mailsim.practice.site import Site
from mailsim.smtp.client import Client
from mailsim.smtp.outcome import CLOSED, Outcome
from mailsim.smtp.submission import route_to
from mailsim.words import shown_words

TIMEOUT = 60.0
"""Seconds for all of it."""
_SESSION_SECONDS = 10.0
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 8.0
"""Seconds between two looks into the mailbox; each wait is twice the last."""
_CATCH_ALL = "see that the provider's catch-all leads to the mailbox that is collected"
_NO_SUCH_USER = re.compile(r"\b5\.1\.1\b")  # RFC 3463 section 3.2
_REJECTED = 55
"""How the code begins by which a server refuses for its policy, or an address (RFC 5321 section 4.2.3)."""
_REPORT = re.compile(rb"^Content-Type[ \t]*:\s*multipart/report\b", re.IGNORECASE | re.MULTILINE)
_AGAIN = "Check SMTP is green: wait some minutes and probe again"
_TEXT = "This message was sent by mailsim to see what becomes of it on its way. It deletes it again.\r\n"


class ProbeError(MailsimError):
    """A site that cannot be probed, or an action that it has not."""


async def probe(
    site: Site,
    *,
    action: int | None = None,
    tls: ssl.SSLContext | None = None,
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - it is the result that tells of it
    addresses: Addresses | None = None,
) -> Probe:
    """Send one message as an action to itself, collect it, and tell what changed and whether replies come back.

    Args:
        site: The practice, of a catch-all mailbox, with an action.
        action: The action; the first when not given.
        tls: Whom to trust; the system's authorities when not given.
        timeout: Seconds, for all of it.
        addresses: Where names and ports lead, such as `lab.addresses`; the DNS when not given.

    Raises:
        ProbeError: The mailbox is single, the practice has no such action, or sending is to port 25 (R1.6).
        SiteError: `[pop]` or `[smtp]` lacks something.
    """
    number = _action_of(site, action)
    route = _Round(site, number, tls or ssl.create_default_context(), addresses)
    return await route.run(anyio.current_time() + timeout)


def _action_of(site: Site, action: int | None) -> int:
    if not site.settings.catch_all:
        raise ProbeError(
            'a mailbox of type single has no action addresses to probe; set mailbox.type = "catch-all"'
        )
    known = [row.id for row in site.settings.action]
    if not known or (action is not None and action not in known):
        shown = ", ".join(map(str, known[:20])) or "none"
        asked = "no action" if action is None else f"action {action}"
        raise ProbeError(f"{asked} to probe: the practice has {shown}; name one, or add an [[action]]")
    return known[0] if action is None else action


class _Round:
    """One probe under way."""

    def __init__(self, site: Site, action: int, tls: ssl.SSLContext, addresses: Addresses | None) -> None:
        self._site = site
        self._action = action
        self._tls = tls
        self._addresses = addresses
        self._pop: PopAccount = site.pop_account()
        self._smtp: SmtpAccount = site.smtp_account()
        try:
            check_smtp_port(self._smtp.port)
        except ServerAddressError as error:
            raise ProbeError(f"smtp.port {error}") from None
        self._address: Address = site.directory.action_address(action)
        self._token = ""

    async def run(self, until: float) -> Probe:
        session = self._session()
        try:
            before = await self._listed(session, until)
        except Stopped as stopped:
            verdict = session.red(stopped)
            return self._without(f"the POP server: {verdict.cause}", verdict.advice)
        found, rejected = await self._tried(ActionAddressIn.BOTH, before, until)
        own = self._site.settings.routing.action_address_in
        if not rejected or own is not ActionAddressIn.REPLY_TO:
            return found
        second, _ = await self._tried(own, before, until, refused=f"refused: {rejected}")
        return replace(second, left=second.left or found.left)

    async def _tried(
        self, placement: ActionAddressIn, before: frozenset[str], until: float, *, refused: str = ""
    ) -> tuple[Probe, str]:
        """What one message with the action address there tells, and a server's words if that was what it refused.

        `refused` says what became of the placements that have it in From, if they are known to be refused.
        """
        composed = self._message(placement)
        outcome = await self._sent(composed, until)
        for refusal in outcome.refusals(composed.envelope).values():  # one at most: it has one recipient
            if refusal.code // 10 != _REJECTED:
                return await self._unsent(refusal, until, uncertain=outcome.uncertain), ""
            said = self._said(refusal)
            cure = _cure(said, placement, composed)
            return self._without(f"the SMTP server did not take the message: {said}", cure), said
        received, deleted = await self._awaited(before, until)
        if received is None:
            found = self._without(
                f"the message was sent, and did not arrive at {self._address}'s mailbox in time",
                f"{_CATCH_ALL}, and that it did not bounce",
                left=True,
            )
            return found, ""
        if (words := given_up(received)) is not None:
            found = self._without(
                f"a server took the message, and gave it up: {words}",
                _cure(words, placement, composed),
                left=not deleted,
            )
            return found, words
        return self._compared(composed.message, received, left=not deleted, refused=refused), ""

    def _without(self, trouble: str, advice: str, *, left: bool = False) -> Probe:
        return Probe(
            action=self._action,
            address=str(self._address),
            placement=self._site.settings.routing.action_address_in,
            trouble=trouble,
            advice=advice,
            left=left,
        )

    def _compared(self, sent: Message, received: Message, *, left: bool, refused: str) -> Probe:
        site = self._site
        placement = site.settings.routing.action_address_in
        headers = envelope_headers(sent, received, self._address, site.rules.system)
        ways = prospects(site, self._action, sent, received, refused=refused)
        advice = (placement_advice(ways, placement), header_advice(headers, site.rules.header))
        return Probe(
            action=self._action,
            address=str(self._address),
            placement=placement,
            advice="; ".join(filter(None, advice)),
            sent=sent,
            received=received,
            changes=compare(sent, received),
            headers=headers,
            ways=ways,
            left=left,
        )

    # Sending

    def _message(self, placement: ActionAddressIn) -> Composed:
        """Another one each time, known by its token: a provider may pass on one Message-ID once."""
        self._token = secrets.token_hex(8)
        routing = self._site.settings.routing.model_copy(update={"action_address_in": placement})
        settings = self._site.settings.model_copy(update={"routing": routing})
        draft = Draft(
            to=(Recipient(self._address),),
            subject=f"mailsim probe {self._token}",
            text=_TEXT,
            from_action=self._action,
        )
        return compose(
            draft, settings, self._site.directory, date=datetime.now(UTC), token=f"probe.{self._token}"
        )

    async def _sent(self, composed: Composed, until: float) -> Outcome:
        """Send, and hear what the server says."""
        account = self._smtp
        try:
            hosts, port = await resolved(Place(account.server, account.port, self._addresses), until)
        except Stopped as stopped:
            reply = Reply(CLOSED.code, shown_words(stopped.said), CLOSED.enhanced)
            return Outcome(dict.fromkeys(composed.envelope.recipients, reply), None)
        route = route_to(account, self._tls, address=(hosts[0], port))
        client = Client(route, local_name="localhost", timeout=min(_SESSION_SECONDS, _left(until)))
        try:
            return await client.send(composed.envelope, composed.message.octets)
        finally:
            await client.close()

    async def _unsent(self, refusal: Reply, until: float, *, uncertain: bool) -> Probe:
        """Why the message was not taken: as Check SMTP finds it, or in the server's words where that is green."""
        timeout = min(_SESSION_SECONDS, _left(until))
        verdict = await check_smtp(self._site, tls=self._tls, timeout=timeout, addresses=self._addresses)
        if not verdict:
            said = f": {verdict.message}" if verdict.message else ""
            return self._without(f"the SMTP server: {verdict.cause}{said}", verdict.advice, left=uncertain)
        said = self._said(refusal)
        return self._without(f"the SMTP server did not take the message: {said}", _AGAIN, left=uncertain)

    def _said(self, reply: Reply) -> str:
        """A server's words; what stands in for a lost connection is no server's reply."""
        words = reply.text if reply.text.startswith(CLOSED.text) else str(reply)
        return shown_words(words, secrets=(self._smtp.password.get_secret_value(),))

    # Collecting

    def _session(self) -> PopSession:
        server = self._pop.server
        return PopSession(self._pop, Place(server.host, server.port, self._addresses))

    async def _listed(self, session: PopSession, until: float) -> frozenset[str]:
        """The uids of what lies in the mailbox; none where the server has no UIDL. Raises Stopped."""
        until = min(until, anyio.current_time() + _SESSION_SECONDS)
        try:
            await session.open(self._tls, until)
            listed = await session.ask(session.client.uidl(), until)
            await session.leave(until)
        finally:
            await session.close()
        return frozenset(uids(listed.body or b"").values()) if listed.ok else frozenset()

    async def _awaited(self, before: frozenset[str], until: float) -> tuple[Message | None, bool]:
        """The message, once it is there, and whether it was deleted; None when time is over."""
        pause = _FIRST_WAIT
        while _left(until) > 0:
            await anyio.sleep(min(pause, _left(until)))
            pause = min(2 * pause, _LONGEST_WAIT)
            session = self._session()
            try:
                found = await self._looked_for(session, before, until)
            except Stopped:  # locked, or too soon after the last login: it may be otherwise the next time
                continue
            finally:
                await session.close()
            if found[0] is not None:
                return found
        return None, False

    async def _looked_for(
        self, session: PopSession, before: frozenset[str], until: float
    ) -> tuple[Message | None, bool]:
        """One look into the mailbox; raises Stopped."""
        until = min(until, anyio.current_time() + _SESSION_SECONDS)
        await session.open(self._tls, until)
        own: list[Message] = []
        for number in await _new(session, before, until):
            message = await self._own(session, number, until)
            if message is not None:
                own.append(message)
                demand(await session.ask(session.client.dele(number), until))
        left = await session.leave(until)
        return next(filter(_has_travelled, own), None), left

    async def _own(self, session: PopSession, number: int, until: float) -> Message | None:
        """The message of that number, if it is the probe's; raises Stopped."""
        token = self._token.encode()
        top = await session.ask(session.client.top(number), until)
        head = top.body or b""
        if top.ok and token not in head and not _REPORT.search(head):
            return None
        octets = demand(await session.ask(session.client.retr(number), until)).body or b""
        return Message(octets) if token in octets else None


async def _new(session: PopSession, before: frozenset[str], until: float) -> list[int]:
    """The numbers of messages that were not there before; all of them where the server has no UIDL. Raises Stopped."""
    listed = await session.ask(session.client.uidl(), until)
    if listed.ok:
        return [number for number, uid in uids(listed.body or b"").items() if uid not in before]
    return list(sizes(demand(await session.ask(session.client.listing(), until)).body or b""))


def _has_travelled(message: Message) -> bool:
    """Whether it was delivered: a provider may keep a copy of what was sent in the same mailbox (R5.8), without trace fields.

    RFC 5321 section 4.4: every server on the way adds Received, the last one Return-Path.
    """
    return message.value("Received") is not None or message.value("Return-Path") is not None


def _cure(words: str, placement: ActionAddressIn, composed: Composed) -> str:
    """What to do about a refusal in these words."""
    if _NO_SUCH_USER.search(words):
        return _CATCH_ALL
    if placement is ActionAddressIn.REPLY_TO:
        return f"have the provider allow {composed.envelope.sender} as a sender of this account"
    return (
        "have the provider allow the action addresses as senders of this account, "
        'or write action_address_in = "reply-to"'
    )


def given_up(message: Message) -> str | None:
    """What a report says about the message that did not arrive (RFC 3464); None of the message itself."""
    if not (message.value("Content-Type") or "").lower().startswith("multipart/report"):
        return None
    said = re.search(
        rb"^Diagnostic-Code:([^\n]*(?:\n[ \t][^\n]*)*)", message.octets, re.IGNORECASE | re.MULTILINE
    )
    return shown_words(said[1]) if said else "it does not say why"


def _left(until: float) -> float:
    return max(0.0, until - anyio.current_time())

"""Makes `fixtures/misrouted/`: misrouted messages whose true cause and fix are known, because they are made here.

    uv run python tests/study/diagnosis/misrouted_mail.py

Each case is a way that mail comes: the practice's letter is composed, passed on by a real provider's policy and
answered by a correspondent's program, or somebody outside writes; the provider stores it as its profile says. All of
it is the pure code of practice, provider and correspondent, so that the same way can be gone again under another site
and provider: that is how a fix is proved.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mailsim.mail import Address, Envelope, Message, parse_address
from mailsim.practice.composing import Draft, Recipient, compose
from mailsim.practice.forwarding import forward
from mailsim.practice.site import Site, read_site
from mailsim.provider.dsn import Failure, non_delivery
from mailsim.provider.mailhost import MailHost
from mailsim.provider.profiles import profile
from mailsim.provider.rewriting import prepend
from mailsim.study.diagnosis.site_tables import toml
from mailsim.study.diagnosis.situation import Provider
from mailsim.world.correspondent import Correspondent, RepliesTo, answer
from mailsim.world.letterbox import FULL
from mailsim.world.mangling import Mangle, mangled

FOLDER = Path(__file__).parents[3] / "fixtures" / "misrouted"
DATE = datetime(2026, 11, 23, 9, tzinfo=UTC)
SYSTEM = Address("matters", "abc.com")
JANE = Address("jane", "client.example")
SENT = "<20261123.{}@abc.com>"


def at(text: str) -> Address:
    found = parse_address(text)
    assert found is not None, text
    return found


@dataclass(frozen=True)
class World:
    """A practice and its provider."""

    site: Site
    provider: Provider

    def stored(
        self, message: Message, recipient: str, *, sender: Address | None = JANE, hops: Iterable[str] = ()
    ) -> bytes:
        """The message as it lies in the system mailbox; `hops` are fields that earlier servers put on top."""
        for hop in hops:
            name, _, value = hop.partition(": ")
            message = prepend(message, (name, value))
        to = at(recipient)
        host = MailHost(
            domain="abc.com",
            mailboxes=frozenset({SYSTEM}),
            catch_all=self.provider.catch_all,
            headers=self.provider.headers,
        )
        way = "from mx.client.example by mx.provider.example with ESMTPS; Mon, 23 Nov 2026 09:00:00 +0000"
        message = prepend(message, ("Received", way))
        return host.stamp(message, sender=sender, recipient=to, mailbox=SYSTEM).octets

    def letter(self, action: int, *, subject: str = "Draft agreement") -> Message:
        """What reaches the correspondent of a letter from an action."""
        draft = Draft(
            to=(Recipient(JANE),), from_action=action, subject=subject, text="Please read and answer."
        )
        token = SENT.format(action)[1:].partition("@")[0]
        written = compose(draft, self.site.settings, self.site.directory, date=DATE, token=token)
        return self.provider.policy.pass_on(SYSTEM, written.message)

    def answered(
        self,
        action: int,
        *,
        ignoring_reply_to: bool = False,
        letter: Callable[[Message], Message] = lambda message: message,
        edit: Callable[[bytes], bytes] = lambda octets: octets,
    ) -> bytes:
        """The stored answer to a letter from an action; `edit` is what the answering program does otherwise."""
        person = Correspondent(JANE, RepliesTo.FROM if ignoring_reply_to else RepliesTo.REPLY_TO)
        got = letter(self.letter(action))
        envelope, message = answer(person, got, message_id="<r1@client.example>", date=DATE) or _nobody()
        return self.stored(Message(edit(message.octets)), str(envelope.recipients[0]))


def _nobody() -> tuple[Envelope, Message]:
    raise AssertionError("the letter names nobody to answer")


@dataclass(frozen=True, kw_only=True)
class MisroutedCase:
    """One misrouted message."""

    name: str
    cause: str
    expect: str
    fix: str
    """How the words of a change that helps begin."""
    make: Callable[[World], bytes]
    also: tuple[str, ...] = ()
    """Other causes that are true as well."""
    provider: str = "postfix"
    site: Mapping[str, Any] = field(default_factory=dict)
    """Tables over those of `BASE`; a table of None is left out."""

    def tables(self) -> dict[str, Any]:
        """The site's."""
        merged = {**BASE, **self.site}
        merged["mailbox"] = {**BASE["mailbox"], **self.site.get("mailbox", {})}
        return {name: table for name, table in merged.items() if table is not None}

    def world(self) -> World:
        """Where it happens."""
        return World(read_site(self.tables()), Provider.of(profile(self.provider), SYSTEM))


BASE: dict[str, Any] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
        "catch_all_header": "X-Original-To",
    },
    "action": [{"id": 1234, "name": "Smith v Jones"}, {"id": 1235}, {"id": 7}],
    "user": [{"name": "mary"}, {"name": "john"}],
    "alias": [
        {"address": "sales@abc.com", "mailboxes": ["mary", "john"]},
        {"address": "archive@abc.com", "mailboxes": []},
    ],
    "sent": [
        {"message_id": SENT.format(1234), "action": 1234},
        {"message_id": SENT.format(1235), "action": 1235},
    ],
}
UNSET: dict[str, Any] = {"mailbox": {"catch_all_header": None}}


def header(name: str | None, **tables: Any) -> dict[str, Any]:
    """A site that reads this field; None for one that sets none."""
    return {"mailbox": {"catch_all_header": name}, **tables}


def mail(
    *lines: str,
    to: str = "a1234@abc.com",
    sender: str = "Jane Doe <jane@client.example>",
    body: str = "Hello\r\n",
) -> Message:
    """A message as somebody outside writes it; a line of a name that is there already stands for it."""
    fields = {
        "from": f"From: {sender}",
        "to": f"To: {to}",
        "subject": "Subject: The papers",
        "message-id": "Message-ID: <n1@client.example>",
    }
    for line in lines:
        name, _, value = line.partition(":")
        fields[name.lower()] = line if value else ""
    return Message(("\r\n".join(filter(None, fields.values())) + "\r\n\r\n" + body).encode())


def written(to: str, *lines: str, visible: str | None = None, **more: str) -> Callable[[World], bytes]:
    """Somebody writes to an address, To saying the same or something else."""
    return lambda world: world.stored(mail(*lines, to=to if visible is None else visible, **more), to)


def passed(to: str, hops: Iterable[str], *lines: str, visible: str, **more: str) -> Callable[[World], bytes]:
    """A server elsewhere got it and sent it on."""
    return lambda world: world.stored(mail(*lines, to=visible, **more), to, hops=list(hops))


def dropped(*names: str) -> Callable[[bytes], bytes]:
    """What a program leaves out of an answer."""
    return lambda octets: _anatomy(octets).without(*names).message().octets


def put(name: str, value: str) -> Callable[[bytes], bytes]:
    """What a program writes instead."""
    return lambda octets: _anatomy(octets).with_field(name, value).message().octets


def _anatomy(octets: bytes) -> Any:
    from mailsim.study.diagnosis.fields import Anatomy

    return Anatomy.of(Message(octets))


def both(*edits: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def edit(octets: bytes) -> bytes:
        for one in edits:
            octets = one(octets)
        return octets

    return edit


def forwarded_by_practice(world: World) -> bytes:
    """What the practice forwards to the fallback address, redirected by who reads there to the action."""
    original = Message(b"To: a1234@abc.com\r\nSubject: no author\r\n\r\nHello\r\n")
    decision = world.site.route(original.octets)
    _, message = forward(
        original,
        decision,
        sender=SYSTEM,
        fallback=world.site.rules.fallback,
        message_id="<f1@abc.com>",
        date=DATE,
    )
    return world.stored(message, "a1234@abc.com", sender=None)


def sent_copy(world: World) -> bytes:
    """R5.8: the provider keeps a copy of what it sent for the practice."""
    draft = Draft(to=(Recipient(JANE),), from_action=1234, subject="Draft", text="Please read.")
    message = compose(
        draft, world.site.settings, world.site.directory, date=DATE, token="20261123.1234"
    ).message
    return message.octets


def raw(
    change: Callable[[bytes], bytes], *, to: str = "a1234@abc.com", message: Message | None = None
) -> Callable[[World], bytes]:
    """A stored message that something spoilt afterwards."""
    return lambda world: change(world.stored(message or mail(to=to), to))


MULTIPART = Message(
    b"From: jane@client.example\r\nTo: a1234@abc.com\r\nMIME-Version: 1.0\r\nSubject: papers\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHere\r\n'
    b"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + b"JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSL0ZpbHRlci9GbGF0ZURl\r\n" * 40
    + b"--b--\r\n"
)
REPORT = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"'
REPORT_BODY = (
    "--b\r\nContent-Type: text/plain\r\n\r\nIt was not delivered.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    "Final-Recipient: rfc822; jane@client.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
    "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: a1234@abc.com\r\nTo: jane@client.example\r\n\r\n--b--\r\n"
)
THREAD = 'add "thread"'
TOKEN = 'add "subject-token"'
SUB = 'add "sub-address"'
CLASH: dict[str, Any] = {"mailbox": {"fallback_address": "help@abc.com", "allow_fallback_clash": True}}
A, MARY = "action:1234", "mailbox:mary"


def case(
    name: str, cause: str, fix: str, make: Callable[[World], bytes], *, expect: str = A, **more: Any
) -> MisroutedCase:
    return MisroutedCase(name=name, cause=cause, fix=fix, make=make, expect=expect, **more)


def reply(world: World) -> bytes:
    return world.answered(1234)


def reply_of_a_program(world: World) -> bytes:
    return world.answered(1234, ignoring_reply_to=True)


def vacation(world: World) -> bytes:
    return world.answered(1234, ignoring_reply_to=True, edit=put("Auto-Submitted", "auto-replied"))


def renamed_letter(message_id: str) -> Callable[[World], bytes]:
    """A relay behind the rewriting server gave the letter an id of its own."""

    def rename(message: Message) -> Message:
        return Message(put("Message-ID", message_id)(message.octets))

    return lambda world: world.answered(1234, letter=rename)


def edited(*edits: Callable[[bytes], bytes]) -> Callable[[World], bytes]:
    return lambda world: world.answered(1234, edit=both(*edits))


def mangling(*mangles: Mangle) -> Callable[[World], bytes]:
    """The answering program does this to what it sends."""
    return edited(lambda octets: mangled(Message(octets), mangles).octets)


def full_mailbox(world: World) -> bytes:
    """The letter's server reports, too late to refuse it, that the mailbox is full."""
    letter = world.letter(1234)
    to = world.provider.policy.envelope_sender(SYSTEM, Address("a1234", "abc.com"))
    assert to is not None
    report = non_delivery(
        letter,
        [Failure(JANE, FULL)],
        to=to,
        reporting="mx.client.example",
        remote="",
        message_id="<d1@mx.client.example>",
        date=DATE,
    )
    return world.stored(report, str(to), sender=None)


TORN = "References: <20261123.12"
GMAIL: dict[str, Any] = {"provider": "gmail", "site": UNSET}
IN_REPLY_TO: dict[str, Any] = {"routing": {"action_address_in": "reply-to"}}
IN_BOTH: dict[str, Any] = {"routing": {"action_address_in": "both"}}
THREADS = header(None, routing={"resolvers": ["thread"]})
HAND = "Subject: Fwd: Draft agreement"
FORWARDED = "---------- Forwarded message ---------\r\nFrom: jane@client.example\r\nTo: a1234@abc.com\r\n\r\nHello\r\n"
LIST = "List-Id: Conveyancers <conveyancers.lists.example>"

CASES: tuple[MisroutedCase, ...] = (
    # The sender was rewritten, and what follows
    case("rewritten-gmail", "sender-rewritten", THREAD, reply, **GMAIL),
    case("rewritten-workspace", "sender-rewritten", THREAD, reply, provider="google_workspace", site=UNSET),
    case("rewritten-registered", "sender-rewritten", "register a1234@abc.com", reply, **GMAIL),
    case("rewritten-place", "sender-rewritten", 'routing.action_address_in = "reply-to"', reply, **GMAIL),
    case("rewritten-1235", "sender-rewritten", THREAD, lambda w: w.answered(1235), expect="action:1235", **GMAIL),
    case("rewritten-references-only", "sender-rewritten", THREAD, edited(dropped("In-Reply-To")), **GMAIL),
    case("rewritten-auto-reply", "sender-rewritten", THREAD, vacation, **GMAIL),
    case(
        "rewritten-quoted", "sender-rewritten", "the message with",
        edited(dropped("In-Reply-To", "References"), lambda o: o + b"> X-Google-Original-From: a1234@abc.com\r\n"), also=("thread-headers-missing",), **GMAIL,
    ),
    case("ignored-reply-to", "reply-to-ignored", THREAD, reply_of_a_program, provider="gmail", site=header(None, **IN_REPLY_TO)),
    case("ignored-reply-to-both", "reply-to-ignored", THREAD, reply_of_a_program, provider="gmail", site=header(None, **IN_BOTH)),
    case("ignored-by-vacation", "reply-to-ignored", THREAD, vacation, provider="gmail", site=header(None, **IN_REPLY_TO)),
    case("ignored-on-postfix", "reply-to-ignored", 'routing.action_address_in = "from"', reply_of_a_program, site=header("X-Original-To", **IN_REPLY_TO)),
    case("id-by-ses", "message-id-changed", "the message with", renamed_letter("<0100018f@email.amazonses.com>"), **GMAIL),
    case("id-by-outlook", "message-id-changed", "the message with", renamed_letter("<AM0PR01@AM0PR01MB.eurprd01.prod.outlook.com>"), **GMAIL),
    case("id-by-mailjet", "message-id-changed", "the message with", renamed_letter("<7f1@mailjet.com>"), **GMAIL),
    case("id-forgotten", "sent-id-unknown", "add [[sent]]", reply, provider="gmail", site=header(None, sent=None, routing={"resolvers": ["thread"]})),
    case("id-of-another-system", "sent-id-unknown", "the message with", renamed_letter("<invoice-9@abc.com>"), **GMAIL),
    case("references-cut", "references-truncated", "the message with", edited(dropped("In-Reply-To"), put("References", "<x@client.example> <20261123.12")), **GMAIL),
    case("references-dots", "references-truncated", "the message with", edited(dropped("In-Reply-To"), put("References", "<x@client.example> ...")), **GMAIL),
    case("no-thread-outlook", "thread-headers-missing", "the message with", edited(dropped("In-Reply-To", "References"), put("Thread-Index", "AdS0x")), **GMAIL),
    case("no-thread-german", "thread-headers-missing", "the message with", edited(dropped("In-Reply-To", "References"), put("Subject", "AW: Draft agreement")), **GMAIL),
    case("token-unread", "subject-token-unread", TOKEN, written("matters@abc.com", "Subject: [a1234] the papers")),
    case("answers-a-stranger", "answers-unknown-message", "the message with", written("matters@abc.com", "In-Reply-To: <x@other.example>")),
    case("old-thread", "old-thread-answered", "the message with", lambda w: w.answered(1235), provider="gmail", site=header(None, routing={"resolvers": ["thread"]})),
    case("two-tokens", "first-token-wins", "the message with", written("matters@abc.com", "Subject: [a7] and [a1234]"), site={"routing": {"resolvers": ["subject-token"]}}),
    case("to-the-mailbox", "written-to-system-address", "the message with", written("matters@abc.com")),
    # The same, of programs that mangle what they answer, and of a server that reports too late
    case("mangled-thread", "thread-headers-missing", "the message with", mangling(Mangle.IN_REPLY_TO_DROPPED, Mangle.REFERENCES_DROPPED), provider="gmail", site=THREADS),
    case("mangled-references", "references-truncated", "the message with", mangling(Mangle.IN_REPLY_TO_DROPPED, Mangle.REFERENCES_CUT), provider="gmail", site=THREADS),
    case("mangled-commas", "sender-rewritten", THREAD, mangling(Mangle.IN_REPLY_TO_DROPPED, Mangle.REFERENCES_COMMAS), **GMAIL),
    case("mangled-subject", "sender-rewritten", THREAD, mangling(Mangle.SUBJECT_REWRITTEN), provider="gmail", site=header(None, routing={"resolvers": ["subject-token"]})),
    case("mangled-top", "sender-rewritten", THREAD, mangling(Mangle.TOP_DROPPED), **GMAIL),
    case("mangled-body", "sender-rewritten", "register a1234@abc.com", mangling(Mangle.QUOTED_PRINTABLE), **GMAIL),
    case("full-mailbox", "bounce", "the message with", full_mailbox, also=("sender-rewritten",), **GMAIL),
    case("to-the-mailbox-gmail", "written-to-system-address", "the message with", written("matters@abc.com"), **GMAIL),
    # Reports and machines
    case("bounce", "bounce", "the message with", lambda w: w.stored(mail(REPORT, "Subject: Undelivered", to="matters@abc.com", sender="MAILER-DAEMON@client.example", body=REPORT_BODY), "matters@abc.com", sender=None)),
    case("bounce-exchange", "bounce", "the message with", lambda w: w.stored(mail(REPORT, "Subject: Undeliverable", to="matters@abc.com", sender="postmaster@client.example", body=REPORT_BODY), "matters@abc.com", sender=None), **GMAIL),
    case("read-receipt", "read-receipt", "the message with", written("matters@abc.com", 'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"', "Subject: Read: Draft")),
    case("vacation-new-thread", "auto-reply", "the message with", written("matters@abc.com", "Auto-Submitted: auto-replied", "Subject: Out of office")),
    case("loop", "fallback-comes-back", "the message with", forwarded_by_practice, site=CLASH),
    case("bounce-to-fallback", "bounce-to-fallback", "the message with", lambda w: w.stored(mail(REPORT, to="help@abc.com", sender="MAILER-DAEMON@client.example", body=REPORT_BODY), "help@abc.com", sender=None), site=CLASH),
    case("machine-to-fallback", "automatic-to-fallback", "the message with", written("help@abc.com", "Auto-Submitted: auto-generated"), site=CLASH),
    # Octets
    case("blank-first", "blank-lines-first", "the message with", raw(lambda o: b"\r\n" + o)),
    case("no-message", "not-a-message", "the message with", raw(lambda o: b"Here are the papers\r\n\r\n" + o)),
    case("utf-16", "utf-16", "the message with", raw(lambda o: o.decode("ascii").encode("utf-16"))),
    case("nul-by-filter", "nul-in-header", "the message", raw(lambda o: o.replace(b"Subject: ", b"X-Spam: a\0b\r\nSubject: "))),
    case("cr-alone", "cr-line-ends", "the message with", raw(lambda o: o.replace(b"\r\n", b"\r"))),
    case("odd-line", "line-without-field", "the message", raw(lambda o: o.replace(b"Subject: ", b"X-AntiAbuse quoted\r\nSubject: "))),
    case("cut-header", "cut-in-header", "the message with", raw(lambda o: o[: o.index(b"Message-ID") + 5])),
    case("cut-part", "cut-in-body", "the message with", raw(lambda o: o[:-700], message=MULTIPART)),
    case("no-author", "originator-missing", "the message with", lambda w: w.stored(mail("From:"), "a1234@abc.com").split(b"\r\n", 3)[3].join((b"X-Original-To: a1234@abc.com\r\n", b""))),
    case("odd-author", "originator-unreadable", "the message with", lambda w: dropped("Return-Path")(w.stored(mail("From: Jane Doe"), "a1234@abc.com"))),
    case("encoded-address", "address-in-encoded-word", "the message with", lambda w: w.stored(mail(to="=?utf-8?B?YTEyMzRAYWJjLmNvbQ==?="), "a1234@abc.com"), provider="google_smtp_relay", site=UNSET),
    case("words-in-to", "recipient-is-words", "the message with", lambda w: w.stored(mail(to="the Smith matter"), "a1234@abc.com"), provider="google_smtp_relay", site=UNSET),
    case("sent-copy", "copy-of-sent-mail", "the message", sent_copy, provider="gmail", site=UNSET),
    # The header that tells the recipient
    case("bcc-postfix", "header-ignored", 'mailbox.catch_all_header = "X-Original-To"', written("a1234@abc.com", visible="bob@other.example"), site=UNSET),
    case("bcc-fastmail", "header-ignored", 'mailbox.catch_all_header = "X-Delivered-To"', written("a1234@abc.com", visible="bob@other.example"), provider="fastmail", site=UNSET),
    case("bcc-cpanel", "header-ignored", 'mailbox.catch_all_header = "Envelope-To"', written("a1234@abc.com", visible="bob@other.example"), provider="cpanel", site=UNSET),
    case("bcc-ionos", "header-ignored", 'mailbox.catch_all_header = "Envelope-To"', written("a1234@abc.com", visible="bob@other.example"), provider="ionos", site=UNSET),
    case("bcc-rackspace", "header-ignored", 'mailbox.catch_all_header = "X-Orig-To"', written("a1234@abc.com", visible="bob@other.example"), provider="rackspace", site=UNSET),
    case("bcc-proton", "header-ignored", 'mailbox.catch_all_header = "X-Original-To"', written("a1234@abc.com", visible="bob@other.example"), provider="proton_bridge", site=UNSET),
    case("bcc-alias", "header-ignored", 'mailbox.catch_all_header = "X-Original-To"', written("sales@abc.com", visible="bob@other.example"), expect=MARY, site=UNSET),
    case("moved-to-fastmail", "header-renamed", 'mailbox.catch_all_header = "X-Delivered-To"', written("a1234@abc.com", visible="bob@other.example"), provider="fastmail"),
    case("moved-to-cpanel", "header-renamed", 'mailbox.catch_all_header = "Envelope-To"', written("a1234@abc.com", visible="bob@other.example"), provider="cpanel"),
    case("moved-to-rackspace", "header-renamed", 'mailbox.catch_all_header = "X-Orig-To"', written("sales@abc.com", visible="bob@other.example"), expect=MARY, provider="rackspace"),
    case("moved-to-gandi", "header-stripped", "have the provider write", written("a1234@abc.com", visible="bob@other.example"), provider="gandi"),
    case("moved-to-ovh", "header-stripped", "have the provider write", written("a1234@abc.com", visible="undisclosed-recipients:;"), provider="ovh"),
    case("qmail-prefix", "header-decorated", 'pop.common = "qmail"', written("a1234@abc.com"), provider="qmail", site=UNSET),
    case("qmail-prefix-alias", "header-decorated", 'pop.common = "qmail"', written("sales@abc.com"), expect=MARY, provider="qmail", site=UNSET),
    case("forged", "header-forged", "the message", lambda w: w.stored(mail("Delivered-To: a7@abc.com", to="a1234@abc.com"), "a1234@abc.com"), provider="gandi", site=header("Delivered-To")),
    case("forged-ovh", "header-forged", "the message", lambda w: w.stored(mail("Delivered-To: a7@abc.com", to="a1234@abc.com"), "a1234@abc.com"), provider="ovh", site=header("Delivered-To")),
    case("stacked", "header-stacked", "the message", passed("a7@abc.com", ["X-Original-To: a1234@abc.com", "Received: from old.example by abc.com"], visible="a1234@abc.com")),
    case("single", "mailbox-is-single", 'mailbox.type = "catch-all"', written("a1234@abc.com"), provider="google_smtp_relay", site={"mailbox": {"type": "single", "catch_all_header": None}}),
    case("single-alias", "mailbox-is-single", 'mailbox.type = "catch-all"', written("sales@abc.com"), expect=MARY, provider="google_smtp_relay", site={"mailbox": {"type": "single", "catch_all_header": None}}),
    case("bcc-nowhere", "bcc-not-recorded", "have the provider write", written("a1234@abc.com", visible="bob@other.example"), provider="gandi", site=UNSET),
    case("bcc-undisclosed", "bcc-not-recorded", "have the provider write", written("a1234@abc.com", visible="undisclosed-recipients:;"), provider="godaddy", site=UNSET),
    case("bcc-gmail", "mailbox-only-recorded", "have the provider write", written("a1234@abc.com", visible="bob@other.example"), **GMAIL),
    case("bcc-zoho", "mailbox-only-recorded", "have the provider write", written("a1234@abc.com", visible="bob@other.example"), provider="zoho", site=UNSET),
    case("others-copy", "other-recipients-copy", "the message with", lambda w: w.stored(mail(to="a7@abc.com, a1234@abc.com"), "a7@abc.com")),
    case("guessed-another", "guessed-wrong", "have the provider write", written("a1234@abc.com", visible="a7@abc.com"), **GMAIL),
    # Forwarding and lists
    case("gmail-forward", "forwarded-by-mailbox", "link matters@abc.com", passed("matters@abc.com", ["X-Forwarded-For: jane.smith@gmail.example matters@abc.com", "X-Forwarded-To: matters@abc.com"], visible="jane.smith@gmail.example"), expect=MARY),
    case("gmail-forward-action", "forwarded-by-mailbox", "the message with", passed("matters@abc.com", ["X-Forwarded-For: old@firm.example matters@abc.com", "X-Forwarded-To: matters@abc.com"], visible="old@firm.example"), **GMAIL),
    case("resent", "resent", "the message with", passed("matters@abc.com", ["Resent-To: matters@abc.com", "Resent-From: bob@other.example"], visible="bob@other.example")),
    case("by-hand", "forwarded-by-hand", "the message with", written("matters@abc.com", HAND, body=FORWARDED, sender="bob@other.example")),
    case("by-hand-german", "forwarded-by-hand", "the message with", written("matters@abc.com", "Subject: WG: Entwurf", sender="bob@other.example"), **GMAIL),
    case("as-attachment", "forwarded-as-attachment", "the message with", written("matters@abc.com", "Subject: Fwd: Draft", 'Content-Type: multipart/mixed; boundary="b"', body="--b\r\nContent-Type: message/rfc822\r\n\r\nTo: a1234@abc.com\r\nSubject: Draft\r\n\r\nHello\r\n--b--\r\n")),
    case("list-gmail", "mailing-list", "have the provider write", passed("a1234@abc.com", [LIST, "Precedence: list"], visible="conveyancers@lists.example"), **GMAIL),
    case("list-nowhere", "mailing-list", "have the provider write", passed("a1234@abc.com", [LIST], visible="conveyancers@lists.example"), provider="gandi", site=UNSET),
    # The address
    case("action-gone", "action-gone", "add [[action]] id = 99", written("a99@abc.com"), expect="action:99"),
    case("action-gone-after-letter", "action-gone", "add [[action]] id = 99", written("a99@abc.com"), expect="action:99", site={"sent": [{"message_id": "<old@abc.com>", "action": 99}]}),
    case("digit-swapped", "id-mistyped", "the message with", written("a1324@abc.com")),
    case("digit-lost", "id-mistyped", "the message with", written("a123@abc.com"), site={"action": [{"id": 1234}, {"id": 7}]}),
    case("digit-wrong-in-thread", "id-mistyped", "the message with", written("a9999@abc.com", f"In-Reply-To: {SENT.format(1234)}")),
    case("letter-for-digit", "action-address-mistyped", "the message with", written("al234@abc.com")),
    case("dash", "action-address-mistyped", "the message with", written("a-1234@abc.com")),
    case("without-a", "action-address-mistyped", "the message with", written("1234@abc.com")),
    case("word-before", "action-address-mistyped", "the message with", written("action1234@abc.com")),
    case("alias-slip", "alias-mistyped", "link slaes@abc.com", written("slaes@abc.com"), expect=MARY),
    case("alias-plural", "alias-mistyped", "link sale@abc.com", written("sale@abc.com"), expect="mailbox:john"),
    case("nobody", "no-such-alias", "link peter@abc.com", written("peter@abc.com"), expect=MARY),
    case("nobody-reception", "no-such-alias", "link reception@abc.com", written("reception@abc.com"), expect="mailbox:john"),
    case("user", "user-without-alias", "link mary@abc.com", written("mary@abc.com"), expect=MARY),
    case("user-john", "user-without-alias", "link John@abc.com", written("John@abc.com"), expect="mailbox:john"),
    case("empty-alias", "alias-without-mailbox", "link archive@abc.com", written("archive@abc.com"), expect=MARY),
    case("sub-address", "sub-address-unread", SUB, written("matters+a1234@abc.com")),
    case("sub-address-gmail", "sub-address-unread", SUB, written("matters+a1234@abc.com"), **GMAIL),
    case("sub-domain", "sub-domain", "link sales@mail.abc.com", passed("sales@mail.abc.com", [], visible="sales@mail.abc.com"), expect=MARY),
    case("sub-domain-action", "sub-domain", "the message with", passed("a1234@mail.abc.com", [], visible="a1234@mail.abc.com")),
    case("other-top-domain", "domain-mistyped", "link sales@abc.com.au", passed("sales@abc.com.au", [], visible="sales@abc.com.au"), expect=MARY),
    case("foreign", "foreign-address", "link office@firm.example", passed("office@firm.example", [], visible="office@firm.example"), expect=MARY),
    case("srs", "verp-recipient", "the message with", passed("SRS0=abcd=xy=abc.com=a1234@relay.example", [], visible="bob@other.example")),
    case("batv", "verp-recipient", "the message with", written("prvs=1234abcd=a1234@abc.com", visible="bob@other.example")),
    case("list-verp", "verp-recipient", "the message with", passed("bounce+a1234=abc.com@lists.example", [], visible="bob@other.example")),
    case("full-width", "look-alike-letters", "the message with", written("a１２３４@abc.com")),  # noqa: RUF001 - that is the cause
    case("cyrillic", "look-alike-letters", "the message with", written("а1234@abc.com")),  # noqa: RUF001 - that is the cause
    case("latin-1", "broken-encoding", "the message with", lambda w: w.stored(mail(), "a1234@abc.com").replace(b"X-Original-To: a1234", b"X-Original-To: a1234\xe9")),
    case("encoded-local", "encoded-local-part", "the message with", lambda w: w.stored(mail(to="=?utf-8?Q?a1234?=@abc.com"), "a1234@abc.com"), provider="gandi", site=UNSET),
    case("alias-in-the-way", "alias-takes-action-address", "add [[action]] id = 900", written("a900@abc.com"), expect="action:900", site={"alias": [{"address": "a900@abc.com", "mailboxes": ["john"]}]}),
)  # fmt: skip


def index(cases: Iterable[MisroutedCase]) -> str:
    """The labels of all cases, as TOML."""
    rows = [
        {
            "name": one.name,
            "cause": one.cause,
            "fix": one.fix,
            "expect": one.expect,
            "provider": one.provider,
            "also": list(one.also),
        }
        for one in cases
    ]
    head = (
        "# Made by tests/study/diagnosis/misrouted_mail.py: each message NAME.eml and its site NAME.toml.\n\n"
    )
    return head + toml({"case": rows})


def files() -> dict[str, bytes]:
    """What stands in the folder, by name."""
    made = {"index.toml": index(CASES).encode()}
    for one in CASES:
        world = one.world()
        made[f"{one.name}.eml"] = one.make(world)
        made[f"{one.name}.toml"] = toml(_plain(one.tables())).encode()
    return made


def _plain(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Without the keys that are None: TOML has none."""
    mailbox = {key: value for key, value in tables["mailbox"].items() if value is not None}
    return {**tables, "mailbox": mailbox}


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, octets in files().items():
        (FOLDER / name).write_bytes(octets)

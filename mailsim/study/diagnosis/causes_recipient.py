"""Causes in the header that tells the recipient, and on the way to the mailbox (R4.3, R4.4).

They are those of misrouted mail, classes 1, 2, 5, 13 to 18 and 22.
"""

import re

from mailsim.mail import parse_addresses
from mailsim.practice.decision import Outcome, Reason, shown
from mailsim.practice.recipients import header_values
from mailsim.study.diagnosis.case import STAMPS, Case
from mailsim.study.diagnosis.cause import Cause, Sign, high, medium
from mailsim.study.diagnosis.fields import Anatomy

_DECORATED = re.compile(r"^(?:rfc822;\s*|[^@\s]+?-|<?)(?=\S+@)|\s+via\s.*$", re.IGNORECASE)
_FORWARDED = (
    "X-Forwarded-For",
    "X-Forwarded-To",
    "X-MS-Exchange-Generated-Message-Source",
    "X-Forwarded-Encrypted",
)
_BY_HAND = re.compile(
    r"-{2,} ?(?:forwarded message|original message|weitergeleitete nachricht|message transféré)|^begin forwarded message",
    re.IGNORECASE | re.MULTILINE,
)
_UNREAD = (Outcome.UNASSIGNED, Outcome.DELIVERED)


def _routed(case: Case) -> bool:
    return case.misses and case.decision.outcome in _UNREAD and case.reason is not Reason.LOOP


def _header_renamed(case: Case) -> Sign | None:
    absent = case.site.rules.header is not None and not case.message.values(case.reads)
    if not _routed(case) or not case.site.rules.catch_all or not absent or not case.elsewhere:
        return None
    name, address = case.elsewhere[0]
    return high(f"{case.reads} is absent", f"{name}: {shown(str(address))} names the recipient")


def _header_ignored(case: Case) -> Sign | None:
    if not _routed(case) or not case.site.rules.catch_all or not case.elsewhere or _header_renamed(case):
        return None
    if case.expect is None and case.decision.outcome is Outcome.DELIVERED:
        return None
    name, address = case.elsewhere[0]
    if name == "X-Forwarded-To":
        return None
    return high(f"{name}: {shown(str(address))} names the recipient", f"the site reads {case.reads}")


def _header_stripped(case: Case) -> Sign | None:
    absent = case.site.rules.header is not None and not case.message.values(case.reads)
    if not _routed(case) or not case.site.rules.catch_all or not absent or case.elsewhere:
        return None
    return high(f"{case.reads} is set as the header to read, and absent")


def header_decorated(case: Case) -> Sign | None:
    """A value that is better once a prefix or ` via ` is taken off; None where none is."""
    if not case.misses or case.reason not in _NOBODY:
        return None
    for value in case.message.values(case.reads):
        bare = _DECORATED.sub("", value)
        for address in parse_addresses(bare).addresses if bare != value else ():
            if case.better(address) or address == case.system:
                return high(f"{case.reads}: {shown(value)} is {shown(str(address))} as a server decorates it")
    return None


_NOBODY = frozenset(
    {Reason.UNKNOWN_ADDRESS, Reason.OTHER_DOMAIN, Reason.BAD_RECIPIENT, Reason.NO_SUCH_ACTION}
)


def _header_stacked(case: Case) -> Sign | None:
    values = header_values(case.message, case.reads)
    if not _routed(case) or case.expect is None or len(values) < 2 or case.decision.guessed:
        return None
    passed = [value for value in values if any(case.better(address) for address in value.addresses)]
    decided = case.decision.address
    if not passed or _header_forged(case):
        return None
    return high(f"{len(values)} values of {case.reads}: {shown(decided or '')} decided", passed[0].shown())


def _header_forged(case: Case) -> Sign | None:
    """The deciding value stands under the servers' Received lines: the sender can have written it."""
    if (
        case.decision.outcome is not Outcome.DELIVERED
        or case.decision.guessed
        or (case.expect and not case.misses)
    ):
        return None
    if case.reads.lower() in ("to", "cc"):
        return None
    names = [field.name for field in Anatomy.of(case.message).fields]
    if "received" not in names or case.reads.lower() not in names:
        return None
    first_received = names.index("received")
    last_received = len(names) - 1 - names[::-1].index("received")
    at = [index for index, name in enumerate(names) if name == case.reads.lower()]
    values = case.message.values(case.reads)
    deciding = [
        index
        for index, value in zip(at, values, strict=True)
        if any(address.text == case.decision.address for address in parse_addresses(value).addresses)
    ]
    if not deciding or deciding[0] < last_received or min(at) > first_received > deciding[0]:
        return None
    sign = high if case.expect else medium
    return sign(
        f"{case.reads}: {shown(case.decision.address or '')} stands under every Received: the sender can have written it"
    )


def _bcc_not_recorded(case: Case) -> Sign | None:
    if case.reason is not Reason.NO_RECIPIENT or case.elsewhere or _header_stripped(case):
        return None
    if case.first("List-Id") or any(case.first(name) for name in _FORWARDED) or _resent(case):
        return None
    shown_to = case.quoted("To") if case.first("To") else "there is no To"
    return high(
        f"{shown_to}: nobody of the practice",
        f"{case.reads} is absent: the envelope's recipient stands nowhere",
    )


def _mailbox_only(case: Case) -> Sign | None:
    only = [address for _, address in case.named(case.reads)] == [case.system]
    others = not any(case.site.directory.owns(address) for address in case.visible)
    if case.reason is not Reason.SYSTEM_ADDRESS or not case.site.rules.catch_all or not only or not others:
        return None
    if case.threads or case.elsewhere or case.first("List-Id") or _resent(case) or _forwarded(case):
        return None
    sign = medium if case.is_answer else high  # an answer without its thread may have been to anybody
    return sign(f"{case.quoted(case.reads)} names the mailbox alone", "To and Cc name nobody of the practice")


def _mailbox_is_single(case: Case) -> Sign | None:
    if (
        case.site.rules.catch_all
        or not case.misses
        or case.reason not in (Reason.SYSTEM_ADDRESS, Reason.SENDER_REWRITTEN)
    ):
        return None
    for name, address in case.named("Delivered-To", "To", "Cc", *STAMPS):
        if case.better(address):
            return high("the mailbox is of type single: no header is read", f"{name}: {shown(str(address))}")
    return None


def _forwarded(case: Case) -> Sign | None:
    signs = [case.quoted(name) for name in _FORWARDED if case.first(name)]
    if not _routed(case) or not signs or (case.elsewhere and case.elsewhere[0][0] != "X-Forwarded-To"):
        return None
    return high(signs[0], f"{case.quoted('To')}: a mailbox elsewhere got it, and forwarded it")


def _resent(case: Case) -> Sign | None:
    if not _routed(case) or not case.first("Resent-To"):
        return None
    told = case.quoted("Resent-To")
    return high(told, "somebody sent it on as it was (RFC 5322 section 3.6.6)")


def _forwarded_as_attachment(case: Case) -> Sign | None:
    if (
        not _routed(case)
        or "content-type: message/rfc822" not in case.body.lower()
        or "report" in case.content_type
    ):
        return None
    return medium("a message is attached (message/rfc822)", case.quoted("Subject"))


def _forwarded_by_hand(case: Case) -> Sign | None:
    said = case.is_forward or _BY_HAND.search(case.body)
    if not _routed(case) or not said or case.reason is Reason.SENDER_REWRITTEN or case.threads:
        return None
    if _forwarded_as_attachment(case):
        return None
    return medium(
        case.quoted("Subject"),
        "somebody forwarded it by hand: nothing of the first recipient is left but text",
    )


def _mailing_list(case: Case) -> Sign | None:
    signs = [case.quoted(name) for name in ("List-Id", "List-Post", "Mailing-List") if case.first(name)]
    if not _routed(case) or not signs or case.elsewhere:
        return None
    return high(signs[0], f"{case.quoted('To')}: the list, not its member")


def _other_recipients_copy(case: Case) -> Sign | None:
    if (
        case.decision.outcome is not Outcome.DELIVERED
        or case.expect is None
        or case.decision.guessed
        or not case.misses
    ):
        return None
    wanted = [address for address in case.visible if case.better(address)]
    if not wanted or _header_forged(case) or case.decision.resolver != "address" or _header_stacked(case):
        return None
    return high(
        f"{case.reads} names {shown(case.decision.address or '')}",
        f"{shown(str(wanted[0]))} stands in To or Cc: its copy came on its own, or to another mailbox",
    )


def _guessed_wrong(case: Case) -> Sign | None:
    if case.decision.outcome is not Outcome.DELIVERED or not case.decision.guessed or not case.misses:
        return None
    if case.expect is None or case.elsewhere or _header_stripped(case) or case.decision.resolver != "address":
        return None
    if any(case.better(address) for address in case.visible):
        return None
    told = f"{case.reads} names the mailbox alone" if case.first(case.reads) else f"{case.reads} is absent"
    return high(
        told, f"To and Cc gave {shown(case.decision.address or '')}: a Bcc or a list stands there never"
    )


CAUSES = (
    Cause(
        "header-renamed",
        "the provider names the recipient in another field than the one that is set",
        "set the catch-all header to that field",
        _header_renamed,
    ),
    Cause(
        "header-ignored",
        "the provider names the recipient in a field that this site does not read",
        "set the catch-all header to that field",
        _header_ignored,
    ),
    Cause(
        "header-stripped",
        "the field that is set to tell the recipient is not in the message",
        "have the provider write it, or unset the catch-all header",
        _header_stripped,
    ),
    Cause(
        "header-decorated",
        "the field that tells the recipient has more than the address in it",
        "name the provider under pop.common, so that its decoration is understood",
        header_decorated,
    ),
    Cause(
        "header-forged",
        "the deciding value is not the server's: the sender can have written it",
        "have the provider strip the field on entry, or read another that it does strip",
        _header_forged,
    ),
    Cause(
        "header-stacked",
        "the message passed several servers, each wrote the field, and another value decided",
        "read a field that only the last server writes",
        _header_stacked,
    ),
    Cause(
        "mailbox-is-single",
        "the mailbox is of type single, so that no address of an action is read",
        "set the mailbox to catch-all",
        _mailbox_is_single,
    ),
    Cause(
        "forwarded-by-mailbox",
        "another mailbox got the message and forwards all its mail here",
        "give that address an alias here, or have the forwarding go to the action's address",
        _forwarded,
    ),
    Cause(
        "resent",
        "somebody redirected the message, and its To still names the first recipient",
        "have it redirected to the action's address, or give that address an alias here",
        _resent,
    ),
    Cause(
        "mailing-list",
        "a list sent it: To names the list, not the member",
        "subscribe with an address that the provider's envelope header names, or give the list's address an alias",
        _mailing_list,
    ),
    Cause(
        "bcc-not-recorded",
        "the recipient stood in the envelope alone (Bcc), and no server wrote it down",
        "have the provider write the envelope's recipient into a header field",
        _bcc_not_recorded,
    ),
    Cause(
        "mailbox-only-recorded",
        "the recipient stood in the envelope alone (Bcc), and the server wrote down the mailbox, not the recipient",
        "have the provider write the envelope's recipient into a field, and set the catch-all header to it",
        _mailbox_only,
    ),
    Cause(
        "other-recipients-copy",
        "the provider made a copy for each recipient, and this one is another's",
        "nothing; look for the other copy",
        _other_recipients_copy,
    ),
    Cause(
        "guessed-wrong",
        "no field names the recipient, and To and Cc named another",
        "have the provider write the envelope's recipient into a field, and set the catch-all header to it",
        _guessed_wrong,
    ),
    Cause(
        "forwarded-as-attachment",
        "somebody sent it on as an attachment: the header is the forwarder's",
        "have it forwarded to the action's address",
        _forwarded_as_attachment,
    ),
    Cause(
        "forwarded-by-hand",
        "somebody forwarded it by hand: the header is the forwarder's",
        "have it forwarded to the action's address",
        _forwarded_by_hand,
    ),
)
"""In the order in which equally sure ones are told."""

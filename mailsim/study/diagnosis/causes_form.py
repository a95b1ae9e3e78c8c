"""Causes in the form of the octets: what cannot be read, and why (R4.8, R4.9, R4.14)."""

import re

from mailsim.mail import parse_addresses
from mailsim.mail.encoded_words import decoded_words
from mailsim.practice.decision import Reason, shown
from mailsim.practice.routing import LOOP_HEADER, automatic
from mailsim.study.diagnosis.case import Case
from mailsim.study.diagnosis.cause import Cause, Sign, high, medium

_UTF16 = re.compile(rb"\xff\xfe|\xfe\xff|(?:[^\0]\0){4}|(?:\0[^\0]){4}", re.DOTALL)
_REPORT = re.compile(r"multipart/report|delivery-status")
_DAEMON = re.compile(r"mailer-daemon|postmaster", re.IGNORECASE)
_RESEND = "have it sent again, whole; what was cut off stands nowhere"


def is_report(case: Case) -> str | None:
    """What shows that the message is a delivery report (RFC 3464); None where nothing does."""
    if _REPORT.search(case.content_type):
        return case.quoted("Content-Type")
    if case.first("X-Failed-Recipients"):
        return case.quoted("X-Failed-Recipients")
    return case.quoted("From") if _DAEMON.search(case.first("From")) else None


def _fallback_comes_back(case: Case) -> Sign | None:
    if case.reason is not Reason.LOOP:
        return None
    ours = [
        value for value in case.message.values(LOOP_HEADER) if case.system in parse_addresses(value).addresses
    ]
    return high(f"{LOOP_HEADER}: {shown(ours[0])}") if ours else None


def _bounce_to_fallback(case: Case) -> Sign | None:
    report = is_report(case)
    if case.reason is not Reason.LOOP or report is None or _fallback_comes_back(case):
        return None
    return high(report)


def _automatic_to_fallback(case: Case) -> Sign | None:
    sign = automatic(case.message)
    if case.reason is not Reason.LOOP or sign is None or is_report(case) or _fallback_comes_back(case):
        return None
    return high(shown(sign))


def _blank_lines_first(case: Case) -> Sign | None:
    if case.reason is not Reason.NO_HEADER or not case.message.octets.startswith((b"\n", b"\r\n")):
        return None
    return high("the first line is empty")


def _not_a_message(case: Case) -> Sign | None:
    octets = case.message.octets
    if case.reason is not Reason.NO_HEADER or octets.startswith((b"\n", b"\r\n")):
        return None
    first = octets[:80].partition(b"\n")[0].decode("utf-8", "replace")
    return high(f"the first line is no header field: {shown(first)}")


def _utf16(case: Case) -> Sign | None:
    if case.reason is not Reason.UNDECODABLE_HEADER or not _UTF16.match(case.message.octets):
        return None
    return high("every second octet is NUL: the message was saved as UTF-16")


def _nul_in_header(case: Case) -> Sign | None:
    if case.reason is not Reason.UNDECODABLE_HEADER or _UTF16.match(case.message.octets):
        return None
    lines = (line for line in case.message.header.split(b"\n") if b"\0" in line)
    line = next(lines, None)
    return high(f"a NUL in the line {shown(line.decode('latin-1'))}") if line else None


def _cr_line_ends(case: Case) -> Sign | None:
    octets = case.message.octets
    if case.reason is not Reason.UNDECODABLE_HEADER or b"\n" in octets[:4096] or b"\r" not in octets:
        return None
    return None if _UTF16.match(octets) else high("the lines end in CR alone")


def _line_without_field(case: Case) -> Sign | None:
    header = case.message.header
    if case.reason is not Reason.UNDECODABLE_HEADER or b"\0" in header or b"\n" not in header:
        return None
    odd = next((line for line in header.split(b"\n") if line.strip() and not _is_field(line)), None)
    return None if odd is None else high(f"a line that is no field: {shown(odd.decode('latin-1').strip())}")


def _is_field(line: bytes) -> bool:
    return re.match(rb"[ \t]|[!-9;-~]+[ \t]*:", line) is not None


def _cut_in_header(case: Case) -> Sign | None:
    message = case.message
    if case.reason is not Reason.TRUNCATED or message.body_start < len(message.octets):
        return None
    return high("the octets end inside the header")


def _cut_in_body(case: Case) -> Sign | None:
    message = case.message
    if case.reason is not Reason.TRUNCATED or message.body_start >= len(message.octets):
        return None
    return high(f"{case.quoted('Content-Type')} has no closing boundary, and the last line is unfinished")


def _originator_missing(case: Case) -> Sign | None:
    present = [name for name in ("From", "Sender", "Return-Path") if case.first(name)]
    if case.reason is not Reason.NO_ORIGINATOR or present:
        return None
    return high("From, Sender and Return-Path are absent")


def _originator_unreadable(case: Case) -> Sign | None:
    present = [case.quoted(name) for name in ("From", "Sender", "Return-Path") if case.first(name)]
    return high(*present) if case.reason is Reason.NO_ORIGINATOR and present else None


def _address_in_encoded_word(case: Case) -> Sign | None:
    if case.reason is not Reason.BAD_RECIPIENT:
        return None
    for name in dict.fromkeys((case.reads, "To", "Cc")):
        value = case.first(name)
        decoded = decoded_words(value)
        if decoded != value and parse_addresses(decoded).addresses:
            return high(f"{case.quoted(name)} is {shown(decoded)} in encoded words (RFC 2047 section 5)")
    return None


def _recipient_is_words(case: Case) -> Sign | None:
    if case.reason is not Reason.BAD_RECIPIENT or _address_in_encoded_word(case):
        return None
    values = [case.quoted(name) for name in dict.fromkeys((case.reads, "To", "Cc")) if case.first(name)]
    return high(*values) if values else None


def _copy_of_sent_mail(case: Case) -> Sign | None:
    if case.reason is not Reason.SENT_COPY:
        return None
    return high(f"{case.quoted('Message-ID')} was sent by the practice", case.quoted("To"))


def _read_receipt(case: Case) -> Sign | None:
    if not case.misses or "disposition-notification" not in case.content_type:
        return None
    return high(case.quoted("Content-Type"), "a program says that a message was read (RFC 8098)")


def _bounce(case: Case) -> Sign | None:
    report = is_report(case)
    if not case.misses or report is None or case.reason in _UNREADABLE or _read_receipt(case):
        return None
    local = re.search(rf"\b(a[0-9]+)@{re.escape(case.system.domain)}", case.body, re.IGNORECASE)
    told = f"it reports on a message from {local[0]}" if local else "it reports on a message that was sent"
    sign = high if local or "multipart/report" in case.content_type else medium
    return sign(report, told)


_UNREADABLE = frozenset(
    {Reason.LOOP, Reason.NO_HEADER, Reason.UNDECODABLE_HEADER, Reason.TRUNCATED, Reason.NO_ORIGINATOR}
)

CAUSES = (
    Cause(
        "fallback-comes-back",
        "the practice forwarded it to the fallback address, and that leads back into the system mailbox",
        "give a fallback address that this system does not collect",
        _fallback_comes_back,
    ),
    Cause(
        "bounce-to-fallback",
        "a delivery report that could not be routed and is not forwarded, lest two machines answer each other",
        "read it in Unassigned; it says which message was not delivered",
        _bounce_to_fallback,
    ),
    Cause(
        "automatic-to-fallback",
        "a machine sent it to where the fallback address is, or where it would be forwarded",
        "give a fallback address that nobody outside knows",
        _automatic_to_fallback,
    ),
    Cause(
        "blank-lines-first",
        "empty lines stand before the header, so that nothing is a header",
        "mend the program that saves or hands over the message",
        _blank_lines_first,
    ),
    Cause(
        "not-a-message",
        "the octets do not begin with a header",
        "find out what put them there",
        _not_a_message,
    ),
    Cause("utf-16", "the message was saved as UTF-16", "save it as it was received, octet for octet", _utf16),
    Cause(
        "nul-in-header",
        "a NUL stands in the header",
        "have the sender's program, or the filter that wrote the field, mended",
        _nul_in_header,
    ),
    Cause(
        "cr-line-ends",
        "the lines end in CR alone, which ends no line in mail",
        "have the program that stores the mail write CRLF",
        _cr_line_ends,
    ),
    Cause(
        "line-without-field",
        "a line in the header is no field, so that the fields below it cannot be trusted",
        "have the filter or program that wrote the line mended",
        _line_without_field,
    ),
    Cause("cut-in-header", "the message ends in its header", _RESEND, _cut_in_header),
    Cause("cut-in-body", "the message ends in the middle of a part", _RESEND, _cut_in_body),
    Cause(
        "originator-missing",
        "nothing in the message says who sent it",
        "have the sending program write From (RFC 5322 section 3.6)",
        _originator_missing,
    ),
    Cause(
        "originator-unreadable",
        "what should say who sent it is no address",
        "have the sending program write an address in From",
        _originator_unreadable,
    ),
    Cause(
        "address-in-encoded-word",
        "the recipient's address stands inside an encoded word, where no address may stand",
        "have the sending program encode names only",
        _address_in_encoded_word,
    ),
    Cause(
        "recipient-is-words",
        "the field that tells the recipient holds words and no address",
        "have the sending program or the server that stamps it write an address",
        _recipient_is_words,
    ),
    Cause(
        "copy-of-sent-mail",
        "the server put a copy of what the practice sent into the system mailbox",
        "nothing; or have the provider keep no copies there",
        _copy_of_sent_mail,
    ),
    Cause(
        "bounce",
        "a server reports that a message sent was not delivered",
        "read the report; it names the recipient",
        _bounce,
    ),
    Cause(
        "read-receipt",
        "a mail program confirms that a message was read",
        "ask for none, or turn on the resolver thread",
        _read_receipt,
    ),
)
"""In the order in which equally sure ones are told."""

"""A server's report that it gives up on a message that it had accepted (RFC 3464, RFC 6522): pure.

Laws: the same message, failures, Message-ID and date give the same octets; whatever the message and the other server's
words hold, the report is well formed: its parts are the three of RFC 6522, each field is one line, and its
lines are printable ASCII. The message's body is not in it, nor more than `MOST_HEADER` octets of its header.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import Message as Fields
from email.message import MIMEPart

from mailsim.mail import Address, Message, Reply
from mailsim.mail.date import header_date

MOST_HEADER = 102_400
"""Octets of the original's header that are returned, as of Postfix (header_size_limit)."""
_LONGEST = 900
"""Characters of a line: with a field's name it fits RFC 5322's 998."""
_POLICY = policy.SMTP.clone(max_line_length=998)  # no value is so long, and so none is folded


@dataclass(frozen=True, slots=True)
class Failure:
    """A recipient that does not get the message, and the last words about it."""

    recipient: Address
    reply: Reply


def non_delivery(
    original: Message,
    failures: Sequence[Failure],
    *,
    to: Address,
    reporting: str,
    remote: str = "",
    message_id: str,
    date: datetime,
) -> Message:
    """Write the report on one message or more recipients of it.

    `to` is its envelope sender, which must not be the null sender (RFC 5321 section 6.1); the report's own is.
    `reporting` is the server that gives up, `remote` the one whose words the replies are, where they are not its own.
    `message_id` has its angle brackets.
    """
    report = MIMEPart(policy=_POLICY)
    report["From"] = f"Mail Delivery System <MAILER-DAEMON@{reporting}>"
    report["To"] = _told(str(to))
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Date"] = header_date(date)
    report["Message-ID"] = message_id
    if answered := _told(original.message_id or ""):
        report["In-Reply-To"] = answered  # RFC 3834 section 3.1.5
        report["References"] = answered
    report["Auto-Submitted"] = "auto-replied"
    report["MIME-Version"] = "1.0"
    header = _header_of(original)
    report.add_header("Content-Type", "multipart/report", report_type="delivery-status")
    report.set_boundary(_boundary(message_id, header))
    for part in (
        _words(failures, reporting, remote),
        _status(failures, reporting, remote, date),
        _returned(header),
    ):
        report.attach(part)
    return Message(report.as_bytes())


def _words(failures: Sequence[Failure], reporting: str, remote: str) -> MIMEPart:
    """For people."""
    said = f"host {remote} said" if remote else "it says"
    lines = [
        f"This is the mail system at host {reporting}.",
        "",
        "Your message could not be delivered to one or more recipients.",
        "The header of your message is attached below.",
        "",
        *(_told(f"<{failure.recipient}>: {said}: {failure.reply}") for failure in failures),
    ]
    part = MIMEPart(policy=_POLICY)
    part.set_content("\n".join(lines) + "\n", cte="7bit")
    return part


def _status(failures: Sequence[Failure], reporting: str, remote: str, date: datetime) -> MIMEPart:
    """For machines: a block about the report, then one for each recipient (RFC 3464 section 2.1)."""
    part = MIMEPart(policy=_POLICY)
    part["Content-Type"] = "message/delivery-status"
    part["Content-Description"] = "Delivery report"
    blocks: list[Fields | str] = [_block(("Reporting-MTA", f"dns; {reporting}"))]
    for failure in failures:
        recipient = str(failure.recipient)
        fields = [
            (
                "Final-Recipient",
                f"rfc822; {recipient}" if recipient.isascii() else f"utf-8; {_xtext(recipient)}",
            ),
            ("Action", "failed"),
            ("Status", _status_of(failure.reply)),
            ("Remote-MTA", f"dns; {remote}" if remote else ""),
            ("Diagnostic-Code", f"smtp; {failure.reply}"),
            ("Last-Attempt-Date", header_date(date)),
        ]
        blocks.append(_block(*fields))
    part.set_payload(blocks)
    return part


def _block(*fields: tuple[str, str]) -> Fields:
    block = Fields(policy=_POLICY)
    for name, value in fields:
        if value:
            block[name] = _told(value)
    return block


def _status_of(reply: Reply) -> str:
    """The enhanced code; of a reply without one the class alone (RFC 3463 section 3.1), of one put off for long 4.4.7."""
    if reply.transient:
        return "4.4.7"
    return reply.enhanced if reply.enhanced[:1] == "5" else "5.0.0"


def _returned(header: bytes) -> MIMEPart:
    """The original's header (RFC 6522 section 4), as it is where it can be."""
    part = MIMEPart(policy=_POLICY)
    lines = header.split(b"\r\n")
    plain = (
        header.isascii() and b"\0" not in header and not any(b"\r" in line or b"\n" in line for line in lines)
    )
    fits = max(map(len, lines)) <= 998
    part.set_content(header, "text", "rfc822-headers", cte="7bit" if plain and fits else "quoted-printable")
    return part


def _header_of(original: Message) -> bytes:
    """As much of the header as is returned, in whole lines; a line end of its own at the end."""
    header = original.header
    if len(header) > MOST_HEADER:
        header = header[: header.rfind(b"\n", 0, MOST_HEADER) + 1]
    if b"\r" not in header:
        header = header.replace(b"\n", b"\r\n")
    return header if header.endswith(b"\r\n") else header + b"\r\n"


def _boundary(message_id: str, header: bytes) -> str:
    """One that the returned header, which a stranger wrote, does not hold."""
    boundary = "=" + "".join(char for char in message_id if char.isalnum() and char.isascii())[:40]
    while boundary.encode() in header:
        boundary += "="
    return boundary


def _xtext(address: str) -> str:
    """An address in ASCII (utf-8-addr-xtext, RFC 6533 section 3)."""
    return "".join(char if char.isascii() and char != "\\" else f"\\x{{{ord(char):X}}}" for char in address)


def _told(text: str) -> str:
    """Text of others in one printable ASCII line."""
    clipped = text[:_LONGEST]
    return "".join(char if char.isascii() and char.isprintable() else "?" for char in clipped)

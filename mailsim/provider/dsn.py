"""A server's report that it gives up on a message that it had accepted (RFC 3464, RFC 6522): pure.

Laws: the same message, failures, Message-ID and date give the same octets; whatever the message and the other server's
words hold, the report is well formed: its parts are the three of RFC 6522, each field is one line, and its
lines are printable ASCII. The message's body is not in it, nor more than `MOST_HEADER` octets of its header.

Written line by line: the standard library takes seventy times as long, and worlds have many reports.
"""

from binascii import b2a_qp
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailsim.mail import Address, Message, Reply
from mailsim.mail.date import header_date

MOST_HEADER = 102_400
"""Octets of the original's header that are returned, as of Postfix (header_size_limit)."""
_LONGEST = 900
"""Characters of a line: with a field's name it fits RFC 5322's 998."""


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
    reporting, remote = _told(reporting), _told(remote)
    header = _header_of(original)
    boundary = _boundary(message_id, header)
    answered = _told(original.message_id or "")
    lines = [
        f"From: Mail Delivery System <MAILER-DAEMON@{reporting}>",
        f"To: {_told(str(to))}",
        "Subject: Undelivered Mail Returned to Sender",
        f"Date: {header_date(date)}",
        f"Message-ID: {message_id}",
        *(
            [f"In-Reply-To: {answered}", f"References: {answered}"] if answered else []
        ),  # RFC 3834 section 3.1.5
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"',
        "",
        f"--{boundary}",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        *_words(failures, reporting, remote),
        f"--{boundary}",
        "Content-Type: message/delivery-status",
        "",
        *_status(failures, reporting, remote, date),
        f"--{boundary}",
        "Content-Type: text/rfc822-headers",
    ]
    end = f"--{boundary}--\r\n".encode()
    return Message("\r\n".join(lines).encode("ascii") + b"\r\n" + _returned(header) + end)


def _words(failures: Sequence[Failure], reporting: str, remote: str) -> list[str]:
    """For people."""
    said = f"host {remote} said" if remote else "it says"
    return [
        f"This is the mail system at host {reporting}.",
        "",
        "Your message could not be delivered to one or more recipients.",
        "The header of your message is attached below.",
        "",
        *(_told(f"<{failure.recipient}>: {said}: {failure.reply}") for failure in failures),
    ]


def _status(failures: Sequence[Failure], reporting: str, remote: str, date: datetime) -> Iterator[str]:
    """For machines: a block about the report, then one for each recipient (RFC 3464 section 2.1)."""
    yield f"Reporting-MTA: dns; {reporting}"
    for failure in failures:
        recipient = str(failure.recipient)
        shown = f"rfc822; {recipient}" if recipient.isascii() else f"utf-8; {_xtext(recipient)}"
        yield ""
        yield f"Final-Recipient: {_told(shown)}"
        yield "Action: failed"
        yield f"Status: {_status_of(failure.reply)}"
        if remote:
            yield f"Remote-MTA: dns; {remote}"
        yield f"Diagnostic-Code: {_told(f'smtp; {failure.reply}')}"
        yield f"Last-Attempt-Date: {header_date(date)}"
    yield ""


def _status_of(reply: Reply) -> str:
    """The enhanced code; of a reply without one the class alone (RFC 3463 section 3.1), of one put off for long 4.4.7."""
    if reply.transient:
        return "4.4.7"
    return reply.enhanced if reply.enhanced[:1] == "5" else "5.0.0"


def _returned(header: bytes) -> bytes:
    """The rest of the last part, the original's header (RFC 6522 section 4): as it is where it can be."""
    lines = header.split(b"\r\n")
    sound = header.isascii() and not any(mark in line for line in lines for mark in (b"\0", b"\r", b"\n"))
    if sound and max(map(len, lines)) <= 998:
        return b"\r\n" + header
    coded = b2a_qp(header, istext=False).replace(
        b"\n", b"\r\n"
    )  # line ends of the header are coded as octets
    return b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + coded + b"\r\n"


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

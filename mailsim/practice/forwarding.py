"""The path of mail that cannot be read: a new message to the fallback address, the original inside it (R4.8).

The original travels unchanged: as message/rfc822 where SMTP can carry its lines as they are, otherwise
as application/octet-stream in base64. The forward is automatic (RFC 3834) and bears the loop header (R4.9).
"""

import base64
import re
from datetime import datetime

from mailsim.mail import Address, Envelope, Message
from mailsim.mail.date import header_date
from mailsim.practice.decision import Decision
from mailsim.practice.routing import LOOP_HEADER

_UNSENDABLE = re.compile(rb"[\0]|\r(?!\n)|(?<!\r)\n|[^\n]{999}")  # RFC 5321 section 2.3.8 and 4.5.3.1.6


def forward(
    original: Message,
    decision: Decision,
    *,
    sender: Address,
    fallback: Address,
    message_id: str,
    date: datetime,
) -> tuple[Envelope, Message]:
    """The message that carries an unreadable one to the fallback address; its envelope sender is null (RFC 3834)."""
    boundary = "=_fallback_" + re.sub(r"\W", "_", message_id)
    while boundary.encode() in original.octets:  # a hostile message may hold the one it expects
        boundary += "_"
    head = [
        f"From: {sender}",
        f"To: {fallback}",
        f"Subject: A message that could not be read ({decision.reason})",
        f"Date: {header_date(date)}",
        f"Message-ID: {message_id}",
        "Auto-Submitted: auto-generated",
        f"{LOOP_HEADER}: {sender}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="{boundary}"',
        "",
        f"--{boundary}",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "The attached message was collected and could not be read:",
        f"{decision.reason}.",
        "",
        f"--{boundary}",
        "",
    ]
    body = "\r\n".join(head).encode() + _attached(original) + f"\r\n--{boundary}--\r\n".encode()
    return Envelope(None, (fallback,)), Message(body)


def _attached(original: Message) -> bytes:
    if original.defect is None and not _UNSENDABLE.search(original.octets):
        return b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + original.octets
    encoded = base64.encodebytes(original.octets).replace(b"\n", b"\r\n")
    head = (
        b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        b'Content-Disposition: attachment; filename="original.eml"\r\n\r\n'
    )
    return head + encoded

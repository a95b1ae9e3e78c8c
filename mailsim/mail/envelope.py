"""The SMTP envelope: who sends, and who shall receive (RFC 5321 section 2.3.1)."""

from dataclasses import dataclass

from mailsim.mail.address import Address


@dataclass(frozen=True, slots=True)
class Envelope:
    """Sender and recipients beside a message; POP3 carries none."""

    sender: Address | None
    """The reverse-path; None is the null path `<>` of bounces and automatic replies."""
    recipients: tuple[Address, ...]
    """The forward-paths, in the order of the RCPT commands."""

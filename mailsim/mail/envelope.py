"""The SMTP envelope: who sends, and who shall receive (RFC 5321 section 2.3.1)."""

from typing import NamedTuple

from mailsim.mail.address import Address


class Envelope(NamedTuple):
    """Sender and recipients beside a message; POP3 carries none. A named tuple, because every hop makes some."""

    sender: Address | None
    """The reverse-path; None is the null path `<>` of bounces and automatic replies."""
    recipients: tuple[Address, ...]
    """The forward-paths, in the order of the RCPT commands."""

    def named(self) -> str:
        """The recipients in one text, with a comma between them."""
        if len(self.recipients) == 1:  # as nearly always
            return self.recipients[0].text
        return ", ".join([recipient.text for recipient in self.recipients])

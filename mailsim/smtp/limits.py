"""What a server takes at most, whatever carries the mail to it: pure."""

from mailsim.mail import Message, Reply

HARD_LIMIT = 256 * 1024 * 1024
"""Octets of one message, and of one line, whatever the server's own limit says."""
LINE_LIMIT = 1024 * 1024
"""Octets of a line that is taken: far over RFC 5321's 1,000, since real mail has such lines and real servers take them."""
MOST_RECIPIENTS = 1000
"""Of one transaction; RFC 5321 section 4.5.3.1.8 wants at least 100."""
MOST_HOPS = 50
"""Received fields of a message, as in Postfix (hopcount_limit): what has more goes round (RFC 5321 section 6.3)."""
_FIRST, _FEW = 4096, 5
"""Octets of a message in which there are so many Received fields where it has more than `MOST_HOPS`."""

TOO_LONG = Reply(500, "Line too long (see RFC5321 4.5.3.1.6)", "5.5.2")
TOO_MANY = Reply(452, "Too many recipients", "4.5.3")  # RFC 5321 section 4.5.3.1.10
TOO_MANY_HOPS = Reply(554, "Too many hops", "5.4.6")


def refusal(message: Message) -> Reply | None:
    """What any server says to a message that it never takes, whoever sent it; None to others."""
    octets = message.octets
    if _has_long_line(octets):
        return TOO_LONG
    if octets.count(b"eceived:", 0, _FIRST) >= _FEW and len(message.raw_values("Received")) > MOST_HOPS:
        return TOO_MANY_HOPS
    return None


def _has_long_line(octets: bytes) -> bool:
    """Whether a line of a message is longer than is taken; lines end in CRLF."""
    start = 0
    while len(octets) - start > LINE_LIMIT:
        end = octets.rfind(b"\r\n", start, start + LINE_LIMIT + len(b"\r\n"))
        if end < 0:
            return True
        start = end + len(b"\r\n")
    return False

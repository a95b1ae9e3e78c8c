"""Which mail a program answers that keeps RFC 3834, such as one that tells of an absence: pure.

It answers a person who wrote to its owner by name, once in a while: no automatic or bulk mail, no list, nobody who cannot
read an answer. RFC 3834 section 2; what senders are no persons, RFC 5230 section 4.6 says.
"""

import re
from datetime import timedelta

from mailsim.mail import Address, Message, parse_addresses
from mailsim.practice.routing import auto_submitted

ONCE_IN = timedelta(days=7)
"""So often a sender gets the answer, as RFC 3834 section 2 recommends."""
_NAMING = ("To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc")
_BULK = frozenset(("bulk", "junk", "list"))
_LISTS = ("Id", "Help", "Unsubscribe", "Subscribe", "Post", "Owner", "Archive")  # RFC 2919, RFC 2369
_NOBODY = re.compile(r"mailer-daemon|listserv|majordomo|owner-.*|.*-request", re.IGNORECASE | re.DOTALL)


def may_answer(owner: Address, message: Message, sender: Address | None) -> bool:
    """Whether the program of that owner answers a message that came under this envelope sender, which the answer goes to."""
    return (
        sender is not None
        and sender != owner
        and not _NOBODY.fullmatch(sender.local)
        and not auto_submitted(message)
        and not _is_bulk(message)
        and any(
            owner in parse_addresses(value).addresses for name in _NAMING for value in message.values(name)
        )
    )


def _is_bulk(message: Message) -> bool:
    precedence = (message.value("Precedence") or "").lower()
    return precedence in _BULK or any(message.values(f"List-{name}") for name in _LISTS)

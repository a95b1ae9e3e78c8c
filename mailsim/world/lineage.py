"""Which conversation a message belongs to: one trace id from compose to the last mailbox (R6.1).

Over sockets only octets travel, and servers add and rewrite header fields. So a message is known by
its Message-ID, or without one by its originator, date, subject and body (as in R4.13), all of them as they read under
what servers write on top: there a byte order mark or an mbox line is no beginning, and text without a header is a
body. One that comes again after `recent.MOST` others begins a new conversation.
"""

import hashlib

from mailsim.mail import Message
from mailsim.world.recent import Recent


def trace_id_of(number: int) -> str:
    """The trace id of the conversation that began as that one of its world, from 1."""
    return f"t{number:06}"


class Lineage:
    """Trace ids in the order in which conversations began."""

    def __init__(self) -> None:
        self._trace_ids: Recent[str, str] = Recent()
        self._begun = 0

    def of(self, message: Message) -> str:
        """The trace id of this message; a new one for a message never seen."""
        return self.named(_key(message))

    def named(self, key: str) -> str:
        """The trace id of the message of this Message-ID; a new one for one never seen."""
        trace_id = self._trace_ids.get(key)
        if trace_id is None:
            self._begun += 1
            trace_id = trace_id_of(self._begun)
            self._trace_ids.put(key, trace_id)
        return trace_id

    def __contains__(self, message: Message) -> bool:
        """Whether the message was seen before."""
        return _key(message) in self._trace_ids

    def tie(self, message: Message, trace_id: str) -> None:
        """Have a message that answers or carries another belong to the other's conversation."""
        key = _key(message)
        if key not in self._trace_ids:
            self._trace_ids.put(key, trace_id)


def _key(message: Message) -> str:
    if known_by := message.known_by:
        return known_by
    read = message.below()
    digest = hashlib.blake2b(read.octets[read.body_start :], digest_size=16)
    for name in ("From", "Date", "Subject"):
        digest.update((read.value(name) or "").encode("utf-8", "replace"))
    return digest.hexdigest()

"""Which conversation a message belongs to: one trace id from compose to the last mailbox (R6.1).

Over sockets only octets travel, and servers add and rewrite header fields. So a message is known by
its Message-ID, or without one by its originator, date, subject and body (as in R4.13), all of them as they read under
what servers write on top: there a byte order mark or an mbox line is no beginning, and text without a header is a
body. One that comes again after many others, when it waits nowhere any more, begins a new conversation.
"""

import hashlib
from collections.abc import Callable

from mailsim.mail import Message
from mailsim.world.recent import MOST, Recent


def trace_id_of(number: int) -> str:
    """The trace id of the conversation that began as that one of its world, from 1."""
    return f"t{number:06}"


class Lineage:
    """Trace ids in the order in which conversations began: of the messages met last, and of all that wait somewhere."""

    def __init__(self, most: int = MOST) -> None:
        """`most` is how many of those that wait nowhere are remembered, as by `Recent`."""
        self._trace_ids: Recent[str, str] = Recent(most)
        self._held: dict[str, tuple[str, int]] = {}
        """The key of what waits -> its trace id, and in how many places it does."""
        self.begun = 0
        """How many conversations have begun."""

    def of(self, message: Message) -> str:
        """The trace id of this message; a new one for a message never seen."""
        return self.named(key_of(message))

    def named(self, key: str) -> str:
        """The trace id of the message of this Message-ID, or other key; a new one for one never seen."""
        trace_id = self._trace_ids.get(key)
        if trace_id is not None:
            return trace_id
        if key in self._held:
            return self._held[key][0]
        self.begun += 1
        trace_id = trace_id_of(self.begun)
        self._trace_ids.put(key, trace_id)
        return trace_id

    def tie(self, message: Message, trace_id: str) -> None:
        """Have a message that answers or carries another belong to the other's conversation."""
        key = key_of(message)
        if self._trace_ids.get(key) is None and key not in self._held:
            self._trace_ids.put(key, trace_id)

    def hold(self, key: str) -> None:
        """Have the message of this key not forgotten while it waits in one more place, however many others go by."""
        trace_id, places = self._held.get(key) or (self.named(key), 0)
        self._held[key] = trace_id, places + 1

    def release(self, key: str) -> None:
        """Have a message wait in one place less; when it waits nowhere, it is as one met just now."""
        trace_id, places = self._held.pop(key)
        if places > 1:
            self._held[key] = trace_id, places - 1
        else:
            self._trace_ids.put(key, trace_id)

    def holding(self, message: Message, act: Callable[[], object]) -> Callable[[], None]:
        """What does `act` when it is called, once; until then the message waits."""
        key = key_of(message)
        self.hold(key)

        def due() -> None:
            self.release(key)
            act()

        return due


def key_of(message: Message) -> str:
    """What a message is known by: its Message-ID, or without one a digest."""
    if known_by := message.known_by:
        return known_by
    read = message.below()
    digest = hashlib.blake2b(read.octets[read.body_start :], digest_size=16)
    for name in ("From", "Date", "Subject"):
        digest.update((read.value(name) or "").encode("utf-8", "replace"))
    return digest.hexdigest()

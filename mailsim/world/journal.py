"""Writing facts about messages into the trace: their trace id, their Message-ID, their size."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from mailsim.json_text import json_text
from mailsim.mail import Address, Envelope, Message
from mailsim.trace.event import Step
from mailsim.trace.recorder import Recorder
from mailsim.world.lineage import Lineage, key_of
from mailsim.world.recent import Recent


class Entry(NamedTuple):
    """What the trace tells of a message itself; enough to write more about it once its octets are gone."""

    trace_id: str
    message_id: str
    size: int


NO_MESSAGE = Entry("", "", 0)
"""What an event is about that concerns no message."""


Spot = tuple[str, str, str]
"""A practice's domain, the user of a server mailbox there, and a uid in it: equal messages have equal uids in several."""


def uid_detail(uid: str | None) -> str:
    """What the trace tells of a message's uid, as the JSON of `detail`; None where the server has none."""
    return f'{{"uid": {json_text(uid)}}}'


class Journal:
    """The recorder of one world; knows which conversation a message belongs to."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.lineage = Lineage()
        self._foreign: Recent[tuple[str, str, str], None] = Recent()
        """What other programs brought: the server, trace id and Message-ID."""
        self._last: Message | None = None
        """The message that was told of last; mostly several things in turn happen to one."""
        self._entry = NO_MESSAGE
        """What the trace tells of it."""
        self._lying: dict[Spot, Entry] = {}
        self._copies: set[Spot] = set()
        """Where of these a copy of what the practice sent lies (R5.8)."""

    def entry(self, message: Message) -> Entry:
        """What the trace tells of this message."""
        if message is not self._last:
            message_id = message.known_by
            trace_id = self.lineage.named(message_id) if message_id else self.lineage.of(message)
            self._last, self._entry = message, Entry(trace_id, message_id, len(message.octets))
        return self._entry

    def known(self, message_id: str, size: int) -> Entry:
        """As `entry`, of a message whose Message-ID somebody has read already."""
        return Entry(self.lineage.named(message_id), message_id, size)

    def lies(self, spot: Spot, message: Message) -> None:
        """Have what the trace tells of a message at hand until it is taken out of its server mailbox."""
        entry = self._lying[spot] = self.entry(message)
        self.lineage.hold(entry.message_id or key_of(message))

    def copy_lies(self, spot: Spot, message: Message) -> None:
        """As `lies`, of a copy of what the practice sent (R5.8)."""
        self.lies(spot, message)
        self._copies.add(spot)

    def lies_there(self, spot: Spot) -> bool:
        """Whether a message lies there that somebody sent there; not a copy of what the practice sent (R5.8)."""
        return spot in self._lying and spot not in self._copies

    def taken_out(self, spot: Spot, octets: bytes) -> Entry:
        """What the trace tells of a message that lay there."""
        entry = self._lying.pop(spot, None)
        if entry is None:
            return self.entry(Message(octets))
        self._copies.discard(spot)
        self.lineage.release(entry.message_id or key_of(Message(octets)))
        return entry

    def record(
        self,
        step: Step,
        place: str,
        about: Message | Entry,
        *,
        peer: str = "",
        sender: Address | Literal[""] | None = "",
        recipient: str = "",
        outcome: str = "",
        reason: str = "",
        rule: str = "",
        detail: Mapping[str, object] | str = "",
    ) -> None:
        """Write one event about a message; the arguments are the columns of the trace.

        The sender None is the null path; where nothing is known of an envelope, it is left out.
        """
        trace_id, message_id, size = self.entry(about) if isinstance(about, Message) else about
        named = "<>" if sender is None else sender.text if sender else ""
        self._recorder.record(
            step,
            place,
            trace_id=trace_id,
            message_id=message_id,
            peer=peer,
            sender=named,
            recipient=recipient,
            size=size,
            outcome=outcome,
            reason=reason,
            rule=rule,
            detail=detail,
        )

    def sighted(self, server: str, peer: str, envelope: Envelope, message: Message) -> bool:
        """Note that a message begins here, if it is another program's; whether it is.

        That is one which nobody of this world has sent; brought to the same server again, it begins again.
        """
        begun = self.lineage.begun
        entry = self.entry(message)
        place = (server, entry.trace_id, entry.message_id)
        if self.lineage.begun > begun:
            self._foreign.put(place, None)
        elif place not in self._foreign:
            return False
        self.record(
            Step.COMPOSED,
            "outside",
            message,
            peer=peer,
            sender=envelope.sender,
            recipient=envelope.named(),
        )
        return True

    def rewritten(
        self,
        place: str,
        before: Message,
        after: Message,
        *,
        sender: Address | None,
        recipients: str,
        rule: str = "",
    ) -> None:
        """Note that a server changed a message; under another Message-ID it is the same one, for the same recipients."""
        self.lineage.tie(after, self.lineage.of(before))
        detail = {"from": before.value("From"), "to": after.value("From")}
        renamed = before.known_by != after.known_by
        if renamed:
            detail["message_id"] = before.known_by
        self.record(
            Step.REWRITTEN,
            place,
            after,
            sender=sender,
            recipient=recipients if renamed else "",
            rule=rule,
            detail=detail,
        )

    def relayed(
        self, server: str, peer: str, sender: Address | None, recipient: Address, message: Message
    ) -> None:
        """Note that one recipient's copy passed from a server to the next: where it arrives, so in order."""
        self.record(
            Step.RELAYED,
            server,
            message,
            peer=peer,
            sender=sender,
            recipient=recipient.text,
            outcome="250",
            rule="R5.5",
        )

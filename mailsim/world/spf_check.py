"""What the receiving servers of a world make of SPF: evaluate, record, stamp, refuse (R5.5; RFC 7208).

On loopback every client connects from 127.0.0.1, so a server is known by what it says in EHLO: a name of the world
stands for its address there, any other for 127.0.0.1 itself. The verdict falls after the message, not at MAIL FROM:
only then is there a message to tell of in the trace, and a From that DMARC asks about.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from mailsim.mail import Address, Envelope, Message, Reply, parse_addresses
from mailsim.provider.dmarc import spf_alignment
from mailsim.provider.dns import Zone
from mailsim.provider.rewriting import prepend
from mailsim.provider.spf import RememberedSpf, Result, SpfResult
from mailsim.provider.spf_field import FIELD, received_spf
from mailsim.provider.spf_policy import SpfPolicy, judge_spf
from mailsim.smtp.backend import Peer
from mailsim.trace.event import Step
from mailsim.world.journal import Journal

_UNKNOWN_CLIENT = "127.0.0.1"
_REMEMBERED = 4096


class _Finding(NamedTuple):
    result: SpfResult
    stamp: str
    detail: Mapping[str, object]


class SpfCheck:
    """SPF of one world's receiving servers; the policy is that of the domain whose mail a server takes."""

    def __init__(
        self, zone: Zone, addresses: Mapping[str, str], policies: Mapping[str, SpfPolicy], journal: Journal
    ) -> None:
        """`addresses` are those of the world's servers by name; `policies` by domain, `""` for every other."""
        self._addresses = addresses
        self._policies = policies
        self._idle = set(policies.values()) == {SpfPolicy.IGNORE}
        self._journal = journal
        self._zone = zone
        self._spf = RememberedSpf(zone)
        self._found = lru_cache(_REMEMBERED)(self._find)  # writing it down costs more than all the rest

    def admit(self, receiver: str, peer: Peer, envelope: Envelope, message: Message) -> Message | Reply:
        """The message as this server takes it, stamped where SPF was asked, or its refusal; one event tells of it."""
        if self._idle:
            return message
        policy = self._policies.get(envelope.recipients[0].domain, self._policies[""])
        if policy is SpfPolicy.IGNORE:
            return message
        authors = parse_addresses(message.value("From") or "").addresses
        author = authors[0].domain if authors else ""
        finding = self._found(receiver, peer.name, str(envelope.sender or ""), author)
        found = finding.result
        self._journal.record(
            Step.CHECKED,
            receiver,
            message,
            peer=peer.name,
            sender=envelope.sender,
            recipient=envelope.named(),
            outcome=found.result,
            reason=found.explanation,
            rule="R5.5",
            detail=finding.detail,
        )
        return judge_spf(policy, found) or prepend(message, (FIELD, finding.stamp))

    def _find(self, receiver: str, client: str, sender: str, author: str) -> _Finding:
        """What a server finds about a client and sender, and an author's domain; empty where From names none."""
        ip = self._addresses.get(client, _UNKNOWN_CLIENT)
        found = self._spf.evaluate(ip=ip, sender=sender, helo=client)
        detail: dict[str, object] = {
            "ip": found.ip,
            "identity": found.identity,
            "domain": found.domain,
            "mechanism": found.mechanism,
            "lookups": found.lookups,
            "seconds": found.seconds,
        }
        if author:
            alignment = spf_alignment(self._zone, author, found)
            detail["dmarc"] = {
                "policy": alignment.policy or "none published",
                "aligned": alignment.aligned,
            }
        return _Finding(found, received_spf(found, receiver=receiver), detail)

    def forged(self, server: str, sender: Address) -> bool:
        """Whether the sender's domain says that this server may not send for it: no report is owed to that address."""
        if self._idle:
            return False
        ip = self._addresses.get(server, _UNKNOWN_CLIENT)
        return self._spf.evaluate(ip=ip, sender=str(sender), helo=server).result is Result.FAIL

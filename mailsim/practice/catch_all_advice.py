"""Which catch-all header to set, by what the provider chosen under `common` is known to write (R1.9, R1.10, R4.4).

POP3 hands over no envelope. With no header set, `Delivered-To` is read; where the provider names
the recipient in another field, or in none, catch-all mail is guessed from To and Cc.
"""

from collections.abc import Iterator

from mailsim.practice.faults import Fault, shown
from mailsim.practice.settings import Settings
from mailsim.provider.profiles import Profile, profile

_KEY = "mailbox.catch_all_header"
_READ_ANYWAY = "delivered-to"


def catch_all_advice(settings: Settings) -> Iterator[Fault]:
    """At most one warning: the header to set, or what is lost where none can be."""
    common = settings.pop.common if settings.pop else None
    if common is None or not settings.catch_all:
        return
    provider, header = profile(common), settings.mailbox.catch_all_header
    writes = provider.recipient_header.name if provider.recipient_header else ""
    if header is None and writes.lower() != _READ_ANYWAY:
        yield _set_it(provider, writes) if writes else _none_to_set(provider)
    elif header is not None and writes and header.lower() != writes.lower():
        told = f"{provider.name} is known to name the recipient in {writes}"
        yield Fault(_KEY, shown("", header), told, f'write "{writes}", unless it was seen to do otherwise')


def _set_it(provider: Profile, writes: str) -> Fault:
    told = (
        f"{provider.name} names the recipient in {writes}; without it recipients are guessed from To and Cc"
    )
    return Fault(_KEY, None, told, f'set it to "{writes}"')


def _none_to_set(provider: Profile) -> Fault:
    guessed = "recipients are guessed from To and Cc, and a Bcc reaches nobody"
    if "envelope_headers" not in provider.facts:
        told = f"it is not known where {provider.name} names the recipient: without Delivered-To {guessed}"
        return Fault(
            _KEY, None, told, "look at a collected message, and set the field that names its recipient"
        )
    told = f"{provider.name} names only the mailbox, not the recipient: {guessed}"
    optional = provider.text("optional_header")
    fix = f'have it add {optional}, and set "{optional}" here' if optional else "send no Bcc to the practice"
    return Fault(_KEY, None, told, fix)

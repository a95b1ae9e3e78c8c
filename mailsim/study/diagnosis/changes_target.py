"""A target: what may be named so, its addresses, and whom an envelope named."""

from collections.abc import Iterable

from mailsim.mail import Address, parse_address
from mailsim.practice.recipients import header_values
from mailsim.practice.site import Site
from mailsim.study.diagnosis.case import STAMPS
from mailsim.study.diagnosis.situation import Situation


def target_of(text: str) -> str | None:
    """What `--expect` may name: `action:ID`, `mailbox:NAME`, `unassigned`, `fallback:ADDRESS`; None for other words."""
    kind, colon, name = text.partition(":")
    if text == "unassigned" or (kind == "action" and name.isdecimal() and name.isascii()):
        return text if kind != "action" else f"action:{int(name[:18])}"
    if kind == "mailbox" and colon and name and name.isprintable():
        return text
    return text if kind == "fallback" and parse_address(name) else None


def target_addresses(site: Site, target: str) -> tuple[Address, ...]:
    """The addresses of a target: the action's own, or the aliases of a mailbox."""
    kind, _, name = target.partition(":")
    if kind == "action" and name.isdecimal():
        return (site.directory.action_address(int(name)),)
    if kind == "mailbox":
        return tuple(alias.address for alias in site.directory.aliases if name in alias.mailboxes)
    return ()


def envelope_recipient(now: Situation, target: str) -> Address | None:
    """Whom the envelope named, as far as can be told.

    That is the topmost address that a server wrote, unless it is but the mailbox's; else who of the practice stands in
    To and Cc, the target first, then who is not known; else, as with a Bcc, it may have been the target.
    """
    wanted = target_addresses(now.site, target)
    system = now.site.rules.system
    stamped = [address for address in _in_fields(now, STAMPS) if address != system]
    if stamped:
        return next((address for address in wanted if address in stamped), stamped[0])
    visible = _in_fields(now, ("To", "Cc", "Resent-To"))
    if now.message.values("X-Forwarded-To"):
        return system
    directory = now.site.directory
    own = [address for address in visible if directory.owns(address) and not directory.reaches(address)]
    return next((address for address in wanted if address in visible), next(iter((*own, *wanted)), None))


def _in_fields(now: Situation, names: Iterable[str]) -> list[Address]:
    return [a for name in names for value in header_values(now.message, name) for a in value.addresses]

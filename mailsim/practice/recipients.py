"""Whom was it for? The recipients that a message's headers name (R4.3, R4.4).

POP3 hands over no envelope, so the recipient is read from one header that the provider
stamps, or else guessed from To and Cc. Stacked values of that header, as forwarding leaves
them, are tried from the top; the system mailbox's own address, which says least, comes last
(section 7 "Which address", fine print 2, 3 and 5).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mailsim.mail import Address, Message, parse_addresses
from mailsim.practice.decision import Evidence, shown
from mailsim.practice.directory import Directory
from mailsim.practice.rules import Decoration, Rules


class Recipients(NamedTuple):
    """Whom a message was for, as far as its headers tell."""

    addresses: tuple[Address, ...]
    """The recipients that count, in the order read; none when nobody of the practice is named."""
    guessed: bool
    """Whether To or Cc gave them, or there was nothing else to read."""
    values: tuple[tuple[Address, ...], ...]
    """Every address read, value by value, those passed over included."""
    readable: bool = True
    """False when the headers asked hold words, but no address (`bad-recipient`)."""


class HeaderValue(NamedTuple):
    """One value of a recipient header."""

    field: str
    text: str
    addresses: tuple[Address, ...]
    junk: tuple[str, ...]
    """The elements that are no address."""

    def shown(self) -> str:
        """As evidence tells it."""
        return shown(f"{self.field}: {self.text}")


def header_values(message: Message, field: str, decoration: Decoration | None = None) -> list[HeaderValue]:
    """The values of one recipient header from the top; an empty value or empty group counts as absent.

    Semicolons separate in To and Cc only (fine print 5).
    """
    values = []
    for text in message.values(field):
        bare = decoration.undecorated(text) if decoration else text
        addresses, junk = parse_addresses(bare, semicolons=_is_visible(field))
        if addresses or junk:
            values.append(HeaderValue(field, text, addresses, junk))
    return values


def recipients(message: Message, rules: Rules, directory: Directory, evidence: list[Evidence]) -> Recipients:
    """The recipients of a message; what was read and passed over is added to the evidence."""
    system = rules.system
    if not rules.catch_all:
        evidence.append(Evidence("R4.3", "a mailbox of type single", f"all its mail is for {system}"))
        return Recipients((system,), guessed=False, values=((system,),))
    rule, field = ("R4.3", rules.header) if rules.header else ("R4.4", "Delivered-To")
    read = header_values(message, field, rules.decoration)
    if not read:
        evidence.append(Evidence(rule, f"{field}: absent", "To and Cc are asked"))
        return _guessed(message, system, directory, evidence)
    good = [value for value in read if value.addresses]
    chosen = _known(good, system, directory)
    if chosen is None and good and not rules.header and _is_only(good[0], system):
        evidence.extend(Evidence(rule, value.shown(), _told(value, None, system)) for value in read)
        found = _guessed(message, system, directory, evidence)
        values = tuple(value.addresses for value in good) + found.values
        if any(address != system for address in found.addresses):
            return found._replace(values=values)
        return Recipients((system,), guessed=False, values=values)
    if chosen is None and good:
        chosen = _last_resort(good, system, directory)
    evidence.extend(Evidence(rule, value.shown(), _told(value, chosen, system)) for value in read)
    addresses = chosen.addresses if chosen else ()
    return Recipients(
        addresses, _is_visible(field), tuple(value.addresses for value in good), readable=bool(good)
    )


def _is_visible(field: str) -> bool:
    return field.lower() in ("to", "cc")


def _is_only(value: HeaderValue, address: Address) -> bool:
    return all(named == address for named in value.addresses)


def _known(values: Sequence[HeaderValue], system: Address, directory: Directory) -> HeaderValue | None:
    """The first value that leads to an action or a mailbox by another address than the system mailbox's own."""
    for value in values:
        if any(address != system and directory.reaches(address) for address in value.addresses):
            return value
    return None


def _last_resort(values: Sequence[HeaderValue], system: Address, directory: Directory) -> HeaderValue:
    """The value that decides where no other address leads anywhere: the system mailbox's alias, else the topmost."""
    if directory.reaches(system):
        return next((value for value in values if system in value.addresses), values[0])
    return values[0]


def _told(value: HeaderValue, chosen: HeaderValue | None, system: Address) -> str:
    """What one value of the recipient header comes to."""
    if not value.addresses:
        return "no address"
    told = "the system mailbox's own address" if _is_only(value, system) else "names the recipient"
    if value.junk:
        told += f"; no address: {_listed(value.junk)}"
    if chosen is None or value is chosen:
        return told
    return f"{told}; passed over, another value decides"


def _guessed(message: Message, system: Address, directory: Directory, evidence: list[Evidence]) -> Recipients:
    """The recipients as To and Cc name them; the system mailbox's own address only when they name nobody else."""
    read = header_values(message, "To") + header_values(message, "Cc")
    own: list[Address] = []
    for value in read:
        ours = [address for address in value.addresses if directory.owns(address) and address != system]
        others = [address for address in value.addresses if not directory.owns(address) or address == system]
        evidence.append(Evidence("R4.4", value.shown(), _sorted_out(ours, others, value.junk)))
        own += ours
    values = tuple(value.addresses for value in read)
    if not own and any(system in addresses for addresses in values):
        own = [system]
    if not own:
        evidence.append(Evidence("R4.4", "To, Cc", "nobody of the practice"))
    only_words = bool(read) and not any(values)
    return Recipients(tuple(own), guessed=True, values=values, readable=not only_words)


def _sorted_out(ours: list[Address], others: list[Address], junk: tuple[str, ...]) -> str:
    """Which addresses of To or Cc are guessed to be recipients, and which are passed over."""
    told = (
        f"guessed: it was for {_listed(map(str, ours))}" if ours else "names no other address of the practice"
    )
    if others:
        told += f"; passed over: {_listed(map(str, others))}"
    if junk:
        told += f"; no address: {_listed(junk)}"
    return told


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(shown, names))

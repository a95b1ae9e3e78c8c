"""Whom was it for? The recipients that a message's headers name (R4.3, R4.4).

POP3 hands over no envelope, so the recipient is read from one header that the provider
stamps, or else guessed from To and Cc. Stacked values of that header, as forwarding leaves
them, are tried from the top; the system mailbox's own address, which says least, comes last
(section 7 "Which address", fine print 2, 3 and 5).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mailsim.mail import Address, Message, parse_addresses, plain_address
from mailsim.practice.decision import Evidence, noted, shown
from mailsim.practice.directory import Directory
from mailsim.practice.rules import Decoration, Rules


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


class Recipients(NamedTuple):
    """Whom a message was for, as far as its headers tell."""

    addresses: tuple[Address, ...]
    """The recipients that count, in the order read; none when nobody of the practice is named."""
    guessed: bool
    """Whether To or Cc gave them, or there was nothing else to read."""
    values: Sequence[HeaderValue] = ()
    """Every value read, those passed over included."""
    readable: bool = True
    """False when the headers asked hold words, but no address (`bad-recipient`)."""

    def names(self, address: Address) -> bool:
        """Whether any value read names the address."""
        return address in self.addresses or any(address in value.addresses for value in self.values)


_VISIBLE = frozenset({"to", "cc"})


def header_values(message: Message, field: str, decoration: Decoration | None = None) -> list[HeaderValue]:
    """The values of one recipient header from the top; an empty value or empty group counts as absent.

    Semicolons separate in To and Cc only (fine print 5).
    """
    values = []
    for text in message.values(field):
        bare = decoration.undecorated(text) if decoration else text
        semicolons = ";" in bare and field.lower() in _VISIBLE
        addresses, junk = parse_addresses(bare, semicolons=semicolons)
        if addresses or junk:
            values.append(HeaderValue(field, text, addresses, junk))
    return values


def recipients(message: Message, rules: Rules, directory: Directory, evidence: list[Evidence]) -> Recipients:
    """The recipients of a message; what was read and passed over is added to the evidence."""
    system = rules.system
    if not rules.catch_all:
        evidence.append(Evidence("R4.3", "a mailbox of type single", f"all its mail is for {system}"))
        return Recipients((system,), guessed=False)
    rule, field = ("R4.3", rules.header) if rules.header else ("R4.4", "Delivered-To")
    guessed = field.lower() in _VISIBLE
    texts = message.values(field)
    only = plain_address(texts[0]) if len(texts) == 1 and rules.decoration is None else None
    if only is not None:  # one bare address, as nearly always
        value = HeaderValue(field, texts[0], (only,), ())
        if only != system:
            evidence.append(noted(rule, value.shown(), "names the recipient"))
            return Recipients((only,), guessed, (value,))
        read = [value]
    else:
        read = header_values(message, field, rules.decoration)
    if not read:
        evidence.append(noted(rule, f"{field}: absent", "To and Cc are asked"))
        return _guessed(message, system, directory, evidence)
    chosen = _known(read, system, directory)
    good = chosen or next((value for value in read if value.addresses), None)
    if good is None:
        evidence.extend(Evidence(rule, value.shown(), "no address") for value in read)
        return Recipients((), guessed, read, readable=False)
    if chosen is None and not rules.header and _is_only(good, system):
        evidence.extend([noted(rule, value.shown(), _told(value, None, system)) for value in read])
        return _guessed(message, system, directory, evidence, stamped=read)
    chosen = chosen or _last_resort(read, good, system, directory)
    evidence.extend(Evidence(rule, value.shown(), _told(value, chosen, system)) for value in read)
    return Recipients(chosen.addresses, guessed, read)


def _is_only(value: HeaderValue, address: Address) -> bool:
    return value.addresses == (address,) * len(value.addresses)


def _known(values: Sequence[HeaderValue], system: Address, directory: Directory) -> HeaderValue | None:
    """The first value that leads to an action or a mailbox by another address than the system mailbox's own."""
    for value in values:
        for address in value.addresses:
            if address != system and directory.reaches(address):
                return value
    return None


def _last_resort(
    values: Sequence[HeaderValue], topmost: HeaderValue, system: Address, directory: Directory
) -> HeaderValue:
    """Where no other address leads anywhere: the value that names the system mailbox's alias, else the topmost."""
    if directory.reaches(system):
        return next((value for value in values if system in value.addresses), topmost)
    return topmost


def _told(value: HeaderValue, chosen: HeaderValue | None, system: Address) -> str:
    """What one value of the recipient header comes to."""
    if not value.addresses:
        return "no address"
    told = "the system mailbox's own address" if _is_only(value, system) else "names the recipient"
    if value.junk:
        told += f"; no address: {_listed(value.junk)}"
    return told if chosen is None or value is chosen else f"{told}; passed over, another value decides"


def _guessed(
    message: Message,
    system: Address,
    directory: Directory,
    evidence: list[Evidence],
    *,
    stamped: Sequence[HeaderValue] = (),
) -> Recipients:
    """The recipients as To and Cc name them; the system mailbox's own address only when they name nobody else.

    `stamped` are the values of the header that tells the recipient, where it names but the system mailbox.
    """
    read = header_values(message, "To") + header_values(message, "Cc")
    own: list[Address] = []
    for value in read:
        ours: list[Address] = []
        others: list[Address] = []
        for address in value.addresses:
            (ours if directory.owns(address) and address != system else others).append(address)
        evidence.append(noted("R4.4", value.shown(), _sorted_out(ours, others, value.junk)))
        own += ours
    values = [*stamped, *read]
    if own:
        return Recipients(tuple(own), guessed=True, values=values)
    if any(system in value.addresses for value in values):
        return Recipients((system,), guessed=not stamped, values=values)
    evidence.append(Evidence("R4.4", "To, Cc", "nobody of the practice"))
    only_words = bool(read) and not any(value.addresses for value in read)
    return Recipients((), guessed=True, values=values, readable=not only_words)


def _sorted_out(ours: list[Address], others: list[Address], junk: tuple[str, ...]) -> str:
    """Which addresses of To or Cc are guessed to be recipients, and which are passed over."""
    told = (
        f"guessed: it was for {_listed([address.text for address in ours])}"
        if ours
        else "names no other address of the practice"
    )
    if others:
        told += f"; passed over: {_listed([address.text for address in others])}"
    if junk:
        told += f"; no address: {_listed(junk)}"
    return told


def _listed(names: Iterable[str]) -> str:
    return ", ".join([shown(name) for name in names])

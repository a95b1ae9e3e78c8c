"""What somebody is told to do in a world, from the same tables in a scenario file and in Python."""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.header import Header
from functools import cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from mailsim.errors import MailsimError
from mailsim.mail import Address, Envelope, Message
from mailsim.mail.date import header_date
from mailsim.practice.composing import Draft, Recipient
from mailsim.practice.faults import Fault, shown
from mailsim.practice.site import Site
from mailsim.practice.validation import faults_of
from mailsim.world.scenario_tables import ReceiveTable, SendTable
from mailsim.world.words import lengthened

_Table = TypeVar("_Table", bound=BaseModel)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""Before this a world's time must be: what is done then takes time too, and the calendar ends with the year 9999."""


class OrderError(MailsimError):
    """An order that cannot be carried out; its text is one line for each fault."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, faults)))


def order(model: type[_Table], given: Mapping[str, object]) -> _Table:
    """The table that these arguments make; those that are None or the default are left out. Raises OrderError."""
    defaults = _defaults(model)
    arguments = {
        key: value
        for key, value in given.items()
        if value is not None and value is not defaults.get(key)  # to judge them costs more than all of this
    }
    try:
        return model.model_validate(arguments)
    except ValidationError as error:
        raise OrderError([_in_python(fault) for fault in faults_of(error, model)]) from None


@cache
def _defaults(model: type[BaseModel]) -> Mapping[str, object]:
    return {name: field.default for name, field in model.model_fields.items()}


_ARGUMENTS = {"from": "from_address", "file": "octets"}
"""What the methods of a world call the keys of a scenario file that Python cannot or need not."""


def _in_python(fault: Fault) -> Fault:
    """The fault in the words of who called a method: its arguments, not the keys of a file."""
    if not fault.key:  # about all arguments together
        fix = fault.fix.replace("add from = ... or file = ...", "give from_address=... or octets=...")
        fix = fix.replace(
            "remove subject, text and size, or file", "give no subject, text and size, or no octets"
        )
        return replace(fault, key="the order", value=None, fix=fix)
    return replace(fault, key=_ARGUMENTS.get(fault.key, fault.key))


def unknown_senders(send: SendTable, site: Site, prefix: str = "") -> list[Fault]:
    """The faults of a message sent from an action or by a user that the practice does not have."""
    faults = []
    if send.from_action is not None and send.from_action not in site.directory.actions:
        known = f"is no action; known are {', '.join(map(str, site.directory.actions)) or 'none'}"
        faults.append(Fault(f"{prefix}from_action", str(send.from_action), known, "add [[action]]"))
    if send.user is not None and send.user not in site.directory.users:
        known = f"is no user; known are {', '.join(site.directory.users) or 'none'}"
        faults.append(Fault(f"{prefix}user", shown("", send.user), known, "add [[user]]"))
    return faults


def unknown_target(target: str, site: Site) -> Fault:
    """The fault of asking for what a target holds that the practice does not have."""
    told = f"is no target of {site.settings.domain}"
    return Fault("target", shown("", target), told, f"write one of {site.named_targets()}")


def time_of(until: datetime | timedelta | None, start: datetime) -> datetime | None:
    """A time of the world, told as such or by how long it is after the start. Raises OrderError."""
    try:
        time = start + until if isinstance(until, timedelta) else until
        if isinstance(time, datetime) and time.tzinfo is not None:
            time = time.astimezone(UTC)
    except OverflowError:
        time = LATEST
    if time is None or (isinstance(time, datetime) and time.tzinfo is not None and start <= time < LATEST):
        return time
    fix = "give such as world.now + timedelta(hours=3), or timedelta(hours=3) for so long after the start"
    told = f"must be a time of the world, with its zone, not before the start and before {LATEST:%Y}"
    raise OrderError([Fault("until", repr(until), told, fix)])


def draft_of(table: SendTable) -> Draft:
    """The draft that `send = {...}` describes."""
    return Draft(
        to=_named(table.to),
        cc=_named(table.cc),
        bcc=_named(table.bcc),
        subject=table.subject,
        text=table.text,
        attachment_size=table.size,
        from_action=table.from_action,
        user=table.user,
        from_override=table.sender,
        automatic=table.automatic,
    )


def _named(addresses: tuple[Address, ...]) -> tuple[Recipient, ...]:
    return tuple([Recipient(address) for address in addresses])


def incoming(table: ReceiveTable, folder: Path, *, token: str, date: datetime) -> tuple[Envelope, Message]:
    """The envelope and message that `receive = {...}` describes; a file is sent as it is."""
    if table.file is not None:
        message = Message(message_file(folder, table.file))
        return Envelope(table.sender, table.to), message
    sender = table.sender
    lines = [
        f"From: {sender}",
        f"To: {', '.join(map(str, table.to))}",
        f"Subject: {_one_line(table.subject)}",
        f"Date: {header_date(date)}",
        f"Message-ID: <{token}@{sender.domain if sender else 'outside.example'}>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        *lengthened(table.text, table.size).splitlines(),
        "",
    ]
    return Envelope(sender, table.to), Message("\r\n".join(lines).encode("utf-8", "replace"))


_INLINE = "data:message/rfc822;base64,"


def inline(octets: bytes) -> str:
    """What `file = ...` says of a message that stands in it (RFC 2397)."""
    return _INLINE + b64encode(octets).decode()


def is_inline(name: str) -> bool:
    """Whether `file = ...` holds the message itself."""
    return name.startswith(_INLINE)


def message_file(folder: Path, name: str) -> bytes:
    """The octets of a message that `file = ...` names, or holds; raises ValueError where what it holds is no base64."""
    return (
        b64decode(name.removeprefix(_INLINE), validate=True)
        if is_inline(name)
        else (folder / name).read_bytes()
    )


def _one_line(subject: str) -> str:
    """A subject as a header field's value: no line ends of its own, other letters as encoded words (RFC 2047)."""
    plain = "".join(letter if letter.isprintable() else " " for letter in subject)
    return plain if plain.isascii() else Header(plain, "utf-8").encode(linesep="\r\n")

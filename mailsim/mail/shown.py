"""How messages are shown: one with its fields and what people read in it, several as a table.

Laws: fields stand as they are, in their order; everything is escaped and bounded; HTML stands in a sandboxed frame.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mailsim.display import Html, Tone, badge, block, heading, note, passage, table
from mailsim.extras import not_installed
from mailsim.mail.content import Content, content
from mailsim.mail.date import read_date
from mailsim.mail.encoded_words import decoded_words
from mailsim.plain import MOST_ROWS, listing, printable
from mailsim.sandbox import framed

if TYPE_CHECKING:
    from mailsim.mail.message import Message

_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_MOST = 65_536  # octets of a header, and characters of a text, that are looked at


def message_html(message: "Message") -> Html:
    """For notebooks: the header fields, the text, the HTML in a frame, and the names of what is attached."""
    badges = [badge(message.defect, Tone.BAD)] if message.defect else []
    read = content(message)
    parts = [
        heading("Message", *badges),
        note(_sizes(message)),
        table(("", ""), _fields(message), lambda field: field),
    ]
    if read.text.strip():
        parts.append(passage(read.text[:_MOST]))
    if read.html:
        parts.append(_frame(read.html))
    return block(*parts, *map(note, _remarks(read)))


def message_words(message: "Message") -> str:
    """For terminals: the same, but of HTML only that there is some."""
    read = content(message)
    lines = [listing(f"Message: {_sizes(message)}", ("", ""), _fields(message), lambda field: field)]
    lines += [f"defect  {message.defect}"] if message.defect else []
    text = read.text[:_MOST].splitlines() if read.text.strip() else []
    lines += ["", *map(printable, text[:MOST_ROWS])] if text else []
    lines += [f"… {len(text) - MOST_ROWS:,} more lines …"] if len(text) > MOST_ROWS else []
    lines += [f"HTML of {len(read.html):,} characters"] if read.html else []
    return "\n".join([*lines, *map(printable, _remarks(read))])


def mailbox_html(name: str, messages: Sequence["Message"]) -> Html:
    """For notebooks: a table of a row a message."""
    return block(
        heading(name),
        note(_count(messages)),
        table(_HEAD, list(enumerate(messages, 1)), _row) if messages else "",
    )


def mailbox_words(name: str, messages: Sequence["Message"]) -> str:
    """For terminals: the same table."""
    title = f"{name}: {_count(messages)}"
    return listing(title, _HEAD, list(enumerate(messages, 1)), _row) if messages else printable(title)


_HEAD = ("", "date", "from", "to", "octets", "subject")


def _row(numbered: tuple[int, "Message"]) -> tuple[str, ...]:
    number, message = numbered
    date, sender, recipient, subject = (
        decoded_words(message.value(name) or "") for name in ("Date", "From", "To", "Subject")
    )
    moment = read_date(date)
    date = f"{moment:%Y-%m-%d %H:%M}" if moment else date
    return f"{number}", date, sender, recipient, f"{len(message.octets):,}", subject


def _count(messages: Sequence["Message"]) -> str:
    return f"{len(messages):,} message" + "s" * (len(messages) != 1)


def _sizes(message: "Message") -> str:
    return f"{len(message.octets):,} octets, {len(message.octets) - message.body_start:,} in the body"


def _fields(message: "Message") -> list[tuple[str, str]]:
    """Names and values as they stand, folds removed."""
    lines = _FOLD.sub(b"", message.header[:_MOST]).decode("utf-8", "replace").split("\n")
    fields = [line.partition(":") for line in lines if line.strip()]
    return [(name, value.strip()) for name, _, value in fields]


def _frame(html: str) -> Html:
    try:
        return framed(html)
    except ModuleNotFoundError:
        return note(f"HTML of {len(html):,} characters: {not_installed('nh3', 'notebook')}")


def _remarks(read: Content) -> list[str]:
    remarks = [f"attached: {one.name or 'without a name'} ({one.kind})" for one in read.attached[:MOST_ROWS]]
    more = len(read.attached) - MOST_ROWS
    remarks += [f"… {more:,} more attached …"] if more > 0 else []
    return [*remarks, *([] if read.whole else ["only the beginning of the body was looked at"])]

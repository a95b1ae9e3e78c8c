"""Letters made without any server: what becomes of a draft, however it is filled in."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pytest_bdd import when

from mailsim.testing.needs import StepError

if TYPE_CHECKING:
    from mailsim.practice.composing import Draft, Recipient
    from mailsim.practice.site import Site
    from mailsim.world.world import Sent

_DAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
_LEFT_OF_ID = "a1"


@when("this draft becomes a letter:", target_fixture="sent")
def becomes(site: "Site", datatable: Sequence[Sequence[str]]) -> "Sent":
    r"""It is written and not sent: to, cc, bcc, subject, text, html, from action, user, as, sender name, in reply to, references, automatic; `\n` is a line end.

    When this draft becomes a letter:
      | to          | Jane <jane@client.example> |
      | in reply to | <q1@client.example>        |
    """
    from mailsim.practice.composing import compose
    from mailsim.world.world import Sent

    made = compose(_draft(datatable), site.settings, site.directory, date=_DAY, token=_LEFT_OF_ID)
    return Sent(made.message, {}, {}, made.warnings)


@when("somebody tries to make a letter of this draft:", target_fixture="refusal")
def may_become(site: "Site", datatable: Sequence[Sequence[str]]) -> str:
    """The same where the practice's own system may refuse it.

    When somebody tries to make a letter of this draft:
      | subject | nobody gets this |
    """
    from mailsim.practice.composing import DraftError

    try:
        becomes(site, datatable)
    except DraftError as error:
        return str(error)
    return ""


def _draft(rows: Sequence[Sequence[str]]) -> "Draft":
    from mailsim.practice.composing import Draft

    fields: dict[str, Any] = {}
    for key, text in rows:
        value = text.replace(r"\n", "\r\n")
        match key:
            case "to" | "cc" | "bcc":
                fields[key] = tuple(map(_recipient, value.split(", ")))
            case "subject" | "text" | "html" | "user":
                fields[key] = value
            case "sender name" | "in reply to":
                fields[key.replace(" ", "_")] = value
            case "references":
                fields[key] = tuple(value.split())
            case "from action":
                fields["from_action"] = int(value)
            case "as":
                fields["from_override"] = _recipient(value).address
            case "automatic":
                fields["automatic"] = value == "yes"
            case _:
                raise StepError(f"{key!r} is no field of a draft; write one that `mailsim steps` names")
    return Draft(**fields)


def _recipient(words: str) -> "Recipient":
    from mailsim.mail import Address
    from mailsim.practice.composing import Recipient

    name, _, rest = words.rpartition("<")
    local, _, domain = rest.removesuffix(">").rpartition("@")
    return Recipient(Address(local, domain), name.strip())

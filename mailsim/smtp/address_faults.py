"""Faults that a recipient's address asks for, for programs that can choose nothing but whom they write to. Pure.

The local part, or what stands behind its last `+`, is a word: `451@abc.example`, `jane+timeout@abc.example`.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from mailsim.mail import Address
from mailsim.smtp.fault_kinds import Moment
from mailsim.smtp.faults import Fault, read_fault

EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "451@abc.example": "RCPT is answered so; any number from 400 to 599",
        "data-554@abc.example": "the message is answered so; any number from 400 to 599",
        "drop@abc.example": "the connection is closed instead of a reply to RCPT",
        "timeout@abc.example": "RCPT is never answered",
        "greylist@abc.example": "451 at first sight of this client, sender and recipient",
        "lost-reply@abc.example": "the message is taken, and the connection closed instead of a reply",
        "lose@abc.example": "the message is answered 250 and lost",
    }
)
"""An address of each, and what it asks for."""

_CODE = re.compile(r"(data-)?([45][0-9]{2})")
_WORDS = {
    "drop": (Moment.RCPT, "drop"),
    "timeout": (Moment.RCPT, "stall"),
    "greylist": (Moment.RCPT, "greylist"),
    "lost-reply": (Moment.DATA_END, "drop"),
    "lose": (Moment.DATA_END, "lose"),
}


def asked_for(moment: Moment, recipient: Address) -> Fault | None:
    """The fault that an address asks for at this moment; None when it asks for none."""
    if moment not in (Moment.RCPT, Moment.DATA_END):
        return None
    word = recipient.local.rpartition("+")[2].lower()
    if code := _CODE.fullmatch(word):
        at = Moment.DATA_END if code[1] else Moment.RCPT
        what = f"reply {code[2]} {code[2][0]}.0.0 as the address asks for"
    elif word in _WORDS:
        at, what = _WORDS[word]
    else:
        return None
    return read_fault(f"smtp:{at}:every:{what}") if at is moment else None

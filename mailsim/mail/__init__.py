"""The words every room shares: Address, Envelope, Mailbox, Message, Reply."""

from mailsim.mail.address import (
    Address,
    AddressList,
    has_address,
    normal_domain,
    parse_address,
    parse_addresses,
    plain_address,
)
from mailsim.mail.envelope import Envelope
from mailsim.mail.mailbox import Mailbox
from mailsim.mail.message import HeaderDefect, Message
from mailsim.mail.reply import Reply

__all__ = [
    "Address",
    "AddressList",
    "Envelope",
    "HeaderDefect",
    "Mailbox",
    "Message",
    "Reply",
    "has_address",
    "normal_domain",
    "parse_address",
    "parse_addresses",
    "plain_address",
]

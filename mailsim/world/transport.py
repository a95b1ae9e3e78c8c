"""How mail gets from one server to another, and out of a maildrop: all that worlds differ in.

On sockets a transport makes connections, in memory it calls. What is offered, when it is offered again and what comes
of it is decided above it, once (`post`, `mailroom`, `people`).
"""

from collections.abc import Callable, Coroutine
from typing import NamedTuple, Protocol, TypeVar

from mailsim.mail import Envelope, Message
from mailsim.pop3.collection import Collection
from mailsim.pop3.collector import Keep, Order
from mailsim.practice.account import PopAccount
from mailsim.smtp.outcome import Outcome

_Result = TypeVar("_Result")


class Hop(NamedTuple):
    """An SMTP client and the server it speaks to; a named tuple, because three are made and looked up for every message."""

    client: str
    """What the client calls itself in EHLO."""
    server: str
    port: int
    submission: bool = False
    """Whether the account of a practice logs in here, so that R1.6 holds."""


class Transport(Protocol):
    """What carries mail in one world."""

    def offer(self, hop: Hop, envelope: Envelope, message: Message, heard: Callable[[Outcome], None]) -> None:
        """Offer a message to a server; `heard` is told what came of it, once, after this has returned."""
        ...

    def perform(self, work: Coroutine[None, None, _Result], heard: Callable[[_Result], None]) -> None:
        """Have something done that visits a system mailbox; `heard` is told its result, unless it raises."""
        ...

    async def visit(self, pop: PopAccount, *, keep: Keep, order: Order) -> Collection:
        """One POP3 session with a system mailbox, one at a time; raises CollectError, and what `keep` raises."""
        ...

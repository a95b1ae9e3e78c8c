"""Letters from outside that need octets of their own: hidden recipients, threads, tokens, what cannot be read, loops."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from mailsim.study.exploration.plot import Act, Written
from mailsim.study.exploration.truth import Truth
from mailsim.world.orders import inline


class Oddity(StrEnum):
    """What is odd about a letter's form."""

    NO_FIELD = "undecodable-header"
    CUT = "truncated"
    RETURNED = "returned"
    """It bears the loop header: the system forwarded it before (R4.9)."""


ODDITIES = tuple(Oddity)


@dataclass(frozen=True, slots=True)
class Form:
    """How a letter is written."""

    oddity: Oddity | None = None
    names: str = ""
    """Whom To names; empty where it is whom the letter is for."""
    automatic: bool = False
    answers: Sequence[int] = ()
    """Actions, letters of which it answers: the first by In-Reply-To, all by References."""
    token: Sequence[int] = ()
    """Actions that its subject names."""
    copied: str = ""
    """Somebody whom Cc names."""


@dataclass(frozen=True, slots=True)
class Odd:
    """A letter that is made."""

    written: Written
    octets: bytes
    sender: str

    def act(self, to: str) -> Act:
        """It comes, to one address."""
        receive: dict[str, Any] = {"file": inline(self.octets), "to": to, "from": self.sender}
        shown = self.octets.decode("ascii", "backslashreplace").splitlines()
        return Act({"receive": receive}, self.written, tuple(shown))

    def copied(self, number: int) -> "Odd":
        """A copy that came by another way, so that it is not the same octets: as such nobody could tell them apart."""
        return replace(self, octets=f"Received: from relay{number}.example\r\n".encode() + self.octets)

    def anew(self) -> "Odd":
        """Another message under the same Message-ID."""
        body = b"Another text.\r\n"
        head = self.octets[: len(self.octets) - len(self.written.body)]
        return replace(self, written=replace(self.written, body=body), octets=head + body)


def history(truth: Truth) -> list[tuple[str, int]]:
    """What the system sent before: a Message-ID of each of two actions."""
    return [(f"<before.a{action}@{truth.domain}>", action) for action in truth.actions[:2]]


def odd(truth: Truth, sender: str, to: str, form: Form, *, number: int) -> Odd:
    """A letter of that form."""
    message_id = f"<odd.{number}@{sender.rpartition('@')[2]}>"
    sent = {action: name for name, action in history(truth)}
    subject = "Re: Draft" if form.answers else "Draft"
    subject += "".join(f" [a{action}]" for action in form.token)
    shown = form.names or to
    head = [
        f"From: {sender}",
        f"To: {shown}",
        f"Subject: {subject}",
        f"Message-ID: {message_id}",
    ]
    if form.copied:
        head.append(f"Cc: {form.copied}")
    if form.answers:
        head.append("References: " + " ".join(sent[action] for action in form.answers))
    if form.automatic:
        head.append("Auto-Submitted: auto-replied")
    body = b"Please read.\r\n"
    unreadable = ""
    match form.oddity:
        case Oddity.NO_FIELD:
            head.insert(2, "this line is no field")
            unreadable = form.oddity.value
        case Oddity.CUT:
            head += ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b"']
            body = (
                b"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xL"
            )
            unreadable = form.oddity.value
        case Oddity.RETURNED:
            head.append(f"X-Mailsim-Loop: {truth.system}")
    hints: dict[str, int] = {}
    if form.answers:
        hints["thread"] = form.answers[-1]
    if form.token:
        hints["subject-token"] = form.token[0]
    if form.oddity is Oddity.RETURNED:
        hints["loop"] = 1
    octets = "\r\n".join([*head, "", ""]).encode() + body
    written = Written(
        message_id, body, hints, unreadable, form.automatic, tuple(filter(None, (shown, form.copied)))
    )
    return Odd(written, octets, sender)

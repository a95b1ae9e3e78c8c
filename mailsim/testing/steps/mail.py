"""Whens: mail is written, comes from outside, arrives, is collected."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_bdd import when

from mailsim.errors import MailsimError
from mailsim.testing.expressions import parse
from mailsim.testing.steps.message import transmitted

if TYPE_CHECKING:
    from mailsim.world.world import Sent, World

OUTSIDE = "post@client.example"
"""The envelope sender of a message that is written out; its header says what it says."""
SUBJECT, TEXT = "Draft agreement", "Please read and answer."


@when(parse("action {int} writes to {addresses}", "action", "to"), target_fixture="sent")
def action_writes(world: "World", action: int, to: Sequence[str]) -> "Sent":
    """The practice sends a letter from an action.

    When action 1234 writes to jane@client.example
    """
    return world.send(from_action=action, to=to, subject=SUBJECT, text=TEXT)


@when(parse("action {int} tries to write to {addresses}", "action", "to"), target_fixture="refusal")
def action_tries(world: "World", action: int, to: Sequence[str]) -> str:
    """The same where the practice's own system may refuse to send it.

    When action 1234 tries to write to jane@client.example
    """
    try:
        world.send(from_action=action, to=to, subject=SUBJECT, text=TEXT)
    except MailsimError as error:
        return str(error)
    return ""


@when(
    parse("action {int} writes to {addresses} with a {size} attachment", "action", "to", "size"),
    target_fixture="sent",
)
def action_writes_much(world: "World", action: int, to: Sequence[str], size: int) -> "Sent":
    """The same with an attachment of that size, before it is encoded.

    When action 1234 writes to jane@client.example with a 12 MB attachment
    """
    return world.send(from_action=action, to=to, subject=SUBJECT, text=TEXT, size=size)


@when(
    parse("action {int} writes to {addresses} with the subject {string}", "action", "to", "subject"),
    target_fixture="sent",
)
def action_writes_about(world: "World", action: int, to: Sequence[str], subject: str) -> "Sent":
    r"""The same with a subject; `\n` in it is a line end.

    When action 1234 writes to jane@client.example with the subject "Lease"
    """
    return world.send(from_action=action, to=to, subject=subject.replace(r"\n", "\r\n"), text=TEXT)


@when(
    parse("action {int} writes to {addresses}, blind copy to {addresses}", "action", "to", "bcc"),
    target_fixture="sent",
)
def action_writes_secretly(world: "World", action: int, to: Sequence[str], bcc: Sequence[str]) -> "Sent":
    """The same with recipients that no header names.

    When action 1234 writes to jane@client.example, blind copy to boss@client.example
    """
    return world.send(from_action=action, to=to, bcc=bcc, subject=SUBJECT, text=TEXT)


@when(
    parse("action {int} writes to {addresses}, copy to {addresses}", "action", "to", "cc"),
    target_fixture="sent",
)
def action_writes_openly(world: "World", action: int, to: Sequence[str], cc: Sequence[str]) -> "Sent":
    """The same with recipients in Cc.

    When action 1234 writes to jane@client.example, copy to peter@client.example
    """
    return world.send(from_action=action, to=to, cc=cc, subject=SUBJECT, text=TEXT)


@when(
    parse("action {int} writes to {addresses} as {address}", "action", "to", "sender"), target_fixture="sent"
)
def action_writes_as(world: "World", action: int, to: Sequence[str], sender: str) -> "Sent":
    """The same with a From that the composer chose.

    When action 1234 writes to jane@client.example as mary@abc.com
    """
    return world.send(from_action=action, to=to, from_address=sender, subject=SUBJECT, text=TEXT)


@when(parse("the practice writes to {addresses}", "to"), target_fixture="sent")
def practice_writes(world: "World", to: Sequence[str]) -> "Sent":
    """The practice sends a letter that is not of an action.

    When the practice writes to jane@client.example
    """
    return world.send(to=to, subject=SUBJECT, text=TEXT)


@when(parse("user {name} writes to {addresses}", "user", "to"), target_fixture="sent")
def user_writes(world: "World", user: str, to: Sequence[str]) -> "Sent":
    """A user sends a letter that is not of an action.

    When user mary writes to jane@client.example
    """
    return world.send(user=user, to=to, subject=SUBJECT, text=TEXT)


@when(parse("user {name} writes to {addresses} as {address}", "user", "to", "sender"), target_fixture="sent")
def user_writes_as(world: "World", user: str, to: Sequence[str], sender: str) -> "Sent":
    """The same with a From that the composer chose.

    When user mary writes to jane@client.example as sales@abc.com
    """
    return world.send(user=user, to=to, from_address=sender, subject=SUBJECT, text=TEXT)


@when(parse("the system notifies {addresses} for user {name}", "to", "user"), target_fixture="sent")
def system_writes(world: "World", to: Sequence[str], user: str) -> "Sent":
    """The system sends a message of itself, on account of a user.

    When the system notifies jane@client.example for user ann
    """
    return world.send(user=user, to=to, automatic=True, subject="Reminder", text="Do not forget.")


@when(parse("the system notifies {addresses} of action {int}", "to", "action"), target_fixture="sent")
def system_writes_of_action(world: "World", to: Sequence[str], action: int) -> "Sent":
    """The system sends a message of itself, from an action.

    When the system notifies jane@client.example of action 1234
    """
    return world.send(from_action=action, to=to, automatic=True, subject="Reminder", text="Do not forget.")


@when(parse("{address} writes to {addresses}", "sender", "to"))
def somebody_writes(world: "World", sender: str, to: Sequence[str]) -> None:
    """Somebody outside sends a message.

    When jane@client.example writes to a1234@abc.com
    """
    world.receive(to=to, from_address=sender, subject="A question", text="How long will it take?")


@when("these people write:")
def several_write(world: "World", datatable: Sequence[Sequence[str]]) -> None:
    """Somebody outside sends a message to somebody; a row each, from and to.

    When these people write:
      | jane@client.example | a1234@abc.com |
      | peter@shop.example  | sales@abc.com |
    """
    for sender, recipient in datatable:
        world.receive(to=recipient, from_address=sender, subject="A question", text="How long will it take?")


@when(parse("{address} writes to {addresses} with the subject {string}", "sender", "to", "subject"))
def somebody_writes_about(world: "World", sender: str, to: Sequence[str], subject: str) -> None:
    """The same with a subject.

    When jane@client.example writes to matters@abc.com with the subject "Lease [a1234]"
    """
    world.receive(to=to, from_address=sender, subject=subject, text="How long will it take?")


@when(parse("this message comes for {addresses}:", "to"), target_fixture="letter")
def raw_message(world: "World", to: Sequence[str], docstring: str) -> bytes:
    r'''A message comes from outside, octet for octet as it stands there; `\0` is a NUL.

    When this message comes for matters@abc.com:
      """
      From: jane@client.example
      To: a1234@abc.com

      Hello
      """
    '''
    octets = transmitted(docstring)
    world.receive(to=to, from_address=OUTSIDE, octets=octets)
    return octets


@when(parse("the same message comes again for {addresses}", "to"))
def raw_message_again(world: "World", letter: bytes, to: Sequence[str]) -> None:
    """A second copy of the message before.

    When the same message comes again for a1234@abc.com
    """
    world.receive(to=to, from_address=OUTSIDE, octets=letter)


@when("all mail has arrived")
def arrived(world: "World") -> None:
    """Mail on its way arrives, and what is due later happens, however much later.

    When all mail has arrived
    """
    world.settle()


@when(parse("{duration} has/have passed", "length"))
def passed(world: "World", length: str) -> None:
    """What is due until then happens, and nothing that is due later.

    When 2 hours have passed
    """
    from mailsim.world.quantities import duration

    world.run(until=world.now + duration(length))


@when("the practice collects its mail")
def collects(world: "World") -> None:
    """The practice collects by POP3, after a lost line again, until nothing is left; it decides on each and stores it.

    When the practice collects its mail
    """
    world.collect()


@when("the practice tries to collect its mail")
def tries_to_collect(world: "World") -> None:
    """The same where it may have to give up; what was not collected is still there.

    When the practice tries to collect its mail
    """
    from mailsim.pop3.collection import CollectError

    with suppress(CollectError):
        world.collect()


@when("everything in the scenario has happened")
def played(world: "World") -> None:
    """The events of the scenario's tables are played, and its expectations held.

    When everything in the scenario has happened
    """
    world.run()

"""Several practices in one world: those beside the first, which steps name by its domain."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_bdd import given, when

from mailsim.testing.blueprint import Blueprint
from mailsim.testing.expressions import parse
from mailsim.testing.steps.mail import SUBJECT, TEXT
from mailsim.testing.steps.practice import FALLBACK, read_tables

if TYPE_CHECKING:
    from mailsim.world.world import Sent, World


@given(parse("another practice whose catch-all mailbox is {address} has action {int}", "system", "action"))
def another(blueprint: Blueprint, system: str, action: int) -> None:
    """A further practice, on a domain of its own, at a provider of its own.

    Given another practice whose catch-all mailbox is office@xyz.example has action 7
    """
    mailbox = {"type": "catch-all", "default_sender": system, "fallback_address": FALLBACK}
    blueprint.add("practice", mailbox=mailbox, action=[{"id": action}])


@given("another practice with these tables:")
def another_with_tables(blueprint: Blueprint, docstring: str) -> None:
    '''The same with all that its site and its provider can have, in TOML.

    Given another practice with these tables:
      """
      provider = { profile = "gmail" }

      [mailbox]
      type = "single"
      default_sender = "office@xyz.example"
      fallback_address = "desk@elsewhere.example"
      """
    '''
    blueprint.add("practice", **read_tables(docstring))


@when(
    parse("action {int} of {domain} writes to {addresses}", "action", "practice", "to"), target_fixture="sent"
)
def action_writes(world: "World", action: int, practice: str, to: Sequence[str]) -> "Sent":
    """Another practice sends a letter from an action of its own.

    When action 7 of xyz.example writes to a1234@abc.com
    """
    return world.send(from_action=action, to=to, subject=SUBJECT, text=TEXT, practice=practice)


@when(parse("the practice at {domain} collects its mail", "practice"))
def collects(world: "World", practice: str) -> None:
    """Another practice collects; each collects its own.

    When the practice at xyz.example collects its mail
    """
    world.collect(practice=practice)

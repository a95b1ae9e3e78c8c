"""What goes wrong on purpose, and whether it did: a fault that never strikes proves nothing.

A scenario that passes with such a fault fails for it (`unstruck.py`), unless it says that the fault has not struck.
"""

from typing import TYPE_CHECKING

from pytest_bdd import given, then

from mailsim.testing.blueprint import Blueprint
from mailsim.testing.expressions import parse
from mailsim.testing.found import Docket

if TYPE_CHECKING:
    from mailsim.world.world import World


@given(parse("the fault {string}", "fault"))
def fault(blueprint: Blueprint, fault: str) -> None:
    """Any fault, as `mailsim faults` writes it.

    Given the fault "pop:RETR:1:drop@40"
    """
    blueprint.extend("provider", "faults", fault)


@given(parse("the server {domain} outside has the fault {string}", "server", "fault"))
def outside(blueprint: Blueprint, server: str, fault: str) -> None:
    """A fault of a server of people outside, or of a relay, where it takes mail.

    Given the server mx.client.example outside has the fault "mx:RCPT:1:reply 451 4.3.0 try later"
    """
    blueprint.add("fault", server=server, faults=[fault])


@given(parse("the {ordinal} {verb} drops after {size}", "which", "verb", "size"))
def drops(blueprint: Blueprint, which: int, verb: str, size: int) -> None:
    """The line is lost in the middle of a POP3 server's answer.

    Given the third RETR drops after 1,024 octets
    """
    blueprint.extend("provider", "faults", f"pop:{verb}:{which}:drop@{size}")


@given(parse("the {ordinal} {verb} is answered {string}", "which", "verb", "words"))
def answered(blueprint: Blueprint, which: int, verb: str, words: str) -> None:
    """A POP3 server's refusal of one command.

    Given the second RETR is answered "[SYS/TEMP] try later"
    """
    blueprint.extend("provider", "faults", f"pop:{verb}:{which}:reply {words}")


@given("the provider forgets which messages it deleted")
def ignores_deletes(blueprint: Blueprint) -> None:
    """QUIT is answered well, once, and nothing is removed.

    Given the provider forgets which messages it deleted
    """
    blueprint.extend("provider", "faults", "pop:QUIT:1:ignore-deletes")


@given("the provider changes the uids of messages every time")
def changes_uids(blueprint: Blueprint) -> None:
    """A POP3 server that breaks RFC 1939's promise about UIDL.

    Given the provider changes the uids of messages every time
    """
    blueprint.extend("provider", "faults", "pop:UIDL:every:changed-uid")


@then(parse("the fault {string} has struck", "fault"))
def has_struck(world: "World", fault: str) -> None:
    """What was to go wrong went wrong, at least once; without this step that is asked when the scenario ends.

    Then the fault "pop:RETR:1:drop@40" has struck
    """
    assert not _quiet(world, fault), f"expected {fault} to have struck, found that its moment never came"


@then(parse("the fault {string} has not struck", "fault"))
def has_not_struck(world: "World", docket: Docket, fault: str) -> None:
    """Its moment has not come, and need not come before the scenario ends.

    Then the fault "pop:RETR:2:drop" has not struck
    """
    assert _quiet(world, fault), f"expected that {fault} has not struck, found that it has"
    docket.quiet.add(fault)


def _quiet(world: "World", fault: str) -> bool:
    """Whether a fault that the world has never struck; of one that it has not nothing is true."""
    __tracebackhide__ = True
    given = world.scenario.provider.faults
    assert fault in given, f"expected a fault that is given, found {', '.join(given) or 'none'}"
    return fault in world.never_struck

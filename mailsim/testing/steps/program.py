"""Another mail program under test: it collects from and sends through the servers of the scenario's world."""

from typing import TYPE_CHECKING

from pytest_bdd import then, when

from mailsim.testing.expressions import parse
from mailsim.testing.found import counted
from mailsim.testing.program import Program, Run
from mailsim.trace.event import Step

if TYPE_CHECKING:
    from mailsim.world.world import World


@when("the program under test collects", target_fixture="run")
def collects(program: Program) -> Run:
    """The command `mailsim_program_collects` of pytest's configuration is run, and told in its environment where to go.

    When the program under test collects
    """
    return program.run("collects")


@when("the program under test sends", target_fixture="run")
def sends(program: Program) -> Run:
    """The command `mailsim_program_sends` of pytest's configuration is run, likewise.

    When the program under test sends
    """
    return program.run("sends")


@then("the program ends well")
def ends_well(run: Run) -> None:
    """Of its last run: it returned 0.

    Then the program ends well
    """
    assert run.status == 0, f"expected status 0, found {run}"


@then("the program says that it failed")
def fails(run: Run) -> None:
    """Of its last run: it returned another status than 0.

    Then the program says that it failed
    """
    assert run.status != 0, f"expected another status than 0, found {run}"


@then(parse("every message is still at the provider or has reached {address}", "person"))
def has_reached(world: "World", person: str) -> None:
    """What the system mailbox ever took: the program either left it there, or sent it on.

    Then every message is still at the provider or has reached archive@elsewhere.example
    """
    world.settle()
    reached = {event.message_id for event in world.trace.steps(Step.STORED) if event.place == person}
    _nowhere(world, reached)


@then(parse("every message is still at the provider or lies in {string}", "folder"))
def lies_in(world: "World", program: Program, folder: str) -> None:
    """What the system mailbox ever took: the program either left it there, or has it in a folder of MAILSIM_FOLDER.

    Then every message is still at the provider or lies in "Maildir"
    """
    octets = [file.read_bytes() for file in (program.folder / folder).rglob("*") if file.is_file()]
    kept = {name for name in _taken(world) if any(name.encode() in one for one in octets)}
    _nowhere(world, kept)


@then(parse("the program keeps {int} file(s) in {string}", "number", "folder"))
def keeps(program: Program, number: int, folder: str) -> None:
    """How many files a folder of MAILSIM_FOLDER holds, those in its own folders included.

    Then the program keeps 3 files in "Maildir"
    """
    found = [file for file in (program.folder / folder).rglob("*") if file.is_file()]
    assert len(found) == number, f"expected {counted(number, 'file')}, found {len(found)}"


def _nowhere(world: "World", elsewhere: set[str]) -> None:
    __tracebackhide__ = True
    waiting = {message.message_id for message in world.waiting()}
    lost = _taken(world) - waiting - elsewhere
    assert not lost, f"expected every message somewhere, found nowhere: {', '.join(sorted(lost))}"


def _taken(world: "World") -> set[str]:
    world.settle()
    system = str(world.site.rules.system)
    return {event.message_id for event in world.trace.steps(Step.STORED) if event.place == system}

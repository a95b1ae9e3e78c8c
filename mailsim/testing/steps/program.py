"""Another mail program under test: it collects from and sends through the servers of the scenario's world."""

import poplib
import ssl
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pytest_bdd import then, when

from mailsim.testing.expressions import parse
from mailsim.testing.found import counted, stored
from mailsim.testing.program import Program, Run

if TYPE_CHECKING:
    from mailsim.testing.copies import Copy
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


@when("another program empties the mailbox at the provider")
def empties(program: Program) -> None:
    """All that lies there is deleted by POP3, and kept nowhere: somebody's telephone, set up with the same account.

    When another program empties the mailbox at the provider
    """
    told = program.environment()
    host, port = told["MAILSIM_POP3_HOST"], int(told["MAILSIM_POP3_PORT"])
    context = ssl.create_default_context(cafile=told["MAILSIM_CA"])
    context.check_hostname = False  # the certificate is for the name, and this is its address
    plain = told["MAILSIM_POP3_TLS"] == "none"
    client = poplib.POP3(host, port) if plain else poplib.POP3_SSL(host, port, context=context)
    client.user(told["MAILSIM_POP3_USERNAME"])
    client.pass_(told["MAILSIM_POP3_PASSWORD"])
    for number in range(1, client.stat()[0] + 1):
        client.dele(number)
    client.quit()


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
def has_reached(world: "World", program: Program, person: str) -> None:
    """Every copy that the system mailbox ever took: the program either left it there, or sent it on.

    Then every message is still at the provider or has reached archive@elsewhere.example
    """
    gone = Counter(copy.message_id for copy in _gone(world, program).elements())
    lost = gone - Counter(event.message_id for event in stored(world, person))
    _nowhere((message_id or "a message without an id" for message_id in lost.elements()), program)


@then(parse("every message is still at the provider or lies in {string}", "folder"))
def lies_in(world: "World", program: Program, folder: str) -> None:
    """Every copy that the system mailbox ever took: the program either left it there, or has it in MAILSIM_FOLDER.

    Then every message is still at the provider or lies in "Maildir"
    """
    from mailsim.testing.copies import kept_in, told

    lost = _gone(world, program) - kept_in(program.folder / folder)
    _nowhere(told(lost), program)
    _not_misspelt(folder, program)


@then(parse("the program keeps {int} file(s) in {string}", "number", "folder"))
def keeps(program: Program, number: int, folder: str) -> None:
    """How many files a folder of MAILSIM_FOLDER holds, those in its own folders included.

    Then the program keeps 3 files in "Maildir"
    """
    from mailsim.testing.copies import files_of

    found = len(files_of(program.folder / folder))
    assert found == number, f"expected {counted(number, 'file')}, found {found}{_ended(program)}"
    _not_misspelt(folder, program)


def _gone(world: "World", program: Program) -> Counter["Copy"]:
    """What the system mailbox took and no longer has; all of it must have been seen, or it could not be looked for."""
    __tracebackhide__ = True
    world.settle()
    program.arrivals.see(world.waiting())
    came, seen = len(stored(world, str(world.site.rules.system))), program.arrivals.number
    assert came == seen, (
        f"expected that all mail arrives while no program runs, found {counted(came - seen, 'message')} collected unseen; "
        "write 'And all mail has arrived' before the program runs"
    )
    assert seen, (
        "expected mail that could be lost, found that none came to the mailbox; have somebody write first"
    )
    return program.arrivals.gone


def _nowhere(lost: Iterable[str], program: Program) -> None:
    __tracebackhide__ = True
    named = ", ".join(sorted(lost))
    assert not named, f"expected every message somewhere, found nowhere: {named}{_ended(program)}"


def _not_misspelt(name: str, program: Program) -> None:
    """A folder that is not there is as good as an empty one, but where the program made others."""
    __tracebackhide__ = True
    there = _folders(program)
    known = not there or (program.folder / name).exists()
    assert known, f"expected {name} in MAILSIM_FOLDER, found {', '.join(there)}"


def _folders(program: Program) -> list[str]:
    return sorted(one.name for one in program.folder.iterdir())


def _ended(program: Program) -> str:
    """What is known of a program that did not do what it should: its folders, its end, its words."""
    there = ", ".join(_folders(program)) or "nothing"
    return f"\nMAILSIM_FOLDER has {there}; the program ended with {program.last or 'no run'}"

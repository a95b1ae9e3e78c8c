"""What makes a Then ask something: of nobody, of no mail, of no words anything is true, and a step would pass unasked."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mailsim.testing.needs import StepError

if TYPE_CHECKING:
    from mailsim.world.world import World


def somebody(world: "World", person: str) -> None:
    """Demand that an address is anybody's in the scenario: one that is misspelt got nothing, and that means nothing."""
    __tracebackhide__ = True
    assert any(same(one, person) for one in _people(world)), (
        f"expected somebody of this scenario, found that {person} is nobody in it; correct the address"
    )


def same(one: str, other: str) -> bool:
    """Whether two addresses are one, in whatever letters."""
    from mailsim.mail import parse_address

    found = parse_address(one)
    return one == other or (found is not None and found == parse_address(other))


def _people(world: "World") -> Iterator[str]:
    """Every address that mail was from or for, or could be."""
    yield from (str(one.address) for one in world.scenario.correspondents)
    for site, provider, _ in world.scenario.practices:
        aliases = (alias.address for alias in site.directory.aliases)
        yield from map(str, (site.rules.system, site.rules.fallback, *aliases, *provider.mailboxes))
    for event in world.trace:
        yield from (event.place, event.sender, *event.recipient.split(", "))


def moved(world: "World") -> None:
    """Demand that there has been any mail: of none, all is true that says what did not become of it."""
    __tracebackhide__ = True
    assert len(world.trace), (
        "expected mail to ask about, found that none has moved; write a When before this step, "
        "such as 'When everything in the scenario has happened'"
    )


def says(text: str, words: str) -> bool:
    """Whether words stand in a text; raises StepError for none, which stand in any."""
    if not words:
        raise StepError('"" is in every text, and asks nothing; write words that must be there')
    return words in text

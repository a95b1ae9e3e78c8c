"""The fixtures of tests and steps: a world in the making, the world itself, servers alone.

Each imports what it makes when a test asks for it: the plugin loads in every pytest run.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from mailsim.testing.blueprint import Blueprint
from mailsim.testing.worlds import SOCKETS, Kind, chosen, demand_sockets, made

if TYPE_CHECKING:
    from mailsim.pop3.embedded import Pop3Server
    from mailsim.practice.site import Site
    from mailsim.smtp.embedded import SmtpServer
    from mailsim.testing.reading import Reading
    from mailsim.trace.event import Trace
    from mailsim.world.lab import Lab
    from mailsim.world.world import World

WORLD = pytest.StashKey["World"]()
"""Where a test keeps its world while that runs."""


@pytest.fixture
def blueprint() -> Blueprint:
    """The world in the making; Givens write to it."""
    return Blueprint()


@pytest.fixture
def mailsim_world(request: pytest.FixtureRequest) -> Kind:
    """Which world `world` is: as `--mailsim-world` says, and always on sockets under the tag `@wire`."""
    if request.node.get_closest_marker(SOCKETS):
        return Kind.WIRE
    kind: Kind = getattr(request, "param", None) or chosen(request.config)[0]
    return kind


@pytest.fixture
def world(mailsim_world: Kind, blueprint: Blueprint, request: pytest.FixtureRequest) -> "Iterator[World]":
    """The world that the blueprint describes; it starts when it is first asked for."""
    yield from _begun(mailsim_world, blueprint, request)


@pytest.fixture
def simulation(
    mailsim_world: Kind, blueprint: Blueprint, request: pytest.FixtureRequest
) -> "Iterator[World]":
    """As `world`, always in memory; `world` itself where that is."""
    yield from _always(Kind.MEMORY, mailsim_world, blueprint, request)


@pytest.fixture
def lab(mailsim_world: Kind, blueprint: Blueprint, request: pytest.FixtureRequest) -> "Iterator[World]":
    """As `world`, always on loopback sockets; `world` itself where that is."""
    yield from _always(Kind.WIRE, mailsim_world, blueprint, request)


@pytest.fixture
def servers(mailsim_world: Kind, request: pytest.FixtureRequest) -> "Lab":
    """The scenario's world, which must be on sockets; raises MissingWorldError."""
    demand_sockets(mailsim_world, "a check or probe")
    lab: Lab = request.getfixturevalue("lab")
    return lab


def _always(
    kind: Kind, usual: Kind, blueprint: Blueprint, request: pytest.FixtureRequest
) -> "Iterator[World]":
    if kind is usual:  # a test that asks for both speaks of one world
        yield request.getfixturevalue("world")
    else:
        yield from _begun(kind, blueprint, request)


def _begun(kind: Kind, blueprint: Blueprint, request: pytest.FixtureRequest) -> "Iterator[World]":
    with made(kind, blueprint.start()) as world:
        stash = request.node.stash
        stash[WORLD] = world
        yield world
        if stash.get(WORLD, None) is world:  # pytest keeps every test until the run ends
            del stash[WORLD]


@pytest.fixture
def site(blueprint: Blueprint) -> "Site":
    """The practice that the blueprint describes, without a world; raises SiteError with every fault."""
    from mailsim.world.scenario import scenario_of

    return scenario_of(blueprint.start()).site


@pytest.fixture
def reading(blueprint: Blueprint) -> "Reading":
    """What comes of reading the settings that the blueprint describes."""
    from mailsim.testing.reading import read

    return read(blueprint.start())


@pytest.fixture
def pop3_server() -> "Iterator[Pop3Server]":
    """A POP3 server of its own on a free port, plain, with an empty maildrop of `alice`, password `secret`.

    `pop3_server.append("alice", octets)` puts mail in, `.add_fault("pop:RETR:1:drop")` has it fail.
    """
    from mailsim.pop3.embedded import Pop3Server

    with Pop3Server({"alice": ("secret", [])}) as server:
        yield server


@pytest.fixture
def smtp_server() -> "Iterator[SmtpServer]":
    """An SMTP server on loopback that takes mail from anybody to anybody.

    `smtp_server.messages` is what it took, `.add_fault("smtp:DATA-END:next:drop")` has it fail.
    """
    from mailsim.smtp.embedded import SmtpServer

    with SmtpServer() as server:
        yield server


@pytest.fixture
def trace(world: "World") -> "Trace":
    """Everything that has happened in the test's world."""
    return world.trace

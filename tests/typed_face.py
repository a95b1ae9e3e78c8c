"""A user's program as mypy reads it with the installed package: `.ci/run` checks it, nobody runs it."""

from typing import assert_type

import mailsim


def outcome(path: str, octets: bytes) -> str:
    """What becomes of a message."""
    decision = mailsim.load_site(path).route(octets)
    assert_type(decision, mailsim.Decision)
    return decision.outcome


def collected() -> int:
    """How many messages a world holds after a day."""
    scenario = mailsim.load_scenario("scenario.toml")
    with mailsim.Simulation(scenario) as world:
        world.send(from_action=1234, to="jane@client.example", subject="Draft")
        return len(world.collect())


async def green(site: mailsim.Site) -> bool:
    """Whether mail can be collected."""
    return bool(await site.check_pop())

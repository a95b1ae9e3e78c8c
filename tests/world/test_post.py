"""The post in a whole world: where DNS leads mail nowhere (RFC 5321 section 5.1)."""

import pytest

from mailsim.trace.event import Step
from mailsim.world.lab import Lab
from mailsim.world.post import RETRIES

SITE: dict[str, object] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
}


@pytest.mark.parametrize(
    ("said", "code", "deferred"),
    [({"mx": "0 ."}, "550", 0), ({"fault": "servfail"}, "451", len(RETRIES))],
    ids=["takes no mail", "does not tell"],
)
def test_mail_to_a_domain_without_a_route_bounces(said: dict[str, object], code: str, deferred: int) -> None:
    """At once where DNS says that there is none, after the whole schedule where it says nothing (R3.8)."""
    with Lab(SITE | {"zone": {"shut.example": said}}) as world:
        world.send(to="jane@shut.example")
        world.settle()
        world.check()

    [bounced] = world.trace.steps(Step.BOUNCED)
    assert (bounced.recipient, bounced.outcome) == ("jane@shut.example", code)
    assert len(world.trace.steps(Step.DEFERRED)) == deferred

import poplib
from typing import TYPE_CHECKING

import pytest

from mailsim.testing.blueprint import Blueprint

if TYPE_CHECKING:
    from mailsim.pop3.embedded import Pop3Server
    from mailsim.trace.event import Trace
    from mailsim.world.world import World


def test_a_pop3_server_is_there_for_the_asking(pop3_server: "Pop3Server") -> None:
    """Empty at first; mail can be put in, and faults, while it runs."""
    pop3_server.append("alice", b"Subject: one\r\n\r\n")
    pop3_server.add_fault("pop:RETR:1:drop")

    for attempt in range(2):
        client = poplib.POP3(pop3_server.host, pop3_server.port)
        client.user("alice")
        client.pass_("secret")
        if attempt == 0:
            with pytest.raises((poplib.error_proto, OSError)):
                client.retr(1)
            client.close()
        else:
            assert client.retr(1)[1] == [b"Subject: one", b""]
            client.quit()


def test_the_trace_is_the_world_s(blueprint: Blueprint, request: pytest.FixtureRequest) -> None:
    """What happened in the world of this test."""
    mailbox = {
        "type": "single",
        "default_sender": "matters@abc.com",
        "fallback_address": "h@elsewhere.example",
    }
    blueprint.set("mailbox", **mailbox)
    world: World = request.getfixturevalue("world")
    trace: Trace = request.getfixturevalue("trace")

    world.send(to="jane@client.example")

    assert trace is world.trace
    assert trace[0].step == "composed"

from mailsim.world.simulation import Simulation


def test_each_unreadable_message_is_forwarded_whenever_it_comes() -> None:
    """R4.8: also where the store gives a new forward the number of one that is done."""
    with Simulation(
        {
            "mailbox": {
                "type": "catch-all",
                "default_sender": "matters@abc.com",
                "fallback_address": "help@elsewhere.example",
            }
        }
    ) as world:
        for text in (b"one", b"two"):
            octets = b"From: jane@client.example\r\nno field\r\nTo: matters@abc.com\r\n\r\n" + text + b"\r\n"
            world.receive(to="matters@abc.com", from_address="jane@client.example", octets=octets)
            world.collect()
        world.settle()
        world.check()

        arrived = [event for event in world.trace if event.place == "help@elsewhere.example"]
        assert len(arrived) == 2

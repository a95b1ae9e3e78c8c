"""What is on its way in a world, and its end."""

import asyncio

from mailsim.world.motion import Motion


def test_nothing_sets_out_once_all_is_let_go() -> None:
    """A server that is still open may take mail after it: its task would outlive the loop."""
    arrived = []

    async def way(name: str) -> None:
        await asyncio.sleep(0)
        arrived.append(name)

    async def life() -> None:
        motion = Motion()
        motion.launch(way("before"))
        await motion.quiet()
        motion.launch(way("let go"))
        await motion.cancel()
        motion.launch(way("after"))
        await motion.quiet()
        await asyncio.sleep(0)

    asyncio.run(life())

    assert arrived == ["before"]

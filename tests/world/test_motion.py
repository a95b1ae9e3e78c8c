"""What is on its way in a world, and its end."""

import asyncio

import pytest

from mailsim.world.motion import Motion


async def way(name: str) -> str:
    await asyncio.sleep(0)
    return name


def test_what_has_arrived_is_heard_of() -> None:
    """Before the world is quiet, and what that sets in motion too."""
    heard: list[str] = []

    async def life() -> None:
        motion = Motion()
        motion.launch(way("one"), lambda name: motion.launch(way(f"{name}, two"), heard.append))
        await motion.quiet()

    asyncio.run(life())

    assert heard == ["one, two"]


def test_nothing_sets_out_once_all_is_let_go() -> None:
    """A server that is still open may take mail after it; its task would outlive the loop, or never be awaited."""
    heard: list[str] = []

    async def life() -> None:
        motion = Motion()
        motion.launch(way("let go"), heard.append)
        await motion.cancel()
        motion.launch(way("after"), heard.append)
        await motion.quiet()
        await asyncio.sleep(0)

    asyncio.run(life())

    assert heard == []


def test_what_is_noted_comes_out_as_what_a_task_raises() -> None:
    """Also of who waits for something else."""

    async def life() -> None:
        motion = Motion()
        never = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(motion.note, ZeroDivisionError("a bug"))
        with pytest.raises(ZeroDivisionError, match="a bug"):
            await motion.until(never)
        await motion.quiet()

    asyncio.run(life())

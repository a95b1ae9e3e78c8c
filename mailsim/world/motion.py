"""Mail on its way: the tasks that carry it, counted, so that a world knows when it is quiet without waiting to guess."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")

MOST_MOVING = 256
"""Messages on their way at once; a sender waits for room, so memory does not grow with a run."""


class Motion:
    """The tasks of one world in its event loop; what they raise comes out of the next `quiet`, or at the end."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._errors: list[Exception] = []
        self._trouble = asyncio.Event()
        self._over = False

    def launch(self, way: Coroutine[None, None, _Result], heard: Callable[[_Result], object]) -> None:
        """Let something be carried from now on; `heard` is told what came of it.

        Nothing sets out after `cancel`: servers may take mail until they are closed.
        """
        if self._over:
            way.close()
            return
        task = asyncio.get_running_loop().create_task(way)
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._landed(task, heard))

    def _landed(self, task: asyncio.Task[_Result], heard: Callable[[_Result], object]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        try:
            heard(task.result())
        except Exception as error:  # noqa: BLE001 - whatever it is, who waits for quiet hears of it
            self.note(error)

    def note(self, error: Exception) -> None:
        """Have an error come out as what a task raises does."""
        self._errors.append(error)
        self._trouble.set()

    async def room(self) -> None:
        """Wait until fewer than MOST_MOVING are on their way."""
        while len(self._tasks) >= MOST_MOVING:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def quiet(self) -> None:
        """Wait until nothing is on its way; raises what a task raised, as an ExceptionGroup when several did."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        self.complain()

    async def until(self, heard: asyncio.Future[_Result]) -> _Result:
        """Wait for what one of the tasks is to tell, and return it; raises what a task raised, as `quiet` does."""
        trouble = asyncio.ensure_future(self._trouble.wait())
        await asyncio.wait((heard, trouble), return_when=asyncio.FIRST_COMPLETED)
        trouble.cancel()
        self.complain()
        return heard.result()

    async def cancel(self) -> None:
        """Let go of everything that is on its way, for good."""
        self._over = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def complain(self) -> None:
        """Raise what tasks raised and nobody has heard of, once."""
        errors, self._errors = self._errors, []
        self._trouble.clear()
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ExceptionGroup("several things went wrong in the world", errors)

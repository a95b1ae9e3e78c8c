"""An event loop in a thread of its own: what the blocking faces of servers live in.

As `anyio.from_thread.start_blocking_portal`, but one that is entered and never left does not keep the
interpreter from its end. That one is a generator: it is closed when the interpreter takes its objects
down, and then waits for a thread that does not run any more. This one does nothing unless it is left.
"""

from concurrent.futures import Future
from threading import Thread
from types import TracebackType

import anyio
from anyio.from_thread import BlockingPortal


class BackgroundLoop:
    """A context manager, used once, whose value is the portal to call into its loop; leaving it joins the thread."""

    def __init__(self, name: str) -> None:
        """`name` is the thread's."""
        self._opened: Future[BlockingPortal] = Future()
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def _run(self) -> None:
        try:
            anyio.run(self._serve)
        except BaseException as error:
            if self._opened.done():
                raise
            self._opened.set_exception(error)  # no loop to be had, as without file descriptors

    async def _serve(self) -> None:
        async with BlockingPortal() as portal:
            self._opened.set_result(portal)
            await portal.sleep_until_stopped()

    def __enter__(self) -> BlockingPortal:
        self._thread.start()
        return self._opened.result()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel what is still called, as by a caller whom Ctrl-C took away: it may wait for what comes no more."""
        portal = self._opened.result()
        portal.call(portal.stop, True)
        self._thread.join()

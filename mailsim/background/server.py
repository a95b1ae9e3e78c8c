"""A server that is alive inside `with` or `async with`, in a loop and thread of its own: what all such servers share.

It works the same in a plain script, under pytest and inside a running loop, because it never lives on its caller's
loop. Law: what was started is stopped, also when the start fails.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from types import TracebackType
from typing import ClassVar, Protocol, Self

from anyio import to_thread

from mailsim.background.loop import BackgroundLoop
from mailsim.errors import MailsimError


class Listening(Protocol):
    """A server that listens in a loop."""

    @property
    def port(self) -> int:
        """The port it listens on."""
        ...

    async def close(self) -> None:
        """End it and all its connections."""
        ...


class BackgroundServer(ABC):
    """The server's life; one that is never left ends with its interpreter.

    Attributes:
        host: The address to connect to.
    """

    host = "127.0.0.1"
    _error: ClassVar[type[MailsimError]]
    """What is raised when it is asked for what it cannot do."""

    def __init__(self, *, port: int) -> None:
        """Port 0 is any free one."""
        self._wanted_port = port
        self._port: int | None = None
        self._running: ExitStack | None = None

    @abstractmethod
    def _listen(self, stack: ExitStack) -> Callable[[], Coroutine[None, None, Listening]]:
        """What begins to listen, called in the loop; what is put on the stack lives as long as the server."""

    @property
    def _where(self) -> str:
        return f"{self.host}:{self._port}" if self._running else "not running"

    @property
    def port(self) -> int:
        """The port it listens on; after leaving, that it listened on last.

        Raises:
            MailsimError: It was never entered.
        """
        if self._port is None:
            raise self._error("this server has no port yet: enter it first, `with server:`")
        return self._port

    def __enter__(self) -> Self:
        if self._running is not None:
            raise self._error(f"{self!r} is running: leave it before entering it again")
        with ExitStack() as stack:
            listen = self._listen(stack)
            portal = stack.enter_context(BackgroundLoop(type(self).__name__))
            try:
                listener = portal.call(listen)
            except (OSError, OverflowError) as error:
                number = getattr(
                    error, "errno", None
                )  # its text repeats the address, and asyncio's own words
                reason = os.strerror(number) if number else str(error)
                raise self._error(
                    f"port {self._wanted_port} cannot be had: {reason}; choose another, or 0 for any free one"
                ) from None
            stack.callback(portal.call, listener.close)
            self._port = listener.port
            self._running = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.close()

    async def __aenter__(self) -> Self:
        return await to_thread.run_sync(self.__enter__)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await to_thread.run_sync(self.__exit__, kind, error, trace)

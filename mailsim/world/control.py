"""A Lab's control port: other programs have mail move in it, things go wrong, and read what happened.

A line is one JSON object with one key, an order of `world.commands`, whose value holds its arguments; so is each answer:

    {"receive": {"to": "a1234@abc.com", "from": "jane@client.example"}}            {}
    {"add_fault": {"fault": "pop:RETR:next:drop@100"}}                             {}
    {"add_fault": {"fault": "mx:RCPT:1:drop", "server": "mx.client.example"}}      {}
    {"collect": {"practice": "xyz.example"}}                                       {"decisions": [...]}
    {"settle": {"until": "2h"}}                                                    {}
    {"trace": {"after": 41, "most": 100}}                                          {"events": [...], "missing": 0}

A wrong line is answered with `{"error": ...}` and does nothing. The port is on loopback, for whoever is on this machine.
"""

import json
import socketserver
from collections.abc import Mapping
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import replace
from threading import Thread
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from mailsim.errors import MailsimError
from mailsim.practice.faults import Fault, shown
from mailsim.practice.validation import faults_of
from mailsim.world.commands import COMMANDS
from mailsim.world.lab import Lab
from mailsim.world.world import World

MOST = 32 * 1024 * 1024
"""Octets of one line."""
_ENDED = {"error": "the servers have ended; start them again"}


def obeyed(world: World, line: bytes) -> Mapping[str, object]:
    """The answer to one line."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return {"error": 'no JSON; write one object a line, such as {"collect": {}}'}
    if not (isinstance(told, dict) and len(told) == 1):
        return {"error": f"write one object with one key, one of {', '.join(COMMANDS)}"}
    [(word, arguments)] = told.items()
    command = COMMANDS.get(word)
    if command is None:
        return {"error": f"{shown('', word)} is no order; write one of {', '.join(COMMANDS)}"}
    if not isinstance(arguments, dict):
        told = f"{word}: {shown('', arguments)} must be an object of its arguments"
        return {"error": f'{told}; write such as {{"{word}": {{}}}}'}
    if "from_address" in arguments:  # as Python must call it, for which `from` is no name
        arguments = {"from" if key == "from_address" else key: value for key, value in arguments.items()}
    try:
        return command.model_validate(arguments).obey(world)
    except ValidationError as error:
        return {"error": "\n".join(str(_of(word, fault)) for fault in faults_of(error, command))}
    except MailsimError as error:
        return {"error": str(error)}


def _of(word: str, fault: Fault) -> Fault:
    """The fault of an argument of an order, or of all together."""
    return replace(fault, key=f"{word}.{fault.key}") if fault.key else replace(fault, key=word, value=None)


class Control:
    """The port, open inside `with`.

    Attributes:
        host: The address that it listens on.
        port: The port that it listens on.
    """

    def __init__(self, lab: Lab) -> None:
        """Raises OSError when no port can be had."""
        self._ended = False

        def answer(line: bytes) -> Mapping[str, object]:
            """An order may still come, or be under way, when the world ends: what that raises tells a client nothing."""
            try:
                told = obeyed(lab, line)
            except (CancelledError, RuntimeError):  # the latter where the world's thread is gone
                if not self._ended:
                    raise
                return _ENDED
            return _ENDED if self._ended and "error" in told else told

        class Line(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):  # whoever asked has gone
                    while (line := self.rfile.readline(MOST)).endswith(b"\n"):
                        told = json.dumps(answer(line), ensure_ascii=False) + "\n"
                        self.wfile.write(told.encode("utf-8", "backslashreplace"))  # as JSON has surrogates

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Line)
        self._server.daemon_threads = True  # one that waits for its client keeps nobody from ending
        self.host = "127.0.0.1"
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, name="mailsim-control", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended = True
        self._server.shutdown()
        self._server.server_close()

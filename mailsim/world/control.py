"""A Lab's control port: other programs have mail move in it, things go wrong, and read what happened.

A line is one JSON object with one key, what a `World` can do, whose value holds the arguments; so is each answer:

    {"receive": {"to": "a1234@abc.com", "from_address": "jane@client.example"}}    {}
    {"add_fault": {"fault": "pop:RETR:next:drop@100"}}                             {}
    {"add_fault": {"fault": "mx:RCPT:1:drop", "server": "mx.client.example"}}      {}
    {"collect": {"practice": "xyz.example"}}                                       {"decisions": [...]}
    {"trace": {"after": 41}}                                                       {"events": [...]}

A wrong line is answered with `{"error": ...}` and does nothing. The port is on loopback, for whoever is on this machine.
"""

import json
import socketserver
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from contextlib import suppress
from threading import Thread
from types import TracebackType
from typing import Any, Self

from mailsim.errors import MailsimError
from mailsim.trace.files import json_line
from mailsim.world.lab import Lab
from mailsim.world.world import World

MOST = 32 * 1024 * 1024
"""Octets of one line."""


def _send(world: World, **arguments: Any) -> Mapping[str, object]:
    sent = world.send(**arguments)
    return {
        "message_id": sent.message_id,
        "refused": {address: str(reply) for address, reply in sent.refused.items()},
        "deferred": {address: str(reply) for address, reply in sent.deferred.items()},
        "warnings": list(sent.warnings),
    }


def _receive(world: World, *, octets: str | None = None, **arguments: Any) -> Mapping[str, object]:
    world.receive(octets=None if octets is None else octets.encode(), **arguments)
    return {}


def _reply(world: World, **arguments: Any) -> Mapping[str, object]:
    world.reply(**arguments)
    return {}


def _collect(world: World, **arguments: Any) -> Mapping[str, object]:
    return {"decisions": [decision.as_json() for decision in world.collect(**arguments)]}


def _settle(world: World) -> Mapping[str, object]:
    world.settle()
    return {}


def _run(world: World) -> Mapping[str, object]:
    world.run()
    return {}


def _add_fault(world: World, *, fault: str, **where: Any) -> Mapping[str, object]:
    world.add_fault(fault, **where)
    return {}


def _targets(world: World) -> Mapping[str, object]:
    return {"targets": dict(world.targets())}


def _trace(world: World, *, after: int = -1) -> Mapping[str, object]:
    events = list(world.trace)
    return {"events": [json.loads(json_line(event)) for event in events if event.serial > after]}


COMMANDS: Mapping[str, Callable[..., Mapping[str, object]]] = {
    "send": _send,
    "receive": _receive,
    "reply": _reply,
    "collect": _collect,
    "settle": _settle,
    "run": _run,
    "add_fault": _add_fault,
    "targets": _targets,
    "trace": _trace,
}


def obeyed(world: World, line: bytes) -> Mapping[str, object]:
    """The answer to one line."""
    try:
        told = json.loads(line)
    except ValueError:
        return {"error": 'no JSON; write one object a line, such as {"collect": {}}'}
    try:
        if not (isinstance(told, dict) and len(told) == 1):
            return {"error": f"write one object with one key, one of {', '.join(COMMANDS)}"}
        [(word, arguments)] = told.items()
        if word not in COMMANDS:
            return {"error": f"{word!r} is nothing to do here; write one of {', '.join(COMMANDS)}"}
        return COMMANDS[word](world, **arguments)
    except (MailsimError, TypeError, ValueError) as error:  # the latter two of arguments that are none
        return {"error": str(error)}


class Control:
    """The port, open inside `with`.

    Attributes:
        host: The address that it listens on.
        port: The port that it listens on.
    """

    def __init__(self, lab: Lab) -> None:
        """Raises OSError when no port can be had."""

        class Line(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with suppress(OSError, CancelledError):  # whoever asked has gone, or the Lab has
                    while (line := self.rfile.readline(MOST)).endswith(b"\n"):
                        self.wfile.write(json.dumps(obeyed(lab, line), ensure_ascii=False).encode() + b"\n")

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
        self._server.shutdown()
        self._server.server_close()

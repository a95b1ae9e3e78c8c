"""Worlds inside a running kernel: both faces work there, and a restart leaves nothing of them behind."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.manager import KernelManager

_SETUP = """
import json, poplib, smtplib
import mailsim
scenario = {
    "mailbox": {"type": "catch-all", "default_sender": "matters@abc.com", "fallback_address": "help@elsewhere.example"},
    "action": [{"id": 1234, "name": "Smith v Jones"}],
    "correspondent": [{"address": "jane@client.example"}],
}
"""
_LEFT_OPEN = """
world = mailsim.Lab(scenario).__enter__()
pop3 = mailsim.Pop3Server({"alice": ("secret", [b"Subject: one\\r\\n\\r\\n"])}).__enter__()
smtp = mailsim.SmtpServer().__enter__()
dns = mailsim.DnsServer("client.example. MX 10 mx.client.example.").__enter__()
print(json.dumps([port for _, port in world.addresses.values()] + [pop3.port, smtp.port, dns.port]))
"""
_BLOCKING = """
with mailsim.Lab(scenario) as world:
    world.send(from_action=1234, to="jane@client.example")
    world.settle()
    [decision] = world.collect()
print(decision.targets[0])
"""
_ASYNC = """
async with mailsim.Lab(scenario) as world:
    world.send(from_action=1234, to="jane@client.example")
    world.settle()
    [decision] = world.collect()
print(decision.targets[0])
"""
_BUSY = """
with mailsim.Pop3Server({"alice": ("secret", [b"Subject: one\\r\\n\\r\\n"])}) as server:
    client = poplib.POP3(server.host, server.port)  # blocks the kernel's own loop until the server has answered
    client.user("alice"); client.pass_("secret")
    print(client.stat()[0])
    client.quit()
"""


class Kernel:
    """A Python kernel, and what its cells print."""

    def __init__(self) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel()
        self.connect()

    def connect(self) -> None:
        """Talk to the process that the kernel is now."""
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def process(self) -> psutil.Process:
        """The kernel's own process."""
        return psutil.Process(int(self.run("import os; print(os.getpid())")))

    def run(self, cell: str) -> str:
        """Run a cell; what it printed."""
        told: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            told.append(content.get("text") or "\n".join(content.get("traceback", ())))

        reply = self.client.execute_interactive(cell, timeout=60, output_hook=hear)
        assert reply["content"]["status"] == "ok", "".join(told)
        return "".join(told).strip()

    def restart(self, *, now: bool) -> None:
        """As the button does, or as one does with a kernel that hangs."""
        self.client.stop_channels()
        self.manager.restart_kernel(now=now)
        self.connect()


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    """One with nobody's own settings, in which mailsim is imported."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    started = Kernel()
    try:
        started.run(_SETUP)
        yield started
    finally:
        started.client.stop_channels()
        started.manager.shutdown_kernel(now=True)


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("now", [False, True], ids=["asked", "killed"])
def test_a_restart_leaves_no_server_behind(kernel: Kernel, now: bool) -> None:
    """Of worlds and servers that were never closed: no port is open, no process left, and all can be had again."""
    ports = json.loads(kernel.run(_LEFT_OPEN))
    before = kernel.process()
    assert all(map(listens, ports))
    family = [before, *before.children(recursive=True)]

    kernel.restart(now=now)

    assert [port for port in ports if listens(port)] == []
    assert [one for one in family if one.is_running()] == []
    kernel.run(_SETUP)
    assert all(map(listens, json.loads(kernel.run(_LEFT_OPEN))))


def test_both_faces_work_beside_the_kernel_s_own_loop(kernel: Kernel) -> None:
    """Blocking and async; and a cell that blocks the loop still has its servers, for they have a thread of their own."""
    assert kernel.run(_BLOCKING) == "action:1234"
    assert kernel.run(_ASYNC) == "action:1234"
    assert kernel.run(_BUSY) == "1"

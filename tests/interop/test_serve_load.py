"""`mailsim serve` under load: smtp-source and mpop at work among 100 clients who stall, babble and never leave."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.peers

SCENARIO = """
[mailbox]
type = "catch-all"
default_sender = "matters@abc.com"
fallback_address = "help@elsewhere.example"
[[action]]
id = 1234
[provider]
profile = "postfix"
"""
LETTERS = 200
EACH = 26
"""Clients of each kind of misconduct, half of them at POP3, half at SMTP."""
MOST_GROWN = 150 * 1024 * 1024
"""Octets of memory beside what the server has at the start: 100 connections of 1 MB each, and the mail."""
SAYS = {
    "stalls": b"",
    "never leaves": b"NOOP\r\n",
    "floods": b"NOOP\r\n" * 100_000,
    "babbles": bytes(range(1, 256)).replace(b"\n", b"") * 20_000,
}
"""What each says, as far as the server lets it, without ever reading an answer."""


@contextmanager
def serving(folder: Path) -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
    (folder / "scenario.toml").write_text(SCENARIO, "utf-8")
    command = [sys.executable, "-m", "mailsim", "serve", str(folder / "scenario.toml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def memory(process: "subprocess.Popen[str]") -> int:
    """The most octets that it has had so far (proc(5), VmHWM)."""
    [line] = [
        line
        for line in Path(f"/proc/{process.pid}/status").read_text("ascii").splitlines()
        if line.startswith("VmHWM:")
    ]
    return int(line.split()[1]) * 1024


def misbehaving(port: int, words: bytes) -> socket.socket:
    """A client that says as much of that as the server takes at once, and stays."""
    client = socket.create_connection(("127.0.0.1", port), timeout=0.2)
    with suppress(TimeoutError, ConnectionError):
        client.sendall(words)
    return client


def collected(folder: Path, told: dict[str, Any], port: int) -> int:
    """How many messages mpop has once it has collected."""
    for name in ("cur", "new", "tmp"):
        (folder / "mail" / name).mkdir(parents=True, exist_ok=True)
    control = folder / "mpoprc"
    account = told["accounts"][0]
    control.write_text(
        f"account ref\nhost 127.0.0.1\nport {port}\nuser {account['username']}\npassword {account['password']}\n"
        "auth user\ntls on\ntls_starttls off\ntls_certcheck off\n"
        f"keep off\nuidls_file {folder}/uids\ndelivery maildir {folder}/mail\nreceived_header off\n"
    )
    control.chmod(0o600)
    subprocess.run(["mpop", "-C", str(control), "-q", "ref"], check=True, capture_output=True, timeout=120)
    return len([*(folder / "mail" / "new").iterdir()])


def test_others_are_served_and_it_ends(tmp_path: Path) -> None:
    """All mail of those who behave arrives, memory is bounded, and SIGTERM ends it with everybody still there."""
    with serving(tmp_path) as (process, told), ExitStack() as clients:
        ports = {server["name"]: server["port"] for server in told["servers"]}
        smtp, pop = ports["mx.abc.com"], ports["pop.abc.com"]
        before = memory(process)
        for words in SAYS.values():
            for number in range(EACH):
                clients.enter_context(misbehaving((smtp, pop)[number % 2], words))

        letters = ["-s", "20", "-m", str(LETTERS), "-l", "5000", "-f", "jane@client.example"]
        with subprocess.Popen(
            ["smtp-source", *letters, "-t", "a1234@abc.com", f"inet:127.0.0.1:{smtp}"],
            stderr=subprocess.PIPE,
        ) as sender:
            collected(tmp_path, told, pop)
            assert sender.wait(120) == 0, sender.stderr and sender.stderr.read()
        assert collected(tmp_path, told, pop) == LETTERS
        assert memory(process) - before < MOST_GROWN

        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")

"""How fast mail is collected and deleted: 2,000 messages of 5 KB over loopback, from Dovecot and from our own server.

Run as a program: `python -m tests.bench.bench_collect [ROUNDS]`. Every client collects to files and deletes; ours
decides on each message too and stores it durably. Dovecot and the peers take part where PATH has them (getmail6 is of
PyPI: `PATH=there/bin:$PATH` after `python -m venv there; there/bin/pip install getmail6`). Runs are interleaved, the
maildrop is filled anew and its index warmed before each; the medians are shown, and their ratio to ours.
"""

import asyncio
import os
import poplib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mailsim.pop3.embedded import Pop3Server
from mailsim.practice.collecting import collect_for
from mailsim.practice.site import read_site
from mailsim.practice.store import Store
from tests.interop.dovecot import NOBODY, Dovecot

COUNT = 2000
HEAD = b"Delivered-To: a1234@abc.com\r\nFrom: j@client.example\r\nSubject: bench\r\nMessage-ID: <%d@client.example>\r\n\r\n"
MESSAGES = [HEAD % number + (b"x" * 70 + b"\r\n") * 69 for number in range(COUNT)]
USER, PASSWORD = "alice", "secret"
OURS = "mailsim collect"

Run = Callable[[int, Path], None]


def main() -> None:
    """Measure and print."""
    if "--serve" in sys.argv:
        with Pop3Server({USER: (PASSWORD, MESSAGES)}) as server:
            sys.stdout.write(f"{server.port}\n")
            sys.stdout.flush()
            sys.stdin.read()
        return
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    _measure("our own server, in another process", rounds, _own_server, {OURS: RUNS[OURS]})
    if shutil.which("dovecot") or Path("/usr/sbin/dovecot").exists():
        with Dovecot({USER: (PASSWORD, ())}) as dovecot:
            runs = {
                name: run for name, run in RUNS.items() if name in BUILT_IN or shutil.which(name.split()[0])
            }
            _measure("Dovecot", rounds, lambda: _filled(dovecot), runs)


@contextmanager
def _own_server() -> Iterator[int]:
    command = [sys.executable, "-m", "tests.bench.bench_collect", "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.communicate("")


@contextmanager
def _filled(dovecot: Dovecot) -> Iterator[int]:
    dovecot.fill(USER, MESSAGES)
    client = poplib.POP3(dovecot.host, dovecot.port)
    client.user(USER)
    client.pass_(PASSWORD)
    assert client.stat()[0] == COUNT
    client.quit()
    yield dovecot.port
    assert dovecot.messages(USER) == []


def _measure(server: str, rounds: int, serve: Callable[[], object], runs: dict[str, Run]) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            with serve() as port, tempfile.TemporaryDirectory() as folder:  # type: ignore[attr-defined] # a context
                started = time.perf_counter()
                run(port, Path(folder))
                seconds[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    print(f"from {server}, median of {rounds} runs (fastest - slowest)")
    for name, median in sorted(medians.items(), key=lambda item: item[1]):
        spread = f"{min(seconds[name]):.2f} - {max(seconds[name]):.2f}"
        print(
            f"  {name:28} {median:6.2f} s ({spread}) {COUNT / median:8,.0f} a second"
            f"  {median / medians[OURS]:5.2f} times ours"
        )


def _mailsim(port: int, folder: Path) -> None:
    site = read_site(
        {
            "mailbox": {
                "type": "catch-all",
                "default_sender": "matters@abc.com",
                "fallback_address": "help@elsewhere.example",
            },
            "pop": {"server": f"tcp://127.0.0.1:{port}", "username": USER, "password": PASSWORD},
            "action": [{"id": 1234}],
        }
    )
    with Store(folder / "store.sqlite") as store:
        summary = asyncio.run(collect_for(site, store, site.pop_account(), tls=None))
        assert store.targets() == {"action:1234": COUNT}
    assert (summary.deleted, summary.left) == (COUNT, 0)


async def _read(port: int, folder: Path) -> None:
    """RETR by 64, a file each, DELE by 64, QUIT."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    writer.write(b"USER %s\r\n" % USER.encode())
    await reader.readline()
    await reader.readline()
    writer.write(b"PASS %s\r\n" % PASSWORD.encode())
    await reader.readline()
    for first in range(1, COUNT + 1, 64):
        numbers = range(first, min(first + 64, COUNT + 1))
        writer.write(b"".join(b"RETR %d\r\n" % number for number in numbers))
        for number in numbers:
            await reader.readline()
            octets = await reader.readuntil(b"\r\n.\r\n")
            (folder / f"{number}.eml").write_bytes(octets[:-3].replace(b"\r\n..", b"\r\n."))
    for first in range(1, COUNT + 1, 64):
        numbers = range(first, min(first + 64, COUNT + 1))
        writer.write(b"".join(b"DELE %d\r\n" % number for number in numbers))
        for _ in numbers:
            await reader.readline()
    writer.write(b"QUIT\r\n")
    await reader.read()
    writer.close()
    await writer.wait_closed()


def _poplib(port: int, folder: Path) -> None:
    client = poplib.POP3("127.0.0.1", port)
    client.user(USER)
    client.pass_(PASSWORD)
    for number in range(1, COUNT + 1):
        (folder / f"{number}.eml").write_bytes(b"\r\n".join(client.retr(number)[1]) + b"\r\n")
        client.dele(number)
    client.quit()


def _curl(port: int, folder: Path) -> None:
    address = f"pop3://127.0.0.1:{port}/[1-{COUNT}]"
    common = ["curl", "--silent", "--show-error", "--max-time", "300", "-u", f"{USER}:{PASSWORD}"]
    subprocess.run([*common, address, "-o", str(folder / "#1")], check=True)
    subprocess.run([*common, "-I", "-X", "DELE", address, "-o", "/dev/null"], check=True)


def _mpop(port: int, folder: Path) -> None:
    for name in ("cur", "new", "tmp"):
        (folder / "mail" / name).mkdir(parents=True)
    settings = folder / "mpoprc"
    settings.write_text(
        f"account a\nhost 127.0.0.1\nport {port}\nuser {USER}\npassword {PASSWORD}\nauth user\ntls off\nkeep off\n"
        f"uidls_file {folder}/uidls\ndelivery maildir {folder}/mail\nreceived_header off\npipelining on\n"
    )
    settings.chmod(0o600)
    subprocess.run(["mpop", "-C", str(settings), "-q", "a"], check=True)


def _fetchmail(port: int, folder: Path) -> None:
    settings = folder / "fetchmailrc"
    settings.write_text(
        f'set idfile "{folder}/ids"\npoll 127.0.0.1 service {port} proto pop3 auth password\n'
        f'user "{USER}" password "{PASSWORD}" is root here sslproto \'\' nokeep fetchall no rewrite no mimedecode\n'
        f'bsmtp "{folder}/mail"\n'
    )
    settings.chmod(0o600)
    command = ["fetchmail", "-s", "-f", str(settings), "--nodetach", "--pidfile", str(folder / "pid")]
    subprocess.run(command, check=True, env={"HOME": str(folder), "FETCHMAILHOME": str(folder)})


def _getmail(port: int, folder: Path) -> None:
    """It refuses to deliver as root: then the Maildir is nobody's."""
    as_root = os.getuid() == 0
    folder.chmod(0o755)
    for name in ("mail", "mail/cur", "mail/new", "mail/tmp"):
        (folder / name).mkdir()
        if as_root:
            os.chown(folder / name, NOBODY, NOBODY)
    settings = folder / "getmailrc"
    settings.write_text(
        f"[retriever]\ntype = SimplePOP3Retriever\nserver = 127.0.0.1\nport = {port}\nusername = {USER}\n"
        f"password = {PASSWORD}\n[destination]\ntype = Maildir\npath = {folder}/mail/\n"
        f"{'user = nobody' if as_root else ''}\n"
        "[options]\ndelete = true\nread_all = true\ndelivered_to = false\nreceived = false\n"
    )
    subprocess.run(["getmail", "-q", "--getmaildir", str(folder), "--rcfile", str(settings)], check=True)
    assert len(list((folder / "mail" / "new").iterdir())) == COUNT


RUNS: dict[str, Run] = {
    OURS: _mailsim,
    "asyncio reader, by 64": lambda port, folder: asyncio.run(_read(port, folder)),
    "poplib": _poplib,
    "curl": _curl,
    "mpop": _mpop,
    "fetchmail": _fetchmail,
    "getmail (getmail6)": _getmail,
}
BUILT_IN = (OURS, "asyncio reader, by 64", "poplib")

if __name__ == "__main__":
    main()

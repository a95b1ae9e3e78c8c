"""No command shows a password, on no stream and in no file, whatever it is given and however it ends (R1.11).

Every password here holds `MARK`; files in Parquet are read, and what may be base64 is decoded before it is looked for.
"""

import base64
import json
import re
import shlex
import signal
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from mailsim.cli import app, main
from mailsim.pop3.embedded import Pop3Server
from mailsim.smtp.embedded import SmtpServer
from tests.study.conftest import Cluster

MARK = "Zq7"
LETTER = (
    b"Delivered-To: a1234@abc.com\r\nFrom: jane@client.example\r\nTo: a1234@abc.com\r\n"
    b"Message-ID: <1@client.example>\r\n\r\nYes.\r\n"
)
POP = """
[pop]
server = "tcp://localhost:{pop}"
username = "matters@abc.com"
password = "file-Zq7-secret"
"""
SMTP = """
[smtp]
server = "127.0.0.1"
port = {smtp}
authentication = "plain"
username = "matters@abc.com"
password_env = "PLANTED_PASSWORD"
"""
OTHERS = """
[mailbox]
type = "catch-all"
default_sender = "matters@abc.com"
fallback_address = "help@elsewhere.example"

[[action]]
id = 1234
"""
ONLY_IN_SCENARIOS = """
[provider]
profile = "gmail"

[[correspondent]]
address = "jane@client.example"

[[event]]
send = { from_action = 1234, to = "jane@client.example" }

[[event]]
at = "+3h"
collect = {}
"""
FAULTY = {
    "unknown-key": '[pop]\npasword = "Zq7-secret"',
    "key-without-likeness": '[smtp]\nkey = "Zq7-secret"',
    "wrong-type": '[pop]\npassword = ["Zq7-secret"]',
    "table": '[smtp]\npassword = { text = "Zq7-secret" }',
    "empty-beside-another": '[pop]\npassword = ""\npassword_env = "Zq7-secret"',
    "both": '[pop]\npassword = "Zq7-secret"\npassword_env = "PLANTED_PASSWORD"',
    "in-another-table": '[mailbox]\npassword = "Zq7-secret"',
    "at-the-top": 'password = "Zq7-secret"',
    "table-as-text": 'pop = "ssl://matters:Zq7-secret@localhost"',
    "userinfo": '[pop]\nserver = "ssl://matters:Zq7-secret@localhost:995"',
    "userinfo-without-prefix": '[pop]\nserver = "matters:Zq7-secret@localhost:995"',
    "userinfo-of-smtp": '[smtp]\nserver = "smtps://matters:Zq7-secr/et@localhost:465"',
    "for-its-variable": '[pop]\npassword_env = "Zq7-secret"',
    "for-its-variable-as-a-name": '[pop]\npassword_env = "Zq7secret"',
    "no-quotes": "[pop]\npassword = Zq7-secret",
    "no-end": '[pop]\npassword = "Zq7-secret',
    "twice": '[pop]\npassword = "Zq7-secret"\npassword = "Zq7-secret"',
    "no-equals-sign": '[pop]\npassword "Zq7-secret"',
    "escape": '[pop]\npassword = "Zq7\\secret"',
    "no-utf-8": '[pop]\npassword = "Zq7-\udce4"',
}
"""What is added to the tables of a site; each is refused where it is read or where it is used."""
ROWS: Mapping[str, list[str]] = {
    "check": [
        "pop --site site.toml",
        "smtp --site site.toml",
        "pop --site site.toml --json",
        "smtp --site site.toml --json",
        "pop --site echoing.toml --json",
        "smtp --site echoing.toml",
        "pop --site variable.toml",
        "smtp --site variable.toml --json",
        "imap --site site.toml",
    ],
    "collect": [
        "--site site.toml --store store.sqlite",
        "--site echoing.toml --store other.sqlite --json",
        "--site variable.toml --store other.sqlite",
        "--site site.toml --store missing/folder/store",
    ],
    "demo": ["--messages 3 --out demo --json", "--messages none"],
    "diff": [
        "--site site.toml a.eml",
        "--site site.toml --site echoing.toml a.eml --json",
        "--site site.toml --site echoing.toml a.eml --out compared --scheduler {cluster}",
    ],
    "explore": ["--site site.toml --seconds 2 --out found.toml", "--site site.toml --seconds 1 --json"],
    "faults": ["--json"],
    "lab": ["site.toml --no-browser", "notes --no-browser"],
    "lint": ["site.toml", "a.feature --json"],
    "mailboxes": ["--store store.sqlite --json", "--store store.sqlite --export mail", "--store site.toml"],
    "pop3": [
        ". --user Zq7-secret",
        ". --user :Zq7-secret",
        ". --user alice:Zq7-secret --user bob:Zq7-secret",
        "missing --user alice:Zq7-secret",
        ". --user alice:Zq7-secret --port none",
        ". --user alice:Zq7-secret --port {pop}",
        ". --user alice:Zq7-secret --fault nonsense",
        ". --user alice:Zq7-secret --quirk nonsense",
        ". --user alice:Zq7-secret --tls nonsense",
        ". --usr alice:Zq7-secret",
        ". --usr=alice:Zq7-secret",
        ". --user alice Zq7-secret",
        ". --user=alice:Zq7-secret bob",
    ],
    "preferences": ["site.toml --no-browser"],
    "probe": ["--site site.toml --timeout 5 --json", "--site echoing.toml", "--site variable.toml"],
    "providers": ["gmail --json", "site.toml"],
    "replay": ["run.parquet --site echoing.toml --json", "run.parquet --provider m365", "site.toml"],
    "report": ["run.parquet -o report.html", "site.toml -o report.html"],
    "route": [
        "--site site.toml a.eml --json",
        "--site site.toml missing.eml",
        "--site site.toml a.eml",
        "--site site.toml a.eml --out routed --scheduler {cluster} --json",
        "--site variable.toml a.eml --out routed --scheduler ssh://alice:Zq7-secret@localhost",
    ],
    "run": [
        "scenario.toml --out run.parquet --json",
        "scenario.toml --world wire --out run.jsonl",
        "named.toml",
        "site.toml",
        "unexpected.toml",
        "scenario.toml --out missing/folder/run.parquet",
    ],
    "schema": ["site", "nothing"],
    "serve": ["missing.toml", "scenario.toml --out missing/folder/run.parquet"],
    "shrink": [
        "--site site.toml a.eml --expect unassigned --out shrunk",
        "--site site.toml a.eml --expect action:1234",
        "unexpected.toml --out small --keep",
        "scenario.toml",
    ],
    "smtp": [
        "--user Zq7-secret",
        "--user :Zq7-secret",
        "--user alice:Zq7-secret --user bob:Zq7-secret",
        "--user alice:Zq7-secret --port {smtp}",
        "--user alice:Zq7-secret --provider nonsense",
        "--user alice:Zq7-secret --provider gmail --policy accept",
        "--user alice:Zq7-secret --size-limit nonsense",
        "--user alice:Zq7-secret --store site.toml",
        "--user alice Zq7-secret",
    ],
    "spf": ["--domain abc.com 'v=spf1 -all' --json", "--zone site.toml"],
    "steps": ["--json"],
    "sweep": [
        "sweep.toml --out swept --scheduler {cluster} --json",
        "sweep.toml --out other --scheduler ssh://alice:Zq7-secret@localhost",
        "site.toml --out swept",
    ],
    "why": [
        "--site site.toml a.eml --expect unassigned --json",
        "--trace run.parquet --json",
        "--trace run.parquet",
        "--site site.toml a.eml --expect nonsense",
        "--trace site.toml",
    ],
}  # fmt: skip
"""Command -> lines of arguments that end by themselves, in an order in which what one writes another reads."""
ON_SITES = [
    "route --site {} a.eml",
    "why --site {} a.eml --json",
    "diff --site site.toml --site {} a.eml",
    "shrink --site {} a.eml --expect unassigned",
    "check pop --site {}",
    "check smtp --site {} --json",
    "collect --site {} --store third.sqlite",
    "probe --site {} --timeout 2",
    "explore --site {} --out missing/found.toml",
    "replay run.parquet --site {}",
    "run {}",
    "shrink {}",
    "serve {} --out missing/folder/trace.jsonl",
]


class _Echo(socketserver.StreamRequestHandler):
    """A server that repeats all that it is told, once it has let the client come that far."""

    greeting, refusal, fine = b"+OK", b"-ERR no:", b"+OK"
    lets: tuple[bytes, ...] = (b"USER", b"CAPA", b"QUIT")

    def handle(self) -> None:
        self.wfile.write(self.greeting + b"\r\n")
        for line in self.rfile:
            given = line.strip()
            said = self.fine if given.upper().startswith(self.lets) else self.refusal + b" " + given
            self.wfile.write(said + b"\r\n.\r\n" if given.upper() == b"CAPA" else said + b"\r\n")


class _SmtpEcho(_Echo):
    greeting, refusal = b"220 mx", b"535 no:"
    fine = b"250-mx\r\n250 AUTH PLAIN LOGIN"
    lets = (b"EHLO", b"QUIT")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a cluster of one worker."""
    with Cluster() as cluster:
        cluster.worker()
        yield cluster.address


@pytest.fixture(scope="module")
def ports(scheduler: str) -> Iterator[Mapping[str, int | str]]:
    """Of servers with the passwords of the site, of servers that repeat what they are told, and a cluster's address."""
    users = {"matters@abc.com": "variable-Zq7-secret"}
    with (
        Pop3Server({"matters@abc.com": ("file-Zq7-secret", [LETTER])}) as pop,
        SmtpServer(users=users) as smtp,
        _Server(("127.0.0.1", 0), _Echo) as echo,
        _Server(("127.0.0.1", 0), _SmtpEcho) as smtp_echo,
    ):
        for server in (echo, smtp_echo):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {
            "pop": pop.port,
            "smtp": smtp.port,
            "pop_echo": echo.server_address[1],
            "smtp_echo": smtp_echo.server_address[1],
            "cluster": scheduler,
        }
        echo.shutdown()
        smtp_echo.shutdown()


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory, ports: Mapping[str, int | str]) -> Path:
    """A folder of files that hold passwords."""
    folder = tmp_path_factory.mktemp("given")
    own, echoing = (
        POP.format(**ports) + SMTP.format(**ports),
        POP.format(pop=ports["pop_echo"]) + SMTP.format(smtp=ports["smtp_echo"]),
    )
    sweep = 'scenarios = ["scenario.toml"]\n[grid]\n'
    named = '"pop.server" = ["ssl://localhost:995", "ssl://matters:Zq7@localhost"]\n"pop.password" = ["Zq7-1", "Zq7-2"]\n'
    whole = 'smtp = [{ server = "localhost" }, { server = "smtp.abc.com", port = 587, pwd = "Zq7", password = "Zq7-secret" }]\n'
    files = {
        "site.toml": OTHERS + own,
        "echoing.toml": OTHERS + echoing,
        "variable.toml": OTHERS + own.replace("PLANTED_PASSWORD", "NOT_SET"),
        "scenario.toml": OTHERS + own + ONLY_IN_SCENARIOS,
        "unexpected.toml": OTHERS + own + ONLY_IN_SCENARIOS + "\n[expect]\nunassigned = 9\n",
        "named.toml": 'site = "faulty-unknown-key.toml"\n' + ONLY_IN_SCENARIOS,
        "sweep.toml": sweep + named + whole,
        "a.feature": "Feature: one\n  Scenario: two\n    Given nothing known\n",
    }
    for name, fault in FAULTY.items():
        table, _, line = fault.partition("\n")
        tables = OTHERS + own
        if line and table in tables:
            key = line.partition(" ")[0]
            start, end = tables.split(table + "\n")
            kept = end if name in {"both", "twice"} else re.sub(rf"\A(.*\n)*?{key} = .*\n", r"", end, count=1)
            files[f"faulty-{name}.toml"] = f"{start}{table}\n{line}\n{kept}"
        else:
            files[f"faulty-{name}.toml"] = f"{fault}\n{tables}"
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8", errors="surrogateescape")
    (folder / "a.eml").write_bytes(LETTER)
    return folder


@pytest.fixture
def inside(given: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That folder as the current one, and the password in its variable."""
    monkeypatch.chdir(given)
    monkeypatch.setenv("PLANTED_PASSWORD", "variable-Zq7-secret")
    monkeypatch.setattr(
        "mailsim.notebook.server.find_spec", lambda _: None
    )  # Jupyter would not end by itself
    return given


def leaks(octets: bytes) -> bool:
    """Whether a password stands there, or its base64."""
    coded = re.findall(rb"[A-Za-z0-9+/]{8,}", octets)
    runs = (run[start : start + (len(run) - start) // 4 * 4] for run in coded for start in range(4))
    plain = (base64.b64decode(run) for run in runs)
    return MARK.encode() in octets or any(MARK.encode() in one for one in plain)


def text_of(file: Path) -> bytes:
    """What a file says, unpacked."""
    if file.suffix != ".parquet":
        return file.read_bytes()
    table = pq.read_table(file)
    return repr((table.schema.metadata, table.to_pylist())).encode()


def written(folder: Path, before: set[Path]) -> list[str]:
    """Files beside those from before that hold a password."""
    files = {file for file in folder.rglob("*") if file.is_file()} - before
    return sorted(str(file) for file in files if leaks(text_of(file)))


@pytest.mark.parametrize("text", [MARK, "hush-Zq7", "\0matters@abc.com\0hush-Zq7-", "12Zq7", "123Zq7"])
def test_the_search_finds_passwords(text: str) -> None:
    """As they are, and in base64 at any place."""
    assert leaks(f"535 no: {text}.".encode())
    assert leaks(b"535 no: " + base64.b64encode(text.encode() * 2) + b".")
    assert not leaks(b"535 no: ***, AAAABBBBCCCC")


def test_every_command_has_its_rows() -> None:
    """A new command brings its own."""
    assert set(ROWS) == {command.name for command in app.registered_commands}


def test_no_command_shows_a_password(
    inside: Path, ports: Mapping[str, int | str], capfd: pytest.CaptureFixture[str]
) -> None:
    """Whether it succeeds or fails: of what it says and of what it writes."""
    before = {file for file in inside.rglob("*") if file.is_file()}
    shown = []
    first = ["run", "collect", "sweep"]
    for command in sorted(ROWS, key=lambda name: (name not in first, name)):
        for line in ROWS[command]:
            status = main([command, *shlex.split(line.format(**ports))])
            said = capfd.readouterr()
            assert status in {0, 1, 2}
            if leaks(f"{said.out}{said.err}".encode()):
                shown.append(f"{command} {line}: {said.out}{said.err}")
    assert shown == []
    assert written(inside, before) == []
    assert len([*(inside / "swept" / "failed").iterdir()]) == 3  # of 4: one setting is good
    assert [*inside.glob("routed/decisions/part-*")]
    assert [*inside.glob("compared/changes/part-*")]


@pytest.mark.parametrize("name", FAULTY)
def test_no_command_shows_a_password_of_a_faulty_file(
    name: str, inside: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each kind of mistake that a password can stand beside or be part of."""
    site, scenario = inside / f"faulty-{name}.toml", inside / f"scenario-{name}.toml"
    scenario.write_bytes(site.read_bytes() + ONLY_IN_SCENARIOS.encode())
    sweep = inside / "faulty-sweep.toml"
    sweep.write_text(f'scenarios = ["{scenario.name}"]\n', "utf-8")
    before = {file for file in inside.rglob("*") if file.is_file()}
    shown = []
    lines = [line.format(scenario.name if line in ON_SITES[-3:] else site.name) for line in ON_SITES]
    for line in [*lines, f"sweep {sweep.name} --out unswept --scheduler nothing://"]:
        status = main(shlex.split(line))
        said = capfd.readouterr()
        assert status in {1, 2} or said.out, line
        if leaks(f"{said.out}{said.err}".encode()):
            shown.append(f"{line}: {said.out}{said.err}")
    assert shown == []
    assert written(inside, before) == []


@pytest.mark.parametrize(
    "line",
    [
        "pop3 a.eml --user matters@abc.com:file-Zq7-secret --fault pop:PASS:2:drop",
        "smtp --user matters@abc.com:file-Zq7-secret --provider gmail --store taken",
        "serve scenario.toml --out served.jsonl",
    ],
)
def test_a_standing_server_tells_passwords_in_its_first_line_alone(line: str, inside: Path) -> None:
    """There programs read who may log in (contract); what clients say of passwords is told nowhere."""
    before = {file for file in inside.rglob("*") if file.is_file()}
    command = [sys.executable, "-m", "mailsim", *shlex.split(line)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=inside) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        passwords = [account.pop("password") for account in told["accounts"]]
        for server in told["servers"]:
            _log_in(server["port"], smtp=server["protocol"] == "smtp")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert all(passwords)
    assert not leaks(json.dumps(told).encode() + out + err)
    assert written(inside, before) == []


def _log_in(port: int, *, smtp: bool) -> None:
    """Try passwords in ways that a server may take or refuse, and leave; TLS is not begun where it would have to be."""
    plain = base64.b64encode(b"\0matters@abc.com\0other-Zq7-secret")
    lines = (
        [b"EHLO Zq7.example", b"AUTH PLAIN " + plain, b"AUTH Zq7", b"Zq7-secret", b"QUIT"]
        if smtp
        else [b"USER matters@abc.com", b"PASS other-Zq7-secret", b"PASS Zq7", b"AUTH PLAIN " + plain, b"QUIT"]
    )
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client, suppress(ConnectionError):
        client.sendall(b"".join(line + b"\r\n" for line in lines))
        while client.recv(1000):
            pass

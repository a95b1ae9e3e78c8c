"""`mailsim pop3` and `mailsim faults`, as a user starts them."""

import json
import mailbox
import poplib
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailsim.cli import main
from mailsim.pop3.fault_kinds import KINDS
from mailsim.pop3.quirks import QUIRKS
from mailsim.smtp.fault_kinds import KINDS as SMTP_KINDS
from mailsim.world.faults import check_fault

FIRST = b"Subject: first\r\n\r\n.dot\r\nno final newline"
SECOND = b"Subject: second\n\nbare LF\n\xff\xfe\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two messages, their names in the other order of their making."""
    (tmp_path / "b.eml").write_bytes(SECOND)
    (tmp_path / "a.eml").write_bytes(FIRST)
    return tmp_path


@contextmanager
def running(*arguments: str | Path) -> Iterator[tuple["subprocess.Popen[str]", dict[str, object], int]]:
    """The server as a process of its own, what it said of itself, and its port."""
    start = "import sys; from mailsim.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", start, "pop3", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            yield process, said, said["servers"][0]["port"]
        finally:
            process.kill()


def fetched(client: poplib.POP3, user: str = "alice", password: str = "secret") -> list[bytes]:
    """Every message, then QUIT."""
    client.user(user)
    client.pass_(password)
    messages = [
        b"".join(line + b"\r\n" for line in client.retr(number + 1)[1]) for number in range(client.stat()[0])
    ]
    client.quit()
    return messages


SENT = [FIRST + b"\r\n", SECOND.replace(b"\n", b"\r\n")]


def test_a_folder_is_served_by_name_and_stays_as_it_is(folder: Path) -> None:
    """What a client deletes is gone from the maildrop, not from the folder."""
    with running(folder, "--user", "alice:se:cret", "--json") as (_, said, port):
        assert said["accounts"] == [{"username": "alice", "password": "se:cret"}]
        assert said["ca"] is None
        assert said["messages"] == 2
        assert said["servers"] == [
            {"name": "localhost", "protocol": "pop3", "tls": "none", "host": "127.0.0.1", "port": port}
        ]
        client = poplib.POP3("127.0.0.1", port)
        client.user("alice")
        client.pass_("se:cret")
        client.dele(1)
        client.quit()
        assert fetched(poplib.POP3("127.0.0.1", port), password="se:cret") == SENT[1:]
    assert [(folder / name).read_bytes() for name in ("a.eml", "b.eml")] == [FIRST, SECOND]


@pytest.mark.parametrize("kind", ["mbox", "Maildir"])
def test_an_mbox_and_a_maildir_are_served_too(tmp_path: Path, kind: str) -> None:
    """A Maildir in the order of its names."""
    place = tmp_path / "mail"
    box: mailbox.Mailbox[mailbox.Message] = mailbox.mbox(place) if kind == "mbox" else mailbox.Maildir(place)
    box.add(b"Subject: first\n\none\n")
    box.add(b"Subject: second\n\ntwo\n")
    box.flush()
    box.close()
    with running(place, "--user", "alice:secret") as (_, _, port):
        got = fetched(poplib.POP3("127.0.0.1", port))
    assert sorted(got) == [b"Subject: first\r\n\r\none\r\n", b"Subject: second\r\n\r\ntwo\r\n"]


@pytest.mark.parametrize("tls", ["stls", "implicit"])
def test_tls_is_trusted_by_the_ca_told(folder: Path, tls: str) -> None:
    """By name and by address."""
    with running(folder, "--user", "alice:secret", "--tls", tls) as (_, said, port):
        context = ssl.create_default_context(cafile=str(said["ca"]))
        if tls == "implicit":
            assert fetched(poplib.POP3_SSL("localhost", port, context=context)) == SENT
        else:
            client = poplib.POP3("127.0.0.1", port)
            client.stls(context)
            assert fetched(client) == SENT


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_clean(folder: Path, number: signal.Signals) -> None:
    """Exit status 0, nothing more said, even with a session open."""
    with running(folder, "--user", "alice:secret", "--tls", "stls") as (process, said, port):
        client = poplib.POP3("127.0.0.1", port)
        process.send_signal(number)
        rest, errors = process.communicate(timeout=20)
        client.close()
    assert (process.returncode, rest, errors) == (0, "", "")
    assert not Path(str(said["ca"])).exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_while_it_reads(number: signal.Signals) -> None:
    """What it reads may never end."""
    command = [sys.executable, "-m", "mailsim", "pop3", "-", "--user", "alice:secret"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.stdin is not None
            process.stdin.write(
                b"Subject: endless\n\n" + b"x" * 1_000_000
            )  # more than a pipe takes: it reads
            process.send_signal(number)
            out, _ = process.communicate(timeout=20)
        finally:
            process.kill()
    assert out == b""
    assert process.returncode in (-number, 128 + number)


def test_quirks_and_faults_are_taken(folder: Path) -> None:
    """Several of each."""
    options = ["--quirk", "no-uidl", "--quirk", "no-top", "--fault", "pop:RETR:1:reply [SYS/TEMP] later"]
    with running(folder, "--user", "alice:secret", *options, "--seed", "3") as (_, _, port):
        client = poplib.POP3("127.0.0.1", port)
        assert not {"UIDL", "TOP"} & set(client.capa())
        client.user("alice")
        client.pass_("secret")
        with pytest.raises(poplib.error_proto, match=r"SYS/TEMP\] later"):
            client.retr(1)
        assert client.retr(1)[2] == len(SENT[0])
        client.close()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nothing-here", "--user", "a:b"], "nothing-here"),
        (
            [".", "--user", "alice"],
            "--user: the colon between name and password is missing; write NAME:PASSWORD",
        ),
        ([".", "--user", ":secret"], "--user: the name before the colon is missing; write NAME:PASSWORD"),
        (["{mail}", "--user", "a:b", "--user", "c:secret"], "--user is given 2 times"),
        (["/dev/zero", "--user", "a:b"], "/dev/zero: it is no file or folder; name one"),
        (["{mail}", "--user", "a:b", "--quirk", "odd"], "quirk 'odd': there is none; write one of gmail"),
        (["{mail}", "--user", "a:b", "--fault", "pop:RETR:1:explode"], "'explode' is no fault; write one of"),
        (["{mail}", "--user", "a:b", "--fault", "pop:CONNECT:1:expired-certificate"], "shows no certificate"),
        (["{mail}", "--user", "a:b", "--tls", "some"], "--tls"),
        (["{mail}", "--user", "a:b", "--tls", ""], "--tls '': must be none or stls or implicit"),
        (["{mail}", "--user", "a:b", "--port", "99999"], "--port"),
        (["{mail}"], "--user"),
    ],
)
def test_bad_input_is_told_in_one_line(
    folder: Path, arguments: Sequence[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2; the password is not repeated."""
    assert main(["pop3", *(word.format(mail=folder) for word in arguments)]) == 2

    out, errors = capsys.readouterr()
    assert out == ""
    assert told in errors
    assert errors.count("\n") == 1
    assert "secret" not in errors.partition(", such as")[0]


def test_a_port_that_is_taken_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do."""
    with running(folder, "--user", "alice:secret") as (_, _, port):
        assert main(["pop3", str(folder), "--user", "a:b", "--port", str(port)]) == 2
    assert f"port {port} cannot be had: Address already in use; choose another" in capsys.readouterr().err


def test_all_faults_and_quirks_are_listed_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    """For people and for programs; each example can be used as it stands."""
    assert main(["faults", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    listed = {(fault["protocol"], fault["what"]) for fault in document["faults"]}
    assert listed == {("pop", str(what)) for what in KINDS} | {("smtp", str(what)) for what in SMTP_KINDS}
    assert {quirk["name"] for quirk in document["quirks"]} == set(QUIRKS)
    assert all(check_fault(example) for fault in document["faults"] for example in fault["examples"])

    assert main(["faults"]) == 0
    told = capsys.readouterr().out
    assert all(fault["example"] in told for fault in document["faults"])
    assert all(quirk["example"] in told for quirk in document["quirks"])

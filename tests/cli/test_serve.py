"""`mailsim serve`, as a user starts it: other programs collect and submit, the control port has things happen."""

import json
import poplib
import re
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pytest

from mailsim.cli import main
from mailsim.world.commands import COMMANDS

SCENARIO = Path(__file__).parents[2] / "fixtures" / "scenarios" / "rewritten.toml"
QUICK = """
[mailbox]
type = "catch-all"
default_sender = "matters@abc.com"
fallback_address = "help@elsewhere.example"
[[action]]
id = 1234
[provider]
profile = "postfix"
mailboxes = ["john@abc.com"]
[[correspondent]]
address = "jane@client.example"
delay = "1s"
"""


@contextmanager
def serving(*arguments: str | Path) -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
    """The servers as a process of their own, and what it said of itself."""
    start = "import sys; from mailsim.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", start, "serve", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


class Asked:
    """A client of the control port."""

    def __init__(self, told: dict[str, Any], *, timeout: float = 30) -> None:
        address = told["control"]["host"], told["control"]["port"]
        self._socket = socket.create_connection(address, timeout=timeout)
        self._file = self._socket.makefile("rw", encoding="utf-8", newline="\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def __call__(self, command: str, **arguments: object) -> dict[str, Any]:
        """The answer to one command."""
        return self.line(json.dumps({command: arguments}))

    def line(self, line: str) -> dict[str, Any]:
        """The answer to one line."""
        self._file.write(line + "\n")
        self._file.flush()
        answer: dict[str, Any] = json.loads(self._file.readline())
        return answer


def server(told: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [row for row in told["servers"] if row["name"] == name]
    return dict(found)


def password(told: dict[str, Any], username: str) -> str:
    [found] = [row["password"] for row in told["accounts"] if row["username"] == username]
    return str(found)


def collected(told: dict[str, Any], username: str) -> list[bytes]:
    """Every message of a maildrop, by another program."""
    pop = server(told, "pop.abc.com")
    context = ssl.create_default_context(cafile=told["ca"])
    context.check_hostname = False  # the name leads here in the world alone
    client = poplib.POP3_SSL(pop["host"], pop["port"], context=context)
    client.user(username)
    client.pass_(password(told, username))
    messages = [b"\r\n".join(client.retr(number + 1)[1]) for number in range(client.stat()[0])]
    client.quit()
    return messages


def test_warnings_of_the_settings_go_to_standard_error(tmp_path: Path) -> None:
    """Before the servers are told of, whose line stays alone on standard output."""
    scenario = tmp_path / "scenario.toml"
    warned = QUICK.replace("catch-all", "single", 1).replace(
        "[[", 'catch_all_header = "X-Original-To"\n[[', 1
    )
    scenario.write_text(warned, encoding="utf-8")
    with serving(scenario) as (process, _):
        process.kill()
        assert process.stderr is not None
        told = process.stderr.read()

    assert told.startswith(f"mailsim: warning: {scenario}: mailbox.catch_all_header = ")


def test_other_programs_submit_and_collect_and_people_answer_by_themselves(tmp_path: Path) -> None:
    """After their delay, by the clock on the wall; every server has its name, every account its password."""
    scenario, out = tmp_path / "scenario.toml", tmp_path / "trace.jsonl"
    scenario.write_text(QUICK, encoding="utf-8")
    with serving(scenario, "--out", out) as (process, told):
        smtp = server(told, "smtp.abc.com")
        context = ssl.create_default_context(cafile=told["ca"])
        context.check_hostname = False
        with smtplib.SMTP(smtp["host"], smtp["port"]) as client:
            client.starttls(context=context)
            client.login("matters@abc.com", password(told, "matters@abc.com"))
            letter = b"From: a1234@abc.com\r\nSubject: Draft\r\nMessage-ID: <1@abc.com>\r\n\r\nHello\r\n"
            client.sendmail("a1234@abc.com", ["jane@client.example"], letter)
        end = time.monotonic() + 20
        messages: list[bytes] = []
        while not messages and time.monotonic() < end:
            messages = collected(told, "matters@abc.com")
        with Asked(told) as asked:
            assert asked("receive", to="john@abc.com", **{"from": "x@shop.example"}) == {}
            assert asked("settle") == {}
        [johns] = collected(told, "john@abc.com")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0

    assert b"Subject: Re: Draft" in messages[0]
    assert b"To: john@abc.com" in johns
    assert (smtp["protocol"], smtp["tls"], server(told, "pop.abc.com")["tls"]) == (
        "smtp",
        "starttls",
        "implicit",
    )
    steps = [json.loads(line)["step"] for line in out.read_text(encoding="utf-8").splitlines()]
    assert steps[:3] == ["composed", "accepted", "relayed"]
    assert "replied" in steps
    assert not Path(told["ca"]).exists()


@pytest.mark.parametrize(
    ("fault", "end"),
    [("mx:DATA-END:every:stall", signal.SIGTERM), ("pop:RETR:every:stall", signal.SIGINT)],
)
def test_it_ends_while_mail_is_stalled(tmp_path: Path, fault: str, end: signal.Signals) -> None:
    """Whoever waits for it is let go, the client of the control port too."""
    scenario = tmp_path / "quick.toml"
    scenario.write_text(QUICK, encoding="utf-8")
    with serving(scenario) as (process, told), Asked(told, timeout=1) as asked:
        asked("add_fault", fault=fault)
        asked("receive", to="a1234@abc.com", from_address="jane@client.example")
        with pytest.raises(TimeoutError):
            asked("collect")
        process.send_signal(end)

        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_while_an_order_is_carried_out(tmp_path: Path, end: signal.Signals) -> None:
    """With its trace and without a word, also where it is told twice."""
    scenario, out = tmp_path / "busy.toml", tmp_path / "trace.jsonl"
    scenario.write_text(f"{QUICK}[workload]\nletters = 100_000\n", encoding="utf-8")
    with serving(scenario, "--out", out) as (process, told), Asked(told, timeout=1) as asked:
        with pytest.raises(TimeoutError):
            asked("run")
        process.send_signal(end)
        process.send_signal(end)

        assert process.wait(20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert json.loads(out.read_text("utf-8").splitlines()[0])["step"] == "composed"


def test_the_control_port_does_what_a_world_does(tmp_path: Path) -> None:
    """Send, receive, answer, collect, break, play the scenario, and tell what happened."""
    with (
        serving(SCENARIO, "--seed", "3", "--out", tmp_path / "trace.parquet") as (process, told),
        Asked(told) as asked,
    ):
        sent = asked("send", from_action=1234, to="joe@other.example", subject="Grüße")
        assert asked("reply", message_id=sent["message_id"], text="Nein.") == {}
        assert asked("add_fault", fault="pop:RETR:next:drop@10") == {}
        decisions = asked("collect")["decisions"]
        before = asked("trace")["events"]
        octets = "From: x@shop.example\r\nTo: a1234@abc.com\r\nSubject: raw\r\n\r\nHello\r\n"
        asked("receive", to="a1234@abc.com", octets=octets)
        asked("collect")
        after = asked("trace", after=before[-1]["serial"])["events"]
        targets = asked("targets")["targets"]
        played = asked("run")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0

    assert sent["message_id"].startswith("<3.1.")
    assert sorted(one["outcome"] for one in decisions) == ["duplicate", "unassigned"]
    assert next(event["outcome"] for event in before if event["step"] == "opened") == "failed"
    assert [event["step"] for event in after][:3] == ["composed", "relayed", "stored"]
    assert targets["action:1234"] == 1
    assert "expect.unassigned" in played["error"]  # what was sent besides is there too
    assert (tmp_path / "trace.parquet").exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("nonsense", "no JSON"),
        ("[]", "write one object with one key, one of send, receive"),
        ('{"shout": {}}', '"shout" is no order; write one of send'),
        ('{"receive": {"to": "jane"}}', "receive.to[0]"),
        ('{"receive": {"colour": "red"}}', "receive.colour"),
        ('{"receive": []}', "receive: [...] must be an object of its arguments"),
        ('{"add_fault": {"fault": "pop:RETR:1:fly"}}', "'fly' is no fault"),
        (
            '{"add_fault": {"fault": "pop:CONNECT:1:expired-certificate"}}',
            "write it in the scenario's faults",
        ),
    ],
)
def test_a_wrong_line_is_told_and_does_nothing(serving_one: Asked, line: str, told: str) -> None:
    """The next one is obeyed."""
    assert told in serving_one.line(line)["error"]
    assert serving_one("trace") == {"events": [], "missing": 0}


@pytest.fixture(scope="module")
def serving_one() -> Iterator[Asked]:
    """One world for all wrong lines."""
    with serving(SCENARIO) as (_, told), Asked(told) as asked:
        yield asked


def test_help_names_every_order_and_its_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    """In the lines of the order."""
    assert main(["serve", "--help"]) == 0
    told = capsys.readouterr().out
    for word, command in COMMANDS.items():
        [lines] = re.findall(rf"^ +(?:\w+, )*{word}\b.*\n(?: {{12,}}.*\n)*", told, re.MULTILINE)
        for name, field in command.model_fields.items():
            assert re.search(rf"\b{field.alias or name}\b[,:]", lines), (word, name)


def test_bad_input_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing listens."""
    assert main(["serve", "nowhere.toml"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_accounts_are_in_one_order_and_tell_who_may_submit(tmp_path: Path) -> None:
    """The system mailbox first; at the other end of its connection, `localhost` is a good name for a server."""
    path = tmp_path / "scenario.toml"
    names = ", ".join(f'"{name}@abc.com"' for name in ("zoe", "mary", "john", "adam", "eve"))
    path.write_text(QUICK.replace('"john@abc.com"', names), encoding="utf-8")
    with serving(path) as (_, told):
        accounts = [(row["username"], row["submits"]) for row in told["accounts"]]
        pop = next(row for row in told["servers"] if row["protocol"] == "pop3")
        context = ssl.create_default_context(cafile=told["ca"])
        client = poplib.POP3_SSL("localhost", pop["port"], context=context, timeout=20)
        client.quit()
        with Asked(told) as ask:
            assert ask.line("hello")["error"].startswith("no JSON; write one object a line")
    others = [(f"{name}@abc.com", False) for name in ("adam", "eve", "john", "mary", "zoe")]
    assert accounts == [("matters@abc.com", True), *others]


def test_the_servers_of_several_practices_are_told_and_each_is_spoken_to() -> None:
    """A POP3 server and an account that submits for each; the control port takes `practice`."""
    with serving(Path(__file__).parents[2] / "fixtures" / "scenarios" / "two_practices.toml") as (_, told):
        pop3 = {row["name"]: row["tls"] for row in told["servers"] if row["protocol"] == "pop3"}
        submitting = [row["username"] for row in told["accounts"] if row["submits"]]
        with Asked(told) as ask:
            letter = {"from_action": 7, "to": "a1234@abc.com", "practice": "xyz.example"}
            sent = ask.line(json.dumps({"send": letter}))
            ask.line('{"settle": {}}')
            theirs = ask.line('{"collect": {"practice": "xyz.example"}}')
            collected = ask.line('{"collect": {}}')
    assert pop3 == {"pop.abc.com": "implicit", "pop.gmail.com": "implicit"}
    assert submitting == ["matters@abc.com", "office@xyz.example"]
    assert sent["refused"] == {}
    assert [one["reason"] for one in theirs["decisions"]] == ["sent-copy"]
    assert [one["targets"] for one in collected["decisions"]] == [["action:1234"]]

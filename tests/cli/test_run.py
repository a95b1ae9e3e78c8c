"""`mailsim run`: what it prints, what it writes, how it ends."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from mailsim.cli import main
from mailsim.pop3.maildrops import Maildrops

SCENARIO = Path(__file__).parents[2] / "fixtures" / "scenarios" / "rewritten.toml"


def changed(tmp_path: Path, old: str, new: str) -> Path:
    """The scenario with something else in it; its messages beside it."""
    text = SCENARIO.read_text(encoding="utf-8")
    assert old in text
    shutil.copytree(SCENARIO.parent / "messages", tmp_path / "messages")
    path = tmp_path / "scenario.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.parametrize("world", ["memory", "wire"])
def test_a_run_tells_what_came_of_the_mail(capsys: pytest.CaptureFixture[str], world: str) -> None:
    """One document, the same of both worlds but for the time that it took."""
    assert main(["run", str(SCENARIO), "--world", world, "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["as_expected"] is True
    assert told["targets"] == {"action:1234": 1, "unassigned": 2}
    assert told["decided"]["unassigned"] == {"unknown-address": 1, "sender-rewritten": 1}
    assert (told["world"], told["seed"], told["events"]["replied"]) == (world, 7, 1)
    assert 3 * 3600 <= told["world_seconds"] < 3 * 3600 + 60


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_ended_writes_the_trace_as_far_as_it_is(number: signal.Signals, tmp_path: Path) -> None:
    """And leaves nothing else, however impatient somebody is."""
    work = '[workload]\nletters = 10_000_000\nover = "10000d"\n[expect]'
    path, out, new = changed(tmp_path, "[expect]", work), tmp_path / "x.jsonl", tmp_path / ".x.jsonl.new"
    with subprocess.Popen([sys.executable, "-m", "mailsim", "run", path, "--out", out]) as process:
        end = time.monotonic() + 30
        while not (new.exists() and new.stat().st_size) and time.monotonic() < end:
            time.sleep(0.01)
        for _ in range(3):
            process.send_signal(number)
            time.sleep(0.01)  # two that come at once are one signal
        assert process.wait(30) == 130

    assert not new.exists()
    assert json.loads(out.read_text("utf-8").splitlines()[-1])["step"]


def test_what_is_not_as_expected_is_one_line_each(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """On standard output, before what came of the mail; the status says it too."""
    path = changed(
        tmp_path, 'delivered = { "action:1234" = 1 }\nunassigned = 2', "unassigned = 1\nfallback = 3"
    )
    assert main(["run", str(path)]) == 1

    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "expect.unassigned = 1: found 2; the reasons are: unknown-address 1, sender-rewritten 1",
        "expect.fallback = 3: found 0; no message was fallback",
    ]
    assert any(line.split() == ["unassigned", "sender-rewritten", "1"] for line in lines)
    assert any(line.split() == ["action:1234", "1"] for line in lines)


def test_the_trace_is_written_as_it_happens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the format that the file's name says; another seed gives another."""
    tables = []
    for name, seed in (("a.parquet", "1"), ("b.parquet", "1"), ("c.parquet", "2")):
        assert main(["run", str(SCENARIO), "--seed", seed, "--out", str(tmp_path / name)]) == 0
        tables.append(pd.read_parquet(tmp_path / name))
    assert main(["run", str(SCENARIO), "--seed", "1", "--out", str(tmp_path / "d.jsonl")]) == 0

    lines = (tmp_path / "d.jsonl").read_text(encoding="utf-8").splitlines()
    pd.testing.assert_frame_equal(tables[0], tables[1])
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert list(tables[0].message_id) != list(tables[2].message_id)
    assert [json.loads(line)["step"] for line in lines] == list(tables[0].step)
    assert f"The trace: {tmp_path / 'd.jsonl'}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.toml"], "nowhere.toml: cannot be read"),
        (
            [str(SCENARIO), "--out", "trace.txt"],
            "trace.txt: no file for a trace; name one that ends in .parquet or .otlp.jsonl",
        ),
        (
            [str(SCENARIO), "--out", "no/such/trace.jsonl"],
            "no/such/trace.jsonl: cannot be written: No such file or directory; name another",
        ),
        (
            [str(SCENARIO), "--out", "no/such/trace.parquet"],
            "no/such/trace.parquet: cannot be written: No such file or directory; name another",
        ),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, and nothing has happened."""
    assert main(["run", *arguments]) == 2

    output = capsys.readouterr()
    assert output.out == ""
    assert told in output.err
    assert len(output.err.splitlines()) == 1


def test_a_broken_law_ends_the_run_with_the_story(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A server that loses what it took: which message, and hop by hop what became of it; and all that a run tells."""
    append = Maildrops.append

    def lossy(self: Maildrops, user: str, octets: bytes, *, crlf: bool) -> str:
        uid = append(self, user, octets, crlf=crlf)
        self._accounts[user].messages.clear()
        return uid

    monkeypatch.setattr(Maildrops, "append", lossy)
    trace = tmp_path / "trace.jsonl"
    assert main(["run", str(SCENARIO), "--out", str(trace)]) == 1

    output = capsys.readouterr()
    assert "lost: " in output.err
    assert "What happened to t000001:" in output.err
    assert "takes the copy for" in output.err
    lines = output.out.splitlines()
    assert lines[0] == "expect.delivered.action:1234 = 1: found 0; nothing was delivered"
    assert lines[-2].startswith("A law of conservation is broken: standard error says which.")
    assert lines[-1] == f"The trace: {trace}"

    assert main(["run", str(SCENARIO), "--out", str(trace), "--json"]) == 1
    again = capsys.readouterr()
    told = json.loads(again.out)
    assert (told["as_expected"], told["trace"], told["targets"]) == (False, str(trace), {})
    assert told["differences"][0] == lines[0]
    assert told["broken_laws"] == again.err.splitlines() == output.err.splitlines()


@pytest.mark.parametrize(
    ("fault", "row"),
    [
        ("mx:DATA-END:1:lose", "discarded  mx.abc.com"),
        ("pop:RETR:1:vanish", "removed  matters@abc.com  removed by a fault  1"),
    ],
)
def test_what_a_fault_loses_is_not_told_as_kept(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, fault: str, row: str
) -> None:
    """No law is broken: it was asked for, and stands among what did not go through."""
    path = changed(tmp_path, 'profile = "gmail"', f'profile = "postfix"\nfaults = ["{fault}"]')
    main(["run", str(path)])

    told = capsys.readouterr().out
    assert "Nothing lost but 1 on purpose, by a fault; nothing delivered twice." in told
    assert row in told


def test_a_run_tells_why_mail_did_not_leave(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The server, its words and how many copies; and which faults had nothing to strike."""
    faults = '["smtp:AUTH:every:reply 535 5.7.8 not you", "smtp:MAIL:5:drop"]'
    path = changed(tmp_path, 'profile = "gmail"', f'profile = "gmail"\nfaults = {faults}')

    assert main(["run", str(path)]) == 1
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["refused", "smtp.gmail.com", "535", "5.7.8", "not", "you", "1"] in lines
    assert ["Faults", "that", "never", "struck:", "smtp:MAIL:5:drop."] in lines

    assert main(["run", str(path), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["failures"] == [
        {"step": "refused", "server": "smtp.gmail.com", "reply": "535 5.7.8 not you", "count": 1}
    ]
    assert told["never_struck"] == ["smtp:MAIL:5:drop"]


def test_what_one_server_puts_off_is_one_row(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Whoever it said so to."""
    path = tmp_path / "scenario.toml"
    faults = '[provider]\nfaults = ["mx:RCPT:every:greylist"]\n'
    path.write_text(SITE + faults + BROUGHT + BROUGHT.replace("client", "another"), encoding="utf-8")

    assert main(["run", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    greylisted = "451 4.7.1 Greylisted, please try again later"
    assert told["failures"] == [{"step": "deferred", "server": "mx.abc.com", "reply": greylisted, "count": 2}]


def test_no_more_than_ten_reasons_are_shown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The others are counted."""
    faults = ", ".join(f'"smtp:MAIL:{number}:reply 550 no {number}"' for number in range(1, 13))
    more = '\n[[event]]\nsend = { from_action = 1234, to = "jane@client.example" }' * 12
    path = changed(tmp_path, 'profile = "gmail"', f'profile = "gmail"\nfaults = [{faults}]')
    text = path.read_text(encoding="utf-8").replace("\n[expect]", f"{more}\n\n[expect]")
    path.write_text(text, encoding="utf-8")

    main(["run", str(path)])
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("refused") for line in lines) == 10
    assert "and 2 for 2 other reasons; --json tells them" in lines


SITE = """
[mailbox]
type = "catch-all"
default_sender = "matters@abc.com"
fallback_address = "help@elsewhere.example"
[[action]]
id = 1234
"""
ANOTHER = """
[[practice]]
provider = { profile = "postfix" }
[practice.mailbox]
type = "single"
catch_all_header = "X-Original-To"
default_sender = "office@xyz.example"
fallback_address = "desk@elsewhere.example"
"""
BROUGHT = '[[event]]\nreceive = { to = "a1234@abc.com", from = "jane@client.example" }\n'
ANOTHERS = BROUGHT.replace("a1234@abc.com", "office@xyz.example")
COLLECTED = "[[event]]\ncollect = {}\n"
CURE = 'add poll = "5m", or an [[event]] with collect at the end.'


@pytest.mark.parametrize(
    ("scenario", "waiting", "lines"),
    [
        (SITE + BROUGHT + COLLECTED, {"abc.com": 0}, []),
        (
            SITE + BROUGHT + COLLECTED + BROUGHT,
            {"abc.com": 1},
            [f"1 message waits uncollected at pop.abc.com; {CURE}"],
        ),
        (
            SITE + ANOTHER + BROUGHT + COLLECTED + ANOTHERS * 2,
            {"abc.com": 0, "xyz.example": 2},
            [f"2 messages of xyz.example wait uncollected at pop.xyz.example; {CURE}"],
        ),
        (
            'poll = "5m"\n' + SITE + '[provider]\nfaults = ["pop:RETR:every:drop"]\n' + BROUGHT * 2,
            {"abc.com": 2},
            ["2 messages still wait at pop.abc.com after the last poll."],
        ),
    ],
)
def test_mail_that_waits_uncollected_is_told(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    scenario: str,
    waiting: dict[str, int],
    lines: list[str],
) -> None:
    """It is not lost, but nobody has it: how much, at which server, of whom where there are several, and what to do."""
    path = tmp_path / "scenario.toml"
    path.write_text(scenario, encoding="utf-8")

    assert main(["run", str(path)]) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if " wait" in line] == lines
    assert main(["run", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["waiting"] == waiting


def test_warnings_of_every_practice_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """On standard error, by the key in the scenario file, before anything happens; and in the document."""
    path = tmp_path / "scenario.toml"
    clash = '[[user]]\nname = "zoe"\n[[alias]]\naddress = "a1234@abc.com"\nmailboxes = ["zoe"]\n'
    path.write_text(SITE + clash + ANOTHER, encoding="utf-8")

    assert main(["run", str(path), "--json"]) == 0
    output = capsys.readouterr()
    warnings = json.loads(output.out)["warnings"]
    assert output.err.splitlines() == [f"mailsim: warning: {path}: {one}" for one in warnings]
    assert [one.split(" = ")[0] for one in warnings] == [
        "alias[0].address",
        "practice[0].mailbox.catch_all_header",
    ]

    assert main(["run", str(SCENARIO), "--json"]) == 0
    output = capsys.readouterr()
    assert (json.loads(output.out)["warnings"], output.err) == ([], "")


@pytest.mark.parametrize("seed", ["-1", str(2**63)])
def test_a_seed_that_no_file_can_hold_is_refused(seed: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Its trace could not be played again."""
    assert main(["run", str(SCENARIO), "--seed", seed]) == 2
    assert f"--seed {seed}: must be " in capsys.readouterr().err

"""`mailsim why`, `mailsim diff` and `mailsim shrink` in this process: output, files, exit status, bad input."""

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import mailsim
from mailsim.cli import main
from mailsim.cli.progress import Progress
from mailsim.study.diagnosis.causes import CAUSES

SVG = "{http://www.w3.org/2000/svg}"
MISROUTED = Path(__file__).parents[2] / "fixtures" / "misrouted"
REPLY = str(MISROUTED / "rewritten-gmail.eml")
SITE = str(MISROUTED / "rewritten-gmail.toml")
BCC, BCC_SITE = str(MISROUTED / "bcc-postfix.eml"), str(MISROUTED / "bcc-postfix.toml")


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str], list[str]]:
    """The exit status, and the lines of standard output and error."""
    status = main(arguments)
    said = capsys.readouterr()
    return status, said.out.splitlines(), said.err.splitlines()


def test_why_tells_people(capsys: pytest.CaptureFixture[str]) -> None:
    """Without an expectation nothing is unexpected."""
    status, out, err = ran(capsys, "why", "--site", SITE, REPLY)

    assert (status, err) == (0, [])
    assert out[0] == f"{REPLY}: unassigned (sender-rewritten)"
    assert any(line.startswith("  sender-rewritten (certain): ") for line in out)


def test_why_exits_1_where_the_message_does_not_go_where_expected(capsys: pytest.CaptureFixture[str]) -> None:
    """And 0 where it does."""
    assert ran(capsys, "why", "--site", SITE, REPLY, "--expect", "action:1234")[0] == 1
    assert ran(capsys, "why", "--site", SITE, REPLY, "--expect", "unassigned")[0] == 0


def test_why_tells_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """One document."""
    status, [line], _ = ran(
        capsys, "why", "--site", SITE, REPLY, "--expect", "action:1234", "--provider", "gmail", "--json"
    )

    document = json.loads(line)
    assert status == 1
    assert document["causes"][0]["name"] == "sender-rewritten"
    assert document["remedies"][0]["changes"][0]["change"] == 'add "thread" to routing.resolvers'


def test_why_tells_what_else_would_change(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Of the mail at `--corpus`; the message itself is left out."""
    other = tmp_path / "other.eml"
    other.write_bytes(b"X-Original-To: a7@abc.com\r\nFrom: j@x.example\r\nTo: b@x.example\r\n\r\n")
    arguments = (
        "why",
        "--site",
        BCC_SITE,
        BCC,
        "--expect",
        "action:1234",
        "--corpus",
        str(other),
        "--corpus",
        BCC,
    )

    _, out, _ = ran(capsys, *arguments)

    first = out.index("What would lead it to action:1234, each tried") + 1
    assert (
        'mailbox.catch_all_header = "X-Original-To"  [settings]; would change 1 other messages, 0 of them'
        in out[first]
    )
    assert out[first + 1].strip() == f"{other}: unassigned -> action:7"


def test_why_lists_the_causes(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with what happened and what helps; neither a site nor a message is needed."""
    status, out, _ = ran(capsys, "why", "--causes")

    assert status == 0
    assert [line.split()[0] for line in out[1:]] == [cause.name for cause in CAUSES]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["why", "--site", SITE, REPLY, "--expect", "1234"], "mailsim: '1234' is no target; write action:ID"),
        (["why", "--site", SITE, str(MISROUTED)], f"mailsim: {MISROUTED}: holds several messages"),
        (["why", "--site", SITE, "missing.eml"], "mailsim: missing.eml: cannot be read"),
        (["why", "--site", SITE, REPLY, "--expect", "action:1", "--provider", "x"], "mailsim: 'x' is no built-in provider"),
        (["shrink", "--site", SITE, REPLY, "--expect", "unassigned"], "mailsim: the message goes to unassigned, as expected"),
        (["shrink", "--site", SITE, REPLY, "--expect", "action:1234", "--out", f"{REPLY}/x"], f"mailsim: {REPLY}/x: cannot be written"),
        (["diff", "--site", SITE, REPLY], "mailsim: --site: was given 1 times; give it twice"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(
    arguments: Sequence[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2."""
    status, out, err = ran(capsys, *arguments)

    assert (status, out, len(err)) == (2, [], 1)
    assert err[0].startswith(told)


def test_diff_tells_what_goes_elsewhere(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Exit status 1 when any does, as diff does; 0 when none does."""
    after = tmp_path / "after.toml"
    after.write_text(
        Path(BCC_SITE)
        .read_text("utf-8")
        .replace("[mailbox]", '[mailbox]\ncatch_all_header = "X-Original-To"')
    )

    status, out, _ = ran(capsys, "diff", "--site", BCC_SITE, "--site", str(after), BCC)
    document_status, [line], _ = ran(capsys, "diff", "--site", BCC_SITE, "--site", str(after), BCC, "--json")
    same, told, _ = ran(capsys, "diff", "--site", BCC_SITE, "--site", BCC_SITE, BCC)

    assert (status, document_status, same) == (1, 1, 0)
    assert out[0] == "1 of 1 messages go elsewhere"
    assert out[2] == "system-address -> action-address (cause: header-ignored): 1"
    assert json.loads(line)["changed"][0]["cause"] == "header-ignored"
    assert told == ["0 of 1 messages go elsewhere"]


def test_shrink_writes_three_files(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """And names them."""
    out = tmp_path / "deep" / "small"

    status, lines, err = ran(
        capsys, "shrink", "--site", SITE, REPLY, "--expect", "action:1234", "--out", str(out)
    )

    assert (status, err) == (0, [])
    assert "sender-rewritten" in lines[0]
    assert lines[1:] == [str(out / name) for name in ("message.eml", "site.toml", "misrouted.feature")]
    assert b"abc.com" not in (out / "message.eml").read_bytes()


def test_shrink_tells_programs_and_keeps_names(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """With `--keep` nothing is replaced."""
    arguments = (
        "shrink",
        "--site",
        SITE,
        REPLY,
        "--expect",
        "action:1234",
        "--out",
        str(tmp_path),
        "--keep",
        "--json",
    )

    status, [line], _ = ran(capsys, *arguments)

    document = json.loads(line)
    assert status == 0
    assert (document["cause"], document["reason"], document["anonymous"]) == (
        "sender-rewritten",
        "sender-rewritten",
        False,
    )
    assert document["octets"]["after"] < document["octets"]["before"]
    assert b"abc.com" in (tmp_path / "message.eml").read_bytes()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A run's trace in a file, in which an answer was misrouted."""
    path = tmp_path_factory.mktemp("trace") / "run.parquet"
    scenario = tomllib.loads((MISROUTED.parent / "scenarios" / "rewritten.toml").read_text("utf-8"))
    scenario["event"] = [scenario["event"][0], {"at": "3h", "collect": {}}]
    del scenario["expect"]
    with mailsim.Simulation(scenario, out=path) as world:
        world.run()
    return str(path)


def test_why_tells_the_story_of_a_trace(capsys: pytest.CaptureFixture[str], recorded: str) -> None:
    """Without a name of the message that was misrouted; exit status 1 for it, 0 for one that arrived."""
    status, out, err = ran(capsys, "why", "--trace", recorded)

    assert (status, err) == (1, [])
    assert (
        "  smtp.gmail.com, sender-rewritten (certain): wrote matters@abc.com over a1234@abc.com in From"
        in out
    )
    assert ran(capsys, "why", "--trace", recorded, "0")[0] == 0


def test_why_tells_programs_the_story(capsys: pytest.CaptureFixture[str], recorded: str) -> None:
    """One document; where it was expected can be said."""
    status, [line], _ = ran(capsys, "why", "--trace", recorded, "1", "--expect", "unassigned", "--json")

    assert (status, json.loads(line)["meant_for"]) == (0, ["unassigned"])


def test_why_draws_the_way(capsys: pytest.CaptureFixture[str], recorded: str, tmp_path: Path) -> None:
    """The story is told as without; the file is SVG, in which the hop that lost it is named so."""
    told = ran(capsys, "why", "--trace", recorded)

    assert ran(capsys, "why", "--trace", recorded, "--out", str(tmp_path / "way.svg")) == told
    words = ["".join(text.itertext()) for text in ET.parse(tmp_path / "way.svg").iter(f"{SVG}text")]
    [lost] = [number for number, line in enumerate(words) if line.endswith("← lost here")]
    assert words[lost - 1 : lost + 1] == [
        "rewrites From: a1234@abc.com becomes",
        "matters@abc.com ← lost here",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name a message and --site SITE, or --trace"),
        ([REPLY], "name a message and --site SITE, or --trace"),
        (["--trace", "gone.parquet"], "cannot be read"),
        (["--trace", REPLY], "line 1 is no event"),
        (["--trace", "x.parquet", "--site", SITE], "--trace goes with MESSAGE, --expect and --out alone"),
        ([REPLY, "--site", SITE, "--out", "x.svg"], "x.svg: a message alone has no way to be drawn"),
    ],
)
def test_why_needs_a_site_or_a_trace(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    """Each fault is one line, and exit status 2."""
    status, out, [line] = ran(capsys, "why", *arguments)

    assert (status, out) == (2, [])
    assert words in line


def test_why_says_where_it_cannot_draw(
    capsys: pytest.CaptureFixture[str], recorded: str, tmp_path: Path
) -> None:
    """In one line, and tells nothing else."""
    status, out, [line] = ran(capsys, "why", "--trace", recorded, "-o", str(tmp_path / "gone" / "way.svg"))

    assert (status, out) == (2, [])
    assert line.endswith("way.svg: cannot be written: No such file or directory; name another file")


def test_shrink_takes_a_whole_scenario(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Two files; the finding and the cure are told, to programs too."""
    scenario = str(MISROUTED.parent / "scenarios" / "rewritten.toml")

    status, out, _ = ran(capsys, "shrink", scenario, "--out", str(tmp_path / "a"))
    again, [line], _ = ran(capsys, "shrink", scenario, "--out", str(tmp_path / "b"), "--json", "--keep")

    document = json.loads(line)
    assert (status, again, len(out)) == (0, 0, 3)
    assert 'of 4 events 2 are left; what would help: add "thread" to routing.resolvers' in out[0]
    assert {path.name for path in (tmp_path / "a").iterdir()} == {"scenario.toml", "scenario.feature"}
    assert (document["finding"], document["events"]) == ("misroute", {"before": 4, "after": 2})
    assert not document["interrupted"]


def test_shrink_interrupted_writes_the_smallest_so_far(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so, and the exit status is that of Ctrl-C; before there is a smaller one nothing is written."""
    scenario = str(MISROUTED.parent / "scenarios" / "rewritten.toml")

    def interrupted_at(number: int) -> tuple[int, list[str], list[str]]:
        def reached(self: Progress, candidates: int) -> None:
            if candidates == number:
                raise KeyboardInterrupt

        monkeypatch.setattr(Progress, "reached", reached)
        return ran(capsys, "shrink", scenario, "--out", str(tmp_path / f"at{number}"), "--json")

    status, [line], told = interrupted_at(8)
    early, nothing, _ = interrupted_at(1)

    assert (status, early, nothing) == (130, 130, [])
    assert told == ["mailsim: interrupted: this is the smallest so far, and less may be enough"]
    assert json.loads(line)["interrupted"]
    assert {path.name for path in tmp_path.iterdir()} == {"at8"}
    assert {path.name for path in (tmp_path / "at8").iterdir()} == {"scenario.toml", "scenario.feature"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([REPLY], "a message needs --site and --expect"),
        ([REPLY, "--site", SITE], "say with --expect"),
        (["x.toml", "--expect", "action:1"], "--expect and --provider are of a message"),
        (["x.toml"], "cannot be read"),
        ([str(MISROUTED.parent / "scenarios" / "busy_day.toml")], "nothing is wrong with this run"),
    ],
)
def test_shrink_says_what_it_needs(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    """Each fault is one line, and exit status 2."""
    status, out, [line] = ran(capsys, "shrink", *arguments)

    assert (status, out) == (2, [])
    assert words in line

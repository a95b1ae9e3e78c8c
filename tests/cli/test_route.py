"""`mailsim route` in this process: what it prints, and what it says of bad input."""

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mailsim.cli import main
from mailsim.practice.site import load_site

SITES = Path(__file__).parents[2] / "fixtures" / "sites"
PLAIN = str(SITES / "plain.toml")
FIELDS = ["message", "message_id", "outcome", "targets", "reason", "resolver", "guessed", "address", "meant_for", "evidence"]  # fmt: skip


def reply(to: str, message_id: str = "<r1@client.example>") -> bytes:
    """A reply as the provider stored it."""
    return (
        f"Delivered-To: {to}\r\nFrom: jane@client.example\r\nTo: x@abc.com\r\nSubject: Re: Draft\r\n"
        f"Message-ID: {message_id}\r\n\r\nYes\r\n"
    ).encode()


@pytest.fixture
def eml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """`reply.eml` in the current folder, addressed to action 1234."""
    monkeypatch.chdir(tmp_path)
    Path("reply.eml").write_bytes(reply("a1234@abc.com"))
    return "reply.eml"


def routed(
    capsys: pytest.CaptureFixture[str], *arguments: str, site: str = PLAIN
) -> tuple[int, list[str], list[str]]:
    """The exit status of `mailsim route`, and the lines of standard output and error."""
    status = main(["route", "--site", site, *arguments])
    said = capsys.readouterr()
    return status, said.out.splitlines(), said.err.splitlines()


def test_one_message_is_one_json_object(eml: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The fields of the contracts in their order; standard error is silent."""
    status, out, err = routed(capsys, "--json", eml)

    (decision,) = map(json.loads, out)
    assert (status, err) == (0, [])
    assert list(decision) == FIELDS
    assert decision["message"] == "reply.eml"
    assert decision["targets"] == ["action:1234"]


def test_several_messages_are_json_lines_in_the_order_given(
    eml: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One object a line; the exit status is 0 whatever the outcomes."""
    Path("lost.eml").write_bytes(reply("a99@abc.com", "<r2@client.example>"))
    Path("odd.eml").write_bytes(b"\x00\xff\x1b[31m")

    status, out, _ = routed(capsys, "--json", "lost.eml", eml, "odd.eml")

    decisions = [json.loads(line) for line in out]
    assert status == 0
    assert [decision["message"] for decision in decisions] == ["lost.eml", eml, "odd.eml"]
    assert [decision["reason"] for decision in decisions] == ["no-such-action", "action-address", "no-header"]


def test_all_messages_of_one_call_are_one_collection(eml: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Section 7: the second copy is a duplicate, whichever path it came by."""
    Path("inbox").write_bytes(b"From x\n" + reply("a1234@abc.com"))

    _, out, _ = routed(capsys, "--json", eml, "inbox")

    assert [json.loads(line)["outcome"] for line in out] == ["delivered", "duplicate"]


def test_people_get_a_table(eml: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Aligned, with a head."""
    status, out, _ = routed(capsys, eml)

    assert status == 0
    assert out[:2] == [
        "MESSAGE    OUTCOME    TARGETS      REASON          ADDRESS        NOTE",
        "reply.eml  delivered  action:1234  action-address  a1234@abc.com",
    ]


def test_of_a_single_message_people_get_the_evidence(eml: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Why: each rule tried, what it read, what it concluded; as a decision tells it, without controls."""
    for name, octets in {eml: reply("a1234@abc.com"), "odd.eml": reply('"\x1b[2J\x85x"@abc.com')}.items():
        Path(name).write_bytes(octets)
        decision = load_site(PLAIN).route(octets)

        _, out, _ = routed(capsys, name)

        assert len(out) == 2 + len(decision.evidence)
        assert [line.split()[0] for line in out[2:]] == [item.rule for item in decision.evidence]
        assert [line.rpartition(" -> ")[2] for line in out[2:]] == [
            item.concluded for item in decision.evidence
        ]


def test_of_several_messages_people_get_totals(eml: str, capsys: pytest.CaptureFixture[str]) -> None:
    """After an empty line; every outcome is named."""
    Path("copy.eml").write_bytes(reply("a1234@abc.com"))
    Path("lost.eml").write_bytes(reply("a99@abc.com", "<r2@client.example>"))

    _, out, _ = routed(capsys, eml, "copy.eml", "lost.eml")

    assert out[4:] == ["", "delivered 1, unassigned 1, fallback 0, duplicate 1"]


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["box"], ["a.eml", "deep/b.eml"]),
        (["./box/"], ["a.eml", "deep/b.eml"]),
        (["."], ["box/a.eml", "box/deep/b.eml", "reply.eml"]),
        (["box/deep", "box/a.eml"], ["box/deep/b.eml", "box/a.eml"]),
    ],
)
def test_names_are_those_inside_the_folder_given(
    paths: Sequence[str], names: Sequence[str], eml: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the table only, and where one folder was given: of several, names alone could be the same."""
    Path("box/deep").mkdir(parents=True)
    Path("box/a.eml").write_bytes(reply("a1234@abc.com", "<a@x>"))
    Path("box/deep/b.eml").write_bytes(reply("a1234@abc.com", "<b@x>"))

    _, out, _ = routed(capsys, *paths)
    _, lines, _ = routed(capsys, "--json", "box")

    assert [line.split()[0] for line in out[1 : out.index("")]] == names
    assert [json.loads(line)["message"] for line in lines] == ["box/a.eml", "box/deep/b.eml"]


@pytest.mark.parametrize("command", [["route", "reply.eml"], ["collect", "--store", "x.sqlite"]])
def test_a_scenario_file_is_no_site_file(
    command: list[str], eml: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line that says so, instead of one for each table of it."""
    scenario = str(SITES.parent / "scenarios" / "rewritten.toml")

    assert main([*command, "--site", scenario]) == 2

    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"mailsim: {scenario}: this is a scenario file, for it has correspondent, event, ")


def test_a_guess_and_a_rewritten_sender_are_noted(eml: str, capsys: pytest.CaptureFixture[str]) -> None:
    """R4.4 and R4.7: what a person needs to see at once."""
    Path("guess.eml").write_bytes(b"From: jane@client.example\nTo: a1234@abc.com\n\nYes\n")
    lost = b"In-Reply-To: <20261123.1234@abc.com>\r\nTo: matters@abc.com\r\n"
    Path("rewritten.eml").write_bytes(
        b"Delivered-To: matters@abc.com\r\nFrom: jane@client.example\r\n" + lost + b"\r\nYes\r\n"
    )
    site = Path("site.toml")
    site.write_text(
        Path(PLAIN).read_text() + '[[sent]]\nmessage_id = "<20261123.1234@abc.com>"\naction = 1234\n'
    )

    _, out, _ = routed(capsys, "guess.eml", "rewritten.eml", site=str(site))

    assert out[1].endswith("guessed")
    assert "meant for action:1234" in out[2]


def test_nothing_in_mail_reaches_the_terminal_unescaped(eml: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Names and addresses are shown with escapes, in the table and in JSON."""
    name = "\x1b]0;owned\x07.eml"
    Path(name).write_bytes(reply('"\x1b[2J\x9b31m"@abc.com'))

    for arguments in ([name], ["--json", name]):
        status, out, _ = routed(capsys, *arguments)
        assert status == 0
        assert all(line.isprintable() for line in out)


def test_standard_input(
    eml: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`-` is a message or an mbox."""
    for octets, names in [
        (reply("a1234@abc.com"), ["-"]),
        (b"From x\n" + reply("a1@abc.com") + b"\nFrom y\n" + reply("a2@abc.com"), ["-:1", "-:2"]),
    ]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(octets)))
        _, out, _ = routed(capsys, "--json", "-")
        assert [json.loads(line)["message"] for line in out] == names


def test_many_messages(eml: str, capsys: pytest.CaptureFixture[str]) -> None:
    """More than are written at once, none lost between two writes."""
    Path("inbox").write_bytes(
        b"".join(b"From x\n" + reply("a1234@abc.com", f"<{n}@x>") + b"\n" for n in range(1234))
    )

    _, out, _ = routed(capsys, "--json", "inbox")

    assert [json.loads(line)["message"] for line in out] == [f"inbox:{n}" for n in range(1, 1235)]


@pytest.mark.parametrize(
    ("others", "told"),
    [
        (["notes.txt"], "mailsim: warning: mail/notes.txt: passed over, not known to be mail; name"),
        (["a.html", "b.txt"], "mailsim: warning: mail/a.html: passed over, not known to be mail, and 1 other file; name"),
        (["a.html", "b", "c.txt"], "mailsim: warning: mail/a.html: passed over, not known to be mail, and 2 other files; name"),
    ],
)  # fmt: skip
def test_files_that_are_passed_over_are_told(
    others: list[str], told: str, eml: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody is to believe that all of a folder was routed; beside the answer, which is whole all the same."""
    folder = Path("mail")
    folder.mkdir()
    Path(eml).rename(folder / eml)
    for name in others:
        (folder / name).write_bytes(b"Dear Jane\n")

    status, out, err = routed(capsys, "mail")

    assert (status, out[1].split()[0], len(err)) == (0, "reply.eml", 1)
    assert err[0].startswith(told)


def test_warnings_of_a_site_go_to_standard_error(eml: str, capsys: pytest.CaptureFixture[str]) -> None:
    """R1.3: the site can be used, and the reader is told what will go wrong."""
    site = Path("site.toml")
    site.write_text(
        Path(PLAIN)
        .read_text()
        .replace("elsewhere.example", "abc.com")
        .replace("[[", "allow_fallback_clash = true\n[[", 1)
    )

    status, out, err = routed(capsys, eml, site=str(site))

    assert (status, out[1].split()[0], len(err)) == (0, "reply.eml", 1)
    assert err[0].startswith("mailsim: warning: site.toml: mailbox.fallback_address")


@pytest.mark.parametrize(
    ("paths", "lines"),
    [
        (
            ["missing.eml"],
            [
                "mailsim: missing.eml: cannot be read: No such file or directory; name a file or folder that can be"
            ],
        ),
        (
            ["reply.eml", "empty", "missing.eml"],
            [
                "mailsim: empty: holds no mail; name .eml files, an mbox, a Maildir or a folder of them",
                "mailsim: missing.eml: cannot be read: No such file or directory; name a file or folder that can be",
            ],
        ),
        (
            ["new\nline\x1b[31m"],
            [
                "mailsim: 'new\\nline\\x1b[31m': cannot be read: No such file or directory; name a file or folder that can be"
            ],
        ),
    ],
)
def test_bad_paths_are_told_before_any_result(
    paths: Sequence[str], lines: list[str], eml: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2, one line for each, nothing on standard output."""
    Path("empty").mkdir()

    assert routed(capsys, *paths) == (2, [], lines)


def test_a_faulty_site_is_told_fault_by_fault(eml: str, capsys: pytest.CaptureFixture[str]) -> None:
    """R1.12: exit status 2, one line for each fault."""
    site = str(SITES / "faulty.toml")

    status, out, err = routed(capsys, eml, site=site)

    assert (status, out) == (2, [])
    assert len(err) == 25
    assert all(line.startswith(f"mailsim: {site}: ") for line in err)


def test_what_comes_before_lost_mail_is_told(eml: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2, and a line that says why there is no more."""
    pq.write_table(pa.table({"octets": [b"x" * 5000 + bytes([one]) for one in range(50)]}), "lost.parquet")
    octets = Path("lost.parquet").read_bytes()
    Path("lost.parquet").write_bytes(octets[:60] + b"\xff" * 200 + octets[260:])

    status, out, err = routed(capsys, eml, "lost.parquet", "--json")

    assert status == 2
    assert [json.loads(line)["message"] for line in out] == [eml]
    assert err[0].startswith("mailsim: lost.parquet: cannot be read: no whole Parquet file")

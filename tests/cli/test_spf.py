"""`mailsim spf` (R5.6)."""

import json
from pathlib import Path

import pytest

from mailsim.cli import main

OURS = "include:_spf.actionstep.com"


def test_without_a_record(capsys: pytest.CaptureFixture[str]) -> None:
    """The record to publish, on a line of its own; nothing was wrong."""
    assert main(["spf", "--domain", "abc.com"]) == 0

    assert capsys.readouterr().out.splitlines() == [
        "no SPF record of abc.com was given; publish this one:",
        f"v=spf1 a mx ptr {OURS} ~all",
        "look-ups: at least 4 of 10",
    ]


def test_a_record_that_needs_a_change(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 1."""
    assert main(["spf", "v=spf1 a -all", "--domain", "abc.com"]) == 1

    assert capsys.readouterr().out.splitlines() == [
        "red: the SPF record of abc.com needs a change; publish this one:",
        f"v=spf1 a {OURS} -all",
        f"error: mail sent through localhost does not pass: '{OURS}' is missing",
        "look-ups: at least 2 of 10",
    ]


def test_a_record_that_needs_none(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 0."""
    assert main(["spf", f"v=spf1 {OURS} -all"]) == 0

    assert capsys.readouterr().out.splitlines()[0] == "green: the SPF record needs no change:"


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """One document, with the same exit status."""
    assert main(["spf", "--json", "v=spf1 a -all", "v=spf1 mx -all"]) == 1

    document = json.loads(capsys.readouterr().out)
    assert (document["green"], document["advised"]) == (False, f"v=spf1 a mx {OURS} -all")
    assert [found["finding"] for found in document["findings"]] == ["several-records", "no-include"]


def test_a_zone_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Has the records of the domain, and those that it includes."""
    file = tmp_path / "zone"
    file.write_text(
        'abc.com. TXT "v=spf1 include:x.abc.com " "include:_spf.actionstep.com -all"\nabc.com. TXT "a\\"b"\n'
        'x.abc.com. TXT "v=spf1 a:gone.abc.com"\n_spf.actionstep.com. TXT "v=spf1 ip4:192.0.2.1"\n'
    )

    assert main(["spf", "--zone", str(file), "--domain", "abc.com"]) == 0

    assert capsys.readouterr().out.splitlines() == [
        "green: the SPF record of abc.com needs no change:",
        f"v=spf1 include:x.abc.com {OURS} -all",
        "warning: 'a\"b': another kind of TXT record; it stays as it is",
        "warning: 'gone.abc.com A': no such record; take away what asks for it",
        "look-ups: 3 of 10",
    ]
    assert main(["spf", "--zone", str(file)]) == 2  # of three domains, none is named


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (None, "cannot be read: No such file or directory; name a zone file"),
        (b"\xff", "is no text; name a zone file"),
        (b"a.example. A x", "zone:1: Text input is malformed; write NAME TYPE DATA"),
    ],
)
def test_a_bad_zone_file_is_one_line(
    octets: bytes | None, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2."""
    file = tmp_path / "zone"
    if octets is not None:
        file.write_bytes(octets)

    assert main(["spf", "--zone", str(file)]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"mailsim: {file}: {told}")
    assert err.count("\n") == 1


def test_nothing_reaches_the_terminal_unescaped(capsys: pytest.CaptureFixture[str]) -> None:
    """Of records and domains."""
    for arguments in (["v=spf1 \x1b[2J\u202e -all", "\x9b31m"], [f"v=spf1 {OURS} x=\x85 -all"]):
        main(["spf", *arguments, "--domain", "\x1b]0;x\x07"])

        assert all(line.isprintable() for line in capsys.readouterr().out.split("\n"))


def test_what_is_advised_and_does_too_many_lookups_is_not_to_be_published_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The line above the record says so."""
    includes = " ".join(f"include:s{number}.example" for number in range(10))
    assert main(["spf", f"v=spf1 {includes} -all"]) == 1
    first = capsys.readouterr().out.splitlines()[0]
    assert first == "red: the SPF record needs a change; mend this one as told below, then publish it:"


@pytest.mark.parametrize(
    ("record", "advised", "told"),
    [
        ("v=spf1 mx \u2212all", f"v=spf1 mx {OURS} -all", "the character U+2212, not with '-'"),
        (
            "v=spf1 include=x.example -all",
            f"v=spf1 {OURS} -all include=x.example",
            "receivers pass over it; 'include:x.example' may be meant",
        ),
    ],
)
def test_what_was_meant_is_told(
    record: str, advised: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dash from a word processor, and the sign of a modifier."""
    assert main(["spf", record]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == advised
    assert any(told in line for line in lines)


def test_the_domain_of_a_zone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its only one with a record, where none is named; of several, one must be."""
    file = tmp_path / "zone"
    file.write_text('abc.com. TXT "v=spf1 a -all"\n')
    assert main(["spf", "--zone", str(file)]) == 1
    assert capsys.readouterr().out.startswith("red: the SPF record of abc.com needs a change")
    file.write_text('abc.com. TXT "v=spf1 a -all"\nabd.com. TXT "v=spf1 a -all"\n')
    assert main(["spf", "--zone", str(file)]) == 2
    assert "abc.com, abd.com; name one with --domain" in capsys.readouterr().err
    assert main(["spf", "v=spf1 a -all", "--domain", "ab c"]) == 2
    assert "no domain has a space" in capsys.readouterr().err

"""`mailsim providers`: all of them, one of them, none of that name."""

import json

import pytest

from mailsim.cli import main
from mailsim.provider.fact import KINDS
from mailsim.provider.profiles import profile, profiles

Output = pytest.CaptureFixture[str]


def test_all_providers_stand_in_one_table(capsys: Output) -> None:
    """A row each: who, what becomes of a foreign sender and where, which header, whether a catch-all."""
    assert main(["providers"]) == 0

    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == [
        "ID",
        "PROVIDER",
        "A",
        "SENDER",
        "NOT",
        "THE",
        "ACCOUNT'S",
        "ENVELOPE",
        "HEADERS",
        "CATCH-ALL",
    ]
    assert [row.split()[0] for row in rows] == list(profiles())
    row = {line.split()[0]: line for line in rows}
    for id_, words in {
        "gmail": "rewrite  Delivered-To (mailbox) yes",
        "m365": "reject at data_end none no",
        "ionos": "reject at mail_from; on the own domain accept Envelope-To (recipient) yes",
        "telstra": "unknown unknown no",
        "postmark": "reject at after_accept; on the own domain accept",
    }.items():
        assert " ".join(words.split()) in " ".join(row[id_].split())


def test_one_provider_shows_every_fact_known_or_not(capsys: Output) -> None:
    """Value, mark, source and note; unknown is said."""
    assert main(["providers", "gmail"]) == 0

    name, head, *rows = capsys.readouterr().out.splitlines()
    assert name == "Gmail and Google Workspace"
    assert head.split() == ["FACT", "VALUE", "HOW", "KNOWN", "SOURCE,", "NOTE"]
    assert len(rows) == len(KINDS)
    told = {title: " ".join(row.split()) for row in rows for title in [row.split("  ")[0]]}
    assert "X-Google-Original-From reported" in told["The original From is kept in"]
    assert told["Refused at"] == "Refused at unknown"
    assert told["Reply-To beside a rewritten From"].endswith(
        "kept believed the usual cure in issue threads; not seen in a trace"
    )


def test_json_has_the_facts_themselves(capsys: Output) -> None:
    """One document for one, an object a line for all; an unknown fact's value is null."""
    assert main(["providers", "m365", "--json"]) == 0
    one = json.loads(capsys.readouterr().out)
    assert main(["providers", "--json"]) == 0
    every = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert one in every
    assert [entry["id"] for entry in every] == list(profiles())
    assert list(one["facts"]) == list(KINDS)
    fact = profile("m365").facts["reply"]
    assert one["facts"]["reply"] == {
        "title": "Refusal",
        "value": fact.value,
        "mark": "reported",
        "source": fact.source,
    }
    assert one["facts"]["original_kept_in"] == {
        "title": "The original From is kept in",
        "value": None,
        "mark": "unknown",
    }


@pytest.mark.parametrize("json_too", [[], ["--json"]])
@pytest.mark.parametrize(
    ("word", "near"), [("gmial", "gmail"), ("Hotmail", "outlook_com"), ("\x1b[2J", "gmail")]
)
def test_an_unknown_name_is_one_line_with_the_nearest(
    word: str, near: str, json_too: list[str], capsys: Output
) -> None:
    """Exit status 2, nothing on standard output, nothing that a terminal obeys."""
    assert main(["providers", word, *json_too]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    [line] = said.err.splitlines()
    assert f"write {near} or " in line
    assert line.isprintable()

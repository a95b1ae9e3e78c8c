"""`mailsim explore` in this process: output, the file, exit status, bad input."""

import json
import sys
from pathlib import Path

import pytest

from mailsim.cli import main
from mailsim.extras import not_installed

SITES = Path(__file__).parents[1] / "explore" / "sites"
SINGLE = str(SITES / "single.toml")
USUAL = str(SITES / "usual.toml")


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, list[str]]:
    """The exit status, standard output, and the lines of standard error."""
    status = main(arguments)
    said = capsys.readouterr()
    return status, said.out, said.err.splitlines()


def test_what_is_found_is_a_scenario_that_fails_until_it_is_mended(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It says what is wrong and why, has nothing that is not needed, and `mailsim run` plays it."""
    file = tmp_path / "found.toml"
    status, out, err = ran(capsys, "explore", "--site", USUAL, "--provider", "gmail", "--out", str(file))

    assert (status, err) == (1, [])
    assert out.splitlines()[0].startswith(
        "Mail does not reach whom it is for, though every rule is kept (R4."
    )
    assert out.splitlines()[-1] == f"The scenario: {file}"
    text = file.read_text("utf-8")
    assert "# Why: " in text
    assert f"# Play it again: mailsim run {file}" in text
    assert text.count("[[event]]") == 2  # a letter, and a collection
    assert "[[alias]]" not in text

    status, out, _ = ran(capsys, "run", str(file))
    assert status == 1
    assert out.startswith("expect.delivered.")


def test_programs_are_told_in_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    """What was found, and the scenario; null where nothing is."""
    status, out, _ = ran(capsys, "explore", "--site", USUAL, "--provider", "gmail", "--json")
    document = json.loads(out)

    assert status == 1
    assert document["found"]["kind"] == "misroute"
    assert document["found"]["scenario"].startswith("# Mail does not reach")
    assert document["file"] is None

    status, out, _ = ran(capsys, "explore", "--site", USUAL, "--seconds", "0.5", "--json")
    assert (status, json.loads(out)["found"]) == (0, None)


def test_people_are_told_that_nothing_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    """With status 0, and how much was tried."""
    status, out, err = ran(capsys, "explore", "--site", USUAL, "--seconds", "0.5")

    assert (status, err) == (0, [])
    assert out.startswith("Nothing found: ")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--site", "nowhere.toml"), "nowhere.toml: cannot be read"),
        (("--site", USUAL, "--provider", "nobody"), "nobody"),
        (("--site", USUAL, "--provider", "m365"), "cannot have a catch-all mailbox (R1.13); name another provider"),
        (("--site", USUAL, "--seconds", "0"), "--seconds"),
        (("--site", SINGLE, "--out", "/nowhere/found.toml"), "/nowhere/found.toml: cannot be written: its folder is not there"),
    ],
)  # fmt: skip
def test_bad_input_is_told_in_one_line(
    arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2, and nothing on standard output."""
    status, out, [line] = ran(capsys, "explore", *arguments)

    assert (status, out) == (2, "")
    assert told in line


def test_without_hypothesis_the_extra_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is needed by this command alone."""
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    status, out, err = ran(capsys, "explore", "--site", USUAL)

    assert (status, out) == (2, "")
    assert err == [f"mailsim: {not_installed('hypothesis', 'explore')}"]

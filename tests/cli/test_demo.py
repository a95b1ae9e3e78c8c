import json
import shlex
from pathlib import Path

import pytest

from mailsim.cli import main
from mailsim.world.lab import Lab


def test_the_demo_tells_what_came_of_each_group_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For people: three providers, the reasons, one story, nothing lost, where the trace is."""
    assert main(["demo", "--messages", "6", "--out", str(tmp_path / "out")]) == 0

    told = capsys.readouterr().out
    assert "2 reached their action" in told
    assert "Unassigned because of sender-rewritten: 2" in told
    assert (
        "refused 2 times, such as: 554 5.2.252 SendAsDenied; matters@abc.com not allowed to send as a1"
        in told
    )
    assert "One misrouted answer, hop by hop" in told
    assert "Lost: 0. Delivered twice: 0." in told
    assert str(tmp_path / "out" / "trace.parquet") in told


def test_the_line_to_go_on_with_works_when_pasted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever the folder is called."""
    assert main(["demo", "--messages", "3", "--out", str(tmp_path / "my demo")]) == 0
    told = capsys.readouterr().out
    assert "refused once: 554 5.2.252" in told
    [line] = [line for line in told.splitlines() if line.startswith("Why each answer went astray: ")]

    assert main(shlex.split(line.partition(": ")[2])[1:]) == 0

    assert "sender-rewritten" in capsys.readouterr().out


def test_the_demo_for_programs_is_one_json_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The keys of the contract."""
    assert main(["demo", "--messages", "3", "--seed", "11", "--out", str(tmp_path), "--json"]) == 0

    document = json.loads(capsys.readouterr().out)
    assert document["seed"] == 11
    assert [row["policy"] for row in document["providers"]] == ["accept", "rewrite", "reject"]
    assert {"lost", "duplicated", "seconds", "trace"} < set(document)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--messages", "0"], "--messages"),
        (["--messages", "many"], "--messages"),
        (["--seed", "x"], "--seed"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_bad_options_are_one_line_and_exit_2(
    arguments: list[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written."""
    assert main(["demo", "--out", str(tmp_path / "out"), *arguments]) == 2

    fault = capsys.readouterr().err
    assert expected in fault
    assert fault.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_things_in_it_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, exit status 2."""
    (tmp_path / "notes.txt").write_text("mine")

    assert main(["demo", "--messages", "3", "--out", str(tmp_path)]) == 2

    assert "name another folder with --out" in capsys.readouterr().err


def test_a_demo_that_loses_mail_is_not_as_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 1, though the trace tells of deliveries: the store holds none."""
    monkeypatch.setattr(Lab, "mailbox", lambda _lab, _target: ())

    assert main(["demo", "--messages", "3", "--out", str(tmp_path)]) == 1

    assert "Lost: 2." in capsys.readouterr().out

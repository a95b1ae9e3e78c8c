"""No command writes through a symbolic link in the folder that it is told to write to, whoever put it there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mailsim.cli import main
from mailsim.mail import Message
from mailsim.notebook.server import copied
from mailsim.practice.store import Kept, Store

FIXTURES = Path(__file__).parents[2] / "fixtures"
MISROUTED = FIXTURES / "misrouted"


def shrink(out: Path) -> int:
    """A misrouted message, made small."""
    site, reply = MISROUTED / "rewritten-gmail.toml", MISROUTED / "rewritten-gmail.eml"
    return main(
        ["shrink", "--site", str(site), str(reply), "--expect", "action:1234", "--keep", "--out", str(out)]
    )


def run(out: Path) -> int:
    """A scenario and its trace."""
    scenario = FIXTURES / "scenarios" / "single_mailbox.toml"
    out.mkdir(exist_ok=True)
    return main(["run", str(scenario), "--out", str(out / "trace.jsonl")])


def export(out: Path) -> int:
    """A store as Maildirs."""
    path = out.with_name("store.sqlite")
    if not path.exists():
        with Store(path) as store:
            store.keep([Kept(Message(b"X: y\r\n\r\n"), "delivered", "alias", ("mailbox:mary",))])
    return main(["mailboxes", "--store", str(path), "--export", str(out)])


def demo(out: Path) -> int:
    """The demo's files."""
    return main(["demo", "--messages", "3", "--out", str(out)])


def notebooks(out: Path) -> int:
    """What `mailsim lab` copies."""
    return 0 if copied(out) else 1


COMMANDS = (shrink, run, export, demo, notebooks)


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """What nobody may write to."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "file").write_text("mine")
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_is_not_written_through_a_link(
    command: Callable[[Path], int], tmp_path: Path, victim: Path
) -> None:
    """Neither at its name nor at that which it has while it is written, and wherever the link leads."""
    assert command(tmp_path / "first") == 0
    out = tmp_path / "out"
    for path in (tmp_path / "first").rglob("*"):
        place = out / path.relative_to(tmp_path / "first")
        if path.is_dir():
            place.mkdir(parents=True)
            continue
        place.parent.mkdir(exist_ok=True, parents=True)
        place.symlink_to(victim / "file")
        for name in (f".{path.name}.new", path.name):
            beside = place.with_name(name) if place.parent.name != "new" else place.parents[1] / "tmp" / name
            if not beside.is_symlink():
                beside.parent.mkdir(exist_ok=True)
                beside.symlink_to(victim / "made")

    command(out)

    assert [path.name for path in victim.iterdir()] == ["file"]
    assert (victim / "file").read_text() == "mine"


@pytest.mark.parametrize("command", ["route", "diff", "sweep"])
def test_no_table_is_written_through_a_link(
    command: str, tmp_path: Path, victim: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In place of its folder; it says so in a line, before a cluster is asked for."""
    site, mail = FIXTURES / "sites" / "abc.toml", FIXTURES / "messages"
    (tmp_path / "sweep.toml").write_text(
        f'scenarios = ["{FIXTURES / "scenarios" / "single_mailbox.toml"}"]\n'
    )
    folder, line = {
        "route": ("decisions", ["--site", str(site), str(mail)]),
        "diff": ("changes", ["--site", str(site), "--site", str(site), str(mail)]),
        "sweep": ("cells", [str(tmp_path / "sweep.toml")]),
    }[command]
    out = tmp_path / "out"
    out.mkdir()
    for name in (folder, "work"):
        (out / name).symlink_to(victim, target_is_directory=True)

    assert main([command, *line, "--out", str(out), "--scheduler", "nowhere"]) == 2

    told = capsys.readouterr().err
    assert f"{folder} is a symbolic link, which is not followed" in told
    assert told.count("\n") == 1
    assert [path.name for path in victim.iterdir()] == ["file"]


@pytest.mark.parametrize("part", ["", "cur", "new", "tmp"])
def test_a_maildir_is_not_written_through_a_link(
    part: str, tmp_path: Path, victim: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says so in a line."""
    maildir = tmp_path / "out" / "mailbox.mary"
    (maildir / part).parent.mkdir(parents=True, exist_ok=True)
    (maildir / part).symlink_to(victim, target_is_directory=True)

    assert export(tmp_path / "out") == 2

    told = f"mailsim: {maildir}: cannot be written: {part or 'mailbox.mary'} is a symbolic link, which is not followed"
    assert capsys.readouterr().err == f"{told}; name another folder\n"
    assert [path.name for path in victim.iterdir()] == ["file"]


@pytest.mark.parametrize("command", [shrink, export, demo, notebooks])
def test_a_folder_that_is_named_is_the_user_s_choice(command: Callable[[Path], int], tmp_path: Path) -> None:
    """A link, too."""
    (tmp_path / "there").mkdir()
    (tmp_path / "out").symlink_to("there", target_is_directory=True)

    assert command(tmp_path / "out") == 0
    assert any((tmp_path / "there").iterdir())

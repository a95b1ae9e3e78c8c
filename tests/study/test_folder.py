from pathlib import Path

import pytest

from mailsim.study.folder import MARK, OutError, written

TOPS = ("messages", "trace.parquet")


def write(out: Path, *paths: str) -> None:
    """Write files of those names as a study does."""
    with written(out, TOPS) as scratch:
        for path in paths:
            (scratch / path).parent.mkdir(parents=True, exist_ok=True)
            (scratch / path).write_text("new")


def everything(out: Path) -> dict[str, str | None]:
    """Every path of a folder, and what its files hold."""
    return {
        path.relative_to(out).as_posix(): path.read_text() if path.is_file() else None
        for path in sorted(out.rglob("*"))
    }


def test_what_was_written_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    """Also in the same folders: a file that the mark does not list stays."""
    write(tmp_path, "messages/a/1.eml", "messages/a/2.eml", "messages/b/1.eml", "trace.parquet")
    (tmp_path / "messages" / "a" / "mine.eml").write_text("mine")

    write(tmp_path, "messages/a/1.eml")

    assert everything(tmp_path) == {
        MARK: "messages/a/1.eml\n",
        "messages": None,
        "messages/a": None,
        "messages/a/1.eml": "new",
        "messages/a/mine.eml": "mine",
    }


def test_a_folder_with_a_trace_of_its_own_is_somebody_else_s(tmp_path: Path) -> None:
    """Only the mark says that a folder was written here."""
    (tmp_path / "messages").mkdir()
    (tmp_path / "messages" / "mine.eml").write_text("mine")
    (tmp_path / "trace.parquet").write_text("mine")
    before = everything(tmp_path)

    with pytest.raises(OutError, match="no demo wrote it; name another folder with --out"):
        write(tmp_path, "messages/1.eml")

    assert everything(tmp_path) == before


@pytest.mark.parametrize("place", ["messages", "trace.parquet", "messages/a", "messages/a/1.eml"])
@pytest.mark.parametrize("kind", ["file", "link", "broken link", "folder"])
def test_what_stands_in_the_way_is_named_and_nothing_is_written(
    place: str, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A file or a link where a folder must be, and anything else's file where one must be written."""
    out, elsewhere = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("elsewhere")
    write(out)
    (out / place).parent.mkdir(parents=True, exist_ok=True)
    if kind == "file":
        (out / place).write_text("mine")
    elif kind == "folder":
        (out / place).mkdir()
    else:
        (out / place).symlink_to(elsewhere if kind == "link" else elsewhere / "missing")
    before = everything(out)
    new = ("messages/a/1.eml", "trace.parquet")
    if kind == "folder" and place not in new:
        write(out, *new)
        return

    with pytest.raises(OutError) as caught:
        write(out, *new)

    assert str(caught.value).startswith(f"{out / place}: ")
    assert everything(out) == before
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    "line", ["../mine.eml", "/{home}/mine.eml", "link/mine.eml", "a/../../mine.eml", "\0", "a"]
)
def test_a_mark_leads_nowhere_else(line: str, tmp_path: Path) -> None:
    """Whoever wrote it: nothing outside the folder is removed, nor a folder."""
    out = tmp_path / "out"
    (tmp_path / "mine.eml").write_text("mine")
    (out / "a" / "inside").mkdir(parents=True)
    (out / "link").symlink_to(tmp_path)
    (out / MARK).write_text(line.format(home=tmp_path) + "\n")

    write(out, "trace.parquet")

    assert (tmp_path / "mine.eml").read_text() == "mine"
    assert (out / "a" / "inside").is_dir()
    assert (out / "trace.parquet").is_file()


def test_a_folder_that_takes_nothing_is_named(tmp_path: Path) -> None:
    """It is there, yet no file can be made in it: its name is as long as a name may be."""
    out = tmp_path
    while len(str(out)) < 4090 - 100:
        out /= "x" * 90
    out /= "x" * (4090 - len(str(out)) - 1)

    with pytest.raises(OutError, match="cannot be written: File name too long; name another folder"):
        write(out, "trace.parquet")


def test_a_study_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    """Nothing is put in place before all is written."""
    write(tmp_path, "trace.parquet")
    before = everything(tmp_path)

    with pytest.raises(FileNotFoundError), written(tmp_path, TOPS) as scratch:
        (scratch / "messages" / "missing" / "1.eml").write_text("new")

    assert everything(tmp_path) == before

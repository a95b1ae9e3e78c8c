"""A corpus in pieces: together they are the corpus."""

import io
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mailsim.mail import pieces as module
from mailsim.mail.corpus import CorpusError, find_mail, read_mail
from mailsim.mail.pieces import Files, MboxStretch, Piece, RowGroup, pieces

ONE = b"Subject: one\r\n\r\nHello\r\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files, an mbox, a Maildir and a table, named as from where one stands."""
    monkeypatch.chdir(tmp_path)
    folder = Path("mail")
    for box in ("cur", "new", "tmp"):
        (folder / "Maildir" / box).mkdir(parents=True)
    for number in range(5):
        (folder / "Maildir" / "cur" / f"{number}:2,S").write_bytes(ONE * number)
        (folder / f"a{number}.eml").write_bytes(ONE)
    (folder / "b.mbox").write_bytes(b"".join(b"From x\n" + ONE + b"\n" for _ in range(9)))
    pq.write_table(pa.table({"octets": [ONE, ONE, b"", ONE, ONE]}), folder / "c.parquet", row_group_size=2)
    return folder


def numbered(found: list[Piece], base: Path) -> list[Piece]:
    """Stretches with the number of their first message."""
    passed = 0
    done: list[Piece] = []
    for piece in found:
        if isinstance(piece, MboxStretch):
            done.append(replace(piece, first=passed + 1))
            passed += piece.count(base)
        else:
            done.append(piece)
    return done


@pytest.mark.parametrize("size", [1, 60, 100_000])
def test_pieces_are_the_corpus(folder: Path, tmp_path: Path, size: int) -> None:
    """In its order and with its names, read from wherever one stands."""
    corpus = read_mail(folder)
    found = numbered(list(pieces(corpus, size)), tmp_path)

    assert [one for piece in found for one in piece.read(tmp_path)] == [tuple(stored) for stored in corpus]
    kinds = [type(piece) for piece in found]
    assert kinds.count(RowGroup) == 3
    assert kinds.count(MboxStretch) == {1: 9, 60: 5, 100_000: 1}[size]
    assert all(piece.name for piece in found)


def test_many_files_are_several_pieces(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However small they are."""
    monkeypatch.setattr(module, "_MOST_FILES", 2)

    found = list(pieces(read_mail(folder / "Maildir")))

    assert [len(piece.names) for piece in found if isinstance(piece, Files)] == [2, 2, 1]


def test_what_cannot_be_read_is_told_and_the_next_is_read(folder: Path, tmp_path: Path) -> None:
    """With the name that was given."""
    [files] = pieces(read_mail(*(folder / f"a{number}.eml" for number in range(3))))
    (folder / "a1.eml").unlink()
    first, (name, error), third = files.read(tmp_path)

    assert first[1] == third[1] == ONE
    assert isinstance(error, OSError)
    assert error.filename == name == "mail/a1.eml"
    for piece in (MboxStretch("gone.mbox", 0, 9, 4), RowGroup("gone.parquet", 0, 4)):
        [(name, error)] = piece.read(tmp_path)
        assert isinstance(error, OSError)
        assert (name, error.filename) == (f"{piece.name}:4", piece.name)


def test_a_stream_is_not_divided() -> None:
    """Another process cannot read it."""
    corpus = find_mail(["-"], io.BytesIO(ONE))
    with pytest.raises(CorpusError, match=r"^-: is read once, by one process; write it to a file"):
        list(pieces(corpus))


def test_an_mbox_that_is_gone_is_told(folder: Path) -> None:
    """Before anything is done."""
    corpus = read_mail(folder / "b.mbox")
    (folder / "b.mbox").unlink()
    with pytest.raises(CorpusError, match=r"mail/b\.mbox: cannot be read: No such file"):
        list(pieces(corpus))

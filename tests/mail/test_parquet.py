"""Messages in Parquet files, as mail among other mail."""

import errno
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mailsim.mail.corpus import CorpusError, Stored, read_mail, unreadable
from mailsim.mail.parquet import read_octets, row_groups
from mailsim.mail.pieces import pieces

MESSAGES = [b"Subject: 1\r\n\r\n\xff", b"", b"Subject: 3\n"]


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.string(), pa.large_string()])
def test_a_table_s_octets_are_messages(tmp_path: Path, kind: pa.DataType) -> None:
    """Numbered, whatever else is in a row, as binary or as text; a missing one has no octets."""
    octets = [one.replace(b"\xff", b"") for one in MESSAGES] if "string" in str(kind) else MESSAGES
    path = tmp_path / "mail.parquet"
    pq.write_table(
        pa.table({"when": [1, 2, 3, 4], "octets": pa.array([*octets, None], kind)}), path, row_group_size=3
    )

    expected = [Stored(f"{path}:{number}", one) for number, one in enumerate([*octets, b""], 1)]
    assert list(read_mail(path)) == expected
    assert list(read_mail(tmp_path)) == expected
    with path.open("rb") as file:
        assert row_groups(file) == [3, 1]
        assert list(read_octets(file, 1)) == [b""]


def test_another_table_is_no_mail(tmp_path: Path) -> None:
    """Nor is a column of numbers; in a folder it is passed over."""
    pq.write_table(pa.table({"text": ["Subject: x"]}), tmp_path / "trace.parquet")
    pq.write_table(pa.table({"octets": [7]}), tmp_path / "numbers.PARQUET")
    for path in tmp_path.iterdir():
        with pytest.raises(CorpusError, match="holds no mail"):
            read_mail(path)
    (tmp_path / "one.eml").write_bytes(b"Subject: x\n")

    found = read_mail(tmp_path)
    assert [Path(stored.name).name for stored in found] == ["one.eml"]
    assert [Path(name).name for name in found.passed_over] == ["numbers.PARQUET", "trace.parquet"]


@pytest.mark.parametrize("kept", [0, 0.5, 0.999])
def test_a_damaged_file_is_no_other_file(tmp_path: Path, kept: float) -> None:
    """Named alone or found in a folder it is told, before other mail is read: what it held would be missed."""
    whole, broken = tmp_path / "a.parquet", tmp_path / "b.parquet"
    pq.write_table(pa.table({"octets": MESSAGES}), whole)
    broken.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * kept)])
    thrift = bytearray(whole.read_bytes())
    thrift[-20:-8] = b"\xff" * 12
    for octets in (broken.read_bytes(), thrift, b"From x\nSubject: y\n"):
        broken.write_bytes(octets)
        for path in (broken, tmp_path):
            with pytest.raises(CorpusError, match=r"b\.parquet: cannot be read: no whole Parquet file: "):
                read_mail(path)


def test_a_damaged_file_is_told_in_a_line(tmp_path: Path) -> None:
    """Where it can no longer be read."""
    path = tmp_path / "mail.parquet"
    pq.write_table(pa.table({"octets": [b"Subject: x\n" * 1000, b"y" * 5000]}), path, compression="none")
    corpus = read_mail(path)
    path.write_bytes(b"PAR1" + bytes(path.stat().st_size - 4))

    with pytest.raises(CorpusError, match=r"mail\.parquet: cannot be read: no whole Parquet file"):
        list(corpus)
    with pytest.raises(OSError, match="no whole Parquet file"):
        list(read_octets(BytesIO(path.read_bytes())))


def test_what_arrow_finds_damaged_is_told_too(tmp_path: Path) -> None:
    """Of one process and of a piece; the pages are compressed, and no longer what they were."""
    path = tmp_path / "mail.parquet"
    pq.write_table(pa.table({"octets": [b"x" * 5000 + bytes([one]) for one in range(50)]}), path)
    octets = path.read_bytes()
    path.write_bytes(octets[:60] + b"\xff" * 200 + octets[260:])
    corpus = read_mail(path)
    [piece] = pieces(corpus)

    with pytest.raises(CorpusError, match=r"mail\.parquet: cannot be read: no whole Parquet file: \w"):
        list(corpus)
    *_, (_, error) = piece.read(Path())
    assert isinstance(error, OSError)
    assert (
        unreadable(piece.name, error)
        == f"{path}: cannot be read: {error.strerror}; name a file or folder that can be"
    )
    assert str(error.strerror).startswith("no whole Parquet file: ")


def test_a_large_message_is_held_once(tmp_path: Path) -> None:
    """However many more of them a few octets are."""
    path = tmp_path / "mail.parquet"
    large, times = 4_000_000, 64
    pq.write_table(pa.table({"octets": [b"x" * large] * times}), path, compression="zstd")
    assert path.stat().st_size < 5_000
    before = pa.total_allocated_bytes()
    held = []

    with path.open("rb") as file:
        for octets in read_octets(file):
            held.append(pa.total_allocated_bytes() - before)
            assert len(octets) == large

    assert len(held) == times
    assert max(held) < 8 * large


class _Broken(BytesIO):
    """A file on a disk that gives nothing."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError(errno.EIO, "Input/output error")


def test_a_disk_that_fails_is_told_as_the_system_does() -> None:
    """What the file holds is not to blame."""
    with pytest.raises(OSError, match="Input/output error"):
        row_groups(_Broken(b"PAR1" * 100))

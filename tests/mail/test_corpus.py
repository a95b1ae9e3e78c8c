"""Stored mail: what counts as mail, in which order, octet for octet (section 7 "Duplicates and the command")."""

import io
import mailbox
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailsim.mail.corpus import CorpusError, Stored, find_mail, read_mail
from mailsim.mail.mbox import read_mbox

ONE = b"From: a@b.example\r\nSubject: one\r\n\r\n\x00\xff body\r\n"
TWO = b"From: a@b.example\nSubject: two\n\n>From here\nFrom there\n"
FROM = b"From a@b.example Mon Nov 23 09:00:00 2026\n"


def found(*paths: Path | str, stdin: bytes = b"") -> list[Stored]:
    """Everything at those paths."""
    return list(find_mail([str(path) for path in paths], io.BytesIO(stdin)))


def names(folder: Path) -> list[str]:
    """The names found in a folder, without the folder's own."""
    return [stored.name.removeprefix(f"{folder}/") for stored in found(folder)]


def refused(*paths: Path | str, stdin: bytes = b"") -> list[str]:
    """The lines that say why those paths hold no mail."""
    with pytest.raises(CorpusError) as caught:
        find_mail([str(path) for path in paths], io.BytesIO(stdin))
    return str(caught.value).splitlines()


def write(path: Path, octets: bytes = ONE) -> Path:
    """A file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    return path


@pytest.mark.parametrize("name", ["reply.eml", "REPLY.EML", "reply", "reply.txt", "1."])
def test_a_file_is_one_message_octet_for_octet(tmp_path: Path, name: str) -> None:
    """Whatever octets it holds; its name is the path as given."""
    path = write(tmp_path / name)

    assert found(path) == [Stored(str(path), ONE)]


@pytest.mark.parametrize("octets", [b"", b"\x00\xff", FROM + ONE])
def test_an_eml_is_one_message_whatever_it_contains(tmp_path: Path, octets: bytes) -> None:
    """Section 7: also empty, also with a `From ` line."""
    path = write(tmp_path / "odd.eml", octets)

    assert found(path) == [Stored(str(path), octets)]


@pytest.mark.parametrize("name", ["inbox.mbox", "INBOX.MBOX", "inbox", "inbox.old"])
def test_an_mbox_is_numbered_messages(tmp_path: Path, name: str) -> None:
    """By its suffix, or by beginning with `From `; quoting stays as it was received."""
    path = write(tmp_path / name, FROM + ONE + b"\r\n" + FROM + TWO + b"\n")

    assert found(path) == [Stored(f"{path}:1", ONE), Stored(f"{path}:2", TWO)]


@pytest.mark.parametrize(
    ("octets", "messages"),
    [
        (b"", []),
        (b"From x", [b""]),
        (b"From x\n", [b""]),
        (b"From x\n\n", [b""]),
        (b"From x\r\n\r\n", [b""]),
        (b"From x\n\nFrom y\n", [b"", b""]),
        (b"From x\nA: b\n\n\nFrom y\nC: d\n", [b"A: b\n\n", b"C: d\n"]),
        (b"From x\r\nA: b\r\n\r\n\r\nFrom y\r\nC: d\r\n\r\n", [b"A: b\r\n\r\n", b"C: d\r\n"]),
        (b"From x\nA: b\nFrom y\n\nFrom z", [b"A: b\nFrom y\n", b""]),
        (b"From x\nA: b\n\n From y\n>From z\n", [b"A: b\n\n From y\n>From z\n"]),
        (b"From x\nA: b\n\nno line end", [b"A: b\n\nno line end"]),
        (b"From x\nA: b\r\r\nFrom y\n", [b"A: b\r\r\nFrom y\n"]),
    ],
)
def test_what_separates_in_an_mbox(octets: bytes, messages: list[bytes]) -> None:
    """RFC 4155: a `From ` line after an empty line; both belong to the mbox."""
    assert list(read_mbox(io.BytesIO(octets))) == messages


class Trickle:
    """A stream that gives at most so many octets at a time, as a pipe may."""

    def __init__(self, octets: bytes, most: int) -> None:
        self._rest = octets
        self._most = most

    def read(self, size: int, /) -> bytes:
        """As many octets as there are, up to the most."""
        given, self._rest = self._rest[: min(size, self._most)], self._rest[min(size, self._most) :]
        return given


PIECES = st.lists(st.sampled_from([b"From ", b"\n", b"\r\n", b"\r", b"x", b">From ", b"A: b\n"]), max_size=40)


@given(PIECES, st.integers(1, 9))
@example([b"x", b"\n", b"\n", b"From ", b"y"], 1)
def test_an_mbox_reads_the_same_in_any_pieces(pieces: list[bytes], most: int) -> None:
    """Whole, or a few octets at a time; and nothing but separators and empty lines before them is lost."""
    octets = b"From x\n" + b"".join(pieces)

    whole = list(read_mbox(io.BytesIO(octets)))

    assert list(read_mbox(Trickle(octets, most))) == whole
    assert list(read_mbox(io.BytesIO(octets[5:]), octets[:5])) == whole
    assert len(octets) - sum(map(len, whole)) >= 7 * len(whole) - (not octets.endswith(b"\n"))


def test_the_standard_librarys_mboxes_are_read(tmp_path: Path) -> None:
    """What `mailbox.mbox` writes comes back, its quoting of `From ` in place."""
    path = tmp_path / "inbox.mbox"
    box = mailbox.mbox(path)
    box.add(b"Subject: one\n\nHello\n\nFrom here on\n")
    box.add(b"Subject: two\n\nBye\n")
    box.close()

    assert [stored.octets for stored in found(path)] == [
        b"Subject: one\n\nHello\n\n>From here on\n",
        b"Subject: two\n\nBye\n",
    ]


def test_one_message_of_an_mbox_is_in_memory(tmp_path: Path) -> None:
    """20 MB of mbox in 5 KB messages, in less than 8 MB."""
    path = tmp_path / "big.mbox"
    message = b"Subject: x\n\n" + b"line of text\n" * 400
    with path.open("wb") as file:
        for _ in range(4000):
            file.write(FROM + message + b"\n")
    tracemalloc.start()

    count = sum(1 for stored in find_mail([str(path)], io.BytesIO()) if stored.octets == message)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 4000
    assert peak < 8 << 20


def test_a_maildir_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    """`cur` and `new` together, whatever the names; `tmp` and the index files of servers are not mail."""
    for name in [
        "cur/1700.b:2,S",
        "new/1600.a",
        "cur/1800.c.eml",
        "new/1750.from",
        "tmp/1500.x",
        "cur/.hidden",
    ]:
        write(tmp_path / name, FROM + ONE)
    write(tmp_path / "dovecot-uidlist", b"3 V1\n")
    write(tmp_path / "notes.eml")
    for folder in ["cur", "new", "tmp"]:
        write(tmp_path / ".Archive" / folder / f"1400.{folder}")

    assert names(tmp_path) == [
        "new/1600.a",
        "cur/1700.b:2,S",
        "new/1750.from",
        "cur/1800.c.eml",
        ".Archive/cur/1400.cur",
        ".Archive/new/1400.new",
    ]


def test_a_folder_is_searched_in_the_order_of_its_names(tmp_path: Path) -> None:
    """`.eml`, `.mbox`, and names without suffix that begin like mail; nothing hidden, nothing else."""
    for name in ["b.eml", "a/z.eml", "a/y/1", "c.EML", ".git/x.eml", ".x.eml", "d.txt", "e.pdf"]:
        write(tmp_path / name)
    write(tmp_path / "a2.mbox", FROM + ONE + b"\n" + FROM + TWO)
    write(tmp_path / "old", FROM + TWO)
    for name, octets in [
        ("LICENSE", b"Apache License\n"),
        ("empty", b""),
        ("empty.mbox", b""),
        ("no.mbox", ONE),
    ]:
        write(tmp_path / name, octets)
    write(tmp_path / "empty.eml", b"")

    assert names(tmp_path) == [
        "a/y/1", "a/z.eml", "a2.mbox:1", "a2.mbox:2", "b.eml", "c.EML", "empty.eml", "old:1",
    ]  # fmt: skip
    told = [Path(name).name for name in read_mail(tmp_path, tmp_path / "a").passed_over]
    assert told == ["LICENSE", "d.txt", "e.pdf", "empty", "empty.mbox", "no.mbox"]


def test_links_are_not_followed_out_of_a_folder(tmp_path: Path) -> None:
    """Nor are links to folders, which may lead in circles; a link that is given by name is followed."""
    outside = write(tmp_path / "outside" / "secret.eml")
    folder = tmp_path / "folder"
    inside = write(folder / "b.eml")
    for name, target in [
        ("a.eml", inside),
        ("c.eml", outside),
        ("d", outside.parent),
        ("e", folder),
        ("f.eml", folder / "x"),
    ]:
        (folder / name).symlink_to(target)
    (tmp_path / "link").symlink_to(folder)

    assert names(folder) == ["a.eml", "b.eml"]
    assert len(found(tmp_path / "link", folder / "c.eml")) == 3


def test_a_deep_folder_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deeper than Python's calls may nest."""
    depth = 1100
    monkeypatch.chdir(tmp_path)
    for _ in range(depth):
        Path("d").mkdir()
        os.chdir("d")
    Path("x.eml").write_bytes(ONE)
    os.chdir(tmp_path)

    assert len(found(".")) == 1

    os.chdir("/".join(["d"] * depth))
    Path("x.eml").unlink()
    for _ in range(depth):
        os.chdir("..")
        Path("d").rmdir()


def test_paths_come_in_the_order_given(tmp_path: Path) -> None:
    """All of one call are one collection."""
    b, a = write(tmp_path / "b.eml"), write(tmp_path / "a.eml", TWO)

    assert [stored.name for stored in found(b, a, b, "-", stdin=ONE)] == [str(b), str(a), str(b), "-"]


@pytest.mark.parametrize(
    ("octets", "messages"),
    [
        (ONE, [Stored("-", ONE)]),
        (b"x", [Stored("-", b"x")]),
        (FROM + ONE + b"\n" + FROM + TWO, [Stored("-:1", ONE), Stored("-:2", TWO)]),
    ],
)
def test_a_stream_is_a_message_or_an_mbox(octets: bytes, messages: list[Stored]) -> None:
    """By how it begins."""
    assert found("-", stdin=octets) == messages


@pytest.fixture
def pipe() -> Iterator[tuple[str, int]]:
    """A pipe's reading end as a path, and its writing end."""
    reading, writing = os.pipe()
    yield f"/dev/fd/{reading}", writing
    os.close(reading)


def test_a_pipe_given_by_name_is_read_once(pipe: tuple[str, int]) -> None:
    """As a shell's process substitution gives it."""
    path, writing = pipe
    os.write(writing, FROM + ONE)
    os.close(writing)

    assert found(path) == [Stored(f"{path}:1", ONE)]


def test_an_empty_pipe_holds_no_mail(pipe: tuple[str, int]) -> None:
    """As an empty file without `.eml`."""
    path, writing = pipe
    os.close(writing)

    assert "holds no mail" in refused(path)[0]


def test_what_holds_no_mail_is_said_before_anything_is_read(tmp_path: Path) -> None:
    """One line for each path, with the reason; the good ones among them are not read."""
    good = write(tmp_path / "good.eml")
    (tmp_path / "nothing").mkdir()
    write(tmp_path / "texts" / "a.txt")
    lines = refused(
        good,
        tmp_path / "missing.eml",
        write(tmp_path / "empty.mbox", b""),
        write(tmp_path / "no.mbox"),
        write(tmp_path / "empty", b""),
        tmp_path / "nothing",
        tmp_path / "texts",
        "-",
        "a\0b",
        "",
        "new\nline",
    )

    none = "holds no mail; name .eml files, an mbox, a Maildir or a folder of them"
    assert [line.removeprefix(f"{tmp_path}/") for line in lines] == [
        "missing.eml: cannot be read: No such file or directory; name a file or folder that can be",
        f"empty.mbox: {none}",
        f"no.mbox: {none}",
        f"empty: {none}",
        f"nothing: {none}",
        f"texts: {none}",
        f"-: {none}",
        "'a\\x00b': cannot be read: embedded null byte; name a file or folder that can be",
        ": cannot be read: No such file or directory; name a file or folder that can be",
        "'new\\nline': cannot be read: No such file or directory; name a file or folder that can be",
    ]


def test_a_file_without_permission_is_said_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in a folder, by its own name; the system's answer is given, for a superuser may read all."""
    path = write(tmp_path / "folder" / "locked.eml")
    monkeypatch.setattr(os, "access", lambda place, mode: Path(place) != path or mode != os.R_OK)

    assert refused(tmp_path / "folder") == [
        f"{path}: cannot be read: Permission denied; name a file or folder that can be"
    ]


def test_a_file_that_is_gone_when_its_turn_comes(tmp_path: Path) -> None:
    """The one error that can come late."""
    path = write(tmp_path / "gone.eml")
    corpus = find_mail([str(path)], io.BytesIO())
    path.unlink()

    with pytest.raises(CorpusError, match=r"gone\.eml: cannot be read: No such file"):
        list(corpus)


def test_the_size_is_known_when_all_are_files(tmp_path: Path) -> None:
    """For a progress bar; a stream's end is not known."""
    paths = [str(write(tmp_path / "a.eml")), str(write(tmp_path / "b.mbox", FROM + TWO))]

    assert find_mail(paths, io.BytesIO()).size == len(ONE) + len(FROM + TWO)
    assert find_mail([*paths, "-"], io.BytesIO(ONE)).size is None


def test_mail_in_files_is_read_as_often_as_one_likes(tmp_path: Path) -> None:
    """In Python: paths of either kind, in their order; what is not there is an error at once."""
    (tmp_path / "a.eml").write_bytes(b"Subject: a\r\n\r\n")
    (tmp_path / "b.mbox").write_bytes(b"From x\nSubject: b\n\nFrom x\nSubject: c\n\n")
    mail = read_mail(tmp_path / "a.eml", str(tmp_path / "b.mbox"))

    assert [octets for _, octets in mail] == [b"Subject: a\r\n\r\n", b"Subject: b\n", b"Subject: c\n"]
    assert list(mail) == list(mail)
    with pytest.raises(CorpusError, match=r"missing\.eml: cannot be read"):
        read_mail(tmp_path / "missing.eml")

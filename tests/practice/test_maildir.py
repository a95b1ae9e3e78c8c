"""Exporting targets as Maildirs."""

import mailbox
import resource
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.mail import Message
from mailsim.practice.maildir import ExportError, export, folder_name
from mailsim.practice.store import Kept, Store

OCTETS = b"Subject: x\r\n\r\nFrom the start\r\n\xff\x00no line end"


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("action:1234", "action.1234"),
        ("mailbox:mary", "mailbox.mary"),
        ("unassigned", "unassigned"),
        ("fallback:help@elsewhere.example", "fallback.help@elsewhere.example"),
        ("mailbox:../../etc", "mailbox...%2F..%2Fetc"),
        ("mailbox:Bärbel", "mailbox.B%C3%A4rbel"),
        ("..", "%2E%2E"),
        ("", "%"),
    ],
)
def test_a_folder_is_named_by_its_target(target: str, name: str) -> None:
    """Plain where it can be."""
    assert folder_name(target) == name


@given(st.text(max_size=300), st.text(max_size=300))
def test_names_are_safe_and_different(first: str, second: str) -> None:
    """One component, no hidden one, of a bounded length; two targets never share a folder."""
    name = folder_name(first)

    assert "/" not in name
    assert "\0" not in name
    assert name.isascii()
    assert not name.startswith(".")
    assert 0 < len(name) < 200
    assert (name == folder_name(second)) is (first == second)


def test_a_target_is_exported_once_octet_for_octet(tmp_path: Path) -> None:
    """Again adds what is new, and nothing twice, although a mail program has moved what it read."""
    with Store() as store:
        store.keep([Kept(Message(OCTETS), "delivered", "alias", ("mailbox:mary",))])
        maildir = export(store, "mailbox:mary", tmp_path / "out")
        [written] = (maildir / "new").iterdir()
        assert written.read_bytes() == OCTETS
        written.rename(maildir / "cur" / f"{written.name}:2,S")
        store.keep([Kept(Message(b"X: y\r\n\r\n"), "delivered", "alias", ("mailbox:mary",))])
        assert export(store, "mailbox:mary", tmp_path / "out") == maildir

    assert [path.read_bytes() for path in (maildir / "new").iterdir()] == [b"X: y\r\n\r\n"]
    assert len(mailbox.Maildir(maildir)) == 2


def test_stores_may_share_a_folder(tmp_path: Path) -> None:
    """Each numbers its messages from 1; none stands in another's way, and again adds nothing."""
    letters = [b"X: first\r\n\r\n", b"X: second\r\n\r\n"]
    for octets in letters * 2:
        with Store(tmp_path / f"{octets[3:8].decode()}.sqlite") as store:
            if not store.targets():
                store.keep([Kept(Message(octets), "delivered", "alias", ("mailbox:mary",))])
            maildir = export(store, "mailbox:mary", tmp_path / "out")

    assert sorted(path.read_bytes() for path in (maildir / "new").iterdir()) == letters


def test_what_was_not_written_whole_is_never_new(tmp_path: Path) -> None:
    """A disk that fills up leaves half a message where no mail program looks; with room again it is exported."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    octets = b"X: y\r\n\r\n" + b"z" * 10_000
    new = tmp_path / "mailbox.mary" / "new"
    with Store() as store:
        store.keep([Kept(Message(octets), "delivered", "alias", ("mailbox:mary",))])
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, limits[1]))
        try:
            with pytest.raises(ExportError, match="File too large"):
                export(store, "mailbox:mary", tmp_path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert list(new.iterdir()) == []
        export(store, "mailbox:mary", tmp_path)

    assert [path.read_bytes() for path in new.iterdir()] == [octets]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """With what to do."""
    (tmp_path / "file").write_text("mine")
    with Store() as store, pytest.raises(ExportError, match="name another folder"):
        export(store, "unassigned", tmp_path / "file")

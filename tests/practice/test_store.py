import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mailsim.mail import Message
from mailsim.practice.decision import Outcome, Reason
from mailsim.practice.store import Kept, Receipt, Store
from mailsim.practice.store_error import StoreError

FIRST = Kept(
    Message(b"Message-ID: <1@a>\r\n\r\n\x00\xff"), "delivered", "alias", ("mailbox:john", "mailbox:mary")
)
SECOND = Kept(Message(b"Subject: no id\r\n\r\n"), "unassigned", "system-address", ("unassigned",))
NOWHERE = Kept(Message(b"Message-ID: <1@a>\r\n\r\n"), "duplicate", "duplicate", ())


def watched(monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    """The connections that are made from now on."""
    connect = sqlite3.connect
    made: list[sqlite3.Connection] = []

    def connected(path: Path, **how: object) -> sqlite3.Connection:
        made.append(connect(path, **how))  # type: ignore[call-overload] # as it was called
        return made[-1]

    monkeypatch.setattr(sqlite3, "connect", connected)
    return made


def test_each_target_holds_its_copies_octet_for_octet_in_order() -> None:
    """One message, several targets; the octets come back as they went in."""
    with Store() as store:
        store.keep([FIRST, SECOND, NOWHERE])
        store.keep([FIRST])

        assert store.targets() == {"mailbox:john": 2, "mailbox:mary": 2, "unassigned": 1}
        assert [message.octets for message in store.messages("mailbox:mary")] == [FIRST.message.octets] * 2
        assert store.messages("mailbox:nobody") == []


def test_what_is_kept_is_there_after_a_new_start(tmp_path: Path) -> None:
    """`keep` is durable when it returns (R4.2), and so is what was sent (R4.7)."""
    path = tmp_path / "store.sqlite"
    store = Store(path)
    store.keep([FIRST])
    store.add_sent({"<sent@abc.com>": 1234})

    with Store(path) as other:  # the first is not even closed
        assert other.targets() == {"mailbox:john": 1, "mailbox:mary": 1}
        assert other.sent == {"<sent@abc.com>": 1234}
    store.close()
    store.close()


def test_what_is_wrong_with_a_message_is_not_told_of_the_store() -> None:
    """One target twice is the caller's fault: the ledger then takes the batch one by one; the store goes on."""
    twice = SECOND._replace(targets=SECOND.targets * 2)
    with Store() as store:
        with pytest.raises(sqlite3.IntegrityError):
            store.keep([SECOND, twice])
        store.keep([SECOND])

        assert store.targets() == {"unassigned": 1}


def test_the_uids_of_a_long_listing_are_known_by_server_mailbox() -> None:
    """However many are asked for, and whatever their characters."""
    uids = [f"{number}'%\xff" for number in range(1200)]
    with Store() as store:
        store.keep(FIRST for uid in uids[::7] if store.remember(Receipt("m", uid, b"d")))

        assert store.known_uids("m", uids) == set(uids[::7])
        assert store.known_uids("another", uids) == store.known_uids("m", []) == set()


def test_a_batch_is_kept_whole_or_not_at_all() -> None:
    """A batch that breaks in the middle leaves nothing of it, and the store goes on."""

    def broken() -> Iterator[Kept]:
        yield FIRST
        raise KeyError("the next one")

    with Store() as store:
        with pytest.raises(KeyError):
            store.keep(broken())

        assert store.targets() == {}
        store.keep([SECOND])
        assert store.targets() == {"unassigned": 1}


def test_a_file_that_is_no_store_is_one_clear_line(tmp_path: Path) -> None:
    """Neither a text file nor a folder is overwritten."""
    path = tmp_path / "notes.txt"
    path.write_text("my notes, and more of them than a header" * 100)

    with pytest.raises(StoreError, match=r"notes.txt: cannot be used as a store"):
        Store(path)
    with pytest.raises(StoreError, match="cannot be used"):
        Store(tmp_path)
    assert path.read_text().startswith("my notes")


@pytest.mark.parametrize("name", [":memory:", "file::memory:", "file:x?mode=memory", ""])
def test_no_name_stands_for_a_store_that_keeps_nothing(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R4.2: what SQLite would hold in memory under such a name, the server's copies are deleted for."""
    monkeypatch.chdir(tmp_path)
    if not name:
        with pytest.raises(StoreError, match="it is no regular file; name a new file"):
            Store(Path(name))
        return
    with Store(Path(name)) as store:
        store.keep([FIRST])
    with Store(Path(name)) as store:
        assert store.targets() == {"mailbox:john": 1, "mailbox:mary": 1}
    assert (tmp_path / name).is_file()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/dev/null", "it is no regular file; name a new file"),
        ("nowhere/store.sqlite", "unable to open database file; name a file in a folder that is there"),
        ("x" * 300, "File name too long; name a new file"),
    ],
)
def test_what_to_do_fits_why_it_is_no_store(
    tmp_path: Path, path: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, with the path."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match=re.escape(f"{path}: cannot be used as a store: {told}")):
        Store(Path(path))


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    """As one that `mktemp` made."""
    path = tmp_path / "store.sqlite"
    path.touch()
    with Store(path) as store:
        assert store.targets() == {}


def test_another_database_is_no_store(tmp_path: Path) -> None:
    """Nor is the store of a version to come; neither is changed."""
    for number, script in enumerate(["CREATE TABLE mine (x)", "PRAGMA user_version = 99"]):
        path = tmp_path / f"{number}.sqlite"
        other = sqlite3.connect(path)
        other.execute(script)
        other.close()
        with pytest.raises(StoreError, match="it is another database; name a new file"):
            Store(path)


def test_a_store_is_as_durable_as_sqlite_can_make_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """R4.2: a crash of the machine itself takes nothing that `keep` has returned for."""
    made = watched(monkeypatch)
    with Store(tmp_path / "store.sqlite") as store:
        store.keep([FIRST])
        pragmas = [
            made[0].execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
        ]
    assert pragmas == ["wal", 2]  # FULL, https://sqlite.org/pragma.html#pragma_synchronous


def test_a_file_that_can_have_no_write_ahead_log_is_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite would go on without a word; simulated by a database in memory, which can have none either."""
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda _, **how: connect(":memory:", **how))
    with pytest.raises(StoreError, match="its journal would be memory, not a write-ahead log"):
        Store(tmp_path / "store.sqlite")


USES: dict[str, Callable[[Store], object]] = {
    "remember": lambda store: store.keep(
        kept for kept in [NOWHERE] if store.remember(Receipt("m", "u", b"d"))
    ),
    "known_uids": lambda store: store.known_uids("m", ["u"]),
    "reached": lambda store: store.reached(b"f"),
    "forwards": lambda store: list(store.forwards()),
    "sent_from": lambda store: store.sent_from("<x@abc.com>"),
    "sent": lambda store: store.sent,
    "messages": lambda store: store.messages("unassigned"),
    "held": lambda store: list(store.held()),
    "held_twice": lambda store: list(store.held_twice()),
    "targets": lambda store: store.targets(),
    "keep": lambda store: store.keep([FIRST]),
    "add_sent": lambda store: store.add_sent({"<x@abc.com>": 1}),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_damaged_store_is_one_clear_line(tmp_path: Path, use: Callable[[Store], object]) -> None:
    """Whatever is asked of it."""
    path = tmp_path / "store.sqlite"
    with Store(path) as store:
        store.keep([FIRST, SECOND])
    octets = path.read_bytes()
    page = 16 * 1024
    path.write_bytes(octets[:page] + b"\xa5" * (len(octets) - page))

    with (
        Store(path) as store,
        pytest.raises(StoreError, match=r"store.sqlite: .* malformed; .*put back a copy"),
    ):
        use(store)


class Slow(sqlite3.Connection):
    """A connection that another process always comes before."""

    def execute(self, sql: str, *parameters: object) -> sqlite3.Cursor:
        """Run a statement."""
        if sql == "BEGIN IMMEDIATE":
            (path,) = (file for _, _, file in super().execute("PRAGMA database_list"))
            Store(Path(path)).close()
        return super().execute(sql, *parameters)  # type: ignore[arg-type] # whatever it was given


def test_a_store_that_another_process_makes_at_the_same_moment_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes second finds it made."""
    connect = sqlite3.connect
    kinds = iter([Slow, sqlite3.Connection])
    monkeypatch.setattr(sqlite3, "connect", lambda path, **how: connect(path, factory=next(kinds), **how))
    with Store(tmp_path / "store.sqlite") as store:
        assert store.targets() == {}


@pytest.mark.parametrize("size", [1024 * 1024, 1024 * 1024 + 1, 5_000_001])
def test_a_large_message_comes_back_octet_for_octet(size: int) -> None:
    """It goes in piece by piece, so that SQLite makes no copies of it."""
    octets = (b"Message-ID: <1@a>\r\n\r\n" + bytes(range(256)) * (size // 256))[:size]
    with Store() as store:
        store.keep([FIRST, Kept(Message(octets), "delivered", "alias", ("mailbox:john",)), SECOND])

        assert [message.octets for message in store.messages("mailbox:john")] == [
            FIRST.message.octets,
            octets,
        ]


@pytest.mark.parametrize("size", [100, 1024 * 1024 + 1])
def test_copies_are_known_by_their_fingerprint_whatever_their_size(size: int) -> None:
    """And why they went where (R4.13)."""
    message = Message(b"Message-ID: <1@a>\r\n\r\n" + b"x" * size)
    with Store() as store:
        store.keep([Kept(message, "delivered", "alias", ("mailbox:mary", "mailbox:john"), b"one")])

        assert store.reached(b"one") == ("mailbox:john", "mailbox:mary")
        assert store.reached(b"two") == ()


def test_it_says_what_came_of_a_message(tmp_path: Path) -> None:
    """To whoever reads the file with SQL: in plain words."""
    path = tmp_path / "store.sqlite"
    with Store(path) as store:
        store.keep([FIRST, SECOND._replace(outcome=Outcome.UNASSIGNED, reason=Reason.SYSTEM_ADDRESS)])
    with closing(sqlite3.connect(path)) as file:
        assert list(file.execute("SELECT outcome, reason FROM message ORDER BY id")) == [
            ("delivered", "alias"),
            ("unassigned", "system-address"),
        ]


def test_one_uid_may_be_two_messages() -> None:
    """Receipts differ by the digest of the octets, by all of it."""
    digest = bytes(range(16))
    with Store() as store:
        for last in (b"\0", b"\1"):
            receipt = Receipt("matters@abc.com", "7", digest[:15] + last)
            assert store.remember(receipt)
            assert not store.remember(receipt)


def test_a_row_that_cannot_be_read_holds_up_nobody(tmp_path: Path) -> None:
    """What was asked is let go of: else this store could not write after another program."""
    path = tmp_path / "store.sqlite"
    with Store(path, patience=0) as store:
        store.keep([FIRST._replace(fingerprint=b"one")])
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("INSERT INTO delivery VALUES (CAST(x'ff' AS TEXT), 1)")
            with pytest.raises(StoreError):
                store.reached(b"one")
            other.execute("INSERT INTO sent VALUES ('<x@abc.com>', 1)")

        store.keep([SECOND])
        assert store.sent_from("<x@abc.com>") == 1


@pytest.mark.parametrize("pages", [12, 16, 24])
@pytest.mark.parametrize(("count", "size"), [(40, 9000), (2, 2_000_000)])
def test_a_disk_that_is_full_keeps_nothing_of_the_batch_and_all_of_those_before(
    tmp_path: Path, pages: int, count: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R4.2: with room again the batch is kept; simulated by SQLite's own limit."""
    made = watched(monkeypatch)
    path = tmp_path / "store.sqlite"
    large = [
        Kept(Message(b"%d" % (number % 10) * size), "unassigned", "loop", ("unassigned",))
        for number in range(count)
    ]
    with Store(path) as store:
        store.keep([FIRST])
        made[0].execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(
            StoreError, match=r"store.sqlite: .* full; nothing of this batch was kept; make room"
        ):
            store.keep(large)
        assert store.targets() == {"mailbox:john": 1, "mailbox:mary": 1}
        made[0].execute("PRAGMA max_page_count=10000")
        store.keep(large)
        assert store.targets()["unassigned"] == count


def test_a_store_that_another_process_holds_says_that_nothing_was_kept(tmp_path: Path) -> None:
    """A locked or read-only file loses nothing: the caller knows that it was not written."""
    path = tmp_path / "store.sqlite"
    with Store(path, patience=0) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"locked; nothing of this batch was kept; try again when"):
            store.keep([FIRST])
        with pytest.raises(StoreError, match=r"nothing of this batch was kept"):
            store.add_sent({"<x@abc.com>": 1})
        other.execute("ROLLBACK")
        other.close()

        store.keep([FIRST])
        assert len(store.targets()) == 2


def test_a_store_that_may_not_be_written_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new file would forget what was collected."""
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda path, **how: connect(f"{path.as_uri()}?mode=ro", uri=True, **how)
    )
    path = tmp_path / "store.sqlite"
    with closing(connect(path)) as other:
        other.execute("PRAGMA journal_mode=WAL")
    with pytest.raises(StoreError, match=r"attempt to write a readonly database; let this user write it"):
        Store(path)


def test_a_target_that_holds_a_collected_message_twice_is_found() -> None:
    """What R4.13 forbids; the same message in two targets, and what was never collected, is none of it."""
    one, other = Message(b"Message-ID: <1@x>\r\n\r\n"), Message(b"Message-ID: <2@x>\r\n\r\n")
    with Store() as store:
        store.keep(
            [
                Kept(one, "delivered", "alias", ("mailbox:mary", "mailbox:john"), b"1"),
                Kept(one, "delivered", "alias", ("mailbox:mary",), b"1"),
                Kept(other, "delivered", "internal", ("mailbox:mary",)),
                Kept(other, "delivered", "internal", ("mailbox:mary",)),
            ]
        )

        assert list(store.held_twice()) == [("mailbox:mary", "<1@x>")]


def test_each_copy_that_a_target_holds_is_told() -> None:
    """By what the message is known by: a mark before the header is none once a server has written on top of it."""
    plain, marked, nameless = (
        Message(octets)
        for octets in (
            b"Message-ID: <1@x>\r\n\r\nbody",
            b"\xef\xbb\xbfMessage-ID: <2@x>\r\n\r\n",
            b"words" * 1000,
        )
    )
    with Store() as store:
        store.keep(
            [
                Kept(plain, "delivered", "alias", ("mailbox:john", "mailbox:mary"), b"1"),
                Kept(marked, "delivered", "alias", ("mailbox:mary",), b"2"),
                Kept(nameless, "fallback", "no-header", ("unassigned",), b"3"),
            ]
        )

        assert set(store.held()) == {
            ("mailbox:john", "<1@x>", len(plain.octets)),
            ("mailbox:mary", "<1@x>", len(plain.octets)),
            ("mailbox:mary", marked.known_by, len(marked.octets)),
            ("unassigned", "", 5000),
        }
    assert marked.known_by != marked.message_id

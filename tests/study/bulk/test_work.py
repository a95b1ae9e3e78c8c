"""What a worker does with a piece, in this process."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from mailsim.mail.pieces import Files
from mailsim.practice.site import Site
from mailsim.study.bulk.question import Route
from mailsim.study.bulk.work import Work, decide

SITE = '{"mailbox": {"type": "single", "default_sender": "matters@abc.com", "fallback_address": "help@elsewhere.example"}}'


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """Its folders."""
    work = Work(Route(SITE), tmp_path, tmp_path)
    for folder in (work.folder, work.keys, work.first(0).parent):
        folder.mkdir(parents=True)
    return work


def test_a_fault_of_ours_is_told_of_its_message(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others have their answers."""
    for name in ("a.eml", "b.eml"):
        (tmp_path / name).write_bytes(b"Subject: x\r\n\r\n")
    alone = Site.alone

    def faulty(self: Site, message: Any, name: str) -> object:
        if name == "a.eml":
            raise ValueError("no")
        return alone(self, message, name)

    monkeypatch.setattr(Site, "alone", faulty)
    decide((0, Files(("a.eml", "b.eml"))), work)

    found = pq.read_table(work.first(0))
    assert found["error"].to_pylist() == ["a.eml: ValueError: no", None]
    assert found["message"].to_pylist() == ["a.eml", "b.eml"]
    assert found["outcome"].to_pylist() == [None, "fallback"]


def test_a_name_that_is_no_utf_8_is_told_as_elsewhere(work: Work, tmp_path: Path) -> None:
    """By its octets, which the table has escaped."""
    name = b"odd\xff.eml".decode("utf-8", "surrogateescape")
    (tmp_path / name).write_bytes(b"Subject: x\r\n\r\n")

    decide((0, Files((name,))), work)

    assert pq.read_table(work.first(0))["message"].to_pylist() == [r"odd\udcff.eml"]

"""The file that a world's trace goes to is there whole or not at all, wherever the writing fails; what it alone holds is told."""

import errno
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mailsim import read_trace
from mailsim.pop3.maildrops import Maildrops
from mailsim.trace.batch import Batch
from mailsim.trace.event import Step
from mailsim.trace.files import JsonLines, TraceFileError
from mailsim.world.broken_laws import ConservationError
from mailsim.world.lab import Lab
from mailsim.world.simulation import Simulation
from mailsim.world.watching import watched

Made = Callable[..., Simulation | Lab]
TABLES: dict[str, object] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}],
    "correspondent": [{"address": "jane@client.example"}],
}
TOLD = r"trace\.jsonl: cannot be written: No space left on device; make room there, or name another file$"


class Disk:
    """What a trace is written to: its n-th operation, counted from 0, finds no room."""

    def __init__(self, fails_at: int | None = None, error: Exception | None = None) -> None:
        self.done: list[str] = []
        self._fails_at = fails_at
        self._error = error or OSError(errno.ENOSPC, "No space left on device")

    def room(self, operation: str) -> None:
        """For one operation more."""
        self.done.append(operation)
        if len(self.done) - 1 == self._fails_at:
            raise self._error

    def open(self, path: Path) -> "OnDisk":
        """A file for a trace."""
        return OnDisk(path, self)


class OnDisk(JsonLines):
    """A file on such a disk."""

    def __init__(self, path: Path, disk: Disk) -> None:
        self._disk = disk
        disk.room("open")
        super().__init__(path)

    def write(self, events: Batch) -> None:
        """One operation a batch."""
        self._disk.room("write")
        super().write(events)

    def finish(self) -> None:
        """One more."""
        self._disk.room("finish")
        super().finish()

    def close(self) -> None:
        """One more; the file is closed all the same."""
        super().close()
        self._disk.room("close")


@pytest.fixture(params=[Simulation, Lab])
def made(request: pytest.FixtureRequest) -> Made:
    """Each kind of world."""
    kind: Made = request.param
    return kind


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an earlier trace stands; events are handed out by the four."""
    monkeypatch.setattr("mailsim.trace.recorder.BATCH", 4)
    path = tmp_path / "trace.jsonl"
    path.write_text("earlier\n", encoding="utf-8")
    return path


def play(made: Made, out: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A letter, its answer, and a collection."""
    monkeypatch.setattr("mailsim.trace.files.FORMATS", {".jsonl": disk.open})
    with made(TABLES, out=out) as world:
        world.send(from_action=1234, to="jane@client.example")
        world.collect()


def test_a_trace_that_cannot_be_written_leaves_what_was_there(
    made: Made, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever operation fails: in the midst of the run, with the last batch, at the end; nothing is written after it."""
    whole = Disk()
    play(made, out, whole, monkeypatch)
    assert whole.done.count("write") >= 4
    assert whole.done[-3:] == ["finish", "close", "close"]
    out.write_text("earlier\n", encoding="utf-8")

    for number in range(len(whole.done) - 1):
        disk = Disk(number)
        with pytest.raises(TraceFileError, match=TOLD):
            play(made, out, disk, monkeypatch)

        assert out.read_text(encoding="utf-8") == "earlier\n"
        assert list(out.parent.iterdir()) == [out]
        assert set(disk.done[number + 1 :]) <= {"close"}


def test_it_is_told_by_the_next_call_and_to_nobody_who_only_looks(
    made: Made, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a watcher in a thread of its own, or a notebook that shows the trace; what happened is known to all."""
    monkeypatch.setattr("mailsim.trace.files.FORMATS", {".jsonl": Disk(1).open})
    seen: list[object] = []

    def run() -> None:
        with made(TABLES, out=out) as world:
            world.send(from_action=1234, to="joe@other.example")  # who does not answer meanwhile
            with watched(world, seen.append):
                pass
            seen.extend([world.steps["composed"], world.trace[0].step])
            try:
                world.settle()
            except TraceFileError as error:
                seen.append(error)

    with pytest.raises(TraceFileError, match=TOLD) as caught:
        run()
    assert seen == [1, 1, Step.COMPOSED, caught.value]


def test_a_run_ends_soon_when_its_trace_cannot_be_written(
    made: Made, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not after all its mail: nobody waits for hours to hear it."""
    monkeypatch.setattr("mailsim.trace.files.FORMATS", {".jsonl": Disk(1).open})
    written: list[int] = []

    def run() -> None:
        with made(TABLES | {"workload": {"letters": 200, "over": "8h"}, "poll": "1h"}, out=out) as world:
            try:
                world.run()
            finally:
                written.append(world.steps["composed"])

    with pytest.raises(TraceFileError, match=TOLD):
        run()
    assert written[0] < 20


def test_an_error_that_is_not_the_disk_s_leaves_what_was_there_too(
    made: Made, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is raised as it is."""
    with pytest.raises(ValueError, match="mine"):
        play(made, out, Disk(2, ValueError("mine")), monkeypatch)

    assert out.read_text(encoding="utf-8") == "earlier\n"
    assert list(out.parent.iterdir()) == [out]


def test_an_error_of_the_block_does_not_hide_that_the_trace_is_not_there(
    made: Made, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are in the traceback."""
    monkeypatch.setattr("mailsim.trace.files.FORMATS", {".jsonl": Disk(1).open})

    def fail() -> None:
        with made(TABLES, out=out) as world:
            world.send(from_action=1234, to="jane@client.example")
            raise KeyError("mine")

    with pytest.raises(TraceFileError, match=TOLD) as caught:
        fail()
    assert isinstance(caught.value.__cause__, KeyError)
    assert out.read_text(encoding="utf-8") == "earlier\n"


@pytest.mark.parametrize("ending", [".parquet", ".jsonl", ".csv"])
def test_a_story_of_which_the_beginning_is_not_held_says_where_it_is(
    made: Made, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the file, and in which words it is asked for it, where it can be."""
    monkeypatch.setattr("mailsim.world.kept.KEPT", 2)
    monkeypatch.setattr(Maildrops, "uids", lambda *_: ())  # so that what waits there seems lost
    out = tmp_path / f"trace{ending}"

    def run() -> None:
        with made(TABLES, out=out) as world:
            world.send(from_action=1234, to="jane@client.example")
            world.settle()
            world.check()

    with pytest.raises(ConservationError) as caught:
        run()
    told = str(caught.value).splitlines()
    line = told[told.index("What happened to t000001:") + 1]
    read = re.fullmatch(
        rf"  \(what was before 20.* is in {out} when the world has ended(?:: mailsim\.read_trace\('(.*)'\)\.story\('(.*)'\))?\)",
        line,
    )
    assert read
    assert len(told) == told.index(line) + 3
    if ending == ".csv":
        assert read.groups() == (None, None)
        assert out.exists()
    else:
        path, name = read.groups()
        assert read_trace(path).story(name)[0].step is Step.COMPOSED


@pytest.mark.parametrize("ending", [".parquet", ".jsonl", ".csv", ".otlp.jsonl", ".chrome.json"])
def test_the_file_is_the_same_however_often_somebody_looks_meanwhile(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a command does that shows how far it is, at moments of its own (R6.3)."""
    monkeypatch.setattr("mailsim.trace.files.BATCH", 8)
    monkeypatch.setattr("mailsim.trace.exports._SPANS", 5)
    for looks in (1, 3, 100):
        with Simulation(TABLES, out=tmp_path / f"{looks}{ending}") as world:
            for number in range(9):
                world.send(from_action=1234, to="jane@client.example")
                if number % looks == 0:
                    assert world.steps["composed"] == number + 1
            world.collect()
    first, *others = [path.read_bytes() for path in tmp_path.iterdir()]

    assert len(others) == 2
    assert all(other == first for other in others)


def test_a_story_that_is_held_whole_begins_with_its_beginning(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the trace goes to a file."""
    monkeypatch.setattr(Maildrops, "uids", lambda *_: ())
    told: list[str] = []
    with made(TABLES, out=tmp_path / "trace.jsonl") as world:
        world.send(from_action=1234, to="jane@client.example")
        world.settle()
        try:
            world.check()
        except ConservationError as error:
            told += str(error).splitlines()

    assert "writes <" in told[told.index("What happened to t000001:") + 1]

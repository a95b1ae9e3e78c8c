"""A question asked of a corpus by Dask: count, decide, find copies, settle; each step is a task for each piece.

The answers are those of one process that reads the mail in order, in which all messages are one collection. Workers read
the mail and write the answers, so they see both under the same paths.
"""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from mailsim import disk
from mailsim.mail.corpus import Corpus, CorpusError, unreadable
from mailsim.mail.pieces import PIECE, MboxStretch, pieces
from mailsim.practice.faults import printable
from mailsim.study.bulk.copies import find_copies
from mailsim.study.bulk.question import Question
from mailsim.study.bulk.table import Answers
from mailsim.study.bulk.work import Numbered, Work, count, decide, settle
from mailsim.study.cluster import ClusterError, client_of, finished
from mailsim.study.part import PartitionError, made

if TYPE_CHECKING:
    from distributed import Client

_CLAIM = ".of"
"""What stands beside the parts: the digest of all that decides them."""

Progress = Callable[[int], object]
"""Is told how many more steps are done."""


@dataclass(frozen=True)
class Plan:
    """The pieces of a corpus, and the folder for their answers."""

    work: Work
    pieces: Sequence[Numbered]
    digest: str

    @property
    def steps(self) -> int:
        """Each piece is decided, and settled."""
        return 2 * len(self.pieces)


def plan(question: Question, corpus: Corpus, out: Path, size: int = PIECE) -> Plan:
    """A question to a corpus, cut into pieces of about that many octets; its table is to grow in a folder of `out`.

    Raises:
        CorpusError: A stream is among the mail, or a file can no longer be read.
    """
    asked = [version("mailsim"), question.name, question.grouping, question.sites, size]
    found = sha256(json.dumps(asked).encode())
    for source in corpus.sources:
        found.update(repr((source.name, source.size, source.changed)).encode())
    return Plan(
        Work(question, out.resolve(), Path.cwd()), [*enumerate(pieces(corpus, size))], found.hexdigest()
    )


def answers(
    plan: Plan,
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    progress: Progress = lambda _: None,
) -> Answers:
    """The answers; pieces whose answers are there are not done again.

    They are done by a process for each core, by so many `workers`, or by the cluster whose `scheduler` has that address.

    Raises:
        CorpusError: An mbox can no longer be read.
        PartitionError: The folder holds something else, or cannot be written.
        ClusterError: Dask is not installed, the scheduler cannot be reached, or workers die of a piece again and again.
    """
    work = plan.work
    _claim(plan)
    parts = [work.part(number) for number, _ in plan.pieces]
    if not all(part.exists() for part in parts):
        for folder in (work.scratch, work.keys, work.first(0).parent, work.copies):
            made(folder)
        with client_of(scheduler, workers) as client:
            numbered = _counted(client, plan)
            _do(client, partial(decide, work=work), numbered, work.keys_of, progress)
            _compare(plan)
            _do(client, partial(settle, work=work), numbered, work.part, progress)
    shutil.rmtree(work.scratch, ignore_errors=True)
    return Answers(work.folder, parts)


def _claim(plan: Plan) -> None:
    """Make the folder this plan's, or see that it is."""
    folder = made(plan.work.folder)
    claim = folder / _CLAIM
    try:
        if not claim.exists() and not any(folder.iterdir()):
            disk.put(claim, plan.digest.encode())
        theirs = claim.read_text("ascii", "replace") if claim.exists() else ""
    except OSError as error:
        raise PartitionError(f"{claim}: cannot be written: {error.strerror}; name another folder") from None
    if theirs != plan.digest:
        raise PartitionError(
            f"{folder}: holds the table of other mail or of another site; name another folder"
        )


def _counted(client: "Client", plan: Plan) -> Sequence[Numbered]:
    """The pieces, those of an mbox with the number of their first message."""
    cut = [piece for _, piece in plan.pieces if isinstance(piece, MboxStretch)]
    messages: dict[MboxStretch, int] = {}
    for batch in finished(client, partial(count, work=plan.work), iter(cut)):
        for piece, result in batch:
            if isinstance(result, OSError):
                raise CorpusError(unreadable(piece.name, result))
            if isinstance(result, BaseException):
                raise _ended(piece.name, result)
            messages[piece] = result
    numbered: list[Numbered] = []
    passed: dict[str, int] = {}
    for number, one in plan.pieces:
        if isinstance(one, MboxStretch):
            before = passed.get(one.name, 0)
            numbered.append((number, replace(one, first=before + 1)))
            passed[one.name] = before + messages[one]
        else:
            numbered.append((number, one))
    return numbered


def _do(
    client: "Client",
    step: Callable[[Numbered], None],
    numbered: Sequence[Numbered],
    place: Callable[[int], Path],
    progress: Progress,
) -> None:
    """Have a step done for each piece whose result is not in its place; one that fails is told when the others are done."""
    waiting = [one for one in numbered if not place(one[0]).exists()]
    progress(len(numbered) - len(waiting))
    failures = []
    for batch in finished(client, step, iter(waiting)):
        for (_, piece), result in batch:
            if isinstance(result, PartitionError):
                raise result
            if isinstance(result, BaseException):
                failures.append(_ended(piece.name, result))
            else:
                progress(1)
    if failures:
        raise failures[0]


def _compare(plan: Plan) -> None:
    from distributed import KilledWorker  # noqa: PLC0415 - heavy, and installed where there is a cluster

    work = plan.work
    messages = sum(pq.read_metadata(work.keys_of(number)).num_rows for number, _ in plan.pieces)
    try:
        find_copies(work.keys, work.copies, messages)
    except KilledWorker as error:
        raise _ended("copies", error) from None


def _ended(name: str, error: BaseException) -> ClusterError:
    told = f"{name}: its task failed, on every worker that took it: {type(error).__name__}: {error}"
    return ClusterError(f"{printable(told.splitlines()[0])}; run it again, and it goes on")

"""Dask: a client of a cluster, and work given to it a few tasks at a time.

Which worker does a task, and what becomes of the tasks of a worker that dies, is Dask's.
"""

import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any, TypeVar

from mailsim.errors import MailsimError
from mailsim.extras import not_installed
from mailsim.practice.faults import printable, without_userinfo

if TYPE_CHECKING:
    from distributed import Client, Future

_EACH = 3
"""Tasks that Dask has for each thread: the one at work, and more than a worker asks for ahead."""
_LOCAL = {
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.scheduler.work-stealing": False,
    "distributed.worker.profile.enabled": False,
}
"""What a scheduler that shares its cores with the workers does without: nobody looks at a dashboard, and no task has so many
ahead of it that another worker would take them."""

_PATIENCE = 10
"""Seconds in which a scheduler must answer, and have a worker."""

Task = TypeVar("Task")
Result = TypeVar("Result")


class ClusterError(MailsimError):
    """Dask is not installed, its scheduler cannot be reached, or its workers end at their work."""


@contextmanager
def client_of(scheduler: str | None, workers: int | None) -> Iterator["Client"]:
    """A client of the cluster at that address, or of one made on this machine for as long as it is needed.

    That one has a process for each core, or so many `workers`. Raises ClusterError; so does the block if the scheduler ends.
    """
    try:
        import dask  # noqa: PLC0415 - as below
        import distributed  # noqa: PLC0415 - heavy, and installed where there is work for it
        from distributed.utils import silence_logging_cmgr  # noqa: PLC0415 - as above
    except ImportError:
        raise ClusterError(not_installed("Dask", "sweep")) from None
    if scheduler is not None:
        try:
            client = distributed.Client(scheduler, timeout=_PATIENCE)
        except (OSError, ValueError) as error:
            place, reason = (without_userinfo(text, server=True) for text in (scheduler, str(error)))
            told = printable(f"{place}: no Dask scheduler answers there: {reason}".splitlines()[0])
            raise ClusterError(f"{told}; write such as tcp://127.0.0.1:8786") from None
        told = printable(without_userinfo(scheduler, server=True))
        with (
            silence_logging_cmgr(logging.CRITICAL, root="distributed.client"),
            client,
            _reached(client, told),
        ):
            yield client
        return
    with dask.config.set(_LOCAL):
        with _interrupts_held():
            cluster = distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address=None,
                scheduler_kwargs={
                    "dashboard_address": "127.0.0.1:0"
                },  # else it warns where another has Dask's port
                silence_logs=logging.CRITICAL,
            )
        with cluster, distributed.Client(cluster) as client:
            yield client


@contextmanager
def _reached(client: "Client", place: str) -> Iterator[None]:
    """A block that uses a cluster which has workers; raises ClusterError if it has none, or does not stay there."""
    from distributed.comm.core import CommClosedError  # noqa: PLC0415 - as above

    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except TimeoutError:
        raise ClusterError(f"{place}: has no workers; start some, such as: dask worker {place}") from None
    try:
        yield
    except OSError as error:
        if client.status == "running" and not isinstance(error, CommClosedError):
            raise  # another's, such as a disk's
        raise ClusterError(
            f"{place}: its scheduler ended, or is out of reach; start one with workers, and run it again"
        ) from None


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold SIGINT back, for good in every thread and process that begins in the block.

    A terminal sends it to workers too: this process is to end them, else they tell a traceback each.
    """
    resource_tracker.ensure_running()  # which would take SIGINT again in the thread that begins the first process
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def finished(
    client: "Client", work: Callable[[Task], Result], tasks: Iterator[Task]
) -> Iterator[list[tuple[Task, Result | BaseException]]]:
    """Tasks with what `work` made of them, or why nothing, in batches as they are finished; Dask has a few for each thread at a time.

    A task that raises has its exception, one whose workers died again and again `distributed.KilledWorker`.
    """
    from distributed import as_completed  # noqa: PLC0415 - as above

    def given() -> list["Future[Any]"]:
        some = list(islice(tasks, max(1, _EACH * threads(client) - len(at_work))))
        futures = client.map(work, some, pure=False)
        at_work.update(zip(futures, some, strict=True))
        return futures

    at_work: dict[Future[Any], Task] = {}
    completed = as_completed(given(), with_results=True, raise_errors=False)
    for batch in completed.batches():
        yield [
            (at_work.pop(future), result[1] if future.status == "error" else result)
            for future, result in batch
        ]
        completed.update(given())


def threads(client: "Client") -> int:
    """How many tasks the cluster does at a time, now."""
    return sum(client.nthreads().values())

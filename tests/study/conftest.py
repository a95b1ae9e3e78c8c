"""A Dask cluster of separate processes."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Self

import pytest


class Cluster:
    """A scheduler and its workers, each a process."""

    def __init__(self, **settings: str) -> None:
        """Dask's settings are those of its environment variables."""
        self._environment = os.environ | settings
        self._processes: list[subprocess.Popen[str]] = []
        scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"
        )
        self.address = self._told(scheduler, r"Scheduler at: +(tcp://\S+)")

    def worker(self, *options: str) -> subprocess.Popen[str]:
        """One more worker; it is there when this returns."""
        process = self._start(
            "worker",
            self.address,
            "--host",
            "127.0.0.1",
            "--nthreads",
            "1",
            "--no-nanny",
            "--no-dashboard",
            *options,
        )
        self._told(process, r"Registered to: +(tcp://\S+)")
        return process

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End all of it."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()
            if process.stderr:
                process.stderr.close()

    def _start(self, kind: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments]
        process = subprocess.Popen(
            command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=self._environment
        )
        self._processes.append(process)
        return process

    @staticmethod
    def _told(process: subprocess.Popen[str], pattern: str) -> str:
        assert process.stderr
        said = []
        for line in process.stderr:
            said.append(line)
            if found := re.search(pattern, line):
                return found[1]
        raise AssertionError("".join(said))


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A cluster without workers."""
    with Cluster() as cluster:
        yield cluster

"""Dask's processes on this machine."""

import signal

from mailsim.study.cluster import client_of


def held() -> bool:
    """Whether SIGINT waits in this thread."""
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_interrupts_are_this_process_s_alone() -> None:
    """A terminal sends Ctrl-C to workers too, which would tell tracebacks of it."""
    with client_of(None, 1) as client:
        assert list(client.run(held).values()) == [True]
        assert not held()

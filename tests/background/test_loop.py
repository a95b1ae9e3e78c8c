"""A loop in a thread of its own: what is called in it runs, and nothing outlives it."""

import subprocess
import sys
import threading

import anyio
import pytest

from mailsim.background.loop import BackgroundLoop


async def thread_name() -> str:
    """Where this runs."""
    return threading.current_thread().name


def test_calls_run_in_its_thread_which_ends_when_it_is_left() -> None:
    """The thread has the name asked for."""
    before = set(threading.enumerate())
    with BackgroundLoop("apart") as portal:
        assert portal.call(thread_name) == "apart"
        with pytest.raises(ZeroDivisionError):
            portal.call(lambda: 1 // 0)

    assert set(threading.enumerate()) <= before


def test_leaving_it_cancels_what_runs() -> None:
    """It is not waited for, with an error on its way out or without."""
    with BackgroundLoop("apart") as portal:
        running = portal.start_task_soon(anyio.sleep_forever)

    assert running.cancelled()


NEVER_LEFT = {
    "a loop": "from mailsim.background.loop import BackgroundLoop; loop = BackgroundLoop('apart'); loop.__enter__()",
    "a POP3 server": "from mailsim import Pop3Server; server = Pop3Server({}, tls='implicit').__enter__()",
}


def run(script: str) -> "subprocess.CompletedProcess[str]":
    """Run a script to its end."""
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("script", NEVER_LEFT.values(), ids=NEVER_LEFT)
def test_one_that_is_never_left_ends_with_its_interpreter(script: str) -> None:
    """At once, without a word."""
    done = run(f"{script}; print('entered')")

    assert (done.returncode, done.stdout, done.stderr) == (0, "entered\n", "")


def test_where_no_loop_is_to_be_had_entering_fails() -> None:
    """Instead of waiting for it for ever."""
    done = run(
        "import asyncio, resource; from mailsim.background.loop import BackgroundLoop;"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3));"
        "BackgroundLoop('apart').__enter__()"
    )

    assert done.returncode == 1
    assert "Too many open files" in done.stderr

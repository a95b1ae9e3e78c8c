"""A collector killed at every step and at random moments: nothing is lost, nothing there twice (R4.2)."""

from tests.crash.killing import Tally, kill_at_every_step, kill_at_random


def test_killed_at_every_step_nothing_is_lost_and_nothing_there_twice() -> None:
    """Each time the next collection completes it. Steps: every command, every read, every statement and commit."""
    tally = Tally()

    steps = kill_at_every_step(tally)

    assert steps > 50
    assert tally.killed.total() + tally.finished == steps
    assert set(tally.killed) == {"nothing kept", "some kept", "all deleted"}
    assert (tally.lost, tally.doubled) == (0, 0)


def test_killed_at_random_moments_nothing_is_lost_and_nothing_there_twice() -> None:
    """`python -m tests.crash.killing` does it 500 times."""
    tally = Tally()

    kill_at_random(20, tally)

    assert (tally.lost, tally.doubled) == (0, 0)

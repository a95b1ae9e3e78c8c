from datetime import UTC, datetime, timedelta

from mailsim.world.clock import Clock

START = datetime(2026, 11, 23, 9, tzinfo=UTC)


def still() -> float:
    return 0.0


def test_time_begins_at_the_start_and_runs_with_its_ticks() -> None:
    """Two ticks later it is two seconds later."""
    ticks = iter([100.0, 102.0])
    clock = Clock(START, ticks=lambda: next(ticks))

    assert clock.now() == START + timedelta(seconds=2)


def test_what_is_due_happens_in_order_of_time_and_then_of_asking() -> None:
    """Equal times keep the order in which they were asked for."""
    clock, done = Clock(START, ticks=still), list[str]()
    clock.at(START + timedelta(hours=2), lambda: done.append("late"))
    clock.at(START + timedelta(hours=1), lambda: done.append("first"))
    clock.at(START + timedelta(hours=1), lambda: done.append("second"))

    while clock.step():
        pass

    assert done == ["first", "second", "late"]
    assert clock.now() == START + timedelta(hours=2)


def test_a_step_up_to_a_time_leaves_what_is_due_later() -> None:
    """Nothing due up to the time: nothing happens, and the time stays."""
    clock = Clock(START, ticks=still)
    clock.at(START + timedelta(hours=2), lambda: None)

    assert not clock.step(until=START + timedelta(hours=1))
    assert clock.now() == START
    assert clock.step(until=START + timedelta(hours=2))


def test_time_never_goes_back() -> None:
    """A jump to the past, and something due in the past, leave the time as it is."""
    clock = Clock(START, ticks=still)
    clock.at(START - timedelta(days=1), lambda: None)

    clock.jump(START - timedelta(hours=1))
    clock.step()

    assert clock.now() == START

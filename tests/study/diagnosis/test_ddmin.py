"""What Zeller and Hildebrandt promise of ddmin."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from mailsim.study.diagnosis.ddmin import ddmin


@given(st.integers(0, 60), st.sets(st.integers(0, 59), max_size=6))
def test_of_parts_that_must_be_there_nothing_else_is_left(size: int, needed: set[int]) -> None:
    """In their order."""
    wanted = sorted(number for number in needed if number < size)

    assert list(ddmin(range(size), lambda parts: set(wanted) <= set(parts))) == wanted


@given(st.lists(st.integers(-9, 9), max_size=24), st.data())
def test_the_result_fails_and_no_part_can_be_left_out(parts: list[int], data: st.DataObject) -> None:
    """1-minimal, for a question that is not monotonous."""
    least_sum = data.draw(st.integers(0, 20))

    def fails(some: Sequence[int]) -> bool:
        return sum(some) >= least_sum and len(some) % 3 != 1

    if not fails(parts):
        return
    result = list(ddmin(parts, fails))

    assert fails(result)
    assert not any(fails([*result[:index], *result[index + 1 :]]) for index in range(len(result)))


def test_it_asks_seldom() -> None:
    """One of a thousand parts is found in some twenty questions, not a thousand."""
    asked = []

    def fails(some: Sequence[int]) -> bool:
        asked.append(len(some))
        return 700 in some

    assert list(ddmin(range(1000), fails)) == [700]
    assert len(asked) < 60

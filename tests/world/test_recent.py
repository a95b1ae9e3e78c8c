"""A mapping that forgets what was put first."""

from mailsim.world.recent import Recent


def test_the_oldest_are_forgotten() -> None:
    """No more than so many are kept, and at least half of them; to put one again makes it young."""
    recent: Recent[str, int] = Recent(4)
    for value, key in enumerate("abcade"):
        recent.put(key, value)

    assert [recent.get(key) for key in "abcde"] == [3, None, 2, 4, 5]
    assert [key in recent for key in "abcde"] == [True, False, True, True, True]


def test_as_many_as_half_are_never_forgotten() -> None:
    """Wherever in its two halves it stands."""
    for before in range(9):
        recent: Recent[int, int] = Recent(6)
        for number in range(before, -4, -1):
            recent.put(number, number)

        assert all(number in recent for number in (-1, -2, -3))
        assert sum(number in recent for number in range(-3, before + 1)) <= 6

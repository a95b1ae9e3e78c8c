"""A mapping that forgets what was put first."""

from mailsim.world.recent import Recent


def test_the_oldest_is_forgotten() -> None:
    """No more than so many are kept; to put one again makes it no younger."""
    recent: Recent[str, int] = Recent(2)
    for key, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        recent.put(key, value)

    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (None, 2, 4)
    assert "a" not in recent
    assert len(recent) == 2

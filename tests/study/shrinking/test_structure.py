"""The least part of nested tables that still fails."""

from hypothesis import given
from hypothesis import strategies as st

from mailsim.mail import Message
from mailsim.study.shrinking.structure import smaller
from mailsim.world.orders import inline, message_file

NESTED = st.recursive(
    st.integers(0, 3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=12,
)


def leaves(value: object) -> list[object]:
    """All that stands at the ends."""
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in leaves(one)]
    return [leaf for one in value for leaf in leaves(one)] if isinstance(value, list) else [value]


def with_one_less(value: object) -> list[object]:
    """Everything that is the value without one row or key."""
    if isinstance(value, dict):
        less: list[object] = [{k: v for k, v in value.items() if k != key} for key in value]
        return less + [{**value, key: one} for key in value for one in with_one_less(value[key])]
    if isinstance(value, list):
        less = [value[:index] + value[index + 1 :] for index in range(len(value))]
        return less + [
            [*value[:index], one, *value[index + 1 :]]
            for index in range(len(value))
            for one in with_one_less(value[index])
        ]
    return []


@given(NESTED.filter(lambda value: 3 in leaves(value)))
def test_nothing_more_can_be_left_out(value: object) -> None:
    """What is needed stays, and without any row or key of the rest it would not fail."""
    least = smaller(value, lambda one: 3 in leaves(one))

    assert leaves(least) == [3]
    assert not any(3 in leaves(one) for one in with_one_less(least))


def test_a_message_in_it_is_made_smaller_too() -> None:
    """By field and by line."""
    octets = b"From: j@x.example\r\nSubject: long ago\r\nX-Spam: no\r\n\r\none\r\ntwo\r\n"

    least = smaller({"file": inline(octets)}, lambda one: b"ago" in _octets(one))

    assert _octets(least) == b"Subject: ago\r\n\r\n"


def _octets(value: object) -> bytes:
    assert isinstance(value, dict)
    from pathlib import Path

    return Message(message_file(Path(), value["file"])).octets if "file" in value else b""

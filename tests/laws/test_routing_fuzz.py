"""The law that `tests/fuzz/fuzz_route.py` tries to break for as long as one likes, here for a few seconds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.practice.site import Site
from tests.fuzz.routing_law import check, check_cost, check_whole, pumped, seeds, sites

PIECES = st.sampled_from(
    b'\0|\r|\n|\r\n|\r\n |\r\n\r\n|\xff|\xef\xbb\xbf|<|>|,|;|:|"|(|)|[|\\|=?utf-8?Q?|?=|@|a1234@abc.com|X:'.split(
        b"|"
    )
)
EDITS = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 40), st.one_of(PIECES, st.binary(max_size=9))), max_size=5
)

CORPUS = seeds()


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A message of the corpus with pieces of it replaced."""
    octets = draw(st.sampled_from(CORPUS))
    for place, length, piece in draw(EDITS):
        start = place % (len(octets) + 1)
        octets = octets[:start] + piece + octets[start + length :]
    return octets


@pytest.mark.parametrize("number", range(len(sites())))
def test_every_message_of_the_corpus_keeps_the_law(number: int) -> None:
    """Whatever the site: the fixtures, and what fuzzing found worth keeping."""
    for octets in CORPUS:
        check(octets, sites()[number])


@given(spoilt(), st.sampled_from(sites()))
def test_spoilt_messages_keep_the_law(octets: bytes, site: Site) -> None:
    """No octets raise; exactly one outcome; equal decisions; JSON."""
    check(octets, site)


@settings(deadline=None)  # check_cost has a clock of its own
@given(spoilt(), st.integers(0, 400), st.integers(1, 16), st.sampled_from(sites()))
def test_no_repetition_is_slow(octets: bytes, start: int, length: int, site: Site) -> None:
    """Any piece of any message many times over costs no more than its length."""
    check_cost(octets, start, length, site)
    check(pumped(octets, start, length), site)


def test_the_law_can_be_broken() -> None:
    """A decision of another site breaks it: the fuzzer would see."""
    here, there = sites()[0], sites()[2]
    decision = here.route(b"")

    with pytest.raises(AssertionError, match="no-header"):
        check_whole(decision, there)
    assert pumped(b"abcd", 1, 2, size=9) == b"abcbcbcd"

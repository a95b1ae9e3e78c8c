"""Lines, stuffing and sizes."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailsim.pop3.wire import (
    PIECE,
    ResponseCode,
    Verb,
    is_uid,
    parse_command,
    parse_number,
    pieces,
    status_line,
    stuff,
    top,
    unstuff,
    wire_form,
    wire_size,
)

lines = st.lists(
    st.sampled_from([b"", b".", b"..", b".x", b"x.", b"\r", b"text", b"\x00\xff"]).flatmap(
        lambda line: st.sampled_from([line + b"\r\n", line + b"\n", line])
    )
).map(b"".join)
messages = lines | st.binary()


@pytest.mark.parametrize(
    ("message", "sent"),
    [
        (b"", b""),
        (b"a", b"a\r\n"),
        (b"a\r\n", b"a\r\n"),
        (b"a\n", b"a\r\n"),
        (b"a\nb\r\nc", b"a\r\nb\r\nc\r\n"),
        (b"a\r", b"a\r\r\n"),
        (b"a\r\r\n", b"a\r\r\n"),
        (b"a\rb\r\n", b"a\rb\r\n"),
    ],
)
def test_every_line_is_sent_with_crlf(message: bytes, sent: bytes) -> None:
    """A bare LF and a missing last line end become CRLF, a bare CR stays."""
    assert wire_form(message) == sent


@pytest.mark.parametrize(
    ("message", "sent"),
    [
        (b".", b"..\r\n"),
        (b".\r\n.\r\n", b"..\r\n..\r\n"),
        (b"a.\r\n.b\r\n", b"a.\r\n..b\r\n"),
        (b"a\n.b\n", b"a\r\n..b\r\n"),
    ],
)
def test_leading_dots_are_doubled(message: bytes, sent: bytes) -> None:
    """Each line that begins with a dot gets one more (RFC 1939 §3)."""
    assert stuff(message) == sent


@given(messages)
def test_unstuffing_undoes_stuffing(message: bytes) -> None:
    """What is stuffed and unstuffed is the message in its wire form."""
    assert unstuff(stuff(message)) == wire_form(message)


@given(messages)
def test_a_stuffed_message_never_holds_the_terminator(message: bytes) -> None:
    """No message can end its own response."""
    sent = b"\r\n" + stuff(message)

    assert b"\r\n.\r\n" not in sent
    assert sent.endswith(b"\r\n")


@given(messages)
def test_the_size_is_that_of_the_wire_form(message: bytes) -> None:
    """The size, found by counting, is the number of octets sent; and the wire form is its own wire form."""
    sent = wire_form(message)

    assert wire_size(message) == len(sent)
    assert wire_form(sent) is sent


def test_a_server_that_does_not_stuff_is_understood() -> None:
    """A lone leading dot is the message's own."""
    assert unstuff(b".x\r\n..y\r\n") == b".x\r\n.y\r\n"


@pytest.mark.parametrize(
    ("message", "count", "expected"),
    [
        (b"H: h\r\n\r\na\r\nb\r\n", 0, b"H: h\r\n\r\n"),
        (b"H: h\r\n\r\na\r\nb\r\n", 1, b"H: h\r\n\r\na\r\n"),
        (b"H: h\r\n\r\na\r\nb\r\n", 10**40, b"H: h\r\n\r\na\r\nb\r\n"),
        (b"H: h\n\na\nb", 2, b"H: h\r\n\r\na\r\nb\r\n"),
        (b"\r\na\r\nb\r\n", 1, b"\r\na\r\n"),
        (b"H: h\r\nI: i", 0, b"H: h\r\nI: i\r\n"),
        (b"", 3, b""),
    ],
)
def test_top_is_header_blank_line_and_lines(message: bytes, count: int, expected: bytes) -> None:
    """A message without a blank line is all header; more lines than there are is the whole."""
    assert b"".join(top(message, count)) == expected


@given(messages, st.integers(0, 5), st.integers(2, 9))
@example(b"H: h\r\n\r\n" + b"text\r\n" * 5, 3, 6)
@example(b"text\r\n\r\n\n", 0, 9)
def test_top_is_the_beginning_of_the_message(message: bytes, count: int, piece: int) -> None:
    """Whatever the pieces: the first lines as they are sent, up to the blank one, and so many more."""
    sent = [line + b"\r\n" for line in wire_form(message).split(b"\r\n")[:-1]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mailsim.pop3.wire.PIECE", piece)
        beginning = b"".join(top(message, count))

    header = sent.index(b"\r\n") + 1 if b"\r\n" in sent else len(sent)
    assert beginning == stuff(b"".join(sent[: header + count]))


@pytest.mark.parametrize(
    ("line", "verb", "argument"),
    [
        (b"STAT", Verb.STAT, b""),
        (b"rEtR 1", Verb.RETR, b"1"),
        (b"PASS  two words ", Verb.PASS, b" two words "),
        (b"", None, b""),
        (b" STAT", None, b"STAT"),
        (b"XYZZY 1", None, b"1"),
        (b"\xff\x00", None, b""),
    ],
)
def test_a_command_is_a_keyword_and_the_rest(line: bytes, verb: Verb | None, argument: bytes) -> None:
    """Keywords are read in any case; all after the first space is the argument."""
    command = parse_command(line)

    assert (command.verb, command.argument) == (verb, argument)


def test_an_argument_is_not_shown() -> None:
    """It may be a password."""
    assert "secret" not in repr(parse_command(b"PASS secret"))


@pytest.mark.parametrize(
    ("word", "number"), [(b"0", 0), (b"007", 7), (b"", None), (b"-1", None), (b"+1", None), (b"1 2", None)]
)
def test_numbers_are_decimal_digits(word: bytes, number: int | None) -> None:
    """Nothing else is a number."""
    assert parse_number(word) == number


@pytest.mark.parametrize(
    ("uid", "good"),
    [
        ("!~", True),
        ("x" * 70, True),
        ("", False),
        ("x" * 71, False),
        ("a b", False),
        ("ü", False),
        ("a\n", False),
    ],
)
def test_a_uid_is_1_to_70_visible_characters(uid: str, good: bool) -> None:
    """RFC 1939 §7."""
    assert is_uid(uid) is good


@given(st.text(max_size=2000))
def test_a_status_line_is_one_line_of_at_most_512_octets(text: str) -> None:
    """Whatever the text (RFC 1939 §3)."""
    line = status_line("-ERR", text, ResponseCode.IN_USE)

    assert line.startswith(b"-ERR [IN-USE]")
    assert line.endswith(b"\r\n")
    assert b"\r" not in line[:-2]
    assert b"\n" not in line[:-2]
    assert len(line) <= 512


@given(
    st.lists(
        st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"x", b"x" * 1000, b"x" * (PIECE - 1), b"." * PIECE]),
        max_size=12,
    ).map(b"".join)
)
def test_pieces_are_the_stuffed_message(message: bytes) -> None:
    """However long its lines are, and whatever stands where one is cut."""
    assert b"".join(pieces(message)) == stuff(message)


def test_pieces_are_small() -> None:
    """A megabyte of dots takes no longer than the rest at once."""
    message = (b"." * 70 + b"\r\n") * 20_000

    assert all(len(piece) <= 2 * PIECE for piece in pieces(message))
    assert len(list(pieces(message))) == 6

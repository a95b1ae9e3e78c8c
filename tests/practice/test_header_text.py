"""R3.9: nothing that stands in a draft can make a header line."""

from email.header import decode_header, make_header

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailsim.practice.header_text import display_name, folded_line, harmless, has_controls, text_line

HOSTILE = st.text(st.characters() | st.sampled_from('\r\n\0\t =?_"\\(),.:<>@é日'), max_size=300)


def lines_of(field: str) -> list[str]:
    """The lines of one header field, which must end in CRLF."""
    assert field.endswith("\r\n")
    return field[:-2].split("\r\n")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("Draft agreement", "Subject: Draft agreement\r\n"),
        ("a\r\nBcc: evil@x.example", "Subject: a  Bcc: evil@x.example\r\n"),
        ("a\0b\x7fc\u2028d", "Subject: a b c d\r\n"),
        ("Grüße", "Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n"),
        ("=?utf-8?q?a?=", "Subject: =?utf-8?b?PT91dGYtOD9xP2E/PQ==?=\r\n"),
        (
            "word " * 20 + "end",
            "Subject:" + " word" * 14 + "\r\n" + " word" * 6 + " end\r\n",
        ),
    ],
)
def test_a_text_line(text: str, field: str) -> None:
    """Plain ASCII as it is, folded when long; the rest as encoded words (RFC 2047)."""
    assert text_line("Subject", text) == field


@given(HOSTILE)
@example("x" * 3000)
@example("  leading and trailing  ")
@example("two  spaces " * 20)
@example("\ud800")
@example("é" * 400)
def test_any_text_is_one_field_and_comes_back(text: str) -> None:
    """Every line but the first begins with a space, none is too long, and a reader gets the text."""
    first, *others = lines_of(text_line("Subject", text))

    assert first.startswith("Subject: ")
    assert all(line.startswith(" ") and line.strip() for line in others)
    assert all(len(line) <= 998 and line.isascii() and (line.isprintable()) for line in [first, *others])
    unfolded = "".join([first.removeprefix("Subject: "), *others])
    assert str(make_header(decode_header(unfolded))) == harmless(text)


@given(HOSTILE)
def test_any_display_name_stays_a_phrase(name: str) -> None:
    """It cannot end before the angle bracket, nor begin another address."""
    if harmless(name).strip():
        phrase = display_name(name)
        assert "\n" not in phrase.replace("\r\n ", "")
        assert phrase.isascii()
        if phrase.startswith('"'):
            inside = phrase[1:-1].replace("\\\\", "").replace('\\"', "")
            assert '"' not in inside
            assert "\\" not in inside
        elif "=?" not in phrase:
            assert not set(phrase) & set('()<>[]:;@\\,."')


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("Jane Doe", "Jane Doe"),
        ("O'Neil, Bob", '"O\'Neil, Bob"'),
        ('Bob "the\\rest"', '"Bob \\"the\\\\rest\\""'),
        ("Jané", "=?utf-8?b?SmFuw6k=?="),
        ("=?x?=", "=?utf-8?b?PT94Pz0=?="),
    ],
)
def test_display_names(name: str, phrase: str) -> None:
    """RFC 5322 section 3.4: atoms, a quoted string, or encoded words."""
    assert display_name(name) == phrase


def test_a_long_list_is_folded_between_its_parts() -> None:
    """RFC 5322 section 2.1.1: lines of at most 78 characters where that is possible."""
    field = folded_line("To", [f"someone{number}@client.example," for number in range(9)])

    assert len(lines_of(field)) > 2
    assert all(len(line) <= 78 for line in lines_of(field))
    assert field.count("someone") == 9


def test_a_first_part_that_is_long_does_not_leave_an_empty_line() -> None:
    """The name of the field is never alone on its line."""
    assert lines_of(folded_line("To", ["x" * 200])) == ["To: " + "x" * 200]


def test_controls_are_noticed() -> None:
    """So that the composer can be warned."""
    assert has_controls("a\nb")
    assert not has_controls("Grüße, 日本")

"""Addresses as mail writes them: RFC 5322 and 6532 forms, and when two are the same (section 7 "Addresses")."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.mail import Address, has_address, normal_domain, parse_address, parse_addresses, plain_address
from mailsim.mail.address import MOST_READ

VALUES = {
    "bare": ("a7@abc.com", ["a7@abc.com"], []),
    "white space around": (" \ta7@abc.com\t ", ["a7@abc.com"], []),
    "in angle brackets": ("<a7@abc.com>", ["a7@abc.com"], []),
    "behind a name": ("Smith v Jones <a7@abc.com>", ["a7@abc.com"], []),
    "behind a quoted name": ('"Doe, John (x) <y@z.example>" <a7@abc.com>', ["a7@abc.com"], []),
    "behind an encoded word": (
        "=?utf-8?Q?Gr=C3=BC=C3=9Fe=2C_x=40y=2Eexample?= <a7@abc.com>",
        ["a7@abc.com"],
        [],
    ),
    "behind a name of other letters": ("Zoë Müller <a7@abc.com>", ["a7@abc.com"], []),
    "a name that is an address": ("a8@abc.com <a7@abc.com>", ["a7@abc.com"], []),
    "a quoted name that is an address": ('"a8@abc.com" <a7@abc.com>', ["a7@abc.com"], []),
    "several": (
        "a7@abc.com,Jane <jane@client.example> , b@c",
        ["a7@abc.com", "jane@client.example", "b@c"],
        [],
    ),
    "an unquoted comma in a name": ("Doe, John <a7@abc.com>", ["a7@abc.com"], ["Doe"]),
    "empty elements": (",, a7@abc.com, ,b@c,", ["a7@abc.com", "b@c"], []),
    "nothing": ("", [], []),
    "white space": (" \t ", [], []),
    "commas": (",,", [], []),
    "words": ("undisclosed recipients", [], ["undisclosed recipients"]),
    "a null path": ("<>", [], ["<>"]),
    "a comment before and after": ("(a) a7@abc.com (b (c) \\) d)", ["a7@abc.com"], []),
    "a comment inside": ("a7(x)@(y)abc.com", ["a7@abc.com"], []),
    "a comment with an address": ("a7@abc.com (jane@client.example, x)", ["a7@abc.com"], []),
    "an escaped parenthesis in a comment": ("(a \\( b) a7@abc.com", ["a7@abc.com"], []),
    "a comment behind a stray backslash": ("a7@abc.com \\(x)", ["a7@abc.com"], []),
    "a comment only": ("(nobody)", [], []),
    "a comment that never ends": ("a7@abc.com (x", [], ["a7@abc.com  x"]),
    "and one that does after it": ("(x, a7@abc.com (y)", ["a7@abc.com"], ["x"]),
    "parentheses in a quoted string": ('(x) "(" <a7@abc.com> ")" (y), b@c', ["a7@abc.com", "b@c"], []),
    "a closing parenthesis alone": ("a7@abc.com )", ["a7@abc.com"], []),
    "white space round dots and at": ("a . b @ abc . com", ["a.b@abc.com"], []),
    "a quoted local part": ('"a b\\"c"@abc.com', ['"a b\\"c"@abc.com'], []),
    "a quoted local part of plain words": ('"a7"@abc.com', ["a7@abc.com"], []),
    "an escaped line end in a quoted local part": ('"a\\\nb"@abc.com', ['"a\nb"@abc.com'], []),
    "words and quoted words": ('a."b".c@abc.com', ["a.b.c@abc.com"], []),
    "words that touch quoted words": ('a"b"@abc.com', ["ab@abc.com"], []),
    "odd dots": (".a..b.@abc.com", ['".a..b."@abc.com'], []),
    "a domain literal": ("a7@[192.0.2.1]", ["a7@[192.0.2.1]"], []),
    "an open literal": ("a7@[192.0.2.1", ["a7@192.0.2.1"], []),
    "a trailing dot": ("a7@abc.com.", ["a7@abc.com"], []),
    "two trailing dots": ("a7@abc.com..", [], ["a7@abc.com.."]),
    "a dot first in the domain": ("a7@.abc.com", [], ["a7@.abc.com"]),
    "no domain": ("a7@", [], ["a7@"]),
    "no local part": ("@abc.com", [], ["@abc.com"]),
    "dots for a local part": ("..@abc.com", [], ["..@abc.com"]),
    "two at signs": ("a@b@c", [], ["a@b@c"]),
    "words before": ("to a7@abc.com", [], ["to a7@abc.com"]),
    "words after": ("a7@abc.com via list", [], ["a7@abc.com via list"]),
    "a group": ("Us: a7@abc.com, b@c;, d@e", ["a7@abc.com", "b@c", "d@e"], []),
    "a semicolon after a group": ("Us: a7@abc.com;, d@e; f@g", ["a7@abc.com"], ["d@e; f@g"]),
    "a group without end": ('"The us": a7@abc.com, b@c', ["a7@abc.com", "b@c"], []),
    "an empty group": ("undisclosed-recipients:;", [], []),
    "an empty group without end": ("undisclosed-recipients: ", [], []),
    "an obsolete phrase for a group": ("Dr. No: a7@abc.com;", ["a7@abc.com"], []),
    "a group of words": ("a:b c;", [], ["b c"]),
    "no group: an address before the colon": ("a7@abc.com To: b@c", [], ["a7@abc.com To: b@c"]),
    "a route": ("<@x.example,@y.example:a7@abc.com>", ["a7@abc.com"], []),
    "a route that begins with a comma": ("<,@x.example:a7@abc.com>, b@c", ["a7@abc.com", "b@c"], []),
    "a colon in angle brackets": ("<x:a7@abc.com>", ["a7@abc.com"], []),
    "an open angle bracket": ("John <a7@abc.com", ["a7@abc.com"], []),
    "an open angle bracket before a comma": ("< a7@abc.com, b@c", ["a7@abc.com", "b@c"], []),
    "two open angle brackets": ("<Paul <a7@abc.com>", ["a7@abc.com"], []),
    "a closing bracket alone": ("a7@abc.com>", [], ["a7@abc.com>"]),
    "an empty angle bracket last": ("<a7@abc.com> <", [], ["<a7@abc.com> <"]),
    "text after the brackets": ("<a7@abc.com> x", ["a7@abc.com"], []),
    "an open quote": ('"John <a7@abc.com>, b@c', ["a7@abc.com", "b@c"], []),
    "a semicolon": ("a7@abc.com; b@c", [], ["a7@abc.com; b@c"]),
    "an encoded word": ("=?utf-8?B?YTdAYWJjLmNvbQ==?=", [], ["=?utf-8?B?YTdAYWJjLmNvbQ==?="]),
    "an encoded local part": ("=?utf-8?Q?a7?=@abc.com", ["=?utf-8?Q?a7?=@abc.com"], []),
    "a NUL": ("a7@abc.com\0", ["a7@abc.com"], []),
    "other letters": ("zoë@bücher.example", ["zoë@xn--bcher-kva.example"], []),
    "an undecodable octet": ("a\ufffd@abc.com", ["a\ufffd@abc.com"], []),
    "a parenthesis": ("(", [], []),
    "a quote": ('"', [], []),
    "a group of a comment": ("(c):", [], []),
    "a backslash": ("a\\7@abc.com", [], ["a 7@abc.com"]),
}


@pytest.mark.parametrize(("value", "addresses", "junk"), VALUES.values(), ids=VALUES)
def test_address_lists(value: str, addresses: list[str], junk: list[str]) -> None:
    """Every element of a value is an address or junk, in order; nothing else."""
    found = parse_addresses(value)

    assert [str(address) for address in found.addresses] == addresses
    assert list(found.junk) == junk
    assert has_address(value) is bool(addresses)


@pytest.mark.parametrize(
    ("value", "addresses", "junk"),
    [
        ("a7@abc.com; b@c", ["a7@abc.com", "b@c"], []),
        ("a7@abc.com;b c;, d@e;", ["a7@abc.com", "d@e"], ["b c"]),
        ("Us: a7@abc.com; b@c", ["a7@abc.com", "b@c"], []),
        ("<@x.example;b@c", ["b@c"], ["<@x.example"]),
    ],
)
def test_semicolons_separate_where_they_may(value: str, addresses: list[str], junk: list[str]) -> None:
    """Section 7: semicolons separate, in To and Cc (fine print 5)."""
    found = parse_addresses(value, semicolons=True)

    assert [str(address) for address in found.addresses] == addresses
    assert list(found.junk) == junk


SAME = [
    ("a7@abc.com", "A7@ABC.COM"),
    ("a7@abc.com", '"a7"@abc.com.'),
    ("a7@abc.com", '" a7"@abc.com'),
    ("zoë@abc.com", "ZOE\u0308@abc.com"),
    ("zoë@abc.com", '" zoë"@abc.com'),
    ("straße@abc.com", "STRASSE@abc.com"),
    ("\u0390@abc.com", "\u03aa\u0301@abc.com"),
    ("a@bücher.example", "a@XN--BCHER-KVA.example."),
    ("a@straße.example", "a@xn--strae-oqa.example"),
    ("a@ａｂｃ.example", "a@abc。example"),  # noqa: RUF001 - full-width letters, as UTS 46 maps them
    ("a@-ü-.example", "a@-Ü-.example."),
]
DIFFERENT = [
    ("a7@abc.com", "a07@abc.com"),
    ("a7@abc.com", "a7@mail.abc.com"),
    ("a.b@abc.com", "ab@abc.com"),
    ("a+b@abc.com", "a@abc.com"),
    ("straße@abc.com", "strase@abc.com"),
    ("a@straße.example", "a@strasse.example"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_of_one_address(one: str, other: str) -> None:
    """Equal and of one hash, whatever the letter case, quotes, normalisation and IDNA form."""
    assert parse_address(one) == parse_address(other)
    assert hash(parse_address(one)) == hash(parse_address(other))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_addresses(one: str, other: str) -> None:
    """Nothing else makes two addresses one."""
    assert parse_address(one) != parse_address(other)
    assert hash(parse_address(one)) != hash(
        parse_address(other)
    )  # so that a dictionary of addresses is quick


@pytest.mark.parametrize(
    "text", ["", "a7", "a7@abc.com, b@c", "<a7@abc.com>", "a b@abc.com", "x: a7@abc.com;"]
)
def test_what_is_not_exactly_one_bare_address(text: str) -> None:
    """`parse_address` is for settings: no list, no name, no brackets."""
    assert parse_address(text) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" a7@ABC.com.\t", "a7@abc.com"),
        ("<a7@abc.com>", None),
        ('"a7"@abc.com', None),
        ("a7@abc.com, b@c", None),
        ("zoë@abc.com", None),
        ("a7@bücher.example", None),
        ("a..7@abc.com", None),
        ("", None),
    ],
)
def test_plain_addresses(value: str, expected: str | None) -> None:
    """One bare ASCII dot-atom address, white space round it; all else is for the slower readers."""
    found = plain_address(value)

    assert (found and str(found)) == expected


def test_an_address_is_shown_as_an_addr_spec() -> None:
    """The local part as written, quoted where it must be; the domain in comparison form."""
    assert repr(Address("A7", "ABC.com.")) == "Address('A7@abc.com')"
    assert str(Address('a "b"\\', "abc.com")) == '"a \\"b\\"\\\\"@abc.com'
    assert Address("a7", "abc.com") != "a7@abc.com"
    assert (Address(" A 7", "ABC.com.").local, Address(" A 7", "ABC.com.").domain) == (" A 7", "abc.com")


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("ABC.com.", "abc.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("bücher.example.", "xn--bcher-kva.example"),
        ("ü" * 70 + ".Example.", "ü" * 70 + ".example"),
        ("\u2024.example", "\u2024.example"),
    ],
)
def test_domains_in_comparison_form(domain: str, expected: str) -> None:
    """IDNA 2008; a name that IDNA refuses equals itself only."""
    assert normal_domain(domain) == expected


PIECES = st.sampled_from(
    [
        "a7@abc.com",
        "jane",
        "@",
        "abc.com",
        ",",
        ";",
        ":",
        "<",
        ">",
        '"',
        "(",
        ")",
        "\\",
        "[",
        "]",
        ".",
        " ",
        "ü",
        "\0",
        "=?",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_no_text_raises_and_every_address_reads_back(value: str) -> None:
    """Whatever stands in a header: addresses come out, and each is what its text says."""
    found = parse_addresses(value, semicolons=True)

    assert has_address(value) is bool(parse_addresses(value).addresses)
    for address in found.addresses:
        assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    "value",
    [
        "(" * 100_000,
        '"\\' * 50_000,
        "<@a," * 25_000,
        "[" * 100_000,
        ":" * 100_000,
        "<" * 100_000,
        "a@b " * 25_000,
    ],
    ids=lambda value: value[:4],
)
def test_hostile_values_are_read_in_linear_time(value: str) -> None:
    """100 KB of what makes a careless reader quadratic: read at once, and no address in it."""
    assert not parse_addresses(value).addresses


@pytest.mark.parametrize("unit", ["(", '"\\"', "a7@abc.com,"])
def test_what_is_over_the_limit_costs_nothing(unit: str) -> None:
    """Of one value a mebibyte is read: of 16 MiB no more than four times a quarter of one, with room for noise."""
    seconds = []
    for size in (MOST_READ // 4, MOST_READ * 16):
        value = unit * (size // len(unit))
        start = process_time()
        parse_addresses(value)
        seconds.append(process_time() - start)

    assert seconds[1] < 12 * seconds[0] + 0.2


def test_what_is_over_the_limit_is_junk() -> None:
    """Cut behind an element, so that no address is made by the cut; what is no list is junk as a whole."""
    filled = "a7@abc.com, " * (MOST_READ // 12)
    found = parse_addresses(filled + "b@long.example, c@d")

    assert len(found.addresses) == MOST_READ // 12
    assert {str(address) for address in found.addresses} == {"a7@abc.com"}
    assert found.junk == ("b@long.example, c@d",)
    assert parse_addresses(filled + " " * 12).junk == ()
    alone = "a" * MOST_READ + "@abc.com"
    assert parse_addresses(alone) == ((), (alone,))
    assert (parse_address(alone), plain_address(alone), has_address(alone)) == (None, None, False)

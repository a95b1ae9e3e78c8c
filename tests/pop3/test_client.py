"""The client's machine: its laws, and servers that are not quite POP3."""

import base64
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.pop3.client import (
    LISTING_LIMIT,
    STATUS_LIMIT,
    Client,
    ProtocolError,
    Response,
    capabilities,
    sizes,
    uids,
)
from mailsim.pop3.wire import Verb, stuff, wire_form

GREETING = b"+OK ready\r\n"


def asking_everything(client: Client | None = None) -> Client:
    """Return a client that has asked one of each, RETR twice."""
    client = client or Client()
    client.capa()
    client.user("alice")
    client.password("secret")
    client.listing()
    client.uidl()
    client.retr(1)
    client.retr(2)
    client.dele(1)
    client.quit()
    return client


def transcript(message: bytes, eol: bytes = b"\r\n") -> bytes:
    """Return a server's side of that session."""
    body = stuff(message).replace(b"\r\n", eol)
    lines = [
        b"+OK ready",
        b"-ERR what?",
        b"+OK",
        b"+OK in",
        b"+OK",
        b"1 5",
        b"2 4",
        b".",
        b"+OK x",
    ]
    lines += [b"1  a", b"2 b", b"."]
    return (
        b"".join(line + eol for line in lines)
        + (b"+OK 5 octets" + eol + body + b"." + eol)
        + (b"-ERR [sys/temp] later" + eol + b"+OK" + eol + b"+OK bye" + eol)
    )


def test_commands_are_lines() -> None:
    """Each method returns the octets to send."""
    client = Client()

    said = [client.capa(), client.utf8(), client.user("alice"), client.password("two words"), client.retr(12)]
    assert said == [
        b"CAPA\r\n",
        b"UTF8\r\n",
        b"USER alice\r\n",
        b"PASS two words\r\n",
        b"RETR 12\r\n",
    ]
    assert client.outstanding == 6


@given(st.binary(max_size=60), st.lists(st.integers(0, 250), max_size=8))
def test_responses_do_not_depend_on_the_segments(message: bytes, places: list[int]) -> None:
    """Cut anywhere, the same responses come, and the message is the one that the server stuffed."""
    octets = transcript(message)
    edges = [0, *sorted(places), len(octets)]
    client = asking_everything()
    cut = [response for start, end in pairwise(edges) for response in client.receive(octets[start:end])]

    whole = asking_everything().receive(octets)
    assert cut == whole
    assert [response.verb for response in whole] == [None, *client_verbs()]
    assert whole[6].body == wire_form(message)
    assert whole[7] == Response(Verb.RETR, 2, ok=False, code="SYS/TEMP", text="later")
    assert client.outstanding == 0
    assert client.broken is None


def client_verbs() -> list[Verb]:
    """Return the verbs of that session."""
    return [
        Verb.CAPA,
        Verb.USER,
        Verb.PASS,
        Verb.LIST,
        Verb.UIDL,
        Verb.RETR,
        Verb.RETR,
        Verb.DELE,
        Verb.QUIT,
    ]


@dataclass
class Pieces:
    """A sink that remembers its pieces."""

    pieces: list[bytes] = field(default_factory=list)

    def write(self, octets: bytes, /) -> None:
        """Take the next octets."""
        self.pieces.append(octets)


DOTTED = st.lists(st.sampled_from([b"\r\n", b".", b"..", b"\r", b"\n", b"x", b"abcdef"]), max_size=40)


@given(
    DOTTED.map(b"".join),
    st.lists(st.integers(0, 250), max_size=8),
    st.integers(0, 20),
    st.sampled_from([b"\r\n", b"\n"]),
)
def test_a_sink_gets_what_a_body_would_be(
    message: bytes, places: list[int], sink_from: int, eol: bytes
) -> None:
    """Cut anywhere, from whatever size on; nothing but RETR goes to a sink."""
    octets = transcript(message, eol)
    edges = [0, *sorted(places), len(octets)]
    sinks: list[Pieces] = []

    def sink() -> Pieces:
        sinks.append(Pieces())
        return sinks[-1]

    client = Client(sinks=sink, sink_from=sink_from)
    asking_everything(client)
    responses = [response for start, end in pairwise(edges) for response in client.receive(octets[start:end])]
    expected = asking_everything().receive(octets)

    assert [replace(one, sink=None) for one in responses] == [
        replace(one, body=None) if response.sink else one
        for one, response in zip(expected, responses, strict=True)
    ]
    retrieved = [response for response in responses if response.sink]
    assert [response.sink for response in retrieved] == sinks
    assert all(response.verb is Verb.RETR for response in retrieved)
    assert [b"".join(sink.pieces) for sink in sinks] == [expected[6].body] * len(sinks)


def test_with_a_sink_memory_is_bounded() -> None:
    """A message goes on as it comes, whatever the length of its lines, and is given up at the limit all the same."""
    sink = Pieces()
    client = Client(sinks=lambda: sink, sink_from=100, body_limit=10_000)
    client.receive(GREETING)
    client.retr(7)
    assert client.under_way == 7
    client.receive(b"+OK\r\n")
    for _ in range(50):
        client.receive(b"x" * 90 + b"\r\n" + b"y" * 90)
        assert max(map(len, sink.pieces), default=0) <= 300
    assert client.broken is None
    for _ in range(50):
        client.receive(b"x" * 90 + b"\r\n" + b"y" * 90)

    assert "RETR brought more than 10000 octets" in str(client.broken)
    assert client.under_way == 7


def test_a_server_with_bare_line_feeds_is_understood() -> None:
    """Its messages end at LF.LF, and stuffing is undone there."""
    responses = asking_everything().receive(transcript(b"a\r\n.b\r\n", b"\n"))

    assert responses[6].body == b"a\n.b\n"
    assert len(responses) == 10


@given(
    st.lists(
        st.binary(max_size=30) | st.sampled_from([GREETING, b"-ERR\r\n", b".\r\n", b"+OK\r\n"]), max_size=20
    )
)
def test_no_octets_raise(segments: list[bytes]) -> None:
    """What is not POP3 breaks the session, in the same way however it is cut."""
    client = asking_everything()
    cut = [response for segment in segments for response in client.receive(segment)]
    other = asking_everything()
    bytewise = [response for octet in b"".join(segments) for response in other.receive(bytes([octet]))]

    assert cut == bytewise
    assert (client.broken is None) is (other.broken is None)


@pytest.mark.parametrize(
    ("octets", "error"),
    [
        (b"220 mail.example ESMTP\r\n", "220 mail.example ESMTP"),
        (b"* OK IMAP4rev1\r\n", "IMAP4rev1"),
        (b"\r\n", "is it a POP3 server"),
        (b"+OKAY\r\n", "OKAY"),
        (b"x" * (STATUS_LIMIT + 1), "status line of more than"),
        (GREETING + b"-ERR idle too long\r\n", "unasked '-ERR idle too long"),
    ],
)
def test_what_is_not_pop3_breaks_the_session(octets: bytes, error: str) -> None:
    """The error quotes the server; nothing more is taken."""
    client = Client()
    client.receive(octets)

    assert error in str(client.broken)
    assert client.receive(b"+OK\r\n") == []


def test_a_message_without_end_is_given_up() -> None:
    """Memory is bounded by the limit, and each octet is looked at once."""
    client = Client(body_limit=1000)
    client.receive(GREETING)
    client.retr(1)
    client.receive(b"+OK\r\n")
    for _ in range(100):
        assert client.receive(b"x" * 20) == []

    assert "RETR brought more than 1000 octets" in str(client.broken)


@pytest.mark.parametrize("verb", [Verb.CAPA, Verb.LIST, Verb.UIDL])
def test_a_listing_without_end_is_given_up_early(verb: Verb) -> None:
    """Long before a message of that size would be: a listing goes to no sink."""
    client = Client()
    client.receive(GREETING)
    {Verb.CAPA: client.capa, Verb.LIST: client.listing, Verb.UIDL: client.uidl}[verb]()
    client.receive(b"+OK\r\n")
    client.receive(b"1 1234\r\n" * (LISTING_LIMIT // 8))
    assert client.broken is None
    client.receive(b"1 1234\r\n")

    assert f"{verb} brought more than {LISTING_LIMIT} octets" in str(client.broken)


SECRET = "S3CRÉT pw]\\"


@pytest.mark.parametrize("form", [SECRET.encode(), base64.b64encode(SECRET.encode())])
@pytest.mark.parametrize(
    "said",
    [
        b"-ERR bad command: PASS %s\r\n",
        b"-ERR [AUTH] no %s here\r\n",
        b"-ERR [%s] no\r\n",
        b"+OK hello %s, welcome\r\n",
        b"what is PASS %s\r\n",
        b"x" * 70 + b"%s\r\n",
        b"+OK\r\nunasked %s\r\n",
    ],
)
def test_a_server_that_repeats_the_password_is_quoted_without_it(said: bytes, form: bytes) -> None:
    """In a response, its code, or an error, and not a part of it either (R1.11)."""
    client = Client()
    client.receive(GREETING)
    client.password(SECRET)

    told = repr(client.receive(said % form)) + str(client.broken)

    assert "***" in told
    assert not any(part in told.casefold() for part in ("s3cr", "pw", form.decode()[:4].casefold()))


def test_a_known_code_is_that_whatever_the_password() -> None:
    """Else a password that is a word of the protocol would change what a refusal means."""
    client = Client()
    client.receive(GREETING)
    client.password("AUTH")

    [refused] = client.receive(b"-ERR [AUTH] not AUTH\r\n")

    assert (refused.code, refused.text) == ("AUTH", "not ***")


@pytest.mark.parametrize("argument", ["a\rb", "a\nQUIT", "a\0b"])
def test_no_argument_can_add_a_command(argument: str) -> None:
    """The error does not show the argument, which may be a password."""
    with pytest.raises(ProtocolError, match="CR, LF or NUL") as caught:
        Client().password(argument)

    assert "QUIT" not in str(caught.value)
    assert Client().outstanding == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"1 120\r\n2   200 extra\r\n", {1: 120, 2: 200}),
        (b"x 1\r\n1\r\n\r\n2 1.5K\r\n-1 5\r\n4x 5\r\n3 30\r\n5 -1", {1: None, 2: None, 3: 30, 5: None}),
        (b"9" * 5000 + b" 1\r\n1 " + b"9" * 5000 + b"\r\n", {1: None}),
        (b"", {}),
    ],
)
def test_sizes_are_read_where_they_are_numbers(body: bytes, expected: dict[int, int | None]) -> None:
    """A message whose size is not to be read is there all the same; lines without a number are left out."""
    assert sizes(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"1 a\r\n2   b\r\n", {1: "a", 2: "b"}),
        (b"1 " + b"x" * 101 + b"\r\n", {1: "x" * 101}),
        (b"1 \xff\r\n2\r\nx y\r\n", {1: "\xff"}),
    ],
)
def test_uids_are_read_whatever_they_are(body: bytes, expected: dict[int, str]) -> None:
    """Servers send several spaces, long and 8-bit uids."""
    assert uids(body) == expected


def test_capabilities_are_tags_without_parameters() -> None:
    """In upper case."""
    assert capabilities(b"TOP\r\nsasl PLAIN LOGIN\r\n\r\nPipelining\r\n") == {"TOP", "SASL", "PIPELINING"}


def test_a_message_is_not_shown() -> None:
    """A response displays its status only."""
    assert "private" not in repr(Response(Verb.RETR, 1, ok=True, code=None, text="", body=b"private"))

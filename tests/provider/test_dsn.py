"""Reports of mail that was given up (RFC 3464), held against the standard library's parser."""

import email
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.mail import Address, Message, Reply
from mailsim.provider.dsn import MOST_HEADER, Failure, non_delivery

DATE = datetime(2026, 11, 23, 9, tzinfo=UTC)
ORIGINAL = Message(
    b"From: a1234@abc.com\r\nTo: jane@client.example\r\nSubject: Draft\r\nMessage-ID: <1@abc.com>\r\n\r\nThe body\r\n"
)
JANE = Address("jane", "client.example")
REFUSED = Reply(550, "No such user here", "5.1.1")


def report(
    original: Message = ORIGINAL,
    *failures: Failure,
    remote: str = "mx.client.example",
    number: str = "<r1@smtp.abc.com>",
) -> Message:
    return non_delivery(
        original,
        failures or (Failure(JANE, REFUSED),),
        to=Address("a1234", "abc.com"),
        reporting="smtp.abc.com",
        remote=remote,
        message_id=number,
        date=DATE,
    )


def parsed(message: Message) -> EmailMessage:
    """By an independent judge, which must find nothing wrong."""
    found = email.message_from_bytes(message.octets, policy=policy.default)
    assert [part.defects for part in found.walk()] == [[] for _ in found.walk()]
    return found


def blocks(message: Message) -> list[dict[str, str]]:
    """The fields for machines: of the report, then of each recipient."""
    [status] = [
        part for part in parsed(message).walk() if part.get_content_type() == "message/delivery-status"
    ]
    return [dict(block.items()) for block in cast("list[EmailMessage]", status.get_payload())]


def test_a_report_is_what_the_standards_ask_for() -> None:
    """RFC 6522: three parts; RFC 3834: automatic; RFC 3464: the fields that must be there, and what is known besides."""
    found = parsed(report())

    assert found.get_content_type() == "multipart/report"
    assert found.get_param("report-type") == "delivery-status"
    assert [part.get_content_type() for part in found.iter_parts()] == [
        "text/plain",
        "message/delivery-status",
        "text/rfc822-headers",
    ]
    assert found["Auto-Submitted"] == "auto-replied"
    assert (found["From"], found["To"]) == (
        "Mail Delivery System <MAILER-DAEMON@smtp.abc.com>",
        "a1234@abc.com",
    )
    assert (found["Message-ID"], found["In-Reply-To"]) == ("<r1@smtp.abc.com>", "<1@abc.com>")
    assert found["Date"].datetime == DATE
    assert blocks(report()) == [
        {"Reporting-MTA": "dns; smtp.abc.com"},
        {
            "Final-Recipient": "rfc822; jane@client.example",
            "Action": "failed",
            "Status": "5.1.1",
            "Remote-MTA": "dns; mx.client.example",
            "Diagnostic-Code": "smtp; 550 5.1.1 No such user here",
            "Last-Attempt-Date": "Mon, 23 Nov 2026 09:00:00 +0000",
        },
    ]


def test_people_read_what_happened_and_get_their_header_back_but_not_the_body() -> None:
    """In the other server's words."""
    words, _, returned = parsed(report()).iter_parts()

    assert (
        "<jane@client.example>: host mx.client.example said: 550 5.1.1 No such user here"
        in words.get_content()
    )
    assert email.message_from_string(returned.get_content())["Subject"] == "Draft"
    assert b"The body" not in report().octets


def test_a_server_s_name_in_another_script_spoils_nothing() -> None:
    """It stands in ASCII, as all else."""
    assert b"host mx.m?nchen.example said" in report(remote="mx.münchen.example").octets


def test_the_server_s_own_words_name_no_other() -> None:
    """What it gave up by itself."""
    _, recipient = blocks(report(remote=""))

    assert "Remote-MTA" not in recipient
    assert b"it says: 550 5.1.1" in report(remote="").octets


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Reply(550, "no", "5.7.1"), "5.7.1"),
        (Reply(550, "no"), "5.0.0"),
        (Reply(554, "no", "4.2.2"), "5.0.0"),
        (Reply(451, "later", "4.3.0"), "4.4.7"),
    ],
)
def test_the_status_is_the_server_s_or_says_as_much_as_is_known(reply: Reply, status: str) -> None:
    """4.4.7 is RFC 3463's delivery time expired."""
    assert blocks(report(ORIGINAL, Failure(JANE, reply)))[1]["Status"] == status


def test_every_recipient_has_its_block() -> None:
    """One of another script too (RFC 6533), in ASCII."""
    failures = [Failure(JANE, REFUSED), Failure(Address("josé\\", "client.example"), REFUSED)]

    _, *recipients = blocks(report(ORIGINAL, *failures))

    assert [one["Final-Recipient"] for one in recipients] == [
        "rfc822; jane@client.example",
        r'utf-8; "jos\x{E9}\x{5C}\x{5C}"@client.example',
    ]


def test_a_message_without_an_id_is_answered_without_a_thread() -> None:
    """Nothing to refer to."""
    assert report(Message(b"From: a@b.example\r\n\r\n")).value("In-Reply-To") is None


@pytest.mark.parametrize(
    "header",
    [b"Subject: caf\xc3\xa9", b"X: " + b"a" * 2000, b"A: \0", b"A: x\rB: y", b"A: x\nB: y"],
    ids=["8 bit", "long line", "NUL", "bare CR", "LF"],
)
def test_a_header_that_cannot_stand_as_it_is_comes_back_whole_all_the_same(header: bytes) -> None:
    """Octet for octet, but for line ends that are LF alone."""
    octets = b"From: a@b.example\r\n" + header + b"\r\n\r\nbody"
    *_, returned = parsed(report(Message(octets))).iter_parts()

    got = cast("bytes", returned.get_payload(decode=True))
    assert got.replace(b"\r\n", b"\n").strip() == (b"From: a@b.example\n" + header).strip()


def test_a_huge_header_is_cut_at_a_line() -> None:
    """So that reports stay small; the beginning is what people need."""
    lines = b"".join(b"X-%d: %b\r\n" % (number, b"x" * 90) for number in range(3000))
    *_, returned = parsed(report(Message(lines + b"\r\n"))).iter_parts()

    got = cast("bytes", returned.get_payload(decode=True))
    assert MOST_HEADER - 200 < len(got) <= MOST_HEADER
    assert lines.startswith(got)


def test_a_header_that_holds_the_boundary_ends_no_part() -> None:
    """A stranger may know how it is made."""
    octets = b"From: a@b.example\r\n--=r1smtpabccom\r\nTo: x@y.example\r\n--=r1smtpabccom--\r\nCc: z@y.example\r\n\r\n"

    found = parsed(report(Message(octets)))

    *others, returned = found.iter_parts()
    assert len(others) == 2
    assert "Cc: z@y.example" in returned.get_content()


@given(st.binary(max_size=400), st.text(max_size=300), st.text(min_size=1, max_size=30))
@settings(deadline=None)  # two reports by the standard library, parsed again: slow on a busy machine
def test_no_octets_and_no_words_spoil_a_report(octets: bytes, words: str, local: str) -> None:
    """It can be parsed, its lines are ASCII and short enough, and nobody's words make a field."""
    failure = Failure(Address(local, "client.example"), Reply(550, words))
    message = report(Message(octets), failure)

    assert message.octets.isascii()
    assert max(map(len, message.octets.split(b"\r\n"))) <= 998
    assert b"\n" not in message.octets.replace(b"\r\n", b"")
    first, recipient = blocks(message)
    assert set(first) == {"Reporting-MTA"}
    assert recipient.keys() >= {"Final-Recipient", "Action", "Status"}
    assert recipient["Diagnostic-Code"].startswith("smtp; 550 ")
    assert report(Message(octets), failure).octets == message.octets

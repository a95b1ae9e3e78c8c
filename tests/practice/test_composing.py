"""R3: who the sender is, who is reached how, and what is written."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.mail import Address, Message, parse_address
from mailsim.practice.composing import Composed, Draft, DraftError, Recipient, compose, size_warnings, split
from mailsim.practice.site import Site, read_site
from mailsim.smtp.transmission import as_transmitted

WHEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SITES = Path(__file__).parents[2] / "fixtures" / "sites"


def address(text: str) -> Address:
    """An address that must be good."""
    found = parse_address(text)
    assert found is not None
    return found


def site(*, kind: str = "catch-all", **routing: str) -> Site:
    """The practice abc.com with actions 1234 and 1235, mary who has her own From, and two aliases."""
    return read_site(
        {
            "mailbox": {
                "type": kind,
                "default_sender": "matters@abc.com",
                "fallback_address": "help@elsewhere.example",
            },
            "routing": routing,
            "action": [{"id": 1234}, {"id": 1235}],
            "user": [{"name": "mary", "from": "mary@abc.com"}, {"name": "john"}],
            "alias": [
                {"address": "sales@abc.com", "mailboxes": ["mary"]},
                {"address": "abc@partner.example", "mailboxes": []},
            ],
        }
    )


JANE = Recipient(address("jane@client.example"), "Jane Doe")


def composed(draft: Draft, practice: Site | None = None, token: str = "20261123.1") -> Composed:
    """The draft's message, written at nine on 23 November 2026."""
    practice = practice or site()
    return compose(draft, practice.settings, practice.directory, date=WHEN, token=token)


def senders(done: Composed) -> tuple[str, str | None, str | None]:
    """Envelope sender, From and Reply-To."""
    assert done.envelope.sender is not None
    return str(done.envelope.sender), done.message.value("From"), done.message.value("Reply-To")


def test_a_plain_message_in_full() -> None:
    """RFC 5322: the fields in a usual order, CRLF line ends, a Message-ID on the practice's domain."""
    done = composed(Draft(to=(JANE,), subject="Draft", text="Dear Jane\n", from_action=1234))

    assert done.message.octets == (
        b"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n"
        b"From: a1234@abc.com\r\n"
        b"To: Jane Doe <jane@client.example>\r\n"
        b"Subject: Draft\r\n"
        b"Message-ID: <20261123.1@abc.com>\r\n"
        b"MIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=us-ascii\r\n"
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"\r\n"
        b"Dear Jane\r\n"
    )
    assert done.envelope.recipients == (JANE.address,)
    assert done.warnings == ()


@pytest.mark.parametrize(
    ("kind", "place", "expected"),
    [
        ("catch-all", "from", ("a1234@abc.com", "a1234@abc.com", None)),
        ("catch-all", "reply-to", ("matters@abc.com", "matters@abc.com", "a1234@abc.com")),
        ("catch-all", "both", ("a1234@abc.com", "a1234@abc.com", "a1234@abc.com")),
        ("single", "from", ("matters@abc.com", "matters@abc.com", None)),
        ("single", "both", ("matters@abc.com", "matters@abc.com", None)),
    ],
)
def test_the_sender_of_a_message_from_an_action(
    kind: str, place: str, expected: tuple[str, str, str | None]
) -> None:
    """R3.1 and R3.4; in single mode there are no action addresses."""
    done = composed(Draft(to=(JANE,), from_action=1234), site(kind=kind, action_address_in=place))

    assert senders(done) == expected


OVERRIDE = address("partner@abc.com")


@pytest.mark.parametrize(
    ("draft", "sender"),
    [
        (Draft(to=(JANE,)), "matters@abc.com"),
        (Draft(to=(JANE,), user="john"), "matters@abc.com"),
        (Draft(to=(JANE,), user="mary"), "mary@abc.com"),
        (Draft(to=(JANE,), user="mary", from_override=OVERRIDE), "partner@abc.com"),
        (Draft(to=(JANE,), from_override=OVERRIDE), "partner@abc.com"),
        (Draft(to=(JANE,), user="mary", from_override=OVERRIDE, automatic=True), "matters@abc.com"),
    ],
)
def test_the_sender_of_other_messages(draft: Draft, sender: str) -> None:
    """R3.2: default sender, user's own, composer's, the later winning; R3.3: automatic always the default."""
    assert senders(composed(draft)) == (sender, sender, None)


def test_an_automatic_message_from_an_action() -> None:
    """R3.3 is about From; Reply-To may still lead back to the action. RFC 3834: it says that it is automatic."""
    done = composed(Draft(to=(JANE,), from_action=1234, automatic=True), site(action_address_in="both"))

    assert senders(done) == ("matters@abc.com", "matters@abc.com", "a1234@abc.com")
    assert done.message.value("Auto-Submitted") == "auto-generated"
    assert composed(Draft(to=(JANE,))).message.value("Auto-Submitted") is None


def test_an_override_does_not_change_an_actions_message() -> None:
    """R3.1 before R3.2; the composer is told."""
    done = composed(Draft(to=(JANE,), from_action=1234, user="mary"))

    assert senders(done)[1] == "a1234@abc.com"
    assert done.warnings == ("From mary@abc.com does not count: the message is sent from action 1234",)


def test_bcc_stands_in_the_envelope_alone() -> None:
    """R3.9; a recipient named twice is one."""
    secret = Recipient(address("secret@other.example"), "Secret")
    done = composed(Draft(to=(JANE,), cc=(Recipient(address("JANE@client.example")),), bcc=(secret,)))

    assert done.envelope.recipients == (JANE.address, secret.address)
    assert b"ecret" not in done.message.octets
    only = composed(Draft(bcc=(secret,)))
    assert only.message.value("To") == "undisclosed-recipients:;"
    assert composed(Draft(cc=(JANE,))).message.value("To") is None


def test_thread_fields_hold_message_ids_only() -> None:
    """R3.9: identifiers come from other people's mail; what is none is left out, with a warning."""
    done = composed(
        Draft(to=(JANE,), in_reply_to="<a@b>\r\nBcc: x@y", references=("<a@b>", "no id", "<c@d>"))
    )

    assert done.message.value("In-Reply-To") is None
    assert done.message.value("References") == "<a@b> <c@d>"
    assert done.warnings == (
        "In-Reply-To '<a@b>\\r\\nBcc: x@y' is left out: it is no Message-ID",
        "References 'no id' is left out: it is no Message-ID",
    )
    assert composed(Draft(to=(JANE,), in_reply_to="<a@b>")).message.value("In-Reply-To") == "<a@b>"


@pytest.mark.parametrize(
    ("draft", "says"),
    [
        (Draft(), "a message needs a recipient"),
        (Draft(to=(Recipient(Address("a\r\nBcc: x", "abc.com")),)), "cannot stand in a header"),
        (Draft(to=(Recipient(Address("a", "abc.com\r\nBcc: x")),)), "cannot stand in a header"),
        (Draft(to=(JANE,), from_override=Address("a\0", "abc.com")), "cannot stand in a header"),
        (Draft(to=(Recipient(Address("a" * 950, "abc.com")),)), "cannot stand in a header"),
        (Draft(to=(JANE,), user="zoe"), "'zoe' is no user; name one of mary, john"),
    ],
)
def test_what_cannot_become_a_message(draft: Draft, says: str) -> None:
    """One line that says what to do."""
    with pytest.raises(DraftError) as caught:
        composed(draft)

    assert says in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("token", ["", ".", "a..b", "a b", "a@b", "a\r\n", "x" * 51, 'a"'])
def test_a_token_that_cannot_stand_in_a_message_id(token: str) -> None:
    """It names the Message-ID and the boundaries."""
    with pytest.raises(DraftError, match="cannot stand in a Message-ID"):
        composed(Draft(to=(JANE,)), token=token)


def test_control_characters_become_spaces_with_a_warning() -> None:
    """R3.9: subject and names."""
    done = composed(
        Draft(
            to=(Recipient(JANE.address, "Jane\r\nBcc: x@y"),),
            cc=(Recipient(address("joe@other.example"), "Joe\x7f"),),
            subject="a\nb",
            sender_name="c\0d",
        )
    )

    assert done.message.value("Subject") == "a b"
    assert done.message.value("From") == '"c d" <matters@abc.com>'.replace('"', "")
    assert done.warnings == tuple(
        f"{text!r}: control characters became spaces"
        for text in ("a\nb", "c\0d", "Jane\r\nBcc: x@y", "Joe\x7f")
    )


HOSTILE = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\r\n\0:<>@"), max_size=60)


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_no_draft_adds_a_header_field(
    subject: str, name: str, sender: str, text: str, reference: str
) -> None:
    """R3.9: the fields are those of a harmless draft, whatever stands in this one."""
    done = composed(
        Draft(
            to=(Recipient(JANE.address, name),),
            subject=f"s{subject}",
            sender_name=sender,
            text=text,
            references=("<a@b>", reference),
        )
    )

    names = [
        line.partition(b":")[0] for line in done.message.header.split(b"\r\n") if line[:1] not in (b" ", b"")
    ]
    assert names == [
        b"Date", b"From", b"To", b"Subject", b"Message-ID", b"References", b"MIME-Version", b"Content-Type",
        b"Content-Transfer-Encoding",
    ]  # fmt: skip
    assert done.message.defect is None
    assert Message(done.message.octets).message_id == done.message.message_id
    assert done.message.crlf
    assert as_transmitted(done.message.octets) is done.message.octets


def test_letters_outside_ascii_travel() -> None:
    """RFC 6532: an SMTPUTF8 address stands in UTF-8; a date keeps its time zone."""
    practice = site()
    done = compose(
        Draft(to=(Recipient(address("jané@bücher.example")),)),
        practice.settings,
        practice.directory,
        date=WHEN.astimezone(timezone(timedelta(hours=13))),
        token="1",
    )

    assert done.message.value("To") == "jané@xn--bcher-kva.example"
    assert done.message.value("Date") == "Mon, 23 Nov 2026 22:00:00 +1300"


def test_many_recipients_are_folded() -> None:
    """RFC 5322 section 2.1.1, and every one is still there."""
    people = tuple(
        Recipient(address(f"someone{number}@client.example"), "Some, One") for number in range(200)
    )

    done = composed(Draft(to=people))

    assert max(map(len, done.message.header.split(b"\r\n"))) <= 78
    assert len(done.envelope.recipients) == done.message.header.count(b"@client.example") == 200


@pytest.mark.parametrize(
    ("internal", "inside"),
    [("direct", ["a1234@abc.com", "A01235@ABC.com", "sales@abc.com", "abc@partner.example"]), ("smtp", [])],
)
def test_recipients_are_split_by_the_way_they_are_reached(internal: str, inside: list[str]) -> None:
    """R3.5: existing actions and aliases inside, when routing is direct; everybody else by SMTP."""
    practice = site(internal=internal)
    everyone = [
        address(text)
        for text in [
            "jane@client.example", "a1234@abc.com", "A01235@ABC.com", "a99@abc.com", "sales@abc.com",
            "abc@partner.example", "matters@abc.com", "mary@abc.com",
        ]
    ]  # fmt: skip

    ways = split(everyone, practice.settings, practice.directory)

    assert ways.inside == tuple(map(address, inside))
    assert ways.outside == tuple(one for one in everyone if one not in ways.inside)


TEN_MB = 10 * 1024 * 1024


@pytest.mark.parametrize(
    ("size", "limits", "warnings"),
    [
        (TEN_MB, {"smtp.gmail.com": TEN_MB, "mx.abc.com": 0}, []),
        (TEN_MB + 1, {}, ["10485761 octets as transmitted, over the recommended 10485760 (10 MB)"]),
        (
            TEN_MB + 1,
            {"smtp.gmail.com": TEN_MB, "mx.abc.com": 0, "mx.client.example": 1000},
            [
                (
                    "10485761 octets as transmitted, over the recommended 10485760 (10 MB); "
                    "refused by smtp.gmail.com (10485760 octets), mx.client.example (1000 octets)"
                )
            ],
        ),
        (
            2000,
            {"mx.client.example": 1000},
            ["2000 octets as transmitted; refused by mx.client.example (1000 octets)"],
        ),
    ],
)
def test_size_warnings(size: int, limits: dict[str, int], warnings: list[str]) -> None:
    """R3.7: the size as transmitted, and which servers on the way would refuse it."""
    assert size_warnings(size, limits) == warnings


def test_a_large_message_is_composed_with_a_warning() -> None:
    """R3.7: counted after transfer encoding, so 8 MB of attachment are over 10 MB."""
    done = composed(Draft(to=(JANE,), attachment_size=8 * 1024 * 1024))

    assert done.warnings == (
        f"{len(done.message.octets)} octets as transmitted, over the recommended 10485760 (10 MB)",
    )

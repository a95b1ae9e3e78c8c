"""Which server mailbox takes a recipient's mail, and what is stamped on it (R5.1, R5.2)."""

import pytest

from mailsim.mail import Address, Message
from mailsim.provider.mailhost import (
    NO_SUCH_USER,
    CatchAll,
    EnvelopeHeader,
    MailHost,
    Placement,
    Stamp,
    catch_all_of,
    mailboxes_of,
)

MATTERS = Address("matters", "abc.com")
MARY = Address("mary", "abc.com")
ACTION = Address("a1234", "abc.com")
STORED = Message(b"Subject: x\r\n\r\nbody\r\n")
DISCARDED, REFUSED = Placement(), Placement(refused=NO_SUCH_USER)


@pytest.mark.parametrize(
    ("catch_all", "recipient", "expected"),
    [
        (MATTERS, MARY, Placement(mailbox=MARY)),
        (MATTERS, Address("Mary", "ABC.com."), Placement(mailbox=MARY)),
        (MATTERS, MATTERS, Placement(mailbox=MATTERS)),
        (MATTERS, ACTION, Placement(mailbox=MATTERS)),
        (MATTERS, Address("a1234", "other.example"), REFUSED),
        (CatchAll.DISCARD, ACTION, DISCARDED),
        (CatchAll.DISCARD, MARY, Placement(mailbox=MARY)),
        (CatchAll.DISCARD, Address("a1234", "other.example"), REFUSED),
        (CatchAll.REFUSE, ACTION, REFUSED),
        (CatchAll.REFUSE, MARY, Placement(mailbox=MARY)),
    ],
    ids=str,
)
@pytest.mark.parametrize("domain", ["abc.com", "ABC.com."])
def test_each_recipient_has_one_place(
    domain: str, catch_all: Address | CatchAll, recipient: Address, expected: Placement
) -> None:
    """A server mailbox takes its own mail, the catch-all the rest of the domain, nobody another domain's."""
    host = MailHost(domain=domain, mailboxes=mailboxes_of([MARY], catch_all), catch_all=catch_all)

    placement = host.place(recipient)

    assert placement == expected
    assert placement.discarded == (expected is DISCARDED)


def test_refusing_is_final() -> None:
    """550 5.1.1: no such mailbox (RFC 3463)."""
    assert NO_SUCH_USER.wire() == "550 5.1.1 No such user here"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((), b"Return-Path: <jane@client.example>\r\n"),
        (
            (EnvelopeHeader("Delivered-To", Stamp.MAILBOX),),
            b"Delivered-To: matters@abc.com\r\nReturn-Path: <jane@client.example>\r\n",
        ),
        (
            (EnvelopeHeader("X-Original-To", Stamp.RECIPIENT), EnvelopeHeader("Delivered-To", Stamp.MAILBOX)),
            b"X-Original-To: a1234@abc.com\r\nDelivered-To: matters@abc.com\r\n%b"
            % b"Return-Path: <jane@client.example>\r\n",
        ),
    ],
)
def test_the_host_stamps_what_it_knows(headers: tuple[EnvelopeHeader, ...], expected: bytes) -> None:
    """The recipient, or the mailbox alone: then the recipient of a catch-all is lost."""
    host = MailHost(domain="abc.com", mailboxes=frozenset({MATTERS}), headers=headers)

    stamped = host.stamp(STORED, sender=Address("jane", "client.example"), recipient=ACTION, mailbox=MATTERS)

    assert stamped.octets == expected + STORED.octets


def test_the_null_sender_is_stamped_as_such() -> None:
    """A bounce keeps `<>` for its Return-Path (RFC 5321 section 4.4)."""
    host = MailHost(domain="abc.com", mailboxes=frozenset({MATTERS}))

    stamped = host.stamp(STORED, sender=None, recipient=ACTION, mailbox=MATTERS)

    assert stamped.values("Return-Path") == ["<>"]
    assert stamped.values("Delivered-To") == ["a1234@abc.com"]


JOHN = Address("john", "abc.com")


@pytest.mark.parametrize(
    ("forwards", "recipient", "expected"),
    [
        ({MARY: MATTERS}, MARY, Placement(mailbox=MATTERS, through=(MARY,))),
        ({MARY: JOHN, JOHN: MATTERS}, MARY, Placement(mailbox=MATTERS, through=(MARY, JOHN))),
        ({MATTERS: MARY}, ACTION, Placement(mailbox=MARY, through=(MATTERS,))),
        ({MARY: JOHN, JOHN: MARY}, MARY, Placement(mailbox=JOHN, through=(MARY,))),
        ({MARY: MARY}, MARY, Placement(mailbox=MARY)),
        ({MARY: MATTERS}, JOHN, Placement(mailbox=JOHN)),
    ],
)
def test_a_mailbox_may_hand_its_mail_to_another(
    forwards: dict[Address, Address], recipient: Address, expected: Placement
) -> None:
    """And that one to a third; a circle ends where it closes."""
    host = MailHost(
        domain="abc.com", mailboxes=frozenset({MATTERS, MARY, JOHN}), catch_all=MATTERS, forwards=forwards
    )

    assert host.place(recipient) == expected


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        (Stamp.RECIPIENT, ["matters@abc.com", "john@abc.com", "a1234@abc.com"]),
        (Stamp.MAILBOX, ["matters@abc.com", "john@abc.com", "mary@abc.com"]),
    ],
)
def test_each_mailbox_on_the_way_has_stamped_the_message(stamp: Stamp, expected: list[str]) -> None:
    """From the top, the last one first; the path is written once."""
    host = MailHost(
        domain="abc.com",
        mailboxes=frozenset({MATTERS, MARY, JOHN}),
        catch_all=MARY,
        headers=(EnvelopeHeader("Delivered-To", stamp),),
        forwards={MARY: JOHN, JOHN: MATTERS},
    )

    stamped = host.stamp(STORED, sender=None, recipient=ACTION, mailbox=MATTERS, through=(MARY, JOHN))

    assert stamped.values("Delivered-To") == expected
    assert stamped.values("Return-Path") == ["<>"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("discard", CatchAll.DISCARD),
        ("refuse", CatchAll.REFUSE),
        ("matters@abc.com", MATTERS),
        ("bounce", None),
        ("", None),
    ],
)
def test_a_catch_all_is_an_address_or_a_word(text: str, expected: Address | CatchAll | None) -> None:
    """Anything else means nothing."""
    assert catch_all_of(text) == expected


@pytest.mark.parametrize("catch_all", [CatchAll.DISCARD, CatchAll.REFUSE])
def test_a_word_is_no_mailbox(catch_all: CatchAll) -> None:
    """Only an address that catches the rest is a mailbox of its own."""
    assert mailboxes_of([MARY], catch_all) == {MARY}
    assert mailboxes_of([MARY], MATTERS) == {MARY, MATTERS}


def test_an_alias_is_taken_whatever_becomes_of_the_rest() -> None:
    """Such as the postmaster's, in any letter case, by the server's name too (RFC 5321 section 4.5.1)."""
    system = Address("matters", "abc.com")
    aliases = {Address("postmaster", name): system for name in ("abc.com", "mx.abc.com")}
    host = MailHost(domain="abc.com", mailboxes=frozenset({system}), aliases=aliases)

    assert host.place(Address("PostMaster", "mx.abc.com")).mailbox == system
    assert host.place(Address("postmaster", "abc.com")).mailbox == system
    assert host.place(Address("postmaster", "other.example")).refused == NO_SUCH_USER

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailsim.mail import Address, Message
from mailsim.world.mailing_list import ListReplyTo, MailingList, distributed

RULES = MailingList(
    Address("rules", "lists.example"), (Address("ann", "third.example"), Address("joe", "other.example"))
)
LETTER = Message(
    b"From: Smith v Jones <a1234@abc.com>\r\nTo: rules@lists.example\r\nSubject: Draft\r\n"
    b"Message-ID: <1@abc.com>\r\n\r\nPlease read.\r\n"
)


def sent(mailing_list: MailingList, message: Message = LETTER) -> Message:
    """What the members get."""
    found = distributed(mailing_list, message)
    assert found is not None
    return found[1]


def test_a_list_sends_what_it_gets_to_its_members_and_says_that_it_is_one() -> None:
    """RFC 2919, RFC 2369; reports on it are the list's, the message and its id stay the author's."""
    found = distributed(RULES, LETTER)

    assert found is not None
    envelope, copy = found
    assert (str(envelope.sender), envelope.recipients) == ("rules-bounces@lists.example", RULES.members)
    assert copy.value("List-Id") == "<rules.lists.example>"
    assert copy.value("List-Post") == "<mailto:rules@lists.example>"
    assert copy.value("Precedence") == "list"
    assert copy.octets.endswith(LETTER.octets)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, ("Smith v Jones <a1234@abc.com>", None, "Draft")),
        ({"rewrites_from": True}, ("Smith v Jones <rules@lists.example>", "a1234@abc.com", "Draft")),
        ({"reply_to": ListReplyTo.LIST}, ("Smith v Jones <a1234@abc.com>", "rules@lists.example", "Draft")),
        (
            {"rewrites_from": True, "reply_to": ListReplyTo.LIST, "subject_prefix": "[rules]"},
            ("Smith v Jones <rules@lists.example>", "rules@lists.example", "[rules] Draft"),
        ),
    ],
)
def test_what_it_rewrites_is_what_it_is_set_to(
    changes: dict[str, object], fields: tuple[str, str | None, str]
) -> None:
    """From because of DMARC, Reply-To for those who want talk, the subject to be seen."""
    copy = sent(replace(RULES, **changes))  # type: ignore[arg-type] # any of its fields

    assert (copy.value("From"), copy.value("Reply-To"), copy.value("Subject")) == fields


def test_a_reply_to_that_the_author_chose_stays() -> None:
    """It names the author's wish already."""
    copy = sent(replace(RULES, rewrites_from=True), Message(b"Reply-To: b@abc.com\r\n" + LETTER.octets))

    assert copy.values("Reply-To") == ["b@abc.com"]


def test_the_author_gets_no_copy() -> None:
    """And nobody else is there to get one."""
    own = Message(b"From: Joe <joe@other.example>\r\n\r\nHello\r\n")
    found = distributed(RULES, own)

    assert found is not None
    assert found[0].recipients == RULES.members[:1]
    assert distributed(replace(RULES, members=RULES.members[1:]), own) is None


def test_a_list_sends_nothing_twice_and_puts_its_prefix_once() -> None:
    """What comes back to it through another list ends there; an answer has the prefix already."""
    answer = Message(b"From: joe@other.example\r\nSubject: Re: [rules] Draft\r\n\r\nYes.\r\n")

    assert distributed(RULES, sent(RULES)) is None
    assert sent(replace(RULES, subject_prefix="[rules]"), answer).value("Subject") == "Re: [rules] Draft"


@example(b"")
@example(b"\r\n")
@example(b" folded\r\n\r\n")
@given(st.binary(max_size=200))
def test_no_octets_raise_and_none_goes_round(octets: bytes) -> None:
    """What cannot be read is sent on as it is, under the list's own fields."""
    full = replace(RULES, rewrites_from=True, reply_to=ListReplyTo.LIST, subject_prefix="[rules]")
    copy = sent(full, Message(octets))

    assert distributed(full, copy) is None

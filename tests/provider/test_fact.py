"""A fact's value in words."""

import pytest

from mailsim.mail import Reply
from mailsim.provider.fact import KINDS, Form, reply_of, told


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        (Form.TEXT, "ssl://pop.gmail.com:995", "ssl://pop.gmail.com:995"),
        (Form.TEXTS, ["PLAIN", "LOGIN"], "PLAIN; LOGIN"),
        (Form.NUMBER, 587, "587"),
        (Form.YES_OR_NO, True, "yes"),
        (Form.YES_OR_NO, False, "no"),
        (Form.REPLY, [554, "5.2.252", "SendAsDenied; {account}"], "554 5.2.252 SendAsDenied; {account}"),
        (Form.REPLY, [550, "", "mailbox unavailable\nSender"], "550 mailbox unavailable Sender"),
        (
            Form.HEADERS,
            [["Delivered-To", "recipient", "{domain}-"], ["X-Resolved-To", "mailbox"]],
            "Delivered-To (recipient), X-Resolved-To (mailbox)",
        ),
        (Form.HEADERS, [], "none"),
    ],
)
def test_a_value_is_told_on_one_line(form: Form, value: object, expected: str) -> None:
    """As people read it, whatever its form."""
    assert told(form, value) == expected


def test_a_reply_is_a_row_of_three() -> None:
    """Code, enhanced status code, text."""
    assert reply_of([550, "5.7.60", "no"]) == Reply(550, "no", "5.7.60")


def test_titles_tell_facts_apart() -> None:
    """No two kinds are called the same."""
    assert len({kind.title for kind in KINDS.values()}) == len(KINDS)

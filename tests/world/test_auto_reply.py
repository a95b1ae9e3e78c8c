"""A program that keeps RFC 3834 and one that does not."""

from collections.abc import Callable

import pytest

from mailsim.mail import Address, Message
from mailsim.trace.event import Step
from mailsim.world.auto_reply import may_answer
from mailsim.world.lab import Lab
from mailsim.world.simulation import Simulation

Made = Callable[..., Simulation | Lab]
JANE = Address("jane", "client.example")
SENDER = Address("a1234", "abc.com")


def letter(*fields: str, to: str = "To: jane@client.example") -> Message:
    return Message(
        "\r\n".join(["From: a1234@abc.com", to, "Subject: Draft", *fields, "", "body", ""]).encode()
    )


@pytest.mark.parametrize(
    "fields",
    [
        (),
        ("Auto-Submitted: no",),
        ("Auto-Submitted: NO",),
        ("Auto-Submitted: no (really)",),
        ("Auto-Submitted: (a) no (b); owner=x",),
        ('Auto-Submitted: no; owner="x"',),
        ("Precedence: first-class",),
        ("Listen: well",),
    ],
)
def test_a_letter_to_a_person_is_answered(fields: tuple[str, ...]) -> None:
    """Comments and parameters do not make a yes of a no (RFC 3834 section 5)."""
    assert may_answer(JANE, letter(*fields), SENDER)


@pytest.mark.parametrize(
    "fields",
    [
        ("Auto-Submitted: auto-replied",),
        ("Auto-Submitted: auto-generated; no",),
        ("Auto-Submitted: no", "Auto-Submitted: auto-notified"),
        ("Precedence: bulk",),
        ("Precedence: Junk",),
        ("Precedence: list",),
        ("List-Id: <rules.list.example>",),
        ("List-Unsubscribe: <mailto:out@list.example>",),
        ("List-Post: NO",),
    ],
)
def test_mail_that_no_person_wrote_to_another_is_not(fields: tuple[str, ...]) -> None:
    """Automatic mail, bulk and lists (RFC 3834 section 2)."""
    assert not may_answer(JANE, letter(*fields), SENDER)


@pytest.mark.parametrize(
    ("to", "answers"),
    [
        ("To: joe@other.example\r\nCC: Jane <JANE@client.example>", True),
        ("To: joe@other.example\r\nResent-To: jane@client.example", True),
        ("To: joe@other.example\r\nBcc: jane@client.example", True),
        ("To: joe@other.example", False),
        ("To: undisclosed-recipients:;", False),
        ("X-To: jane@client.example", False),
    ],
)
def test_only_mail_that_names_its_owner_is_answered(to: str, answers: bool) -> None:
    """RFC 3834 section 2: a blind copy, and what was passed on, is not."""
    assert may_answer(JANE, letter(to=to), SENDER) is answers


@pytest.mark.parametrize(
    "sender", ["MAILER-DAEMON@abc.com", "owner-rules@list.example", "rules-request@list.example", str(JANE)]
)
def test_senders_that_are_nobody_or_its_owner_get_no_answer(sender: str) -> None:
    """RFC 5230 section 4.6; nor does the null sender (RFC 3834 section 2)."""
    local, _, domain = sender.partition("@")
    assert not may_answer(JANE, letter(), Address(local, domain))
    assert not may_answer(JANE, letter(), None)


@pytest.fixture(params=[Simulation, Lab])
def made(request: pytest.FixtureRequest) -> Made:
    """Each kind of world."""
    kind: Made = request.param
    return kind


@pytest.mark.parametrize(("habit", "answers"), [("auto-reply", 3), ("out-of-office", 5)])
def test_a_sender_is_answered_once_in_seven_days(made: Made, habit: str, answers: int) -> None:
    """By a program that keeps RFC 3834 section 2; another sender, and the same one later, is answered anew."""
    ats = [("0m", 1234), ("10m", 1234), ("20m", 1235), ("6d", 1234), ("8d", 1234)]
    tables = {
        "mailbox": {
            "type": "catch-all",
            "default_sender": "matters@abc.com",
            "fallback_address": "help@elsewhere.example",
        },
        "action": [{"id": 1234}, {"id": 1235}],
        "provider": {"profile": "postfix"},
        "correspondent": [{"address": str(JANE), "habit": habit}],
        "event": [{"at": at, "send": {"from_action": action, "to": [str(JANE)]}} for at, action in ats],
    }
    with made(tables) as world:
        world.run()

        assert len(world.trace.steps(Step.REPLIED)) == answers

"""Mail that another program brings to a Lab's servers is accounted for as a world's own is (R6.2)."""

import smtplib
import ssl

import pytest

from mailsim.trace.event import Step
from mailsim.world.lab import Lab

SYSTEM, JANE = "matters@abc.com", "jane@client.example"
TABLES: dict[str, object] = {
    "mailbox": {"type": "catch-all", "default_sender": SYSTEM, "fallback_address": "help@elsewhere.example"},
    "action": [{"id": 1234}],
    "smtp": {
        "server": "smtp.abc.com",
        "port": 587,
        "authentication": "plain",
        "username": SYSTEM,
        "password": "hush-hush",
    },
    "correspondent": [{"address": JANE}],
}
LETTER = "From: {sender}\r\nTo: {to}\r\nSubject: Hello\r\nMessage-ID: <{id}@other.example>\r\n\r\nHello.\r\n"


def submit(lab: Lab, *, to: list[str], number: int = 1) -> None:
    """Through the provider, as the account."""
    host, port = lab.addresses["smtp.abc.com", 587]
    with smtplib.SMTP(host, port) as client:
        context = ssl.create_default_context(cadata=lab.authority.decode())
        context.check_hostname = False
        client.starttls(context=context)
        client.login(SYSTEM, "hush-hush")
        client.sendmail(SYSTEM, to, LETTER.format(sender=SYSTEM, to=to[0], id=number))


def bring(lab: Lab, *, to: list[str], number: int = 1) -> None:
    """To the provider's server for mail from outside."""
    host, port = lab.addresses["mx.abc.com", 25]
    with smtplib.SMTP(host, port) as client:
        client.sendmail(JANE, to, LETTER.format(sender=JANE, to=to[0], id=number))


@pytest.mark.parametrize("profile", ["postfix", "ses", "mailgun"])
def test_what_another_program_submits_is_conserved(profile: str) -> None:
    """Its copies are promised where it is first seen; so they are under a Message-ID or sender of the provider's own."""
    with Lab(TABLES | {"provider": {"profile": profile}}) as lab:
        submit(lab, to=[JANE, "a1234@abc.com"])
        submit(lab, to=[JANE], number=2)
        lab.settle()
        lab.collect()
        lab.check()

        begun = [event for event in lab.trace.steps(Step.COMPOSED) if event.place == "outside"]
        assert [event.recipient for event in begun] == [f"{JANE}, a1234@abc.com", JANE]


def test_what_another_program_brings_is_conserved() -> None:
    """One message in several transactions too; the practice's own mail begins once."""
    with Lab(TABLES | {"provider": {"profile": "postfix"}}) as lab:
        bring(lab, to=["a1234@abc.com", "a1234@abc.com"])
        bring(lab, to=["a1@abc.com"])
        lab.send(from_action=1234, to=JANE)
        lab.settle()
        lab.collect()
        lab.check()

        places = [event.place for event in lab.trace.steps(Step.COMPOSED)]
        assert places == ["outside", "outside", "practice"]
        assert len([event for event in lab.trace.steps(Step.STORED) if "a1234" in event.recipient]) == 2


def test_what_another_program_brings_and_spf_refuses_has_its_end() -> None:
    """Offered again it is refused again."""
    tables = TABLES | {"provider": {"spf": "refuse"}, "zone": {"client.example": {"txt": "v=spf1 -all"}}}
    with Lab(tables) as lab:
        for _ in range(2):
            with pytest.raises(smtplib.SMTPDataError, match=r"5\.7\.23"):
                bring(lab, to=["a1234@abc.com"])
        lab.check()

        assert [event.recipient for event in lab.trace.steps(Step.REFUSED)] == ["a1234@abc.com"] * 2

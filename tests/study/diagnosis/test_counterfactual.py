"""What would have led the message elsewhere: all of it tried, nothing smaller overlooked, and what else it changes."""

from itertools import combinations
from typing import Any

import pytest

import mailsim
from mailsim.mail import Message
from mailsim.provider.mailhost import CatchAll, EnvelopeHeader, Stamp
from mailsim.provider.policy import Policy
from mailsim.provider.profiles import UnknownProfile
from mailsim.study.diagnosis.changes import every_change
from mailsim.study.diagnosis.counterfactual import remedies
from mailsim.study.diagnosis.remedy import Kind, apply
from mailsim.study.diagnosis.situation import Provider, situation
from mailsim.study.diagnosis.why import why

TABLES: dict[str, Any] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}, {"id": 7}],
    "user": [{"name": "mary"}],
    "alias": [{"address": "sales@abc.com", "mailboxes": ["mary"]}],
    "sent": [{"message_id": "<s1@abc.com>", "action": 1234}],
}
SITE = mailsim.read_site(TABLES)


def mail(**fields: str) -> bytes:
    lines = [
        f"{name.replace('_', '-')}: {value}" for name, value in {"From": "j@x.example", **fields}.items()
    ]
    return ("\r\n".join(lines) + "\r\n\r\nHello\r\n").encode()


REWRITTEN = mail(Delivered_To="matters@abc.com", To="matters@abc.com", In_Reply_To="<s1@abc.com>")
IGNORED = mail(Delivered_To="matters@abc.com", X_Original_To="a1234@abc.com", To="bob@x.example")


def words(octets: bytes, expect: str = "action:1234", **tables: Any) -> list[str]:
    site = mailsim.read_site(TABLES | tables)
    return [remedy.words for remedy in why(octets, site=site, expect=expect).remedies]


def test_the_smallest_comes_first() -> None:
    """One key of the settings before what others must do, and what only the sender can do last."""
    found = why(REWRITTEN, site=SITE, expect="action:1234").remedies

    assert found[0].words == 'add "thread" to routing.resolvers'
    assert [one.rank() for one in found] == sorted(one.rank() for one in found)
    assert found[-1].kind is Kind.MESSAGE


def test_a_field_that_nobody_writes_is_no_setting_to_advise() -> None:
    """It would only have To guessed at, as long as it names the action."""
    decorated = mail(Delivered_To="abc.com-a1234@abc.com", To="a1234@abc.com")

    found = why(decorated, site=SITE, expect="action:1234", provider="qmail").remedies

    assert found[0].words == 'pop.common = "qmail"'


def test_where_the_catch_all_leads_is_a_change_too() -> None:
    """Of a provider that throws away what no server mailbox takes."""
    blind = mail(Delivered_To="matters@abc.com", To="bob@x.example")
    header = EnvelopeHeader("Delivered-To", Stamp.RECIPIENT)
    discards = Provider("own", Policy(), (header,), CatchAll.DISCARD)

    found = why(blind, site=SITE, expect="action:1234", provider=discards).remedies

    assert "have the domain's catch-all mail put into matters@abc.com, for mail to come" in [
        one.words for one in found
    ]


@pytest.mark.parametrize(
    ("octets", "expect", "tables", "change"),
    [
        (IGNORED, "action:1234", {}, 'mailbox.catch_all_header = "X-Original-To"'),
        (REWRITTEN, "action:1234", {}, 'routing.action_address_in = "reply-to", for letters to come'),
        (REWRITTEN, "action:1234", {}, "register a1234@abc.com with the provider as a send-as address, for mail to come"),
        (mail(Delivered_To="a99@abc.com"), "action:99", {}, "add [[action]] id = 99"),
        (mail(Delivered_To="x@abc.com"), "mailbox:mary", {}, "link x@abc.com to mary"),
        (mail(Delivered_To="matters+a7@abc.com"), "action:7", {}, 'add "sub-address" to routing.resolvers'),
        (mail(To="matters@abc.com", Subject="[a7] x"), "action:7", {}, 'add "subject-token" to routing.resolvers'),
        (mail(Delivered_To="abc.com-a7@abc.com"), "action:7", {}, 'pop.common = "qmail"'),
        (
            mail(Delivered_To="a7@abc.com"), "action:7",
            {"mailbox": {**TABLES["mailbox"], "type": "single"}}, 'mailbox.type = "catch-all"',
        ),
        (
            mail(X_Old="x", Delivered_To="a7@abc.com", To="x@y.example"), "action:7",
            {"mailbox": {**TABLES["mailbox"], "catch_all_header": "X-Old-To"}}, "unset mailbox.catch_all_header",
        ),
        (
            mail(To="matters@abc.com", Subject="[a7] x", In_Reply_To="<s1@abc.com>"), "action:7",
            {"routing": {"resolvers": ["thread", "subject-token"]}}, 'take "thread" out of routing.resolvers',
        ),
        (
            mail(Delivered_To="a5@abc.com"), "unassigned",
            {"alias": [{"address": "a5@abc.com", "mailboxes": ["mary"]}]}, "remove the alias a5@abc.com",
        ),
        (
            mail(Delivered_To="matters@abc.com", To="a7@abc.com", Message_ID="<s1@abc.com>"), "action:7",
            {"routing": {"internal": "smtp"}, "mailbox": {**TABLES["mailbox"], "catch_all_header": "Delivered-To"}},
            'routing.internal = "direct", for letters to come',
        ),
    ],
)  # fmt: skip
def test_each_kind_of_change_is_found(
    octets: bytes, expect: str, tables: dict[str, Any], change: str
) -> None:
    """Among those that lead there."""
    assert change in words(octets, expect, **tables)


def test_two_changes_where_one_does_not_do() -> None:
    """A thread that the practice forgot, and that is not read: neither change helps alone."""
    lost = mail(Delivered_To="matters@abc.com", To="matters@abc.com", In_Reply_To="<old@abc.com>")

    found = why(lost, site=SITE, expect="action:7").remedies

    pair = found[0]
    assert {change.words for change in pair.changes} == {
        'add "thread" to routing.resolvers',
        "add [[sent]] message_id = <old@abc.com>, action = 7",
    }


def test_nothing_smaller_is_overlooked() -> None:
    """Exactly the single changes that work, and pairs only where none of the practice's or provider's does."""
    for octets in (REWRITTEN, IGNORED, mail(To="matters@abc.com", In_Reply_To="<old@abc.com>")):
        now = situation(SITE, Message(octets), SITE.route(octets))
        singles = list(every_change(now, "action:1234"))

        def works(*changes: Any, now: Any = now) -> bool:
            after = apply(changes, now)
            return after is not None and after.reaches("action:1234")

        alone = {change.words for change in singles if works(change)}
        ours = [change for change in singles if change.kind is not Kind.MESSAGE]
        pairs = {f"{a.words} and {b.words}" for a, b in combinations(ours, 2) if works(a, b)}
        found = {remedy.words for remedy in remedies(now, "action:1234")}

        assert found == (alone if any(works(change) for change in ours) else alone | pairs)


def test_a_site_that_would_be_refused_is_no_answer() -> None:
    """Catch-all mode with the fallback address on its domain clashes (R1.2)."""
    single = {**TABLES["mailbox"], "type": "single", "fallback_address": "help@abc.com"}

    found = words(mail(Delivered_To="a7@abc.com"), "action:7", mailbox=single)

    assert 'mailbox.type = "catch-all"' not in found


def test_what_else_it_would_change_is_told_and_decides() -> None:
    """A header that helps one message and loses another comes after what loses none."""
    octets = mail(
        Delivered_To="matters@abc.com",
        X_Original_To="a1234@abc.com",
        Envelope_To="a1234@abc.com",
        To="b@x.example",
    )
    other = mail(
        Delivered_To="a7@abc.com",
        X_Original_To="old@firm.example",
        Envelope_To="a7@abc.com",
        To="b@x.example",
    )

    found = why(
        octets, site=SITE, expect="action:1234", corpus=[("other.eml", other), ("same.eml", octets)]
    ).remedies

    harmful = next(one for one in found if one.words == 'mailbox.catch_all_header = "X-Original-To"')
    assert found[0].words == 'mailbox.catch_all_header = "Envelope-To"'
    assert found[0].harm == 0
    assert harmful.affects == (("other.eml", "action:7", "unassigned", True),)


def test_a_change_for_mail_to_come_changes_no_stored_mail() -> None:
    """Nor is anything said of the message itself."""
    corpus = [(f"{n}.eml", mail(Delivered_To="matters@abc.com", Message_ID=f"<{n}@x>")) for n in range(3)]

    found = why(REWRITTEN, site=SITE, expect="action:1234", corpus=corpus).remedies

    assert {len(one.affects) for one in found if one.kind is Kind.PROVIDER} == {0}


def test_the_provider_may_be_named() -> None:
    """Else it is the one under `common`; an unknown one is an error that names others."""
    named = why(REWRITTEN, site=SITE, expect="action:1234", provider="gmail").remedies

    assert 'move to a provider like "gmail", for mail to come' not in [one.words for one in named]
    assert any(one.words.startswith("have the provider write") for one in why(IGNORED, site=SITE, expect="action:7", provider="gmail").remedies) is False  # fmt: skip
    with pytest.raises(UnknownProfile):
        why(REWRITTEN, site=SITE, expect="action:1234", provider="nobody")


def test_what_a_provider_refuses_does_not_come() -> None:
    """Under a policy that rejects the sender no letter goes out that could be answered."""
    found = why(REWRITTEN, site=SITE, expect="action:1234").remedies

    assert 'move to a provider like "m365", for mail to come' not in [one.words for one in found]
    assert 'move to a provider like "postfix", for mail to come' in [one.words for one in found]


def test_nobody_is_sent_to_a_provider_of_whom_it_is_not_known_whether_it_helps() -> None:
    """A world takes a default where a fact is unknown; a remedy must not."""
    moves = [one for one in words(REWRITTEN) if one.startswith("move to a provider")]

    assert 'move to a provider like "cpanel", for mail to come' in moves
    assert not [one for one in moves if "sendgrid" in one or "godaddy" in one]

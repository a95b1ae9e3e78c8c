"""The oracle on plots whose outcome is known: what is right is not found, and what is lost is."""

from dataclasses import replace
from typing import Any

import pytest

from mailsim.practice.site import load_site
from mailsim.study.exploration.finding import Kind
from mailsim.study.exploration.letters import Form, Oddity, history, odd
from mailsim.study.exploration.play import judge
from mailsim.study.exploration.plot import Act, Plot, Written
from mailsim.study.exploration.truth import Truth
from tests.explore.planting import HERE

TRUTH = Truth(load_site(HERE / "sites" / "usual.toml").settings)
SITE = replace(load_site(HERE / "sites" / "usual.toml"), sent=dict(history(TRUTH)))
JANE = "jane@client.example"


def letter(**send: Any) -> tuple[int, Act]:
    return 0, Act({"send": {"from_action": 1234, "to": [JANE]} | send})


def mail(*to: str) -> tuple[int, Act]:
    return 0, Act({"receive": {"to": to, "from": JANE, "text": "Yes."}}, Written("", b"Yes.\r\n"))


def oddly(to: str, number: int = 0, **form: Any) -> tuple[int, Act]:
    return 0, odd(TRUTH, JANE, to, Form(**form), number=number).act(to)


@pytest.mark.parametrize(
    "acts",
    [
        [letter(), letter(bcc=["a1235@abc.com"]), letter(to=["sales@abc.com", "a1235@abc.com"], automatic=True)],
        [mail("a1234@abc.com"), mail("sales@abc.com", "info@abc.com", "peter@abc.com"), mail("nobody@abc.com")],
        [oddly("a1234@abc.com", names="friends@list.example"), oddly("matters@abc.com", 1, copied="a1235@abc.com")],
        [oddly("sales@abc.com", oddity=Oddity.CUT), oddly("info@abc.com", 1, oddity=Oddity.RETURNED)],
        [oddly("a1234@abc.com", oddity=Oddity.NO_FIELD, automatic=True), oddly("matters@abc.com", 1, answers=[1234])],
    ],
    ids=["letters", "mail", "hidden", "unreadable", "automatic"],
)  # fmt: skip
@pytest.mark.parametrize(
    "faults", [[], ["pop:RETR:1:drop@40", "pop:QUIT:1:ignore-deletes"]], ids=["well", "ill"]
)
def test_nothing_is_found_where_all_is_right(acts: list[tuple[int, Act]], faults: list[str]) -> None:
    """With people of all habits, and a server that copies what it sends."""
    people = [{"address": JANE, "habit": "reply-all"}, {"address": "help@elsewhere.example"}]
    plot = Plot(provider={"sent_copies": True}, people=people, acts=acts, faults=faults)

    assert judge(plot, SITE, TRUTH) is None


def test_a_reply_that_a_rewriting_provider_costs_is_found() -> None:
    """R4.7: no rule is broken; the finding says what should be held, and what message it is."""
    plot = Plot(profile="gmail", people=[{"address": JANE}], acts=[letter()])
    found = judge(plot, SITE, TRUTH)

    assert found is not None
    assert (found.kind, found.rule, found.meant) == (Kind.MISROUTE, "R4.7", "action:1234")
    assert found.copies == {"action:1234": 1, "unassigned": 0}
    assert b"In-Reply-To" in found.octets


def test_whom_no_header_names_is_found() -> None:
    """R4.4: Google writes but the mailbox's name into Delivered-To."""
    found = judge(
        Plot(profile="gmail", acts=[oddly("a1234@abc.com", names="friends@list.example")]), SITE, TRUTH
    )

    assert found is not None
    assert (found.kind, found.rule, found.meant) == (Kind.MISROUTE, "R4.4", "action:1234")


def test_whom_a_forwarding_mailbox_names_is_no_finding() -> None:
    """R4.4: of a host that names its mailboxes alone, the one that forwarded has named itself."""
    provider = {"forwards": {"john@abc.com": "matters@abc.com"}}
    plot = Plot(
        profile="gmail", provider=provider, acts=[oddly("john@abc.com", names="friends@list.example")]
    )

    assert judge(plot, SITE, TRUTH) is None


def test_answers_to_automatic_mail_are_nobodys() -> None:
    """R3.3: it has the default sender."""
    plot = Plot(people=[{"address": JANE, "habit": "out-of-office"}], acts=[letter(automatic=True)])

    assert judge(plot, SITE, TRUTH) is None


@pytest.mark.parametrize(
    ("provider", "send"),
    [
        ({"sender_policy": "rewrite"}, {}),
        ({"sender_policy": "reject"}, {}),
        ({"sender_policy": "rewrite", "registered": ["a1234@abc.com"]}, {}),
        ({"sender_policy": "reject", "on_behalf": True}, {}),
        ({"size_limit": 4000}, {"text": "x" * 5000}),
        ({"size_limit": 150, "faults": ["smtp:EHLO:every:without SIZE"]}, {}),
        ({"forwards": {"peter@abc.com": "matters@abc.com"}}, {"bcc": ["peter@abc.com"]}),
        ({"mailboxes": ["john@abc.com"], "forwards": {"john@abc.com": "matters@abc.com"}}, {"cc": ["john@abc.com"]}),
    ],
)  # fmt: skip
def test_providers_that_do_as_their_policy_says_are_well(
    provider: dict[str, Any], send: dict[str, Any]
) -> None:
    """R5.1, R5.3, R5.4: and what they cost is no finding, where they are not the site's own."""
    plot = Plot(provider=provider, people=[{"address": JANE}], acts=[letter(**send)])

    assert judge(plot, SITE, TRUTH) is None


def test_who_answers_a_letter_that_another_has_answered_to_all_is_no_finding() -> None:
    """R4.7: ann has got the letter and jane's answer, and answers both."""
    people = [{"address": JANE, "habit": "reply-all"}, {"address": "ann@third.example", "habit": "reply"}]
    provider = {"sender_policy": "rewrite"}
    plot = Plot(provider=provider, people=people, acts=[letter(to=[JANE, "ann@third.example"])])

    assert judge(plot, SITE, TRUTH) is None


def test_messages_of_one_id_may_be_for_one_action_by_address_and_by_thread() -> None:
    """R4.13: both reach it, though one was sent to the system mailbox."""
    settings = load_site(HERE / "sites" / "header.toml")
    truth = Truth(settings.settings)
    answer = odd(truth, JANE, "matters@abc.com", Form(answers=[1234]), number=0)
    plot = Plot(acts=[(0, answer.act("matters@abc.com")), (0, answer.anew().copied(1).act("a1234@abc.com"))])

    assert judge(plot, replace(settings, sent=dict(history(truth))), truth) is None


def test_what_stays_in_the_system_mailbox_is_found() -> None:
    """R4.1: a practice that collects but once before mail comes leaves it there, by the plot's own doing."""
    plot = Plot(acts=[mail("a1234@abc.com")], ends=())
    found = judge(plot, SITE, TRUTH)

    assert found is not None
    assert (found.kind, found.rule) == (Kind.RULE, "R4.1")

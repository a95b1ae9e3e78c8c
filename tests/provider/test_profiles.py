"""The facts of real providers: each with its mark and source, each profile fit for use (R5.7)."""

import pytest

from mailsim.mail import Address, Message, Reply
from mailsim.practice.server_address import ServerAddress
from mailsim.practice.settings import Authentication
from mailsim.provider.mailhost import EnvelopeHeader, Stamp
from mailsim.provider.policy import NOT_OWNED, Policy, SenderAction, Stage
from mailsim.provider.profiles import Fact, Mark, Profile, UnknownProfile, profile, profiles
from mailsim.smtp.backend import Tls

FACTS = [
    pytest.param(fact, id=f"{one.id}-{name}")
    for one in profiles().values()
    for name, fact in one.facts.items()
]
ACCOUNT = Address("matters", "abc.com")


@pytest.mark.parametrize("fact", FACTS)
def test_every_fact_says_where_it_is_from(fact: Fact) -> None:
    """Only what is believed may be without a source."""
    assert fact.value not in (None, "")
    assert fact.source or fact.mark is Mark.BELIEVED


@pytest.mark.parametrize("one", profiles().values(), ids=lambda one: one.id)
def test_every_profile_is_fit_for_use(one: Profile) -> None:
    """Its words are words of the code: policy, headers, servers, ports, authentication."""
    policy = one.policy()

    assert one.name
    assert policy.action in SenderAction
    assert policy.stage in Stage
    assert 500 <= policy.size_reply.code < 600
    assert all(header.names in Stamp for header in one.envelope_headers())
    assert one.number("smtp_port") in (465, 587)
    assert Tls(one.text("smtp_tls")) is (Tls.IMPLICIT if one.number("smtp_port") == 465 else Tls.STARTTLS)
    assert Authentication(one.text("authentication")) is not Authentication.NONE
    if one.text("pop"):
        assert ServerAddress.parse(one.text("pop")).tls


@pytest.mark.parametrize("one", profiles().values(), ids=lambda one: one.id)
def test_a_refusal_leaves_no_blank_unfilled(one: Profile) -> None:
    """The provider's words hold no placeholder that the policy does not know."""
    policy = one.policy()
    sender = policy.judge_sender(policy.stage, ACCOUNT, Address("a1234", "abc.com"))
    size = policy.judge_size(policy.size_limit + 1)

    assert (sender is not None) == (policy.action is SenderAction.REJECT)
    assert not any("{" in str(reply) for reply in (sender, size))


def test_gmail_rewrites_as_its_facts_say() -> None:
    """From and envelope become the account; display name, Reply-To and Message-ID are kept."""
    gmail = profile("gmail")
    sent = Message(
        b"From: Smith v Jones <a1234@abc.com>\r\nReply-To: a1234@abc.com\r\nMessage-ID: <1@abc.com>\r\n\r\n"
    )

    passed = gmail.policy().pass_on(ACCOUNT, sent)

    assert gmail.text("rewritten_to") == gmail.text("envelope_sender") == "account"
    assert gmail.text("display_name") == gmail.text("reply_to") == gmail.text("message_id") == "kept"
    assert passed.value("From") == "Smith v Jones <matters@abc.com>"
    assert passed.value("X-Google-Original-From") == "Smith v Jones <a1234@abc.com>"
    assert passed.value("Reply-To") == "a1234@abc.com"
    assert passed.message_id == "<1@abc.com>"
    assert gmail.policy().envelope_sender(ACCOUNT, Address("a1234", "abc.com")) == ACCOUNT


def test_microsoft_rejects_after_the_message() -> None:
    """554 5.2.252 SendAsDenied, and no catch-all mailbox (R1.13)."""
    m365 = profile("m365")
    refusal = m365.policy().judge_sender(Stage.DATA, ACCOUNT, Address("a1234", "abc.com"))

    assert refusal is not None
    assert str(refusal).startswith(
        "554 5.2.252 SendAsDenied; matters@abc.com not allowed to send as a1234@abc.com;"
    )
    assert not m365.can_catch_all
    assert m365.envelope_headers() == ()


def test_what_is_unknown_has_a_default() -> None:
    """A profile without facts accepts everything, stamps nothing, and may have a catch-all."""
    empty = Profile("", "nobody", {})

    assert empty.policy() == Policy()
    assert empty.can_catch_all
    assert empty.envelope_headers() == ()
    assert (empty.text("pop"), empty.text("pop", "x")) == ("", "x")
    assert (empty.number("size_limit"), empty.number("size_limit", 7)) == (0, 7)
    assert empty.reply("reply", NOT_OWNED) is NOT_OWNED


def test_headers_and_replies_are_read_from_rows() -> None:
    """[name, what it names] from the top; [code, enhanced status code, text]."""
    facts = {
        "envelope_headers": Fact(
            [["X-Original-To", "recipient"], ["Delivered-To", "mailbox"]], Mark.BELIEVED
        ),
        "reply": Fact([550, "5.7.60", "Client does not have permissions"], Mark.BELIEVED),
        "catch_all": Fact(value=False, mark=Mark.BELIEVED),
    }
    one = Profile("x", "X", facts)

    assert one.envelope_headers() == (
        EnvelopeHeader("X-Original-To", Stamp.RECIPIENT),
        EnvelopeHeader("Delivered-To", Stamp.MAILBOX),
    )
    assert one.reply("reply", NOT_OWNED) == Reply(550, "Client does not have permissions", "5.7.60")
    assert not one.can_catch_all


def test_an_unknown_profile_names_the_known() -> None:
    """One line, with what to choose instead."""
    with pytest.raises(UnknownProfile) as caught:
        profile("gmial")

    assert (
        str(caught.value)
        == "'gmial' is no built-in provider; choose one of gmail, m365, postfix, fastmail, cpanel, qmail"
    )


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ([["Delivered-To", "mailbox"]], ""),
        ([["Delivered-To", "mailbox"], ["X-Original-To", "recipient"]], "X-Original-To"),
        ([], ""),
    ],
)
def test_only_a_header_with_the_recipient_tells_it(rows: list[list[str]], name: str) -> None:
    """One that names the mailbox alone has lost whom a catch-all's mail was for."""
    header = Profile("x", "X", {"envelope_headers": Fact(rows, Mark.BELIEVED)}).recipient_header

    assert (header.name if header else "") == name

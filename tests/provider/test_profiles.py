"""The facts of real providers: each with its mark and source, each profile fit for use (R5.7)."""

import re
from dataclasses import replace
from typing import Any

import pytest

from mailsim.mail import Address, Message, Reply
from mailsim.pop3.conduct import Conduct
from mailsim.pop3.quirks import with_quirks
from mailsim.practice.server_address import ServerAddress, smtp_host
from mailsim.practice.settings import Authentication
from mailsim.provider.fact import KINDS, Fact, Form, Mark
from mailsim.provider.mailhost import EnvelopeHeader, Stamp
from mailsim.provider.policy import NOT_OWNED, Compared, Fate, Policy, SenderAction, Stage
from mailsim.provider.profiles import Profile, UnknownProfile, nearest, profile, profiles
from mailsim.smtp.backend import Tls

FACTS = [
    pytest.param(name, fact, id=f"{one.id}-{name}")
    for one in profiles().values()
    for name, fact in one.facts.items()
]
ACCOUNT = Address("matters", "abc.com")
STRANGER = Address("jane", "client.example")


def fits(form: Form, value: object) -> bool:
    """Whether a value is of that form."""
    match form:
        case Form.YES_OR_NO:
            return isinstance(value, bool)
        case Form.NUMBER:
            return type(value) is int and value >= 0
        case Form.TEXT:
            return isinstance(value, str) and value == value.strip() != ""
        case Form.TEXTS:
            return isinstance(value, list) and value != [] and all(fits(Form.TEXT, text) for text in value)
        case Form.REPLY:
            code, enhanced, text = value if isinstance(value, list) else (0, "", "")
            return (
                code in range(400, 600) and bool(re.fullmatch(r"([45]\.\d+\.\d+)?", enhanced)) and bool(text)
            )
        case Form.HEADERS:
            rows = value if isinstance(value, list) else [[]]
            return all(re.fullmatch(r"[A-Za-z-]+", row[0]) and row[1] in iter(Stamp) for row in rows)


@pytest.mark.parametrize(("name", "fact"), FACTS)
def test_every_fact_is_of_its_kind(name: str, fact: Fact) -> None:
    """Its key is known, its value of the form that the key says, its words among those allowed."""
    kind = KINDS[name]

    assert fits(kind.form, fact.value)
    texts = fact.value if isinstance(fact.value, list) else [fact.value]
    assert not kind.words or set(texts) <= set(kind.words)


@pytest.mark.parametrize(("name", "fact"), FACTS)
def test_every_fact_says_where_it_is_from(name: str, fact: Fact) -> None:
    """Only what is believed may be without a source, and nothing is clipped."""
    assert fact.source or fact.mark is Mark.BELIEVED, name
    assert not re.search(r"\bids? \d|TODO|\u2026", f"{fact.value} {fact.source} {fact.note}")


def test_the_facts_cover_the_providers_that_are_known() -> None:
    """33 of the facts collected, and two plain hosts; names tell them apart."""
    assert len(profiles()) == 35
    assert len({one.name for one in profiles().values()}) == 35


@pytest.mark.parametrize("one", profiles().values(), ids=lambda one: one.id)
def test_every_profile_is_fit_for_use(one: Profile) -> None:
    """Its words are words of the code: policy, headers, servers, ports, authentication, quirks."""
    policy = one.policy()

    assert one.name
    assert policy.action in SenderAction
    assert policy.stage in Stage
    assert 500 <= policy.size_reply.code < 600
    assert all(header.names in Stamp for header in one.envelope_headers())
    assert one.number("smtp_port") != 25  # R1.6
    if port := one.number("smtp_port"):
        assert Tls(one.text("smtp_tls")) is (Tls.IMPLICIT if port == 465 else Tls.STARTTLS)
        assert Authentication(one.text("authentication")) is not Authentication.NONE
    if server := one.pop_server("abc.com"):
        assert str(ServerAddress.parse(server)) == server
    if server := one.smtp_server("abc.com"):
        assert smtp_host(server) == server
    assert with_quirks(Conduct(), one.texts("pop_quirks"))


@pytest.mark.parametrize("one", profiles().values(), ids=lambda one: one.id)
@pytest.mark.parametrize("sender", [Address("a1234", "abc.com"), STRANGER], ids=str)
def test_a_refusal_leaves_no_blank_unfilled(one: Profile, sender: Address) -> None:
    """The provider's words hold no placeholder that the policy does not know."""
    policy = one.policy()
    refusal = policy.judge_sender(policy.stage, ACCOUNT, sender)
    size = policy.judge_size(policy.size_limit + 1)

    assert (refusal is not None) == (policy.treatment(ACCOUNT, sender) is SenderAction.REJECT)
    assert not any(re.search(r"\{\w+\}", str(reply)) for reply in (refusal, size))


@pytest.mark.parametrize(
    ("id_", "same_domain", "other", "stage"),
    [
        ("gmail", "rewrite", "rewrite", Stage.DATA),
        ("m365", "reject", "reject", Stage.DATA),
        ("zoho", "reject", "reject", Stage.DATA),
        ("icloud", "reject", "reject", Stage.MAIL),
        ("gmx", "reject", "reject", Stage.MAIL),
        ("ionos", "accept", "reject", Stage.MAIL),
        ("rackspace", "accept", "reject", Stage.DATA),
        ("postfix_strict", "reject", "reject", Stage.RCPT),
        ("postmark", "accept", "reject", Stage.LATER),
        ("mailgun", "accept", "accept", Stage.DATA),
    ],
)
def test_providers_differ_in_whom_they_let_send_and_when_they_say_so(
    id_: str, same_domain: str, other: str, stage: Stage
) -> None:
    """The four stages, and the rule by domain, are each some provider's."""
    policy = profile(id_).policy()

    assert policy.treatment(ACCOUNT, Address("a1234", "abc.com")) == same_domain
    assert policy.treatment(ACCOUNT, STRANGER) == other
    assert policy.stage is stage


def test_a_reply_of_two_lines_stays_one_of_two_lines() -> None:
    """GMX's second line tells the cause; clients that keep the first alone take it for a bad recipient."""
    refusal = profile("gmx").policy().judge_sender(Stage.MAIL, ACCOUNT, STRANGER)

    assert refusal is not None
    assert refusal.wire() == (
        "550-Requested action not taken: mailbox unavailable\r\n550 Sender address is not allowed."
    )


def test_gmail_marks_a_difference_of_letter_case_alone() -> None:
    """As one message of its archives shows."""
    passed = profile("gmail").policy().pass_on(ACCOUNT, Message(b"From: Matters@abc.com\r\n\r\n"))

    assert passed.value("From") == "matters@abc.com"
    assert passed.value("X-Google-Original-From") == "Matters@abc.com"


def test_a_server_of_the_customer_s_own_domain_is_named_by_it() -> None:
    """Hosts for many domains have no name of their own."""
    assert profile("cpanel").pop_server("abc.com") == "ssl://mail.abc.com:995"
    assert profile("cpanel").smtp_server("abc.com") == "mail.abc.com"
    assert profile("gmail").pop_server("abc.com") == "ssl://pop.gmail.com:995"
    assert profile("ses").smtp_server("abc.com") == profile("icloud").pop_server("abc.com") == ""


def test_who_compares_the_envelope_alone_lets_any_from_pass() -> None:
    """Postfix tests MAIL FROM against its maps and does not look at the message."""
    policy = profile("postfix_strict").policy()

    assert policy.compared == {Compared.ENVELOPE}
    assert (
        policy.judge_message(policy.stage, ACCOUNT, ACCOUNT, Message(b"From: a1234@abc.com\r\n\r\n")) is None
    )


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


@pytest.mark.parametrize(
    ("word", "told"), [("gmial", "write gmail or"), ("\n" * 1000, "write gmail or google_workspace or")]
)
def test_an_unknown_profile_names_the_nearest(word: str, told: str) -> None:
    """One line, with what to choose instead."""
    with pytest.raises(UnknownProfile) as caught:
        profile(word)

    assert told in str(caught.value)
    assert str(caught.value).endswith("(`mailsim providers` lists them all)")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("word", "expected"),
    [("Hotmail", "outlook_com"), ("microsoft", "m365"), ("zzzz", None), ("Exchange", "exchange_onprem")],
)
def test_a_profile_is_near_by_its_id_or_by_a_word_of_its_name(word: str, expected: str | None) -> None:
    """What people call a provider need not be its id."""
    assert next(iter(nearest(word)), None) == expected


def test_a_profile_shows_each_fact_with_how_well_it_is_known() -> None:
    """In a notebook: value, mark, source; what is unknown is named; markup in a fact is text."""
    facts = {
        "pop": Fact("<b>ssl://x</b>", Mark.REPORTED, "a page", "old"),
        "catch_all": Fact(True, Mark.BELIEVED),
    }
    shown = Profile("x", "X & Co", facts)._repr_html_()

    for words in (
        "X &amp; Co",
        "POP3 server",
        "&lt;b&gt;ssl://x",
        "• reported",
        "a page; old",
        "! believed",
        "yes",
    ):
        assert words in shown
    assert "unknown: Has POP3, " in re.sub("<[^>]*>", "", shown)
    assert "<b>" not in shown


def test_a_profile_is_named_in_plain_text() -> None:
    """Its facts are many; their number is enough."""
    assert repr(Profile("x", "X", {})) == "Profile('x', 'X', 0 facts)"


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


FATES = {
    "envelope_sender": "envelope",
    "reply_to": "reply_to",
    "sender_field": "sender_field",
    "message_id": "message_id",
}


@pytest.mark.parametrize(
    ("one", "field"),
    [
        pytest.param(one, field, id=f"{one.id}-{fact}")
        for one in profiles().values()
        for fact, field in FATES.items()
        if one.text(fact, "kept") != "kept"
    ],
)
def test_every_fate_that_a_profile_tells_has_an_effect(one: Profile, field: str) -> None:
    """Of a sender of the account's own, or of one that is not: something is otherwise than where it is kept."""
    policy = one.policy()
    change: dict[str, Any] = {field: Fate.KEPT}
    kept = replace(policy, **change)
    senders = [Address("sales", "abc.com"), Address("a1234", "abc.com"), STRANGER]
    messages = [
        Message(f"From: {sender}\r\nReply-To: {sender}\r\nMessage-ID: <1@abc.com>\r\n\r\n".encode())
        for sender in senders
    ]

    def passed(by: Policy) -> list[object]:
        by = replace(by, registered=frozenset({Address("sales", "abc.com")}))
        sent: list[object] = [by.pass_on(ACCOUNT, message).octets for message in messages]
        return sent + [by.envelope_sender(ACCOUNT, sender) for sender in senders]

    assert passed(policy) != passed(kept)


@pytest.mark.parametrize(
    ("facts", "guessed"),
    [
        ({}, ["sender_policy", "same_domain"]),
        ({"sender_policy": "accept", "same_domain": "accept"}, []),
        ({"sender_policy": "reject", "same_domain": "accept"}, ["stage", "reply"]),
        ({"sender_policy": "reject", "stage": "mail_from"}, ["same_domain", "reply"]),
    ],
)
def test_a_profile_says_what_of_its_policy_is_a_guess(facts: dict[str, str], guessed: list[str]) -> None:
    """Stage and words count only where it refuses somebody."""
    known = {name: Fact(value, Mark.DOCUMENTED, "a source") for name, value in facts.items()}

    assert Profile("x", "X", known).guessed_of_senders() == guessed

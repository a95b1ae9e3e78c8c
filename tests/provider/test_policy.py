"""What a submission server does with a sender that is not its account's, and with size (R5.3, R5.4)."""

import pytest

from mailsim.mail import Address, Message, Reply
from mailsim.provider.policy import NOT_OWNED, Compared, Fate, Policy, SenderAction, Stage

ACCOUNT = Address("matters", "abc.com")
ACTION = Address("a1234", "abc.com")
ALIAS = Address("sales", "abc.com")
FOREIGN_DOMAIN = Address("jane", "client.example")
FOREIGN = Message(b"From: a1234@abc.com\r\n\r\nbody\r\n")


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("spoken", Stage)
@pytest.mark.parametrize("action", SenderAction)
@pytest.mark.parametrize("sender", [None, ACCOUNT, ALIAS, ACTION], ids=str)
def test_only_a_rejecting_server_refuses_and_only_at_its_stage(
    action: SenderAction, spoken: Stage, stage: Stage, sender: Address | None
) -> None:
    """The null sender, the account itself and its send-as addresses pass everywhere."""
    policy = Policy(action=action, stage=spoken, registered=frozenset({ALIAS}))

    refusal = policy.judge_sender(stage, ACCOUNT, sender)

    refuses = action is SenderAction.REJECT and stage is spoken and sender == ACTION
    assert (refusal is not None) == refuses


def test_a_refusal_names_both_addresses() -> None:
    """In the provider's words, with the account and the sender filled in."""
    reply = Reply(554, "SendAsDenied; {account} not allowed to send as {from}", "5.2.252")

    refusal = Policy(action=SenderAction.REJECT, reply=reply).judge_sender(Stage.DATA, ACCOUNT, ACTION)

    assert str(refusal) == "554 5.2.252 SendAsDenied; matters@abc.com not allowed to send as a1234@abc.com"


@pytest.mark.parametrize("local", ["a\r\n250 OK", "\x1b[31m", "{account}", "x" * 10_000])
def test_a_sender_cannot_write_the_reply(local: str) -> None:
    """It makes no line of its own, no control character, and no line longer than a client reads."""
    refusal = Policy(action=SenderAction.REJECT).judge_sender(Stage.DATA, ACCOUNT, Address(local, "abc.com"))

    assert refusal is not None
    assert (refusal.code, refusal.enhanced) == (NOT_OWNED.code, NOT_OWNED.enhanced)
    assert refusal.wire().isprintable()
    assert len(refusal.wire()) < 512  # RFC 5321 section 4.5.3.1.5


@pytest.mark.parametrize(
    ("limit", "octets", "refused"),
    [(0, 10**12, False), (100, 0, False), (100, 100, False), (100, 101, True)],
)
def test_size_is_refused_over_the_limit_only(limit: int, octets: int, *, refused: bool) -> None:
    """0 is no limit; a message of just the limit fits (RFC 1870)."""
    reply = Policy(size_limit=limit).judge_size(octets)

    assert (reply is not None) == refused


def test_a_size_refusal_is_final_and_names_the_limit() -> None:
    """552: the client need not try again (RFC 1870 section 6.1)."""
    reply = Policy(size_limit=100).judge_size(101)

    assert str(reply) == "552 5.3.4 Message size exceeds fixed limit of 100 octets"


@pytest.mark.parametrize("action", [SenderAction.ACCEPT, SenderAction.REJECT])
def test_who_does_not_rewrite_passes_on_the_very_message(action: SenderAction) -> None:
    """Neither header nor envelope changes."""
    policy = Policy(action=action)

    assert policy.pass_on(ACCOUNT, FOREIGN) is FOREIGN
    assert policy.envelope_sender(ACCOUNT, ACTION) == ACTION


@pytest.mark.parametrize(
    ("sender", "expected"), [(None, None), (ACCOUNT, ACCOUNT), (ALIAS, ALIAS), (ACTION, ACCOUNT)], ids=str
)
def test_a_rewriting_server_sends_as_the_account(sender: Address | None, expected: Address | None) -> None:
    """From and envelope sender both; what the account owns, and the null sender, stay."""
    policy = Policy(
        action=SenderAction.REWRITE, registered=frozenset({ALIAS}), original_kept_in="X-Original-From"
    )

    assert policy.envelope_sender(ACCOUNT, sender) == expected
    assert policy.pass_on(ACCOUNT, FOREIGN).octets == (
        b"From: matters@abc.com\r\nX-Original-From: a1234@abc.com\r\n\r\nbody\r\n"
    )


@pytest.mark.parametrize(
    ("action", "same_domain", "passes"),
    [
        (SenderAction.REJECT, SenderAction.ACCEPT, {ACCOUNT, ALIAS, ACTION}),
        (SenderAction.ACCEPT, SenderAction.REJECT, {ACCOUNT, ALIAS, FOREIGN_DOMAIN}),
        (SenderAction.REJECT, None, {ACCOUNT, ALIAS}),
    ],
)
def test_a_sender_on_the_account_s_own_domain_may_have_a_rule_of_its_own(
    action: SenderAction, same_domain: SenderAction | None, passes: set[Address]
) -> None:
    """IONOS takes any local part of the own domain and no other domain; the reverse can be said too."""
    policy = Policy(action=action, same_domain=same_domain, registered=frozenset({ALIAS}))
    senders = [ACCOUNT, ALIAS, ACTION, FOREIGN_DOMAIN]

    assert {one for one in senders if not policy.judge_sender(Stage.DATA, ACCOUNT, one)} == passes


def test_a_domain_rule_decides_what_is_rewritten() -> None:
    """From and envelope: the own domain passes, another becomes the account."""
    policy = Policy(action=SenderAction.REWRITE, same_domain=SenderAction.ACCEPT)

    assert policy.pass_on(ACCOUNT, FOREIGN) is FOREIGN
    assert policy.envelope_sender(ACCOUNT, ACTION) == ACTION
    assert policy.pass_on(ACCOUNT, Message(b"From: jane@client.example\r\n\r\n")).value("From") == str(
        ACCOUNT
    )
    assert policy.envelope_sender(ACCOUNT, FOREIGN_DOMAIN) == ACCOUNT


@pytest.mark.parametrize("stage", [Stage.DATA, Stage.LATER])
@pytest.mark.parametrize(
    ("compared", "header", "envelope", "refused"),
    [
        (set(Compared), "a1234@abc.com", ACCOUNT, "a1234@abc.com"),
        (set(Compared), "matters@abc.com", ACTION, "a1234@abc.com"),
        (set(Compared), "matters@abc.com", None, ""),
        ({Compared.HEADER}, "matters@abc.com", ACTION, ""),
        ({Compared.HEADER}, "matters@abc.com, a1234@abc.com", ACCOUNT, "a1234@abc.com"),
        ({Compared.HEADER}, "matters@abc.com\r\nFrom: a1234@abc.com", ACCOUNT, "a1234@abc.com"),
        ({Compared.ENVELOPE}, "a1234@abc.com", ACCOUNT, ""),
        ({Compared.ENVELOPE}, "matters@abc.com", ACTION, "a1234@abc.com"),
    ],
)
def test_a_message_is_judged_by_what_the_provider_compares(
    stage: Stage, compared: set[Compared], header: str, envelope: Address | None, refused: str
) -> None:
    """Envelope, header or both; refused at once, or bounced after acceptance."""
    policy = Policy(
        action=SenderAction.REJECT, stage=stage, compared=frozenset(compared), reply=Reply(550, "not {from}")
    )
    message = Message(b"From: " + header.encode() + b"\r\n\r\n")

    refusal = policy.judge_message(stage, ACCOUNT, envelope, message)

    assert (refusal.text if refusal else "") == (f"not {refused}" if refused else "")
    other = Stage.LATER if stage is Stage.DATA else Stage.DATA
    assert policy.judge_message(other, ACCOUNT, envelope, message) is None


def test_the_sender_of_a_client_that_did_not_log_in_is_nobody_s_to_judge_or_to_rewrite() -> None:
    """R5.3: at an open relay."""
    rewriting, rejecting = Policy(action=SenderAction.REWRITE), Policy(action=SenderAction.REJECT)

    assert rejecting.judge_sender(Stage.DATA, None, ACTION) is None
    assert rewriting.pass_on(None, FOREIGN) is FOREIGN
    assert rewriting.envelope_sender(None, ACTION) == ACTION


@pytest.mark.parametrize("action", SenderAction)
def test_who_sends_on_behalf_keeps_from_and_is_named_in_sender(action: SenderAction) -> None:
    """R5.3, RFC 5322 section 3.6.2: whatever else the server does with senders."""
    policy = Policy(action=action, on_behalf=True)

    assert policy.judge_sender(Stage.DATA, ACCOUNT, ACTION) is None
    passed = policy.pass_on(ACCOUNT, FOREIGN)
    assert passed.octets == b"Sender: matters@abc.com\r\n" + FOREIGN.octets
    assert policy.envelope_sender(ACCOUNT, ACTION) == ACTION
    own = Message(b"From: matters@abc.com\r\n\r\nbody\r\n")
    assert policy.pass_on(ACCOUNT, own) is own


@pytest.mark.parametrize(
    ("fate", "expected"),
    [(Fate.KEPT, "a1234@abc.com"), (Fate.ACCOUNT, "matters@abc.com"), (Fate.DROPPED, None)],
)
def test_a_rewrite_says_what_becomes_of_reply_to(fate: Fate, expected: str | None) -> None:
    """R5.3; where From passes, Reply-To is left alone."""
    policy = Policy(action=SenderAction.REWRITE, reply_to=fate)
    message = Message(b"From: a1234@abc.com\r\nReply-To: a1234@abc.com\r\n\r\n")
    own = Message(b"From: matters@abc.com\r\nReply-To: a1234@abc.com\r\n\r\n")

    assert policy.pass_on(ACCOUNT, message).value("Reply-To") == expected
    assert policy.pass_on(ACCOUNT, own) is own


def test_a_registered_sender_may_have_the_account_named_beside_it() -> None:
    """As Gmail sends under an alias: From stays, Sender and envelope are the account."""
    policy = Policy(
        action=SenderAction.REWRITE,
        sender_field=Fate.ACCOUNT,
        envelope=Fate.ACCOUNT,
        registered=frozenset({ALIAS}),
    )

    passed = policy.pass_on(ACCOUNT, Message(b"From: sales@abc.com\r\n\r\n"))

    assert (passed.value("From"), passed.value("Sender")) == ("sales@abc.com", "matters@abc.com")
    assert policy.pass_on(ACCOUNT, FOREIGN).value("Sender") is None
    assert policy.envelope_sender(ACCOUNT, ALIAS) == ACCOUNT
    assert policy.envelope_sender(ACCOUNT, None) is None


def test_a_server_may_put_a_message_id_of_its_own() -> None:
    """On every message, so that an answer's In-Reply-To names none that the system sent."""
    policy = Policy(message_id=Fate.REPLACED)

    passed = policy.pass_on(ACCOUNT, Message(b"From: matters@abc.com\r\nMessage-ID: <1@abc.com>\r\n\r\n"))

    assert passed.message_id not in (None, "<1@abc.com>")
    assert len(passed.values("Message-ID")) == 1


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        (b"Matters@abc.com", "matters@abc.com"),
        (b"matters@ABC.com", "matters@ABC.com"),
        (b"Sales@abc.com", "Sales@abc.com"),
    ],
)
def test_the_account_in_other_letters_may_count_as_foreign(sender: bytes, expected: str) -> None:
    """Gmail marks a mere difference of letter case; of a send-as address nothing is known, of a domain none is one."""
    policy = Policy(
        action=SenderAction.REWRITE,
        original_kept_in="X-Google-Original-From",
        rewrites_letter_case=True,
        registered=frozenset({ALIAS}),
    )
    message = Message(b"From: " + sender + b"\r\n\r\n")

    passed = policy.pass_on(ACCOUNT, message)

    assert passed.value("From") == expected
    assert passed.value("X-Google-Original-From") == (None if passed is message else sender.decode())


@pytest.mark.parametrize("sender", [ACCOUNT, ACTION, FOREIGN_DOMAIN])
def test_a_server_may_put_an_envelope_sender_of_its_own(sender: Address) -> None:
    """Reports on the message go to the provider; the null sender stays."""
    bounces = Address("bounces", "amazonses.com")
    policy = Policy(envelope=Fate.REPLACED, bounces=bounces)

    assert policy.envelope_sender(ACCOUNT, sender) == bounces
    assert policy.envelope_sender(ACCOUNT, None) is None

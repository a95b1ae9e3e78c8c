"""What a submission server does with a sender that is not its account's, and with size (R5.3, R5.4)."""

import pytest

from mailsim.mail import Address, Message, Reply
from mailsim.provider.policy import NOT_OWNED, Policy, SenderAction, Stage

ACCOUNT = Address("matters", "abc.com")
ACTION = Address("a1234", "abc.com")
ALIAS = Address("sales", "abc.com")
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

"""Deciding the cause, and who a server is, from what was seen alone; what is shown of a server's words."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.check.advice import advice_for
from mailsim.check.causes import Answer, Protocol, Seen, Trouble, cause_of, recognised
from mailsim.check.settings import own_faults, red_settings
from mailsim.check.verdict import Cause, Check, Step, Verdict
from mailsim.practice.faults import SiteError
from mailsim.practice.site import read_site
from mailsim.words import shown_words


@pytest.mark.parametrize(
    ("words", "protocol"),
    [
        (b"+OK ready <1.2@x>\r\n", Protocol.POP3),
        (b"-ERR busy\r\n", Protocol.POP3),
        (b"220-mx\r\n220 ESMTP\r\n", Protocol.SMTP),
        (b"554 no\r\n", Protocol.SMTP),
        (b"220 ftp.abc.com ESMTP\r\n", Protocol.SMTP),
        (b"220 FTP server ready\r\n", None),
        (b"* OK IMAP4rev1\r\n", Protocol.IMAP),
        (b"* BYE\r\n", Protocol.IMAP),
        (b"HTTP/1.0 400 Bad Request\r\n", Protocol.HTTP),
        (b"<!DOCTYPE html>", Protocol.HTTP),
        (b"SSH-2.0-x\r\n", None),
        (b"", None),
    ],
)
def test_a_server_is_known_by_its_first_words(words: bytes, protocol: Protocol | None) -> None:
    """Each protocol begins in its own way."""
    assert recognised(words) is protocol


@given(
    check=st.sampled_from(Check),
    step=st.sampled_from(Step),
    trouble=st.sampled_from(Trouble),
    tls=st.booleans(),
    said=st.text(max_size=30),
    code=st.sampled_from(["", "AUTH", "IN-USE", "SYS/PERM", "421", "504", "530", "535", "999"]),
    answer=st.none() | st.builds(Answer, st.none() | st.sampled_from(Protocol), st.booleans()),
)
def test_whatever_is_seen_has_one_cause_and_advice(
    *, check: Check, step: Step, trouble: Trouble, tls: bool, said: str, code: str, answer: Answer | None
) -> None:
    """No combination is left out, and POP's causes are none of SMTP's."""
    seen = Seen(check=check, step=step, trouble=trouble, tls=tls, said=said, code=code, answer=answer)
    cause = cause_of(seen)
    other = Cause.NOT_A_SMTP_SERVER if check is Check.POP else Cause.NOT_A_POP_SERVER
    assert cause is not other
    if step is not Step.SENDER or check is Check.SMTP:  # POP has no such step
        assert advice_for(cause, seen)


@pytest.mark.parametrize("trouble", [Trouble.SILENCE, Trouble.CLOSED, Trouble.NOT_TLS])
def test_who_answers_decides_before_how_it_failed(trouble: Trouble) -> None:
    """A server of another kind, then TLS where there is none and the reverse."""
    imap, own_tls, own = Answer(Protocol.IMAP, True), Answer(None, True), Answer(Protocol.POP3, False)
    kinds = {imap: Cause.NOT_A_POP_SERVER, own_tls: Cause.PLAIN_TO_TLS}
    for answer, cause in kinds.items():
        seen = Seen(check=Check.POP, step=Step.GREETING, trouble=trouble, answer=answer)
        assert cause_of(seen) is cause
    seen = Seen(check=Check.POP, step=Step.TLS, trouble=trouble, tls=True, answer=own)
    assert cause_of(seen) is Cause.TLS_TO_PLAIN


@pytest.mark.parametrize(
    ("check", "step", "said", "cause", "advised"),
    [
        (Check.SMTP, Step.LOGIN, "421 4.7.0 Too many", Cause.LOGIN_DELAY, "wait"),
        (Check.SMTP, Step.LOGIN, "432 4.7.12 A password transition is needed", Cause.LOGIN_DELAY, "wait"),
        (Check.SMTP, Step.LOGIN, "450 4.7.1 later", Cause.LOGIN_DELAY, "wait"),
        (Check.SMTP, Step.LOGIN, "451 4.7.0 Temporary server error", Cause.LOGIN_DELAY, "wait"),
        (Check.SMTP, Step.LOGIN, "454 4.7.0 Temporary failure", Cause.LOGIN_DELAY, "wait"),
        (Check.SMTP, Step.LOGIN, "500 5.5.1 unknown command", Cause.AUTHENTICATION_NOT_OFFERED, "offers"),
        (Check.SMTP, Step.LOGIN, "502 5.5.1 no", Cause.AUTHENTICATION_NOT_OFFERED, "offers"),
        (Check.SMTP, Step.LOGIN, "504 5.5.4 no", Cause.AUTHENTICATION_NOT_OFFERED, "offers"),
        (
            Check.SMTP,
            Step.LOGIN,
            "530 5.7.0 Must issue a STARTTLS command first",
            Cause.AUTHENTICATION_NOT_OFFERED,
            "offers",
        ),
        (Check.SMTP, Step.LOGIN, "530 5.7.0 no", Cause.WRONG_CREDENTIALS, "smtp.password"),
        (Check.SMTP, Step.LOGIN, "535 5.7.8 no", Cause.WRONG_CREDENTIALS, "smtp.password"),
        (
            Check.SMTP,
            Step.LOGIN,
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
            Cause.WRONG_CREDENTIALS,
            "allow authenticated SMTP",
        ),
        (
            Check.SMTP,
            Step.LOGIN,
            "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria",
            Cause.WRONG_CREDENTIALS,
            "smtp.password",
        ),
        (Check.SMTP, Step.SENDER, "451 4.3.0 later", Cause.SENDER_REFUSED, "wait"),
        (Check.SMTP, Step.SENDER, "550 5.7.1 no", Cause.SENDER_REFUSED, "have the provider allow"),
        (
            Check.POP,
            Step.LOGIN,
            "-ERR account locked, contact your administrator",
            Cause.WRONG_CREDENTIALS,
            "administrator",
        ),
        (Check.POP, Step.LOGIN, "-ERR maildrop already locked", Cause.MAILBOX_LOCKED, "another program"),
        (Check.POP, Step.LOGIN, "-ERR Unable to lock mailbox", Cause.MAILBOX_LOCKED, "another program"),
        (Check.POP, Step.LOGIN, "-ERR mailbox in use", Cause.MAILBOX_LOCKED, "another program"),
        (Check.POP, Step.LOGIN, "-ERR already logged in", Cause.MAILBOX_LOCKED, "another program"),
        (Check.POP, Step.GREETING, "-ERR server busy", Cause.REFUSED, "POP"),
        (Check.POP, Step.GREETING, "-ERR mailbox server is locked", Cause.REFUSED, "POP"),
    ],
)
def test_what_a_refusal_s_words_mean(check: Check, step: Step, said: str, cause: Cause, advised: str) -> None:
    """What a user would mend in vain is not advised."""
    code = said[:3] if check is Check.SMTP else ""
    seen = Seen(check=check, step=step, trouble=Trouble.REFUSAL, said=said, code=code)

    assert cause_of(seen) is cause
    assert advised in advice_for(cause, seen)


@given(words=st.text(max_size=900) | st.binary(max_size=900), secret=st.text(max_size=20))
def test_what_is_shown_is_one_bounded_printable_line(words: str | bytes, secret: str) -> None:
    """Whatever a server says."""
    shown = shown_words(words, secrets=(secret,))
    assert shown.isprintable()
    assert len(shown) <= 500


@given(secret=st.text("abcxyz é@/+=", min_size=1, max_size=20), before=st.text("01 \n", max_size=600))
def test_no_secret_is_shown(secret: str, before: str) -> None:
    """Wherever it stands in other words, as it is or in base64; of letters that the other words lack."""
    coded = b64encode(secret.encode()).decode()
    for form in {secret, coded}:
        shown = shown_words(f"{before}<{form}>", secrets=(secret,))
        assert shown.endswith(("<***>", "…"))
        assert not secret.strip() or secret.strip() not in shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("535 user s has not s", "535 user *** has not ***"),
        ('535 "s" is wrong, so is cw==', '535 "***" is wrong, so is ***'),
        ("250 is yours", "250 is yours"),
    ],
)
def test_a_short_secret_is_masked_where_it_is_a_word(said: str, shown: str) -> None:
    """Cut out of the midst of others, what is left would tell it."""
    assert shown_words(said, secrets=("s",)) == shown


def faults_of(**tables: object) -> SiteError:
    mailbox = {"type": "catch-all", "default_sender": "m@abc.com", "fallback_address": "h@else.example"}
    with pytest.raises(SiteError) as caught:
        read_site({"mailbox": mailbox, **tables})
    return caught.value


@pytest.mark.parametrize(
    ("check", "table", "cause", "said"),
    [
        (Check.SMTP, {"server": "smtp.abc.com", "port": 25}, Cause.PORT_25, "587"),
        (Check.POP, {"server": "ssl://imap.abc.com:993"}, Cause.PORT_993, "995"),
        (Check.POP, {"server": "pop.abc.com"}, Cause.SETTINGS, "ssl://"),
    ],
)
def test_faults_of_the_settings_are_a_red_verdict(
    check: Check, table: dict[str, object], cause: Cause, said: str
) -> None:
    """A port's own cause before the general one; another check's faults are not this one's."""
    error = faults_of(**{check.value: table})
    verdict = red_settings(check, own_faults(check, error))
    assert (verdict.cause, verdict.step, verdict.green) == (cause, Step.SETTINGS, False)
    assert said in verdict.advice
    assert own_faults(Check.SMTP if check is Check.POP else Check.POP, error) == []


def test_all_faults_of_the_settings_are_told_the_port_s_first() -> None:
    """Who mends one need not come back for the next; where no server is known, none is named."""
    faults = own_faults(Check.POP, faults_of(pop={"username": "", "server": "ssl://imap.abc.com:993"}))
    verdict = red_settings(Check.POP, faults)
    assert verdict.cause is Cause.PORT_993
    assert verdict.message.startswith("pop.server: ")
    assert "; pop.username: " in verdict.message
    assert "; pop.username: " in verdict.advice

    port = red_settings(Check.SMTP, own_faults(Check.SMTP, faults_of(smtp={"server": "a.b", "port": 25})))
    assert str(port).splitlines()[0] == "red: Check SMTP"


def test_a_verdict_displays_green_or_red() -> None:
    """Colour, sign and word; what a server says is inert."""
    green = Verdict(check=Check.POP, step=Step.QUIT, server="tcp://x:110")
    red = Verdict(
        check=Check.SMTP,
        step=Step.LOGIN,
        cause=Cause.WRONG_CREDENTIALS,
        server="x:587",
        message="535 <script>",
        advice="do this",
    )
    assert "green" in green._repr_html_()
    assert "<script>" not in red._repr_html_()
    assert "do this" in red._repr_html_()
    assert str(red).splitlines()[0] == "red: Check SMTP: x:587"
    assert list(red.as_json()) == ["check", "green", "step", "cause", "server", "message", "advice"]
    assert green.as_json()["cause"] is None

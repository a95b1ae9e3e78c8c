"""`SmtpServer` alone: what it takes, how it behaves, how it begins and ends; asked by the standard library's client."""

import asyncio
import json
import smtplib
import ssl
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

import mailsim
from mailsim.faults.syntax import FaultError
from mailsim.mail import Address, parse_address
from mailsim.provider.policy import Policy, SenderAction, Stage
from mailsim.provider.profiles import UnknownProfile
from mailsim.smtp.address_faults import EXAMPLES, asked_for
from mailsim.smtp.embedded import SmtpServer, SmtpServerError
from mailsim.smtp.fault_kinds import Moment

USERS = {"matters@abc.com": "pass:word"}
MESSAGE = b"From: a1234@abc.com\r\nMessage-ID: <1@abc.com>\r\nSubject: x\r\n\r\n.dot\r\n"


def client(server: SmtpServer, *, tls: str = "none", user: str = "") -> smtplib.SMTP:
    """A client that has said EHLO, and logged in."""
    context = ssl.create_default_context(cafile=str(server.ca)) if tls != "none" else None
    one: smtplib.SMTP
    if tls == "implicit":
        one = smtplib.SMTP_SSL("localhost", server.port, timeout=20, local_hostname="me", context=context)
    else:
        one = smtplib.SMTP(server.host, server.port, timeout=20, local_hostname="me")
    if tls == "starttls":
        one.starttls(context=context)
    if user:
        one.login(user, USERS[user])
    return one


def refusal(server: SmtpServer, sender: str = "a1234@abc.com", *, to: str = "jane@client.example") -> int:
    """The code of the refusal of one message; 250 where it was taken."""
    with client(server, user="matters@abc.com") as one:
        try:
            one.sendmail(sender, [to], MESSAGE)
        except smtplib.SMTPRecipientsRefused as error:
            return error.recipients[to][0]
        except smtplib.SMTPResponseException as error:
            return error.smtp_code
    return 250


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
def test_what_it_takes_is_kept(tls: str) -> None:
    """Envelope, octets, client and account; and nothing is lost when it ends."""
    with mailsim.SmtpServer(tls=tls, users=USERS) as server:  # type: ignore[arg-type] # a parameter
        with client(server, tls=tls, user="matters@abc.com") as one:
            one.sendmail("a1234@abc.com", ["jane@client.example", "john@client.example"], MESSAGE)
            one.sendmail("", ["jane@client.example"], MESSAGE)
        assert len(server.messages) == 2
    first, second = server.messages
    assert first.envelope.recipients == (Address("jane", "client.example"), Address("john", "client.example"))
    assert (str(first.envelope.sender), second.envelope.sender) == ("a1234@abc.com", None)
    assert (first.octets, first.client, first.account) == (MESSAGE, "me", "matters@abc.com")
    assert server.ca is None


def test_anybody_may_send_where_there_are_no_users() -> None:
    """And AUTH is not offered."""
    with SmtpServer() as server, client(server) as one:
        one.ehlo()
        assert "auth" not in one.esmtp_features
        one.sendmail("x@shop.example", ["jane@client.example"], MESSAGE)
        assert [taken.account for taken in server.messages] == [""]


def test_users_must_log_in() -> None:
    """With their password, by any mechanism."""
    with SmtpServer(users=USERS) as server:
        with client(server) as one, pytest.raises(smtplib.SMTPSenderRefused, match=r"530"):
            one.sendmail("x@abc.com", ["jane@client.example"], MESSAGE)
        with client(server) as one, pytest.raises(smtplib.SMTPAuthenticationError):
            one.login("matters@abc.com", "wrong")
        for mechanism in ("cram-md5", "plain", "login"):
            with client(server) as one:
                one.ehlo()
                one.user, one.password = "matters@abc.com", USERS["matters@abc.com"]
                authenticate = getattr(one, f"auth_{mechanism.replace('-', '_')}")
                assert one.auth(mechanism.upper(), authenticate)[0] == 235


def test_it_rewrites_as_gmail_does() -> None:
    """R5.3: From becomes the account, and the original stands where Gmail keeps it."""
    with SmtpServer(provider="gmail", users=USERS) as server:
        assert refusal(server) == 250
        [taken] = server.messages
    assert taken.message.value("From") == "matters@abc.com"
    assert taken.message.value("X-Google-Original-From") == "a1234@abc.com"
    assert str(taken.envelope.sender) == "matters@abc.com"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"provider": "m365"}, 554),
        ({"policy": "reject"}, 554),
        ({"policy": "accept"}, 250),
        ({"policy": SenderAction.REWRITE}, 250),
        ({"policy": Policy(action=SenderAction.REJECT, stage=Stage.MAIL)}, 553),
        ({"policy": Policy(action=SenderAction.REJECT, stage=Stage.RCPT)}, 553),
        ({"policy": "accept", "size_limit": 10}, 552),
    ],
)
def test_it_refuses_in_a_provider_s_words(options: dict[str, object], code: int) -> None:
    """R5.3, R5.4: at the provider's stage."""
    with SmtpServer(users=USERS, **options) as server:  # type: ignore[arg-type] # a table's
        assert refusal(server) == code
        assert len(server.messages) == (code == 250)


def test_what_bounces_later_is_told() -> None:
    """R5.3: the client hears 250."""
    policy = Policy(action=SenderAction.REJECT, stage=Stage.LATER)
    with SmtpServer(policy=policy, users={"alice": "pass:word"}) as server:
        with client(server) as one:
            one.login("alice", "pass:word")
            one.sendmail("a1234@abc.com", ["jane@client.example"], MESSAGE)
        [taken] = server.messages
    assert taken.bounced is not None
    assert "alice@mail.example" in taken.bounced.text


def test_faults_strike_and_can_be_added() -> None:
    """`next` counts from now; what struck is told."""
    with SmtpServer(users=USERS, faults=["smtp:RCPT:1:reply 451 4.3.0 later"]) as server:
        assert [refusal(server), refusal(server)] == [451, 250]
        server.add_fault("smtp:DATA-END:next:reply 554 5.6.0 no")
        assert [refusal(server), refusal(server)] == [554, 250]
        assert [fault.spec.verb for fault in server.struck] == ["RCPT", "DATA-END"]


@pytest.mark.parametrize(
    ("address", "codes", "taken"),
    [
        ("451@abc.example", [451, 451], 0),
        ("jane+550@abc.example", [550, 550], 0),
        ("data-554@abc.example", [554, 554], 0),
        ("greylist@abc.example", [451, 250], 1),
        ("lose@abc.example", [250, 250], 0),
        ("399@abc.example", [250, 250], 2),
        ("jane@abc.example", [250, 250], 2),
    ],
)
def test_an_address_asks_for_a_fault(address: str, codes: list[int], taken: int) -> None:
    """By its local part, or what stands behind its last `+`."""
    with SmtpServer(users=USERS) as server:
        assert [refusal(server, to=address) for _ in codes] == codes
        assert len(server.messages) == taken


@pytest.mark.parametrize(("address", "taken"), [("drop@abc.example", 0), ("lost-reply@abc.example", 1)])
def test_an_address_loses_the_connection(address: str, taken: int) -> None:
    """Before or after the message was taken."""
    with SmtpServer() as server:
        one = client(server)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            one.sendmail("x@shop.example", [address], MESSAGE)
        one.close()
        assert len(server.messages) == taken


def test_every_address_that_is_listed_asks_for_something() -> None:
    """`mailsim faults` shows them."""
    for text in EXAMPLES:
        address = parse_address(text)
        assert address is not None
        asked = [asked_for(moment, address) for moment in (Moment.RCPT, Moment.DATA_END, Moment.MAIL)]
        assert sum(fault is not None for fault in asked) == 1, text
        assert asked[2] is None


def test_it_keeps_files(tmp_path: Path) -> None:
    """Each message with its envelope, by number alone; counted on, never written over."""
    store = tmp_path / "taken"
    for _ in range(2):
        with SmtpServer(store=store) as server, client(server) as one:
            one.sendmail("x@shop.example", ["../../evil@client.example"], MESSAGE)
    assert sorted(path.name for path in store.iterdir()) == [
        "000001.eml",
        "000001.json",
        "000002.eml",
        "000002.json",
    ]
    assert (store / "000002.eml").read_bytes() == MESSAGE
    assert json.loads((store / "000002.json").read_text("utf-8")) == {
        "sender": "x@shop.example",
        "recipients": ['"../../evil"@client.example'],
        "client": "me",
        "account": "",
        "bounced": None,
    }


def test_it_need_not_remember(tmp_path: Path) -> None:
    """A server that runs for long keeps files alone."""
    with SmtpServer(store=tmp_path, remembers=False) as server, client(server) as one:
        one.sendmail("x@shop.example", ["jane@client.example"], MESSAGE)
        assert server.messages == ()
    assert (tmp_path / "000001.eml").read_bytes() == MESSAGE


def test_what_cannot_be_kept_is_not_taken(tmp_path: Path) -> None:
    """452: the client still has it."""
    store = tmp_path / "taken"
    with SmtpServer(store=store) as server, client(server) as one:
        store.rmdir()
        with pytest.raises(smtplib.SMTPDataError, match="452"):
            one.sendmail("x@shop.example", ["jane@client.example"], MESSAGE)
        assert server.messages == ()


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
def test_it_leaves_no_thread_file_or_port(tls: str) -> None:
    """With a client connected, too; and it can be entered again, with what it took."""
    before = threading.active_count()
    server = SmtpServer(tls=tls)  # type: ignore[arg-type] # a parameter
    with server:
        with client(server, tls=tls) as sender:
            sender.sendmail("x@shop.example", ["jane@client.example"], MESSAGE)
        one, ca = client(server, tls=tls), server.ca
        assert ca is None or ca.exists()
    one.close()
    assert ca is None or not ca.exists()
    assert threading.active_count() == before
    with server:
        assert len(server.messages) == 1


def test_it_serves_inside_a_running_loop() -> None:
    """Without blocking it: `async with`."""

    async def one() -> int:
        async with SmtpServer() as server:
            reader, writer = await asyncio.open_connection(server.host, server.port)
            assert (await reader.readline()).startswith(b"220 ")
            writer.close()
            return server.port

    assert asyncio.run(one()) > 0


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"tls": "stls"}, SmtpServerError, "tls='stls': write one of 'none', 'starttls', 'implicit'"),
        (
            {"policy": "refuse"},
            SmtpServerError,
            "policy='refuse': write one of 'accept', 'rewrite', 'reject'",
        ),
        ({"provider": "gmail", "policy": "accept"}, SmtpServerError, "give provider or policy"),
        ({"provider": "gmial"}, UnknownProfile, "write gmail"),
        ({"faults": ["pop:RETR:1:drop"]}, FaultError, "write 'smtp'"),
        ({"faults": ["smtp:CONNECT:1:expired-certificate"]}, FaultError, "shows no certificate"),
        ({"store": "/dev/null/x"}, SmtpServerError, "store '/dev/null/x' cannot be had: Not a directory"),
    ],
)
def test_what_cannot_be_is_refused(options: Mapping[str, object], error: type[Exception], told: str) -> None:
    """In one line that says what to write, before anything starts."""
    with pytest.raises(error, match=told) as refused:
        SmtpServer(**options)  # type: ignore[arg-type] # a table's
    assert "\n" not in str(refused.value)


def test_its_display_has_no_secret() -> None:
    """R1.11."""
    with SmtpServer(users=USERS) as server:
        assert repr(server) == (
            f"SmtpServer(127.0.0.1:{server.port}, tls='none', users: matters@abc.com, 0 messages)"
        )
    assert repr(SmtpServer()) == "SmtpServer(not running, tls='none', users: anybody, 0 messages)"


def test_the_fixture(smtp_server: SmtpServer) -> None:
    """A server for one test."""
    with client(smtp_server) as one:
        one.sendmail("x@shop.example", ["jane@client.example"], MESSAGE)
    assert [taken.octets for taken in smtp_server.messages] == [MESSAGE]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"size_limit": -1}, "size_limit=-1: write octets"),
        ({"size_limit": "x"}, "size_limit='x': write octets"),
        ({"users": {"a": 5}}, "user 'a': name and password are texts"),
        ({"users": {5: "secret"}}, "user 5: name and password are texts"),
        ({"users": ["a"]}, "users of type list: write {"),
        ({"faults": "smtp:RCPT:1:drop"}, "faults='smtp:RCPT:1:drop': write a list"),
        ({"faults": [5]}, "faults=[5]: write a list of texts"),
    ],
)
def test_an_argument_of_another_form_is_one_line(options: dict[str, object], told: str) -> None:
    """Where it is given; what stands where a password belongs is not shown."""
    with pytest.raises(SmtpServerError) as caught:
        SmtpServer(**options)  # type: ignore[arg-type] # what is wrong is the point
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value).replace('{"alice": "secret"}', "")


@pytest.mark.parametrize(
    ("tls", "fault", "told"),
    [
        ("none", "smtp:CONNECT:1:expired-certificate", "a server without TLS"),
        ("starttls", "smtp:CONNECT:1:expired-certificate", "write 'STARTTLS'"),
        ("implicit", "smtp:STARTTLS:next:foreign-certificate", "write 'CONNECT'"),
        ("none", 5, "write a text"),
    ],
)
def test_a_fault_that_can_never_strike_is_refused(tls: str, fault: str, told: str) -> None:
    """A test that waited for it would prove nothing."""
    server = SmtpServer(tls=tls)  # type: ignore[arg-type] # a parameter
    with pytest.raises(FaultError, match=told):
        server.add_fault(fault)


@pytest.mark.parametrize(
    ("provider", "offered"),
    [("gmail", "PLAIN LOGIN XOAUTH2"), ("m365", "LOGIN XOAUTH2"), ("", "PLAIN LOGIN CRAM-MD5 XOAUTH2")],
)
def test_a_provider_offers_the_mechanisms_that_it_is_known_for(provider: str, offered: str) -> None:
    """All that are spoken here where no provider is named."""
    with SmtpServer(provider=provider, users=USERS) as server, client(server) as one:
        one.ehlo()
        assert set(one.esmtp_features["auth"].split()) == set(offered.split())


def test_no_file_is_written_over(tmp_path: Path) -> None:
    """One that somebody put there since stays, and the client hears that its message is not kept."""
    with SmtpServer(store=tmp_path) as server, client(server) as one:
        (tmp_path / "000001.eml").write_bytes(b"theirs")
        with pytest.raises(smtplib.SMTPDataError, match="cannot be stored"):
            one.sendmail("a@b.example", ["c@d.example"], MESSAGE)

    assert (tmp_path / "000001.eml").read_bytes() == b"theirs"
    assert server.messages == ()

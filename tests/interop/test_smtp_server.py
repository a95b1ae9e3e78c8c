"""Real senders agree with our SMTP server: swaks, msmtp, curl, and Postfix as a relay in front of it.

Over plain TCP, STARTTLS and TLS from the first octet, by each AUTH mechanism that they speak; octet for octet, and
when a message is too big. The standard library's smtplib is in tests/smtp.
"""

import smtplib
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from mailsim.smtp.embedded import SmtpServer
from tests.interop.postfix import Postfix

pytestmark = pytest.mark.peers

USER, PASSWORD = "matters@abc.com", "open-sesame"
SENDER, RECIPIENTS = "a1234@abc.com", ["jane@client.example", "john@client.example"]
MESSAGE = (
    b"From: a1234@abc.com\r\nTo: jane@client.example\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n"
    b"Message-ID: <1@abc.com>\r\nSubject: odd\r\n\r\n.\r\n..\r\n.dot first\r\n\r\n"
    + b"z" * 900
    + b"\r\nlast\r\n"
)
LIMIT = 100_000

Send = Callable[[SmtpServer, str, str, bytes, Path], "subprocess.CompletedProcess[str]"]


def run(command: Sequence[str | Path], given: bytes = b"") -> "subprocess.CompletedProcess[str]":
    """A peer's run, whatever it says."""
    done = subprocess.run(command, input=given, capture_output=True, check=False, timeout=60)
    return subprocess.CompletedProcess(
        command, done.returncode, done.stdout.decode("latin-1"), done.stderr.decode("latin-1")
    )


def swaks(
    server: SmtpServer, tls: str, mechanism: str, message: bytes, folder: Path
) -> "subprocess.CompletedProcess[str]":
    """Says what it does in a transcript."""
    file = folder / "message"
    file.write_bytes(message.replace(b"\r\n", b"\n"))
    secured = {"none": [], "starttls": ["--tls"], "implicit": ["--tls-on-connect"]}[tls]
    trusted = [] if tls == "none" else ["--tls-verify", "--tls-ca-path", str(server.ca)]
    login = ["--auth", mechanism, "--auth-user", USER, "--auth-password", PASSWORD] if mechanism else []
    where = ["--server", "localhost", "--port", str(server.port), "--ehlo", "swaks.example"]
    return run(
        [
            "swaks",
            *where,
            *secured,
            *trusted,
            *login,
            "--from",
            SENDER,
            "--to",
            ",".join(RECIPIENTS),
            "--data",
            f"@{file}",
        ]
    )


def msmtp(
    server: SmtpServer, tls: str, mechanism: str, message: bytes, folder: Path
) -> "subprocess.CompletedProcess[str]":
    """Sends what is on its standard input."""
    secured = ["--tls=off"]
    if tls != "none":
        secured = [
            "--tls=on",
            f"--tls-starttls={'on' if tls == 'starttls' else 'off'}",
            f"--tls-trust-file={server.ca}",
        ]
    login = (
        [f"--auth={mechanism.lower()}", f"--user={USER}", f"--passwordeval=echo {PASSWORD}"]
        if mechanism
        else ["--auth=off"]
    )
    where = ["--host=localhost", f"--port={server.port}", "--domain=msmtp.example"]
    return run(
        ["msmtp", "--file=/dev/null", *where, *secured, *login, f"--from={SENDER}", *RECIPIENTS],
        message.replace(b"\r\n", b"\n"),
    )


def curl(
    server: SmtpServer, tls: str, mechanism: str, message: bytes, folder: Path
) -> "subprocess.CompletedProcess[str]":
    """Speaks XOAUTH2 with a bearer token."""
    file = folder / "message"
    file.write_bytes(message)
    scheme = "smtps" if tls == "implicit" else "smtp"
    secured = ["--ssl-reqd"] if tls == "starttls" else []
    trusted = [] if tls == "none" else ["--cacert", str(server.ca)]
    secret = ["--oauth2-bearer", PASSWORD] if mechanism == "XOAUTH2" else []
    user = USER if secret else f"{USER}:{PASSWORD}"
    login = ["--user", user, *secret, "--login-options", f"AUTH={mechanism}"] if mechanism else []
    to = [word for recipient in RECIPIENTS for word in ("--mail-rcpt", recipient)]
    return run(
        ["curl", "-sS", f"{scheme}://localhost:{server.port}/curl.example", *secured, *trusted, *login,
         "--mail-from", SENDER, *to, "--upload-file", file]
    )  # fmt: skip


SENDERS: list[tuple[Send, list[str]]] = [
    (swaks, ["", "PLAIN", "LOGIN", "CRAM-MD5"]),
    (msmtp, ["", "PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"]),
    (curl, ["", "PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"]),
]


@pytest.mark.parametrize(
    ("send", "mechanism", "tls"),
    [
        (send, mechanism, tls)
        for send, mechanisms in SENDERS
        for mechanism in mechanisms
        for tls in ("none", "starttls", "implicit")
        if (send, mechanism, tls) != (msmtp, "XOAUTH2", "none")  # it sends no token without TLS
    ],
)
def test_a_sender_s_octets_arrive(send: Send, mechanism: str, tls: str, tmp_path: Path) -> None:
    """To both recipients in one transaction; the certificate is checked."""
    users = {USER: PASSWORD} if mechanism else {}
    with SmtpServer(tls=tls, users=users, size_limit=LIMIT) as server:  # type: ignore[arg-type] # a parameter
        done = send(server, tls, mechanism, MESSAGE, tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        [taken] = server.messages
    assert [str(taken.envelope.sender), *map(str, taken.envelope.recipients)] == [SENDER, *RECIPIENTS]
    assert taken.octets.rstrip(b"\r\n") == MESSAGE.rstrip(b"\r\n")
    assert taken.account == (USER if mechanism else "")


@pytest.mark.parametrize("send", [swaks, msmtp, curl])
def test_a_sender_hears_that_it_is_too_big(send: Send, tmp_path: Path) -> None:
    """R5.4: at MAIL or after the message, whichever it does; nothing is taken."""
    with SmtpServer(size_limit=1000) as server:
        done = send(server, "none", "", MESSAGE, tmp_path)
        assert server.messages == ()
    assert done.returncode != 0
    assert "552" in done.stdout + done.stderr


@pytest.mark.parametrize("send", [swaks, msmtp, curl])
def test_a_sender_hears_a_wrong_password(send: Send, tmp_path: Path) -> None:
    """535, and no mail."""
    with SmtpServer(users={USER: "another"}) as server:
        done = send(server, "none", "PLAIN", MESSAGE, tmp_path)
        assert server.messages == ()
    assert done.returncode != 0


@pytest.fixture(
    params=[
        ("none", ""),
        ("starttls", ""),
        ("implicit", ""),
        ("starttls", "PLAIN"),
        ("none", "CRAM-MD5"),
        ("starttls", "LOGIN"),
    ],
    ids="-".join,
)
def relayed(request: pytest.FixtureRequest) -> Iterator[tuple[SmtpServer, Postfix]]:
    """A Postfix that sends all on to our server."""
    tls, mechanism = request.param
    users = {USER: PASSWORD} if mechanism else {}
    faults = ["smtp:RCPT=later@client.example:1:reply 451 4.3.0 later"]
    with SmtpServer(tls=tls, users=users, faults=faults) as server:
        settings = {
            "mynetworks": "127.0.0.0/8",
            "smtpd_relay_restrictions": "permit_mynetworks, reject",
            "default_transport": "smtp",
            "relayhost": f"[localhost]:{server.port}",
            "smtp_host_lookup": "native",
            "smtp_tls_security_level": "none" if tls == "none" else "verify",
            "smtp_tls_wrappermode": "yes" if tls == "implicit" else "no",
            "smtp_tls_CAfile": str(server.ca or ""),
            "smtp_sasl_auth_enable": "yes" if mechanism else "no",
            "smtp_sasl_password_maps": f"inline:{{ {{ [localhost]:{server.port} = {USER}:{PASSWORD} }} }}",
            "smtp_sasl_security_options": "",
            "smtp_sasl_mechanism_filter": mechanism.lower(),
            "queue_run_delay": "2s",
            "minimal_backoff_time": "2s",
        }
        with Postfix("abc.com", USER, PASSWORD, settings) as postfix:
            yield server, postfix


def test_postfix_relays_through_it(relayed: tuple[SmtpServer, Postfix]) -> None:
    """Octet for octet behind its Received field, the null sender too; what is put off comes later."""
    server, postfix = relayed
    with smtplib.SMTP(postfix.host, postfix.port, timeout=20) as client:
        client.sendmail(SENDER, RECIPIENTS, MESSAGE)
        client.sendmail("", ["later@client.example"], MESSAGE)
    ends = time.monotonic() + 30
    while len(server.messages) < 2:
        assert time.monotonic() < ends, postfix.log
        time.sleep(0.05)

    by_sender = {str(taken.envelope.sender): taken for taken in server.messages}
    assert set(by_sender) == {SENDER, "None"}
    assert [str(one) for one in by_sender[SENDER].envelope.recipients] == RECIPIENTS
    for taken in server.messages:
        assert taken.octets.startswith(b"Received: ")
        assert taken.octets.endswith(MESSAGE)
    assert [fault.spec.verb for fault in server.struck] == ["RCPT"]

"""Real clients agree with the Lab's servers: what smtplib sends, poplib and curl fetch, octet for octet."""

import poplib
import smtplib
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsim.world.lab import Lab

ACCOUNT = {"username": "matters@abc.com", "password": "open sesame"}
SCENARIO: dict[str, object] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "smtp": {"server": "smtp.abc.com", "port": 587, "authentication": "plain", **ACCOUNT},
}
HEADER = b"From: matters@abc.com\r\nTo: a1@abc.com\r\nSubject: odd\r\nMessage-ID: <%d@abc.com>\r\n\r\n"
BODIES = [
    b"plain\r\n",
    b".\r\n..\r\n.dot first\r\n...\r\n",
    b"x" * 900 + b"\r\n",
    "Grüße, 8-bit\r\n".encode() + b"\xff\xfe\x80\r\n",
    b"\r\n\r\n\r\nblank lines round it\r\n\r\n\r\n",
    b"",
    b"y" * 70 + b"\r\n" + (b"z" * 76 + b"\r\n") * 20_000,
]
ODD = [HEADER % number + body for number, body in enumerate(BODIES)]


@pytest.fixture(params=["ssl://pop.abc.com:995", "tcp://pop.abc.com:110"])
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """A world whose system mailbox holds what smtplib submitted."""
    with Lab(SCENARIO | {"pop": {"server": request.param, **ACCOUNT}}) as world:
        host, port = world.addresses["smtp.abc.com", 587]
        with smtplib.SMTP(host, port, local_hostname="client.example") as client:
            client._host = "smtp.abc.com"  # type: ignore[attr-defined] # whom the certificate must name
            client.starttls(context=trusting(world))
            client.login(*ACCOUNT.values())
            for octets in ODD:
                client.sendmail("matters@abc.com", ["a1@abc.com"], octets)
                world.settle()  # several connections carry mail on, so only this keeps their order
        yield world


def trusting(world: Lab) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=world.authority.decode())


def stamped(octets: bytes) -> bytes:
    """A message as the provider stores it: its stamps on top, then every octet as it was sent."""
    return b"Delivered-To: a1@abc.com\r\nReturn-Path: <matters@abc.com>\r\n" + octets


def test_poplib_fetches_what_smtplib_sent(lab: Lab) -> None:
    """Over TLS and without; the sizes listed are those of the octets."""
    [(_, port), *_] = [where for (name, _), where in lab.addresses.items() if name == "pop.abc.com"]
    client: poplib.POP3
    if ("pop.abc.com", 995) in lab.addresses:
        context = trusting(lab)
        context.check_hostname = False  # poplib has no way to name the server behind 127.0.0.1
        client = poplib.POP3_SSL("127.0.0.1", port, context=context)
    else:
        client = poplib.POP3("127.0.0.1", port)
    client.user(ACCOUNT["username"])
    client.pass_(ACCOUNT["password"])

    fetched = [b"".join(line + b"\r\n" for line in client.retr(number + 1)[1]) for number in range(len(ODD))]
    sizes = [int(line.split()[1]) for line in client.list()[1]]
    client.quit()

    assert fetched == [stamped(octets) for octets in ODD]
    assert sizes == [len(octets) for octets in fetched]


@pytest.mark.peers
def test_curl_fetches_what_smtplib_sent(lab: Lab, tmp_path: Path) -> None:
    """One session for the whole range; the certificate is verified."""
    (tmp_path / "ca.pem").write_bytes(lab.authority)
    secure = ("pop.abc.com", 995) in lab.addresses
    host, port = lab.addresses["pop.abc.com", 995 if secure else 110]
    command = [
        "curl", "--silent", "--show-error", "--fail", "--max-time", "60", "--cacert", str(tmp_path / "ca.pem"),
        "--resolve", f"pop.abc.com:{port}:{host}", "--user", ":".join(ACCOUNT.values()),
        "--output", str(tmp_path / "#1.eml"), f"pop3{'s' if secure else ''}://pop.abc.com:{port}/[1-{len(ODD)}]",
    ]  # fmt: skip

    subprocess.run(command, check=True)

    fetched = [(tmp_path / f"{number + 1}.eml").read_bytes() for number in range(len(ODD))]
    assert fetched == [stamped(octets) for octets in ODD]

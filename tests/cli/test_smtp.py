"""`mailsim smtp`, as a user starts it."""

import json
import signal
import smtplib
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailsim.cli import main

MESSAGE = b"From: a1234@abc.com\r\nSubject: x\r\n\r\nbody\r\n"


@contextmanager
def running(*arguments: str | Path) -> Iterator[tuple["subprocess.Popen[str]", dict[str, object], int]]:
    """The server as a process of its own, what it said of itself, and its port."""
    start = "import sys; from mailsim.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", start, "smtp", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            yield process, said, said["servers"][0]["port"]
        finally:
            process.kill()


def test_mail_is_kept_as_a_provider_sends_it_on(tmp_path: Path) -> None:
    """Gmail's rewriting, over STARTTLS, after a login; the files stay."""
    options = ("--provider", "gmail", "--user", "matters@abc.com:se:cret", "--tls", "starttls", "--json")
    with running(*options, "--store", tmp_path / "taken") as (process, said, port):
        assert said["servers"] == [
            {"name": "localhost", "protocol": "smtp", "tls": "starttls", "host": "127.0.0.1", "port": port}
        ]
        assert said["accounts"] == [{"username": "matters@abc.com", "password": "se:cret"}]
        with smtplib.SMTP("localhost", port, timeout=20) as client:
            client.starttls(context=ssl.create_default_context(cafile=str(said["ca"])))
            client.login("matters@abc.com", "se:cret")
            client.sendmail("a1234@abc.com", ["jane@client.example"], MESSAGE)
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=20)
    assert (process.returncode, rest, errors) == (0, "", "")
    kept = (tmp_path / "taken" / "000001.eml").read_bytes()
    assert b"From: matters@abc.com\r\n" in kept
    assert json.loads((tmp_path / "taken" / "000001.json").read_bytes())["sender"] == "matters@abc.com"


@pytest.mark.parametrize(
    ("options", "unknown"),
    [
        (["--provider", "xtra"], ["same_domain", "stage", "reply"]),
        (["--provider", "telstra"], ["sender_policy", "same_domain"]),
        (["--provider", "gmail"], []),
        ([], None),
    ],
)
def test_what_is_not_known_of_a_provider_is_told(options: list[str], unknown: list[str] | None) -> None:
    """Its refusals are then in another server's words."""
    with running(*options) as (_, said, _port):
        assert said.get("unknown") == unknown


def test_size_limits_and_faults_are_taken() -> None:
    """In the words of `mailsim faults`; nobody need log in."""
    with running("--size-limit", "1 KB", "--fault", "smtp:MAIL:1:reply 451 4.3.0 later") as (_, said, port):
        assert said["accounts"] == []
        with smtplib.SMTP("localhost", port, timeout=20) as client:
            with pytest.raises(smtplib.SMTPSenderRefused, match="451"):
                client.sendmail("x@shop.example", ["jane@client.example"], MESSAGE)
            assert client.esmtp_features["size"] == "1024"
            with pytest.raises(smtplib.SMTPResponseException, match="552"):
                client.sendmail("x@shop.example", ["jane@client.example"], MESSAGE + b"x" * 1024)
            assert client.sendmail("x@shop.example", ["jane@client.example"], MESSAGE) == {}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--user", "alice"], "--user: the colon between name and password is missing"),
        (["--size-limit", "much"], "--size-limit: 'much' is no size"),
        (["--provider", "gmial"], "'gmial' is no built-in provider; write gmail"),
        (["--provider", "gmail", "--policy", "reject"], "give --provider or --policy"),
        (["--fault", "smtp:X:1:drop"], "drop does not happen at 'X'"),
        (["--tls", "stls"], "--tls"),
        (["--store", "/dev/null/x"], "cannot be had: Not a directory"),
    ],
)
def test_bad_usage_is_one_line(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2, and nothing started."""
    assert main(["smtp", *arguments]) == 2
    out, error = capsys.readouterr()
    assert told in error
    assert (out, error.count("\n")) == ("", 1)


def test_a_port_in_use_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """And says what to do."""
    with running() as (_, _, port):
        assert main(["smtp", "--port", str(port)]) == 2
    assert f"port {port} cannot be had: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--user", "a:"], "--user 'a': the password behind the colon is missing"),
        (["--store", ""], "--store '': name a folder"),
        (["--provider", ""], "--provider '': name a provider"),
        (["--fault", "foo"], "'smtp:RCPT:2:drop'"),
        (["--fault", "smtp:RCPT=:1:drop"], "an address is missing behind '='"),
        (["--tls", "starttls", "--fault", "smtp:CONNECT:1:expired-certificate"], "write 'STARTTLS'"),
    ],
)
def test_what_cannot_be_meant_is_one_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the words of the command line."""
    assert main(["smtp", *arguments]) == 2
    output = capsys.readouterr()
    assert told in output.err
    assert len(output.err.splitlines()) == 1

"""A mail program to be tested: it collects by POP3 and hands every message on by SMTP, on poplib and smtplib alone.

`forwarder.py` deletes a message when it has been handed on; `forwarder.py careless` deletes first, and hands on when the
session is over.
"""

import os
import poplib
import smtplib
import ssl
import sys

ARCHIVE = "archive@elsewhere.example"


def told(name: str) -> str:
    return os.environ[f"MAILSIM_{name}"]


TRUST = ssl.create_default_context(cafile=told("CA"))


def mailbox() -> poplib.POP3:
    host, port = told("POP3_HOST"), int(told("POP3_PORT"))
    client = (
        poplib.POP3_SSL(host, port, context=TRUST)
        if told("POP3_TLS") == "implicit"
        else poplib.POP3(host, port)
    )
    client.user(told("POP3_USERNAME"))
    client.pass_(told("POP3_PASSWORD"))
    return client


def hand_on(octets: bytes) -> None:
    with smtplib.SMTP(told("SMTP_HOST"), int(told("SMTP_PORT"))) as client:
        if told("SMTP_TLS") == "starttls":
            client.starttls(context=TRUST)
        client.login(told("SMTP_USERNAME"), told("SMTP_PASSWORD"))
        client.sendmail(told("SMTP_USERNAME"), [ARCHIVE], octets)


def careful(client: poplib.POP3) -> None:
    for number in range(1, client.stat()[0] + 1):
        hand_on(b"\r\n".join(client.retr(number)[1]) + b"\r\n")
        client.dele(number)
    client.quit()


def careless(client: poplib.POP3) -> None:
    kept = []
    for number in range(1, client.stat()[0] + 1):
        kept.append(b"\r\n".join(client.retr(number)[1]) + b"\r\n")
        client.dele(number)
    client.quit()
    for octets in kept:
        hand_on(octets)


(careless if sys.argv[1:] == ["careless"] else careful)(mailbox())

"""Decisions a second, on one core, evidence included; beside the standard library reading To.

    python tests/bench/bench_routing.py

The messages are a mix as a practice collects it: replies to actions, aliases, guesses,
Unassigned and unreadable mail, each of about 5 KB with 25 to 30 header fields. Each figure is
processor time, the best of several rounds, so that other work on the machine counts little.
"""

import email
import email.policy
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from mailsim.mail import Address, Message
from mailsim.practice.directory import Action, Alias, Directory
from mailsim.practice.routing import Rules, decide

ROUNDS = 30
SENT = {f"<20261123.{number}@abc.com>": number for number in range(1000, 1200)}
DIRECTORY = Directory(
    "abc.com",
    actions=[Action(number) for number in range(1000, 6000)],
    aliases=[Alias(Address(f"user{number}", "abc.com"), (f"user{number}",)) for number in range(200)],
)
RULES = Rules(
    catch_all=True,
    header=None,
    system=Address("matters", "abc.com"),
    fallback=Address("help", "elsewhere.example"),
)
TRACE = """\
Received: by 2002:a05:6512:3d0a:b0:52c:8b3f:1234 with SMTP id d10csp123456lfv;
        Mon, 23 Nov 2026 01:02:03 -0800 (PST)
X-Received: by 2002:a17:902:d2d1:b0:1d9:8832:f800 with SMTP id n17-20020a170902d2d100mr1234567plc.12;
        Mon, 23 Nov 2026 01:02:03 -0800 (PST)
ARC-Seal: i=1; a=rsa-sha256; t=1711180923; cv=none;
        d=provider.example; s=arc-20160816;
        b=Zx0c9Jq8Xh3Jc8N3h0mZgq1d0jJcXl5aQmYwE8yYl1nq8Xh3Jc8N3h0mZgq1d0jJcXl5
         aQmYwE8yYl1nq8Xh3Jc8N3h0mZgq1d0jJcXl5aQmYwE8yYl1nq8Xh3Jc8N3h0mZgq1d0jJc==
ARC-Authentication-Results: i=1; mx.provider.example;
       dkim=pass header.i=@client.example header.s=s1 header.b=abcdefgh;
       spf=pass smtp.mailfrom=jane@client.example
Return-Path: <jane@client.example>
Received: from mail.client.example (mail.client.example. [192.0.2.1])
        by mx.provider.example with ESMTPS id x12-20020a170902d2d100
        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);
        Mon, 23 Nov 2026 01:02:03 -0800 (PST)
Received-SPF: pass (domain of jane@client.example designates 192.0.2.1) client-ip=192.0.2.1;
Authentication-Results: mx.provider.example;
       dkim=pass header.i=@client.example header.s=s1 header.b=abcdefgh
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=client.example; s=s1;
        h=to:from:subject:message-id:date:references:in-reply-to;
        bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
        b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB4nujc7YopdG5dWLSdNg6
          xNAZpOPr+kHxt1IrE+NahM6L/LbvaHutKVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZck
From: Jane Doe <jane@client.example>
"""
REST = """\
Subject: Re: Draft contract for your review
Date: Mon, 23 Nov 2026 09:02:01 +0000
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="0000000000001234567890abcdef"
X-Mailer: Example Mail 12.3
X-Priority: 3
Thread-Topic: Draft contract for your review
Thread-Index: AQHaabcdefghijklmnopqrstuvwxyz0123456789==
Accept-Language: en-NZ, en-US
Content-Language: en-NZ
User-Agent: Example/1.0
X-Originating-IP: [192.0.2.77]
"""


def message(number: int, size: int = 5_000) -> bytes:
    """One message of the mix: of ten, six to actions, one each to an alias, a guess, the system mailbox, nobody."""
    kind = number % 10
    action, user = f"a{1000 + number}@abc.com", f"user{number % 200}@abc.com"
    stamped = {6: user, 7: "matters@abc.com", 8: "matters@abc.com", 9: f"peter{number}@abc.com"}.get(
        kind, action
    )
    to = {6: user, 8: "matters@abc.com", 9: f"peter{number}@abc.com"}.get(kind, f'"Smith v Jones" <{action}>')
    head = f"Delivered-To: {stamped}\n{TRACE}To: {to}\nCc: Bob Roe <bob@client.example>\n{REST}"
    head += f"Message-ID: <{number}@mail.client.example>\nIn-Reply-To: <20261123.{1000 + number}@abc.com>\n"
    head += f"References: <20261120.{number}@abc.com> <20261123.{1000 + number}@abc.com>\n\n"
    boundary = "--0000000000001234567890abcdef"
    body = f"{boundary}\nContent-Type: text/plain; charset=utf-8\n\n"
    line = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod.\n"
    body += line * ((size - len(head) - len(body)) // len(line)) + f"{boundary}--\n"
    return (head + body).replace("\n", "\r\n").encode()


def seconds_each(action: Callable[[bytes], object], messages: Sequence[bytes]) -> float:
    """The best time of one `action` on one message over several rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for octets in messages:
            action(octets)
        best = min(best, time.process_time() - start)
    return best / len(messages)


def routed(octets: bytes) -> object:
    return decide(Message(octets), RULES, DIRECTORY, SENT)


def read_by_the_standard_library(octets: bytes) -> object:
    return email.message_from_bytes(octets, policy=email.policy.default)["To"]


def main() -> None:
    mix = [message(number) for number in range(200)]
    usual = seconds_each(routed, mix)
    print(f"{'mix of 5 KB':<28} {1 / usual:>10,.0f} decisions/s {usual * 1e6:>9.1f} us each")
    small = seconds_each(routed, [message(1)] * 200)
    for size, label in ((5_000, "one of 5 KB"), (10_000_000, "one of 10 MB"), (25_000_000, "one of 25 MB")):
        each = seconds_each(routed, [message(1, size)] * 200)
        print(
            f"{label:<28} {1 / each:>10,.0f} decisions/s {each * 1e6:>9.1f} us each {each / small:>6.2f} x 5 KB"
        )
    standard = seconds_each(read_by_the_standard_library, mix)
    print(
        f"{'email, policy.default, To':<28} {1 / standard:>10,.0f} messages/s  {standard * 1e6:>9.1f} us each",
        end="",
    )
    print(f" {standard / usual:>6.1f} x slower")


if __name__ == "__main__":
    main()

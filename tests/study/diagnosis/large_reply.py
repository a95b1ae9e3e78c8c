"""A typical reply: 40 KB, 60 header fields, of a practice with some hundred actions whose provider rewrites senders."""

from typing import Any

from mailsim.practice.site import read_site

_TABLES: dict[str, Any] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@firm.example",
    },
    "pop": {"common": "gmail"},
    "smtp": {"common": "gmail"},
    "routing": {"internal": "direct"},
    "action": [{"id": number, "name": f"Matter of Smith {number}"} for number in range(1200, 1320)],
    "user": [{"name": "hone"}, {"name": "mary"}],
    "alias": [{"address": "sales@abc.com", "mailboxes": ["hone", "mary"]}],
    "sent": [
        {"message_id": f"<20261123.{number}@abc.com>", "action": number} for number in range(1200, 1320)
    ],
}
SITE = read_site(_TABLES)


def large_reply() -> bytes:
    """The octets."""
    received = [
        f"Received: from hop{n}.client.example by hop{n + 1}.client.example;\r\n Mon, 23 Nov 2026 09:00:00 +0000"
        for n in range(12)
    ]
    marks = [f"X-Client-Filter-{n}: {'v=1; s=2026; bh=' + 'A' * 60}" for n in range(36)]
    lines = [
        "Delivered-To: matters@abc.com",
        *received,
        "Return-Path: <jane@client.example>",
        "DKIM-Signature: v=1; a=rsa-sha256; d=client.example;\r\n\tb=" + "B" * 300,
        *marks,
        'From: "Jane Doe" <jane@client.example>',
        "To: matters@abc.com, Bob <bob@client.example>",
        "Cc: hone@firm.example",
        "Subject: Re: Draft agreement, Smith v Jones",
        "Date: Mon, 23 Nov 2026 09:00:00 +0000",
        "Message-ID: <r1@client.example>",
        "In-Reply-To: <20261123.1234@abc.com>",
        "References: <x1@client.example> <x2@client.example>\r\n <20261123.1234@abc.com>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/alternative; boundary="b1"',
    ]
    text = "I agree, Jane Doe.\r\n" + "> a quoted line of the draft agreement that went to and fro\r\n" * 300
    parts = [
        f"--b1\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n{text}\r\n" for kind in ("plain", "html")
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + "".join(parts) + "--b1--\r\n").encode()

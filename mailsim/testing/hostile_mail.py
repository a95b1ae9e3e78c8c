"""Mail to choose from in tests that is brought as it is, and is read otherwise by one server than by the next."""

CROWD = 12
"""Recipients of one letter, and addresses in one Reply-To."""
_BOM = b"\xef\xbb\xbf"
HOSTILE = (
    b"From: jane@client.example\rSubject: q\r\rhi",
    b"From: jane@client.example\rMessage-ID: <1@hostile.example>\r\rhi",
    _BOM + b"From: jane@client.example\r\nSubject: q\r\n\r\nhi\r\n",
    _BOM + b"Message-ID: <2@hostile.example>\r\nSubject: q\r\n\r\nhi\r\n",
    b"From jane@client.example Mon Nov 23 10:00:00 2026\nSubject: q\n\nhi\n",
    b"From: jane@client.example\nMessage-ID: <3@hostile.example>\nReply-To: "
    + b", ".join(b"p%d@crowd.example" % number for number in range(CROWD))
    + b"\n\n.\n..\n",
    b"From: jane@client.example\nMessage-ID: <4@hostile.example>\nTo: a1234@abc.com\nSubj\0ect: q\n\nhi",
    b"From: a1234@abc.com\nMessage-ID: <5@hostile.example>\nTo: jane@client.example\n\nour own?",
    b"Message-ID: <6@hostile.example>\nAuto-Submitted: auto-replied\nReturn-Path: <>\n\nnobody's",
    b"Message-ID: <7@hostile.example>\nFrom: joe@other.example\n\n" + b"x" * 3000,
    b"Received: from everywhere\n" * 60 + b"Message-ID: <8@hostile.example>\n\nround and round",
    b"\xff\xfeF\0r\0o\0m\0",
    b"",
)
"""Mail that is brought as it is: read otherwise further on, to a crowd, without an end, from ourselves."""

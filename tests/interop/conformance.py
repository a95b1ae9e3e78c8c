r"""Conformance checks 1 to 91 of POP3 as a table: what a client sends, and what must come back.

A dialogue is steps between `; `. A step is a command, sent with CRLF; or, with `\r\n` written out, octets sent as they
are. `{name}` is the user of the check, `{plain}` the good PLAIN response, `{wrong}` a bad one. Between angle brackets:
`<login>` USER and PASS; `<2nd login>` the same on another connection; `<reconnect>` a new connection; `<drop>` loses
it and connects again when the server has noticed; `<FIN>` the same after a FIN; `<TLS>` begins TLS;
`<TLS or end>` tries to.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass

OK = r"\+OK[^\r\n]*\r\n"
ERR = r"-ERR[^\r\n]*\r\n"
LINES = r"\+OK[^\r\n]*\r\n(?:[^\r]|\r(?!\n\.\r\n))*?(?:\r\n)?\.\r\n"
GONE = ""

Answers = Sequence[bytes]
Judge = Callable[[Answers, Sequence[bytes]], bool]


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        number: Its number.
        source: The RFC and section.
        steps: What the client does.
        expected: A pattern for each reply, or a judge of all replies and the stored messages.
        state: `A` before login, `T` after it, `I` before it on the port with implicit TLS, `S` where STLS is offered.
        dovecot: Why Dovecot answers otherwise, where it does.
    """

    number: int
    source: str
    state: str
    steps: str
    expected: Sequence[str] | Judge
    dovecot: str = ""


def retrieved(reply: bytes) -> bytes:
    """The message in a RETR or TOP reply, unstuffed."""
    _, _, body = reply.partition(b"\r\n")
    return (b"\r\n" + body.removesuffix(b".\r\n")).replace(b"\r\n.", b"\r\n")[2:]


def sized(listing: bytes) -> list[int]:
    return [int(size) for size in re.findall(rb"^\d+ (\d+)\r$", listing, re.MULTILINE)]


def shown(listing: bytes) -> list[bytes]:
    return re.findall(rb"^\d+ ([!-~]{1,70})\r$", listing, re.MULTILINE)


def message(number: int) -> Judge:
    """RETR gave that message octet for octet, with a final line end."""

    def judge(replies: Answers, messages: Sequence[bytes]) -> bool:
        stored = messages[number - 1]
        return retrieved(replies[-1]) == (stored if stored.endswith(b"\n") else stored + b"\r\n")

    return judge


def top(number: int, lines: int) -> Judge:
    """TOP gave header, blank line and so many lines."""

    def judge(replies: Answers, messages: Sequence[bytes]) -> bool:
        header, blank, body = messages[number - 1].partition(b"\r\n\r\n")
        beginning = b"".join(body.splitlines(keepends=True)[:lines])
        return retrieved(replies[-1]) == header + blank + beginning

    return judge


def size_of(number: int) -> Judge:
    def judge(replies: Answers, messages: Sequence[bytes]) -> bool:
        stored = messages[number - 1]
        wanted = len(stored) + (0 if stored.endswith(b"\n") else 2)
        return replies[-1].split()[:3] == [b"+OK", b"%d" % number, b"%d" % wanted]

    return judge


def every_size(replies: Answers, messages: Sequence[bytes]) -> bool:
    return sized(replies[0]) == [len(retrieved(reply)) for reply in replies[1:]] and len(messages) == 8


def same_uids(replies: Answers, messages: Sequence[bytes]) -> bool:
    return shown(replies[0]) == shown(replies[-1]) and len(shown(replies[0])) == len(messages)


def uids_after_quit(replies: Answers, _: Sequence[bytes]) -> bool:
    return shown(replies[0])[1:] == shown(replies[-1])


def capabilities(*wanted: str, absent: str = "!") -> Judge:
    def judge(replies: Answers, _: Sequence[bytes]) -> bool:
        lines = replies[-1].decode().upper().splitlines()[1:-1]
        tags = {line.split(" ")[0] for line in lines}
        return set(wanted) <= tags and absent not in tags and all(line == line.strip() for line in lines)

    return judge


def no_tag_is_lost(replies: Answers, _: Sequence[bytes]) -> bool:
    before, after = (
        {line.split(b" ")[0] for line in reply.splitlines()[1:-1]} for reply in (replies[0], replies[-1])
    )
    return before - {b"STLS"} <= after


def one_line_each(replies: Answers, _: Sequence[bytes]) -> bool:
    return all(re.fullmatch(rb"(\+OK|-ERR)[^\r\n]*\r\n", reply) for reply in replies) and len(replies) == 2


def in_step_or_closed(replies: Answers, _: Sequence[bytes]) -> bool:
    return replies[0].startswith(b"-ERR") and (replies[1].startswith(b"+OK 8 ") or not replies[1])


def no_oracle(replies: Answers, _: Sequence[bytes]) -> bool:
    return replies[0] == replies[2] and replies[1] == replies[3] and replies[1].startswith(b"-ERR")


def dropped_or_ended(replies: Answers, _: Sequence[bytes]) -> bool:
    return replies[0].startswith(b"+OK") and (not replies[1] or replies[1].startswith(b"-ERR"))


def offered_before_tls_only(replies: Answers, _: Sequence[bytes]) -> bool:
    return b"\r\nSTLS\r\n" in replies[0] and b"STLS" not in replies[-1]


CHECKS = (
    Check(1, "1939 §4", "A", "<greeting>", [r"\+OK[^\r\n]{0,507}\r\n"]),
    Check(2, "1939 §3", "A", "uSeR {name}; pAsS secret", [OK, OK]),
    Check(3, "1939 §3", "A", "XYZZY; CAPA", [ERR, LINES]),
    Check(4, "1939 §3", "A", r"\r\n", [ERR]),
    Check(5, "1939 §3", "A", "STAT; RETR 1; DELE 1; RSET; LIST; UIDL; TOP 1 0", [ERR] * 7,
          "closes at the third bad command: a policy, CLIENT_MAX_BAD_COMMANDS"),
    Check(6, "1939 §4, §5", "A", "NOOP", [ERR]),
    Check(7, "1939 §7", "A", "PASS secret", [ERR]),
    Check(8, "1939 §7", "A", "USER", [ERR], "takes an empty name"),
    Check(9, "1939 §7", "A", "USER {name}; PASS; STAT", [OK, ERR, ERR]),
    Check(10, "1939 §7", "A", "USER nobody; PASS x; USER {name}; PASS x", no_oracle),
    Check(11, "1939 §4", "A", "USER {name}; PASS wrong; USER {name}; PASS secret", [OK, ERR, OK, OK]),
    Check(12, "1939 §7", "A", "USER {name}; PASS wrong; PASS secret", [OK, ERR, ERR]),
    Check(13, "1939 §7", "A", "USER sp; PASS two words", [OK, OK]),
    Check(14, "1939 §4", "A", "QUIT; NOOP", [OK, GONE]),
    Check(15, "1939 §3", "T", "USER {name}; PASS secret; APOP a b; AUTH PLAIN", [ERR] * 4),
    Check(16, "1939 §7", "A", "APOP {name} 00112233445566778899aabbccddeeff", [ERR]),
    Check(17, "1939 §5", "T", "STAT", [r"\+OK 8 \d+\r\n"]),
    Check(18, "1939 §5", "T", "LIST", [r"\+OK[^\r\n]*\r\n(\d+ \d+\r\n){8}\.\r\n"]),
    Check(19, "1939 §5", "T", "LIST 1", [r"\+OK 1 \d+\r\n"]),
    Check(20, "1939 §11", "T", "LIST 1", size_of(1)),
    Check(21, "1939 §11", "T", "LIST 2", size_of(2)),
    Check(22, "1939 §3, §11", "T", "LIST 3", size_of(3), "lists 2 octets less than it sends"),
    Check(23, "1939 §11, 6856 §2.1", "T", "LIST; RETR 1; RETR 2; RETR 3; RETR 4; RETR 5; RETR 6; RETR 7; RETR 8",
          every_size, "message 3 has no final line end: lists 2 octets less than it sends"),
    Check(24, "1939 §5", "T", "STAT; LIST",
          lambda replies, _: int(replies[0].split()[2]) == sum(sized(replies[1]))),
    Check(25, "1939 §5", "T", "LIST 0; LIST 9; LIST -1; LIST x", [ERR] * 4),
    Check(26, "1939 §5", "T", "RETR 1", message(1)),
    Check(27, "1939 §3", "T", "RETR 2", message(2)),
    Check(28, "1939 §3", "T", "RETR 3", message(3)),
    Check(29, "1939 §5", "T", "RETR 4", message(4)),
    Check(30, "1939 §11", "T", "RETR 5", message(5)),
    Check(31, "1939 §11", "T", "RETR 6", message(6)),
    Check(32, "1939 §11", "T", "RETR 7", message(7)),
    Check(33, "1939 §5", "T", "RETR; RETR 0; RETR 9; RETR x; RETR -1; RETR 99999999999999999999", [ERR] * 6),
    Check(34, "1939 §3", "T", "RETR 1 2", [ERR]),
    Check(35, "1939 §5", "T", "NOOP", [OK]),
    Check(36, "1939 §5", "T", "DELE 1; DELE 1", [OK, ERR]),
    Check(37, "1939 §5", "T", "DELE 1; RETR 1; LIST 1; UIDL 1; TOP 1 0", [OK, ERR, ERR, ERR, ERR]),
    Check(38, "1939 §5", "T", "DELE 1; STAT; LIST",
          [OK, r"\+OK 7 \d+\r\n", r"\+OK[^\r\n]*\r\n2 \d+\r\n(\d+ \d+\r\n){5}8 \d+\r\n\.\r\n"]),
    Check(39, "1939 §7", "T", "DELE 1; UIDL", [OK, r"\+OK[^\r\n]*\r\n2 [!-~]+\r\n(\d [!-~]+\r\n){6}\.\r\n"]),
    Check(40, "1939 §5", "T", "DELE; DELE 0; DELE 9; DELE x", [ERR] * 4),
    Check(41, "1939 §5", "T", "DELE 1; DELE 2; RSET; STAT; RETR 1", [OK, OK, OK, r"\+OK 8 \d+\r\n", LINES]),
    Check(42, "1939 §6", "T", "DELE 1; QUIT; <reconnect>; <login>; STAT", [OK, OK, OK, r"\+OK 7 \d+\r\n"]),
    Check(43, "1939 §6", "T", "DELE 1; <drop>; <login>; STAT", [OK, OK, r"\+OK 8 \d+\r\n"]),
    Check(44, "1939 §6", "T", "DELE 1; <FIN>; <login>; STAT", [OK, OK, r"\+OK 8 \d+\r\n"]),
    Check(45, "1939 §6", "T", r"DELE 1\r\nQUIT\r\n<unread>; <drop>; <login>; STAT", [OK, r"\+OK 7 \d+\r\n"]),
    Check(46, "1939 §6", "T", "RETR 1; QUIT; <reconnect>; <login>; STAT", [LINES, OK, OK, r"\+OK 8 \d+\r\n"]),
    Check(47, "1939 §6", "T", "UIDL; DELE 1; QUIT; <reconnect>; <login>; UIDL", uids_after_quit),
    Check(48, "1939 §7", "T", "UIDL", [r"\+OK[^\r\n]*\r\n(\d [\x21-\x7e]{1,70}\r\n){8}\.\r\n"]),
    Check(49, "1939 §7", "T", "UIDL 2", [r"\+OK 2 [\x21-\x7e]{1,70}\r\n"]),
    Check(50, "1939 §7", "T", "UIDL", lambda replies, _: len(set(shown(replies[0]))) == 8),
    Check(51, "1939 §7", "T", "UIDL; <drop>; <login>; UIDL", same_uids),
    Check(52, "1939 §7", "T", "UIDL 0; UIDL 9; UIDL x", [ERR] * 3),
    Check(53, "1939 §7", "T", "TOP 8 0", top(8, 0)),
    Check(54, "1939 §7", "T", "TOP 8 2", top(8, 2)),
    Check(55, "1939 §7", "T", "TOP 8 1000", top(8, 1000)),
    Check(56, "1939 §7", "T", "TOP 2 3", top(2, 3)),
    Check(57, "1939 §7", "T", "TOP 4 5", top(4, 5)),
    Check(58, "1939 §7", "T", "TOP 1; TOP 1 -1; TOP 1 x; TOP 9 0; TOP", [ERR] * 5),
    Check(59, "1939 §4", "T", "<2nd login>", [ERR]),
    Check(60, "2449 §8.1.2", "T", "<2nd login>", [r"-ERR \[IN-USE\][^\r\n]*\r\n"]),
    Check(61, "1939 §6", "T", "QUIT; <reconnect>; <login>", [OK, OK]),
    Check(62, "1939 §6", "T", "<drop>; <login>", [OK]),
    Check(63, "2449 §5", "A", "CAPA", [LINES]),
    Check(64, "2449 §5", "T", "CAPA", [LINES]),
    Check(65, "2449 §5", "A", "CAPA; <login>; CAPA", no_tag_is_lost, "forgets USER and SASL after login"),
    Check(66, "2449 §6", "A", "CAPA", capabilities("TOP", "UIDL", "RESP-CODES", "PIPELINING")),
    Check(67, "2449 §4", "T", "NOOP " + "x" * 248 + "; STAT", one_line_each),
    Check(68, "2449 §4", "T", "NOOP " + "x" * 9000 + "; STAT", in_step_or_closed),
    Check(69, "2449 §6.6", "T", r"STAT\r\nLIST 1\r\nUIDL 1\r\nNOOP\r\nQUIT\r\n",
          [r"\+OK 8 \d+\r\n", r"\+OK 1 \d+\r\n", r"\+OK 1 [!-~]+\r\n", OK, OK]),
    Check(70, "2449 §6.6", "A", r"USER {name}\r\nPASS secret\r\nSTAT\r\nQUIT\r\n", [OK, OK, r"\+OK 8 \d+\r\n", OK]),
    Check(71, "2449 §6.6", "T", "".join(rf"RETR {n}\r\n" for n in range(1, 9)),
          lambda replies, messages: [retrieved(reply)[:40] for reply in replies] == [m[:40] for m in messages]),
    Check(72, "2449 §6.6", "T", r"RETR 1\r\nRETR 9\r\nRETR 2\r\n", [LINES, ERR, LINES]),
    Check(73, "1939 §3", "T", r"NO<unread>; OP\r\n", [OK]),
    Check(74, "3206 §5, §6", "A", "USER {name}; PASS wrong", [OK, r"-ERR \[AUTH\][^\r\n]*\r\n"]),
    Check(75, "5034 §4", "A", "CAPA", lambda replies, _: b"\r\nSASL PLAIN" in replies[0]),
    Check(76, "5034 §4", "A", "AUTH PLAIN {plain}; STAT", [OK, r"\+OK 8 \d+\r\n"]),
    Check(77, "5034 §4", "A", "AUTH PLAIN; {plain}; STAT", [r"\+ \r\n", OK, r"\+OK 8 \d+\r\n"]),
    Check(78, "5034 §4", "A", "AUTH PLAIN; *; USER {name}", [r"\+ \r\n", ERR, OK]),
    Check(79, "5034 §4", "A", "AUTH NOSUCH", [ERR]),
    Check(80, "5034 §4", "A", "AUTH PLAIN !!!!; AUTH PLAIN =AAA", [ERR, ERR]),
    Check(81, "5034 §4", "A", "AUTH PLAIN =", [ERR]),
    Check(82, "5034 §4", "A", "AUTH PLAIN {wrong}; AUTH PLAIN {plain}", [ERR, OK]),
    Check(83, "2595 §4", "S", "STLS; <TLS>; CAPA; USER {name}; PASS secret", [OK, LINES, OK, OK]),
    Check(84, "2595 §4", "S", "CAPA; STLS; <TLS>; CAPA", offered_before_tls_only),
    Check(85, "2595 §4", "S", "STLS; <TLS>; STLS", [OK, ERR]),
    Check(86, "2595 §4", "S", "STLS; <TLS>; <login>; STLS", [OK, OK, ERR]),
    Check(87, "2595 §4, CVE-2011-0411", "S", r"STLS\r\nUSER {name}\r\n<one>; <TLS or end>; PASS secret",
          dropped_or_ended),
    Check(88, "hardening", "S", "USER {name}; STLS; <TLS>; PASS secret", [r"(\+OK|-ERR)[^\r\n]*\r\n", OK, ERR],
          "remembers USER: the login succeeds"),
    Check(89, "8314 §3.1", "I", "CAPA; USER {name}; PASS secret; QUIT", [LINES, OK, OK, OK]),
    Check(90, "6856 §2", "A", "UTF8; CAPA",
          lambda replies, _: replies[0].startswith(b"+OK") and b"\r\nUTF8\r\n" in replies[1], "has no UTF8"),
)  # fmt: skip
"""Check 91 is about all replies of the others: status lines of at most 512 octets, in upper case."""


def words(check: Check) -> dict[str, str]:
    """What stands in the dialogue's braces; every check has a user of its own."""
    name = f"alice{check.number}"
    return {
        "name": name,
        "plain": b64encode(f"\0{name}\0secret".encode()).decode(),
        "wrong": b64encode(f"\0{name}\0wrong".encode()).decode(),
    }

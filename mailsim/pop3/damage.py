"""What a fault makes of one reply: octets in, octets out. Pure, and never raises, whatever the reply."""

import re
from collections.abc import Callable, Mapping
from hashlib import blake2b
from types import MappingProxyType

from mailsim.pop3.fault_kinds import What
from mailsim.pop3.faults import Fault
from mailsim.pop3.wire import CRLF, TERMINATOR, status_line, unstuff

_STAT = re.compile(rb"(\+OK \d+ )(\d+)")
_RETR = re.compile(rb"(\+OK )(\d+)")
_ENTRY = re.compile(rb"^((?:\+OK )?(\d+) )(\d+)(?=\r$)", re.MULTILINE)
_UID = re.compile(rb"^((?:\+OK )?(\d+) )([!-~]+)(?=\r$)", re.MULTILINE)
_UIDS = frozenset({What.DUPLICATE_UID, What.BLANK_UID, What.CHANGED_UID, What.MALFORMED_UID})
_JUNK = b"\x16\x03\x01HTTP/1.1 400 Bad Request\xff\xfe\x00"


def damaged(reply: bytes, fault: Fault, first_uid: bytes) -> bytes:
    """Return a reply as the fault leaves it; unchanged where the fault is none of what is said.

    `first_uid` is that of the maildrop's first message, which a reply about another does not show.
    """
    if fault.what in _UIDS:
        return _UID.sub(
            lambda entry: (
                entry[1] + _other_uid(fault.what, entry[3], first_uid) if _meant(entry, fault) else entry[0]
            ),
            reply,
        )
    damage = _DAMAGES.get(fault.what)
    return reply if damage is None else damage(reply, fault)


def _say(_reply: bytes, fault: Fault) -> bytes:
    return status_line(*fault.status)


def _garbage(reply: bytes, fault: Fault) -> bytes:
    return reply[: fault.where or 0] + _JUNK + CRLF


def _wrong_size(reply: bytes, fault: Fault) -> bytes:
    by = int(fault.amount or 0)

    def wrong(match: re.Match[bytes]) -> bytes:
        return match[1] + b"%d" % max(0, int(match[match.lastindex or 0]) + by)

    if fault.spec.verb == "LIST":
        return _ENTRY.sub(lambda entry: wrong(entry) if _meant(entry, fault) else entry[0], reply)
    return (_STAT if fault.spec.verb == "STAT" else _RETR).sub(wrong, reply, count=1)


def _meant(entry: re.Match[bytes], fault: Fault) -> bool:
    return fault.where is None or int(entry[2]) == fault.where


def _cut(reply: bytes) -> tuple[bytes, bytes] | None:
    """The status line of a multi-line reply, and its lines without the terminator; None for another reply."""
    head, end, body = reply.partition(CRLF)
    if not reply.startswith(b"+OK") or not (body == TERMINATOR or body.endswith(CRLF + TERMINATOR)):
        return None
    return head + end, body.removesuffix(TERMINATOR)


def _unterminated(reply: bytes, _: Fault) -> bytes:
    cut = _cut(reply)
    return reply if cut is None else b"".join(cut)


def _unstuffed(reply: bytes, _: Fault) -> bytes:
    cut = _cut(reply)
    return reply if cut is None else cut[0] + unstuff(cut[1]) + TERMINATOR


def _overstuffed(reply: bytes, _: Fault) -> bytes:
    cut = _cut(reply)
    return reply if cut is None else cut[0] + (CRLF + cut[1]).replace(b"\r\n.", b"\r\n..")[2:] + TERMINATOR


def _other_uid(what: What, uid: bytes, first: bytes) -> bytes:
    match what:
        case What.DUPLICATE_UID:
            return first
        case What.BLANK_UID:
            return b""
        case What.CHANGED_UID:
            return blake2b(uid, digest_size=16).hexdigest().encode()
        case _:
            return uid + b" \xfc" + b"x" * 80


_DAMAGES: Mapping[What, Callable[[bytes, Fault], bytes]] = MappingProxyType(
    {
        What.SAY: _say,
        What.GARBAGE: _garbage,
        What.WRONG_SIZE: _wrong_size,
        What.UNSTUFFED: _unstuffed,
        What.OVERSTUFFED: _overstuffed,
        What.UNTERMINATED: _unterminated,
    }
)

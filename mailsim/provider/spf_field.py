"""The Received-SPF header field, in which a receiving server records what it found (RFC 7208 section 9.1): pure.

Law: whatever a sender, HELO or record holds, the value is one printable line in the field's grammar.
"""

import re

from mailsim.provider.spf import Identity, Result, SpfResult

FIELD = "Received-SPF"

_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LONGEST = 320
"""Characters of one value: a path at its longest (RFC 5321 section 4.5.3.1: 64 + 1 + 255)."""
_COMMENTS = {
    Result.NONE: "{domain} publishes no SPF record",
    Result.NEUTRAL: "{ip} is neither permitted nor denied by domain of {domain}",
    Result.PASS: "domain of {domain} designates {ip} as permitted sender",
    Result.FAIL: "domain of {domain} does not designate {ip} as permitted sender",
    Result.SOFTFAIL: "domain of {domain} discourages {ip} as sender",
    Result.TEMPERROR: "temporary error in processing during lookup of {domain}",
    Result.PERMERROR: "permanent error in processing during lookup of {domain}",
}


def received_spf(found: SpfResult, *, receiver: str) -> str:
    """The value of the field that `receiver`, the server's own name, puts on top of a message.

    Result, a comment, and the keys client-ip, envelope-from (not of a null sender), helo, receiver, identity,
    mechanism (where one matched) and problem (of an error).
    """
    pairs = [("client-ip", found.ip)]
    if found.identity is Identity.MAILFROM:
        pairs.append(("envelope-from", found.sender))
    pairs += [("helo", found.helo), ("receiver", receiver), ("identity", found.identity)]
    if found.mechanism:
        pairs.append(("mechanism", found.mechanism))
    if found.result in (Result.TEMPERROR, Result.PERMERROR):
        pairs.append(("problem", found.explanation))
    said = f"{receiver}: {_COMMENTS[found.result].format(domain=_clipped(found.domain), ip=found.ip)}"
    listed = "; ".join(f"{key}={_value(value)}" for key, value in pairs)
    return f"{found.result} ({_escaped(said, '()')}) {listed}"


def _value(text: str) -> str:
    """A dot-atom as it is, anything else as a quoted string (RFC 5322 section 3.2.4)."""
    clipped = _clipped(text)
    return clipped if _DOT_ATOM.fullmatch(clipped) else f'"{_escaped(clipped, chr(34))}"'


def _escaped(text: str, special: str) -> str:
    return "".join(f"\\{char}" if char in special + "\\" else char for char in _clipped(text))


def _clipped(text: str) -> str:
    """The text, bounded, with a space for each character that is no part of a line."""
    return "".join(char if char.isprintable() else " " for char in text[:_LONGEST])

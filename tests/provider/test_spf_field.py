"""The Received-SPF field (RFC 7208 section 9.1)."""

import re
from email import policy
from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.provider.dns import Zone
from mailsim.provider.spf import Result, evaluate
from mailsim.provider.spf_field import FIELD, received_spf
from mailsim.provider.zone_table import read_zone_table

ZONE = read_zone_table(
    {
        "abc.example": {"txt": "v=spf1 ip4:192.0.2.1 ?ip4:192.0.2.2 ~ip4:192.0.2.3 -all"},
        "ill.example": {"fault": "timeout"},
        "bad.example": {"txt": "v=spf1 wrong"},
    }
)

_PAIR = r'[a-z-]+=(?:[A-Za-z0-9!#$%&\'*+/=?^_`{|}~.-]+|"(?:[^"\\]|\\.)*")'
_FIELD = re.compile(rf"[a-z]+ \((?:[^()\\]|\\.)*\) {_PAIR}(?:; {_PAIR})*")


@pytest.mark.parametrize(
    ("ip", "sender", "value"),
    [
        (
            "192.0.2.1",
            "jane@abc.example",
            (
                "pass (mx.b.example: domain of abc.example designates 192.0.2.1 as permitted sender) client-ip=192.0.2.1; "
                'envelope-from="jane@abc.example"; helo=h.example; receiver=mx.b.example; identity=mailfrom; '
                'mechanism="ip4:192.0.2.1"'
            ),
        ),
        (
            "2001:db8::1",
            "",
            (
                "none (mx.b.example: h.example publishes no SPF record) "
                'client-ip="2001:db8::1"; helo=h.example; receiver=mx.b.example; identity=helo'
            ),
        ),
        (
            "192.0.2.1",
            "jane@bad.example",
            (
                "permerror (mx.b.example: permanent error in processing during lookup of bad.example) client-ip=192.0.2.1; "
                'envelope-from="jane@bad.example"; helo=h.example; receiver=mx.b.example; identity=mailfrom; '
                'problem="SPF Permanent Error: Unknown mechanism found: wrong"'
            ),
        ),
    ],
)
def test_the_field(ip: str, sender: str, value: str) -> None:
    """Result, comment, and what it was found on."""
    found = evaluate(ZONE, ip=ip, sender=sender, helo="h.example")

    assert received_spf(found, receiver="mx.b.example") == value


@pytest.mark.parametrize(
    ("ip", "domain", "result"),
    [
        ("192.0.2.2", "abc.example", Result.NEUTRAL),
        ("192.0.2.3", "abc.example", Result.SOFTFAIL),
        ("192.0.2.4", "abc.example", Result.FAIL),
        ("192.0.2.4", "ill.example", Result.TEMPERROR),
    ],
)
def test_every_result_has_its_comment(ip: str, domain: str, result: Result) -> None:
    """Which names the domain."""
    value = received_spf(evaluate(ZONE, ip=ip, sender=f"a@{domain}", helo=""), receiver="mx.b.example")

    assert value.startswith(f"{result} (mx.b.example: ")
    assert domain in value.partition(")")[0]


@given(
    local=st.text(max_size=40), domain=st.text(max_size=40), helo=st.text(max_size=500), receiver=st.text()
)
def test_nothing_leaves_its_place(local: str, domain: str, helo: str, receiver: str) -> None:
    """No value ends the line, the comment or its quotes, nor makes the field longer than a line may be, by far."""
    found = evaluate(Zone(), ip="192.0.2.1", sender=f"{local}@{domain}", helo=helo)

    value = received_spf(found, receiver=receiver)

    assert value.isprintable()
    assert _FIELD.fullmatch(value)
    assert len(value) < 5000


def test_an_injected_header_stays_text() -> None:
    """As a mail program reads the message."""
    found = evaluate(
        ZONE, ip="192.0.2.1", sender='"x\r\nBcc: eve@evil.example"@abc.example', helo="h\r\n\r\nbody"
    )
    octets = f"{FIELD}: {received_spf(found, receiver='mx.b.example')}\r\n\r\n".encode()

    message = BytesParser(policy=policy.default).parsebytes(octets)

    assert message.keys() == [FIELD]
    assert message.get_payload() == ""

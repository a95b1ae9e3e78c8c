"""SPF over a world's zone (RFC 7208; R5.5). That every rule of the RFC is kept, `test_spf_rfc7208` says."""

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.provider.dns import RecordType, zone_of
from mailsim.provider.spf import Identity, RememberedSpf, Result, SpfError, evaluate
from mailsim.provider.zone_table import read_zone_table

ZONE = read_zone_table(
    {
        "abc.example": {"txt": "v=spf1 mx include:_spf.host.example ~all", "mx": "10 mx.abc.example"},
        "mx.abc.example": {"a": "192.0.2.1"},
        "_spf.host.example": {"txt": "v=spf1 ip4:198.51.100.0/24 ip6:2001:db8::/32 -all"},
        "strict.example": {"txt": "v=spf1 a:void.example -all exp=why.strict.example"},
        "why.strict.example": {"txt": "%{i} is not ours\r\n250 OK"},
        "xn--mnchen-3ya.example": {"txt": "v=spf1 ip4:192.0.2.1 -all"},
        "ill.example": {"txt": "v=spf1 -all", "fault": {"txt": "servfail"}},
        "mute.example": {"txt": "v=spf1 -all", "fault": {"txt": "timeout"}},
        "slow.example": {"txt": "v=spf1 a -all", "a": "192.0.2.1", "fault": "slow 9"},
        "slower.example": {"txt": "v=spf1 a a:slow.example mx -all", "fault": "slow 9"},
        "local.example": {"txt": "v=spf1 exists:%{l}.ok.example -all"},
        "jane.ok.example": {"a": "127.0.0.1"},
        "clock.example": {"txt": "v=spf1 -all exp=clock.ok.example"},
        "clock.ok.example": {"txt": "at %{t}"},
        "digits.example": {"txt": "v=spf1 exists:%{d" + "9" * 1900 + "}.x.example -all"},
        "endless.example": {"txt": "v=spf1 exists:" + "a." * 1500 + "x.example -all"},
        "me.example": {"txt": "v=spf1 redirect=me.example"},
    }
)


@pytest.mark.parametrize(
    ("ip", "sender", "result", "mechanism"),
    [
        ("192.0.2.1", "jane@abc.example", Result.PASS, "mx"),
        ("::ffff:192.0.2.1", "jane@abc.example", Result.PASS, "mx"),
        ("198.51.100.7", "jane@ABC.example.", Result.PASS, "include:_spf.host.example"),
        ("2001:db8::7", "jane@abc.example", Result.PASS, "include:_spf.host.example"),
        ("203.0.113.1", "jane@abc.example", Result.SOFTFAIL, "~all"),
        ("203.0.113.1", "jane@strict.example", Result.FAIL, "-all"),
        ("203.0.113.1", "jane@nowhere.example", Result.NONE, ""),
        ("192.0.2.1", "jane@münchen.example", Result.PASS, "ip4:192.0.2.1"),
        ("192.0.2.1", '"a@b"@abc.example', Result.PASS, "mx"),
        ("192.0.2.1", "jane@ill.example", Result.TEMPERROR, ""),
        ("192.0.2.1", "jane@mute.example", Result.TEMPERROR, ""),
        ("192.0.2.1", "jane@slow.example", Result.PASS, "a"),
        ("192.0.2.1", "jane@slower.example", Result.TEMPERROR, ""),
        ("192.0.2.1", "jane@local.example", Result.PASS, "exists:%{l}.ok.example"),
        ("192.0.2.1", "john@local.example", Result.FAIL, "-all"),
        ("192.0.2.1", "jane@endless.example", Result.PERMERROR, ""),
        ("192.0.2.1", "jane@me.example", Result.PERMERROR, ""),
        ("192.0.2.1", "abc.example", Result.PASS, "mx"),
    ],
)
def test_who_may_send(ip: str, sender: str, result: Result, mechanism: str) -> None:
    """Result and the term that decided."""
    found = evaluate(ZONE, ip=ip, sender=sender, helo="mx.abc.example")

    assert (found.result, found.mechanism) == (result, mechanism)
    assert found.identity is Identity.MAILFROM


def test_a_null_sender_is_judged_by_its_helo() -> None:
    """RFC 7208 section 2.4: a bounce."""
    found = evaluate(ZONE, ip="192.0.2.1", sender="", helo="abc.example")
    nameless = evaluate(ZONE, ip="192.0.2.1", sender="", helo="")

    assert (found.result, found.identity, found.domain) == (Result.PASS, Identity.HELO, "abc.example")
    assert nameless.result is Result.NONE


def test_nobody_waits() -> None:
    """Time-outs are counted, not spent; within the time that is given, slow answers count."""
    before = time.monotonic()
    mute = evaluate(ZONE, ip="192.0.2.1", sender="jane@mute.example", helo="h.example")
    slow = evaluate(ZONE, ip="192.0.2.1", sender="jane@slow.example", helo="h.example")
    patient = evaluate(ZONE, ip="192.0.2.1", sender="jane@slower.example", helo="h.example", timeout=60)

    assert time.monotonic() - before < 5
    assert (mute.seconds, slow.seconds) == (20, 18)
    assert (patient.result, patient.seconds) == (Result.PASS, 27)


def test_what_was_asked_is_counted() -> None:
    """RFC 7208 section 4.6.4."""
    found = evaluate(ZONE, ip="203.0.113.1", sender="jane@strict.example", helo="h.example")

    assert (found.lookups, found.void_lookups) == (1, 1)


def test_the_owners_words_are_one_printable_line() -> None:
    """RFC 7208 section 6.2: they come from outside, and stand in a reply."""
    found = evaluate(ZONE, ip="203.0.113.1", sender="jane@strict.example", helo="h.example")

    assert found.explanation == "203.0.113.1 is not ours  250 OK"


def test_the_clock_is_the_worlds() -> None:
    """The macro %{t} is what the caller says."""
    at = [
        evaluate(
            ZONE, ip="192.0.2.1", sender="a@clock.example", helo="h.example", timestamp=stamp
        ).explanation
        for stamp in (0, 1795000000)
    ]

    assert at == ["at 0", "at 1795000000"]


def test_what_pyspf_trips_over_is_a_permanent_error() -> None:
    """Such as a number too long for Python to read."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        found = evaluate(ZONE, ip="192.0.2.1", sender="a@digits.example", helo="h.example")
    finally:
        sys.set_int_max_str_digits(limit)

    assert found.result is Result.PERMERROR
    assert found.explanation.startswith("SPF Permanent Error: the record cannot be interpreted: ")


def test_no_address_is_told() -> None:
    """What connects has an IP address."""
    with pytest.raises(SpfError, match=r"ip='mx\.abc\.example': no IP address; write one such as"):
        evaluate(ZONE, ip="mx.abc.example", sender="", helo="")


def test_what_is_remembered_is_what_is_found() -> None:
    """By the whole sender: a record may ask about its local part."""
    remembered = RememberedSpf(ZONE)
    results = [
        remembered.evaluate(ip="192.0.2.1", sender=f"{name}@local.example", helo="h.example")
        for name in ("jane", "john", "jane")
    ]

    assert [found.result for found in results] == [Result.PASS, Result.FAIL, Result.PASS]
    assert results[0] is results[2]


def test_importing_pyspf_warns_of_nothing() -> None:
    """Whatever Python thinks of its source, compiled anew, with warnings as errors."""
    code = (
        "from mailsim.provider.spf import evaluate; from mailsim.provider.dns import Zone;"
        "print(evaluate(Zone(), ip='192.0.2.1', sender='a@b.example', helo='').result)"
    )
    command = [sys.executable, "-W", "error", "-X", "pycache_prefix=/nonexistent", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("none\n", "")


def test_pyspf_is_left_as_it_is() -> None:
    """Other programs in this process may use it with real DNS."""
    import spf

    before = (spf.DNSLookup, spf.query.dns)
    evaluate(ZONE, ip="192.0.2.1", sender="jane@abc.example", helo="")

    assert (spf.DNSLookup, spf.query.dns) == before


_RECORD = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.sampled_from(
            [
                "a",
                "mx",
                "ptr",
                "-all",
                "include:",
                "a.example",
                "exists:",
                "redirect=",
                "exp=",
                "%{",
                "}",
                "%",
                "ip4:",
            ]
        ),
        st.sampled_from(["%{l}", "%{d0}", "%{ir}", "%{p}", "%{s1r-}", "/24", "//64", "=", ":", ".", " "]),
    )
).map("".join)


@given(record=_RECORD, sender=st.text(max_size=30), helo=st.text(max_size=30))
def test_no_record_and_no_client_raises(record: str, sender: str, helo: str) -> None:
    """And the same question has the same answer."""
    strings = (
        b"v=spf1 ",
        *(record.encode("utf-8", "surrogateescape")[i : i + 255] for i in range(0, 400, 255)),
    )
    zone = zone_of([("a.example", RecordType.TXT, strings), ("*", RecordType.TXT, strings)])

    for said in (sender, f"{sender}@a.example"):
        found = evaluate(zone, ip="192.0.2.1", sender=said, helo=helo)

        assert found == evaluate(zone, ip="192.0.2.1", sender=said, helo=helo)
        assert found.explanation.isprintable()

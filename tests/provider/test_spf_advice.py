"""What to publish for mail sent through the practice system's servers (R5.6)."""

from collections.abc import Sequence
from ipaddress import IPv4Address

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailsim.provider.dns import Datum, RecordType, zone_of
from mailsim.provider.spf import Result, evaluate
from mailsim.provider.spf_advice import SpfAdvice, advise
from mailsim.provider.spf_finding import Severity
from mailsim.provider.spf_record import is_record, read_terms
from mailsim.provider.zone_table import read_zone_table

OURS = "include:_spf.actionstep.com"
SOURCE = f"v=spf1 a mx ptr {OURS} ~all"
OURS_ALONE = "no-include"


def found(advice: SpfAdvice) -> list[str]:
    return [finding.name for finding in advice.findings]


def test_without_a_record_the_sources_is_advised() -> None:
    """Word for word."""
    advice = advise([])

    assert (advice.advised, advice.given, advice.green, found(advice)) == (SOURCE, (), False, [])
    assert advice.lookups.count == 4


@pytest.mark.parametrize(
    ("record", "warnings"),
    [
        (SOURCE, ["ptr"]),
        (f"v=spf1 {OURS} -all", []),
        (f"V=SPF1  a   {OURS.upper()}. -all ", []),
        (f"v=spf1 {OURS} ?all", ["neutral-all"]),
        (f"v=spf1 {OURS}", ["no-all"]),
        (f"v=spf1 {OURS} redirect=host.example", []),
        (f"v=spf1 {OURS} redirect=host.example -all", ["redirect-ignored"]),
        ("v=spf1 redirect=_spf.actionstep.com", []),
        (f"v=spf1 {OURS} {OURS} -all", ["repeated-term"]),
        (f"v=spf1 {OURS} x=y -all", ["unknown-modifier"]),
        (f"v=spf1 exists:%{{i}}.a.example {OURS} exp=%{{d}}.a.example -all", ["macro", "macro"]),
        (f'"v=spf1 {OURS} ip4:192.0.2.1" " -all"', []),
        (f'"v=spf1 {OURS} ip4:192.0" ".2.1 -all"', []),
        (f'"v=sp" "f1 {OURS} -all"', []),
    ],
)
def test_a_good_record_stays_as_it_is(record: str, warnings: Sequence[str]) -> None:
    """Green, though some things are worth a look."""
    advice = advise([record], domain="abc.example")

    assert advice.green
    assert found(advice) == list(warnings)
    assert advice.advised == advice.given[0].strip()


@pytest.mark.parametrize(
    ("records", "advised", "errors"),
    [
        (["v=spf1 a -all"], f"v=spf1 a {OURS} -all", [OURS_ALONE]),
        (["v=spf1 -all"], f"v=spf1 {OURS} -all", [OURS_ALONE]),
        (["v=spf1 mx"], f"v=spf1 mx {OURS}", [OURS_ALONE]),
        (["v=spf1"], f"v=spf1 {OURS}", [OURS_ALONE]),
        (
            ["v=spf1 mx redirect=x.example"],
            f"v=spf1 mx {OURS} redirect=x.example",
            [OURS_ALONE],
        ),
        (["v=spf1 a exp=e.example -all"], f"v=spf1 a {OURS} -all exp=e.example", [OURS_ALONE]),
        ([f"v=spf1 a -all {OURS}"], f"v=spf1 a {OURS} -all", ["after-all"]),
        ([f"v=spf1 ?{OURS} -all"], f"v=spf1 {OURS} -all", ["include-does-not-pass"]),
        ([f"v=spf1 {OURS} +all"], f"v=spf1 {OURS} ~all", ["pass-all"]),
        ([f"v=spf1 {OURS} all"], f"v=spf1 {OURS} ~all", ["pass-all"]),
        (
            ["v=spf1 redirect=_spf.actionstep.com -all"],
            f"v=spf1 {OURS} -all",
            [OURS_ALONE],
        ),
        ([f"v=spf1 a, {OURS} ip:192.0.2.1 what -all"], f"v=spf1 a {OURS} ip4:192.0.2.1 -all", ["syntax"] * 3),
        ([f"v=spf1\t{OURS} -all"], SOURCE, ["not-spf", "no-record"]),
        ([f"v=spf1 a\t{OURS} -all"], f"v=spf1 a {OURS} -all", ["white-space"]),
        ([f" v=spf1 {OURS} -all"], f"v=spf1 {OURS} -all", ["white-space"]),
        ([f'"v=spf1 a" "mx {OURS} -all"'], f"v=spf1 a mx {OURS} -all", ["strings-joined"]),
        ([f'"v=spf1" "{OURS} -all"'], f"v=spf1 {OURS} -all", ["strings-joined"]),
        (
            [f"v=spf1 {OURS} -all exp=a.example exp=b.example"],
            f"v=spf1 {OURS} -all exp=a.example",
            ["repeated-modifier"],
        ),
        ([f"v=spf1 include:abc.example {OURS} -all"], f"v=spf1 {OURS} -all", ["includes-itself"]),
        ([f"v=spf1 {OURS} redirect=ABC.example."], f"v=spf1 {OURS}", ["includes-itself"]),
        (["v=spf1 a -all", "v=spf1 a mx ~all"], f"v=spf1 a mx {OURS} ~all", ["several-records", OURS_ALONE]),
        ([f"v=spf1 {OURS} -all"] * 2, f"v=spf1 {OURS} -all", ["several-records"]),
        (
            ["v=spf1 a redirect=x.example", "v=spf1 redirect=y.example"],
            f"v=spf1 a include:x.example include:y.example {OURS} ~all",
            ["several-records", OURS_ALONE],
        ),
        (["spf2.0/pra a -all"], SOURCE, ["no-record"]),
        (["spf1 a -all"], SOURCE, ["not-spf", "no-record"]),
        (["v=spf2 a -all"], SOURCE, ["not-spf", "no-record"]),
        (["google-site-verification=x"], SOURCE, ["no-record"]),
        ([""], SOURCE, ["no-record"]),
    ],
)
def test_a_record_is_mended(records: list[str], advised: str, errors: list[str]) -> None:
    """The include before `all` or `redirect`, the rest kept; each fault named."""
    advice = advise(records, domain="abc.example")

    assert advice.advised == advised
    assert [
        name
        for finding, name in zip(advice.findings, found(advice), strict=True)
        if finding.severity is Severity.ERROR
    ] == errors
    assert not advice.green
    assert advise([advice.advised], domain="abc.example").green


def test_leftovers_are_told_beside_a_good_record() -> None:
    """Sender-ID and other texts do no harm."""
    advice = advise([f"v=spf1 {OURS} -all", "spf2.0/mfrom,pra -all", "google-site-verification=x"])

    assert advice.green
    assert found(advice) == ["sender-id", "other-text"]


def test_records_that_end_differently() -> None:
    """Merged, nobody is refused who was not before: the mildest `all` is advised."""
    advice = advise([f"v=spf1 {OURS} -all", "v=spf1 a ?all"])

    assert advice.advised == f"v=spf1 {OURS} a ?all"
    assert found(advice) == ["several-records", "several-all", "neutral-all"]


def test_more_than_ten_lookups() -> None:
    """Counted in the advised record: the eleventh may be the include itself."""
    includes = " ".join(f"include:s{n}.example" for n in range(10))

    ten, eleven = advise([f"v=spf1 {includes[:-18]} {OURS} -all"]), advise([f"v=spf1 {includes} -all"])

    assert ten.green
    assert (eleven.lookups.count, found(eleven)) == (11, ["no-include", "too-many-lookups"])


def test_lookups_of_a_zone() -> None:
    """What it knows is followed, and names that are not there are told."""
    zone = read_zone_table(
        {"big.example": {"txt": "v=spf1 " + "a:x.example " * 10}, "abc.example": {"a": "192.0.2.1"}}
    )
    followed = advise([f"v=spf1 include:big.example {OURS} -all"], zone=zone)
    void = [f"a:{name}.abc.example" for name in ("x", "y", "z")]
    one = advise([f"v=spf1 {void[0]} {OURS} -all"], domain="abc.example", zone=zone)
    three = advise([f"v=spf1 {' '.join(void)} {OURS} -all"], domain="abc.example", zone=zone)

    assert found(followed) == ["too-many-lookups"]
    assert (found(one), one.green) == (["void-lookups"], True)
    assert (found(three), three.green) == (["void-lookups"], False)


def test_size() -> None:
    """Strings of 255 octets, a record of 512 (RFC 7208 sections 3.3, 3.4)."""
    networks = " ".join(f"ip4:192.0.2.{n}" for n in range(40))
    long = f"v=spf1 {networks} {OURS} -all"

    whole, cut = advise([long]), advise([f'"{long[:300]}" "{long[300:]}"'])

    assert (found(whole), whole.green) == (["long-string", "long-record"], True)
    assert (found(cut), cut.green) == (["long-string", "long-record"], False)
    assert ([len(part) for part in whole.strings][:2], "".join(whole.strings)) == ([255, 255], long)


def test_the_advice_as_json() -> None:
    """One document, stable."""
    advice = advise(['"v=spf1 " "a -all"'], domain="abc.example")

    assert advice.as_json() == {
        "domain": "abc.example",
        "given": ["v=spf1 a -all"],
        "green": False,
        "advised": f"v=spf1 a {OURS} -all",
        "strings": [f"v=spf1 a {OURS} -all"],
        "lookups": 2,
        "void_lookups": [],
        "not_followed": ["abc.example", "_spf.actionstep.com"],
        "findings": [
            {
                "severity": "error",
                "finding": "no-include",
                "text": f"mail sent through localhost does not pass: '{OURS}' is missing",
            }
        ],
    }


_TERMS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "a",
                "mx",
                "ptr",
                "-all",
                "~all",
                "+all",
                "all",
                OURS,
                f"-{OURS}",
                "redirect=r.example",
                "exp=e.example",
            ]
        ),
        st.sampled_from(
            ["ip4:192.0.2.1", "include:i.example", "x=y", "what", "ip:1.2.3.4", "a,mx", "1.2.3.4"]
        ),
        st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=6),
    ),
    max_size=8,
)


@given(st.lists(_TERMS.map(lambda terms: " ".join(["v=spf1", *terms])), min_size=1, max_size=3))
def test_what_is_advised_lets_our_mail_pass(records: list[str]) -> None:
    """The law: whatever stood there, receivers pass our mail by the advised record, and it needs no more change but in number."""
    advice = advise(records)

    again = advise([advice.advised])
    assert {found.name for found in again.findings if found.severity is Severity.ERROR} <= {
        "too-many-lookups"
    }
    assert is_record(advice.advised)
    assert not any(term.fault for term in read_terms(advice.advised))
    texts = {"_spf.actionstep.com": b"v=spf1 ip4:203.0.113.5 -all"}
    texts |= dict.fromkeys(("i.example", "r.example"), b"v=spf1 ?all")
    zone = zone_of(
        [(name, RecordType.TXT, (text,)) for name, text in texts.items()]
        + [("abc.example", RecordType.TXT, tuple(part.encode() for part in advice.strings))]
        + [("abc.example", RecordType.MX, (10, "abc.example"))]
    )
    result = evaluate(zone, ip="203.0.113.5", sender="a1234@abc.example", helo="h.example").result
    assert result in (Result.PASS, Result.PERMERROR)
    if result is Result.PERMERROR:
        assert advice.lookups.count > 2  # void look-ups of a made-up world, or too many


_NAMES = [*(f"{letter}.example" for letter in "pqrs"), "_spf.actionstep.com", "abc.example"]
_SPF = st.lists(
    st.one_of(
        st.sampled_from([f"{kind}{name}" for kind in ("include:", "redirect=", "exp=") for name in _NAMES]),
        st.sampled_from(
            ["a:abc.example", "mx:abc.example", "ip4:192.0.2.0/24", "what", "-all", "~all", "+all"]
        ),
    ),
    max_size=4,
).map(lambda terms: " ".join(["v=spf1", *terms]))
_TEXTS = st.lists(st.one_of(_SPF, _SPF, st.just("v=spf1 -all"), st.just("other")), max_size=2)


@settings(max_examples=300)
@given(st.fixed_dictionaries(dict.fromkeys(_NAMES[:-1], _TEXTS)), _SPF)
@example(
    {"p.example": ["other"], "_spf.actionstep.com": ["v=spf1 -all"]}, f"v=spf1 include:p.example {OURS} -all"
)
def test_what_is_green_is_no_permerror(texts: dict[str, list[str]], record: str) -> None:
    """The law: where all that is included is at hand, no receiver gives up on a record that needs no change."""
    rows: list[tuple[str, RecordType, Datum]] = [
        (name, RecordType.TXT, (text.encode(),)) for name, found in texts.items() for text in found
    ]
    rows += [
        ("abc.example", RecordType.TXT, (record.encode(),)),
        ("abc.example", RecordType.MX, (10, "abc.example")),
    ]
    zone = zone_of([*rows, ("abc.example", RecordType.A, IPv4Address("198.51.100.1"))])

    advice = advise([record], domain="abc.example", zone=zone)

    if advice.green and not advice.lookups.unknown:
        found = evaluate(zone, ip="203.0.113.5", sender="a1234@abc.example", helo="h.example")
        assert found.result is not Result.PERMERROR, (record, texts, found.explanation)


def test_everybody_is_let_pass_by_one_of_several_records() -> None:
    """`+all` is told beside a milder end too, and what is advised instead."""
    advice = advise([f"v=spf1 {OURS} +all", "v=spf1 -all"])

    [told] = [finding.text for finding in advice.findings if finding.name == "pass-all"]
    assert told == "'+all' lets everybody send as you; '-all' is advised"
    assert advice.advised == f"v=spf1 {OURS} -all"


def test_nothing_is_said_to_be_left_out_that_a_green_advice_leaves_in() -> None:
    """The record stays as it is, and its `redirect` is to be taken away."""
    advice = advise([f"v=spf1 {OURS} redirect=host.example -all"])

    assert advice.green
    assert [finding.text for finding in advice.findings] == [
        "`redirect=` does nothing beside `all`; take it away"
    ]


def test_an_include_that_cannot_be_read_is_an_error() -> None:
    """It is the whole record's end, wherever it stands."""
    zone = read_zone_table({"host.example": {"txt": "hello"}})
    advice = advise([f"v=spf1 {OURS} include:host.example -all"], zone=zone)

    assert (advice.green, found(advice)) == (False, ["broken-include"])
    assert "'host.example has no SPF record': receivers give up (permerror)" in advice.findings[0].text


@given(st.lists(st.text(), max_size=4), st.text(max_size=20))
def test_no_record_raises(records: list[str], domain: str) -> None:
    """There is always an advice."""
    assert is_record(advise(records, domain=domain).advised)

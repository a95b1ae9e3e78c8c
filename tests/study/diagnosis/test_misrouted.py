"""The labelled set `fixtures/misrouted/`: causes told first, none claimed that is false, and fixes that work.

The truth is known because each message was made by going a way (`misrouted_mail.py`). A fix is proved apart from the
search that found it: the site goes through a file, and the same way is gone again under the site and the provider that
the fix leaves.
"""

import random
import re
import tomllib
from collections import Counter
from functools import cache

import pytest

from mailsim.mail import Message
from mailsim.practice.site import load_site, read_site
from mailsim.study.diagnosis.cause import Confidence
from mailsim.study.diagnosis.causes import CAUSES
from mailsim.study.diagnosis.fields import Anatomy
from mailsim.study.diagnosis.remedy import Kind
from mailsim.study.diagnosis.site_tables import site_tables, toml
from mailsim.study.diagnosis.why import Explanation, why
from tests.study.diagnosis.misrouted_mail import CASES, FOLDER, MisroutedCase, World, files

LABELS = tomllib.loads((FOLDER / "index.toml").read_text("utf-8"))["case"]
each = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
_SPELT = {
    "utf-16", "srs", "batv", "list-verp", "full-width", "cyrillic", "encoded-address", "cut-header",
}  # fmt: skip
"""Those whose cause lies in the letters of the address, or in where the octets end: renaming would take it away."""


@cache
def explained(name: str) -> Explanation:
    """What is said of a message of the set, its files being read."""
    [label] = [label for label in LABELS if label["name"] == name]
    octets = (FOLDER / f"{name}.eml").read_bytes()
    site = load_site(FOLDER / f"{name}.toml")
    return why(octets, site=site, expect=label["expect"], provider=label["provider"])


def test_the_files_are_what_the_ways_make() -> None:
    """Nothing was edited by hand."""
    made = files()

    assert {path.name for path in FOLDER.iterdir()} == made.keys()
    assert [name for name, octets in made.items() if (FOLDER / name).read_bytes() != octets] == []


def test_the_set_is_large_and_shows_every_cause() -> None:
    """At least 80 messages; each cause has one that shows it, and at least 30 are known."""
    assert len(LABELS) >= 80
    assert len(CAUSES) >= 30
    assert {label["cause"] for label in LABELS} == {cause.name for cause in CAUSES}
    assert len({cause.name for cause in CAUSES}) == len(CAUSES)


def test_the_true_cause_is_told_first(capsys: pytest.CaptureFixture[str]) -> None:
    """In at least 95 of 100 messages; the confusion table is printed."""
    pairs = Counter((label["cause"], _first(label["name"])) for label in LABELS)
    right = sum(count for (true, told), count in pairs.items() if true == told)
    with capsys.disabled():
        print(f"\n  {right} of {len(LABELS)} causes told first; true cause, told cause, messages:")
        for (true, told), count in sorted(pairs.items()):
            print(f"  {true:<26} {told:<26} {count:>2}{'' if true == told else '  CONFUSED'}")

    assert right >= 0.95 * len(LABELS)


def _first(name: str) -> str:
    found = explained(name).causes
    return found[0].name if found else "none"


@each
def test_no_false_cause_is_claimed_with_high_confidence(case: MisroutedCase) -> None:
    """Beside the true one only causes that are true as well."""
    claimed = {found.name for found in explained(case.name).causes if found.confidence is Confidence.HIGH}

    assert claimed <= {case.cause, *case.also}


@each
def test_every_cause_tells_its_evidence_and_a_fix(case: MisroutedCase) -> None:
    """Never a name alone."""
    for found in explained(case.name).causes:
        assert found.tells
        assert found.fix
        assert all(found.evidence)
        assert len(found.evidence) > 0


@each
def test_the_first_fix_works(case: MisroutedCase) -> None:
    """All of them: settings by a site file, the provider's by the same way gone again, the message's by itself."""
    first = explained(case.name).remedies[0]
    site = read_site(tomllib.loads(toml(site_tables(first.after.site.settings))))
    if first.kind is Kind.MESSAGE:
        came = first.after.message.octets
    else:
        came = case.make(World(site, first.after.provider))

    assert case.expect in site.route(came).targets


@each
def test_the_fix_that_is_known_is_found(case: MisroutedCase) -> None:
    """The search does not overlook it."""
    found = [remedy.words for remedy in explained(case.name).remedies]

    assert any(words.startswith(case.fix) for words in found), found


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.name not in _SPELT], ids=lambda case: case.name
)
def test_names_and_the_order_of_fields_do_not_matter(case: MisroutedCase) -> None:
    """Another practice with other people sees the same cause; where the order of fields is no part of the cause."""
    octets = (FOLDER / f"{case.name}.eml").read_bytes()
    tables = (FOLDER / f"{case.name}.toml").read_text("utf-8")
    site = read_site(tomllib.loads(_renamed(tables.encode()).decode()))
    changed = _renamed(octets)
    if case.cause not in (
        "header-forged",
        "header-stacked",
        "line-without-field",
        "blank-lines-first",
        "not-a-message",
        "cr-line-ends",
    ):
        changed = _shuffled(changed)

    found = why(changed, site=site, expect=case.expect, provider=case.provider).causes

    assert found[0].name == case.cause


def _renamed(octets: bytes) -> bytes:
    octets = re.sub(rb"(?<![\w-])abc\.com(?!\w)", b"lawfirm.example", octets)
    return octets.replace(b"client.example", b"other-client.test").replace(b"Jane Doe", b"Hemi Ngata")


def _shuffled(octets: bytes) -> bytes:
    anatomy = Anatomy.of(Message(octets))
    fields = list(anatomy.fields)
    random.Random(7).shuffle(fields)
    return anatomy._replace(fields=tuple(fields)).message().octets


def test_mail_that_arrives_shows_no_cause() -> None:
    """The messages of the set, where they are delivered once fixed."""
    claimed = {}
    for case in CASES:
        first = explained(case.name).remedies[0]
        told = why(first.after.message, site=first.after.site, expect=case.expect)
        claimed[case.name] = [found.name for found in told.causes if found.confidence is Confidence.HIGH]

    assert {name: found for name, found in claimed.items() if found} == {}

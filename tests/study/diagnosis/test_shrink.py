"""The smallest message and site that misroute the same way, and the files that show it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import mailsim
from mailsim.mail import Message
from mailsim.study.diagnosis.case import Case
from mailsim.study.diagnosis.causes import causes
from mailsim.study.diagnosis.fields import Anatomy
from mailsim.study.diagnosis.reproduction_files import write_reproduction
from mailsim.study.diagnosis.shrink import Reproduction, ShrinkError, shrink
from mailsim.study.diagnosis.site_tables import site_tables, toml
from tests.study.diagnosis.large_reply import SITE, large_reply
from tests.study.diagnosis.misrouted_mail import CASES, MisroutedCase

PERSONAL = re.compile(rb"jane|doe|smith|client|bob|hone|firm|draft|agreement|abc\.com", re.IGNORECASE)


@pytest.fixture(scope="module")
def small() -> Reproduction:
    """Of a reply of 40 KB with 60 header fields."""
    return shrink(large_reply(), site=SITE, expect="action:1234")


def test_the_face_has_it() -> None:
    """As the contracts say."""
    assert mailsim.shrink is shrink


def test_a_typical_reply_becomes_a_few_fields_without_a_body(small: Reproduction) -> None:
    """At most 5 fields; the site keeps what matters."""
    anatomy = Anatomy.of(small.message)

    assert len(large_reply()) >= 40_000
    assert len(Anatomy.of(Message(large_reply())).fields) >= 60
    assert len(anatomy.fields) <= 5
    assert anatomy.body == b""
    assert set(small.tables) == {"mailbox", "action", "sent"}
    assert small.tables["action"] == [{"id": 1234}]


def test_it_misroutes_as_before(small: Reproduction) -> None:
    """The same reason, the same first cause."""
    decision = small.site.route(small.message.octets)

    assert decision.reason == "sender-rewritten"
    assert small.expect not in decision.targets
    assert causes(Case(small.message, small.site, decision, small.expect))[0].name == small.cause


def test_no_field_can_be_left_out(small: Reproduction) -> None:
    """Each is needed for the reason, the cause, or the fix."""
    for _, less in Anatomy.of(small.message).each_left_out():
        decision = small.site.route(less.message().octets)
        first = small.remedy.after.site.route(less.message().octets) if small.remedy else decision
        assert (decision.reason, first.targets) != ("sender-rewritten", ("action:1234",))


def test_nobody_is_named(small: Reproduction) -> None:
    """Neither in the message nor in the site."""
    assert small.anonymous
    assert PERSONAL.search(small.message.octets) is None
    assert PERSONAL.search(toml(small.tables).encode()) is None


def test_equal_people_stay_equal() -> None:
    """What is replaced is replaced the same everywhere; IDs of actions, tokens and prefixes stay."""
    octets = (
        b"Delivered-To: peter@abc.com\r\nFrom: Jane Doe <jane@client.example>\r\n"
        b"To: peter@abc.com\r\nSubject: Re: [a1234] Draft\r\n\r\n"
    )
    site = mailsim.read_site(site_tables(SITE.settings) | {"user": [{"name": "mary"}], "alias": []})

    found = shrink(octets, site=site, expect="mailbox:mary")

    [stamped] = found.message.values("Delivered-To")
    assert stamped.endswith("@practice.example")
    assert found.expect == "mailbox:user1"
    assert found.remedy is not None
    assert found.remedy.words == f"link {stamped} to user1"


def test_personal_data_can_be_kept() -> None:
    """With `keep`."""
    found = shrink(large_reply(), site=SITE, expect="action:1234", keep=True)

    assert not found.anonymous
    assert b"matters@abc.com" in found.message.octets


def test_what_gets_there_cannot_be_shrunk() -> None:
    """The error says so."""
    with pytest.raises(ShrinkError, match="as expected"):
        shrink(b"Delivered-To: a1234@abc.com\r\nFrom: j@x.example\r\n\r\n", site=SITE, expect="action:1234")


@pytest.mark.parametrize("case", CASES[::3], ids=lambda case: case.name)
def test_every_kind_keeps_its_cause(case: MisroutedCase) -> None:
    """Smaller or equal, the same reason and the same first cause, and a fix that is still known."""
    world = case.world()
    octets = case.make(world)

    found = shrink(octets, site=world.site, expect=case.expect, provider=case.provider)

    decision = found.site.route(found.message.octets)
    assert decision.reason is world.site.route(octets).reason
    assert causes(Case(found.message, found.site, decision, found.expect))[0].name == case.cause
    assert found.remedy is not None
    assert (
        len(found.message.octets) <= len(octets) + 40
    )  # reserved names may be longer than those they stand for


def ran(folder: Path) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "misrouted.feature"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def test_the_specification_fails_before_the_fix_and_passes_after_it(
    small: Reproduction, tmp_path: Path
) -> None:
    """As pytest runs it, with nothing but the files."""
    write_reproduction(small, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"message.eml", "site.toml", "misrouted.feature"}

    before = ran(tmp_path)
    assert small.remedy is not None
    (tmp_path / "site.toml").write_text(toml(site_tables(small.remedy.after.site.settings)), "utf-8")
    after = ran(tmp_path)

    assert "1 failed" in before
    assert "expected action:1234" in before
    assert "1 passed" in after

"""A whole scenario made as small as can be: the same is still wrong, and put right by the change that is named."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import mailsim
from mailsim.study.diagnosis.shrink import ShrinkError
from mailsim.study.diagnosis.site_tables import toml
from mailsim.study.shrinking.finding import Kind, play
from mailsim.study.shrinking.scenario import SmallScenario, shrink_scenario
from mailsim.study.shrinking.scenario_files import write_scenario
from mailsim.world import retelling
from mailsim.world.orders import inline
from mailsim.world.scenario import read_scenario

SCENARIOS = Path(__file__).parents[3] / "fixtures" / "scenarios"
BASE: dict[str, Any] = {
    "seed": 5,
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234, "name": "Smith v Jones"}, {"id": 7}],
    "user": [{"name": "mary"}, {"name": "john"}],
    "alias": [{"address": "sales@abc.com", "mailboxes": ["mary", "john"]}],
    "correspondent": [
        {"address": "jane@client.example", "delay": "2h"},
        {"address": "bob@other.example", "habit": "reply-all"},
    ],
}
NOISE = [
    {"receive": {"from": "ann@third.example", "to": "sales@abc.com", "subject": "Offer"}},
    {"receive": {"from": "ann@third.example", "to": "a7@abc.com", "subject": "Jane Doe"}},
]
COLLECT = {"at": "5h", "collect": {}}


def wrong(*events: dict[str, Any], **tables: Any) -> dict[str, Any]:
    """A scenario with some noise round these events."""
    return BASE | {"event": [NOISE[0], *events, NOISE[1], COLLECT]} | tables


LETTER = {
    "send": {
        "from_action": 1234,
        "to": ["jane@client.example", "bob@other.example"],
        "subject": "Draft",
        "size": "9 KB",
    }
}


def cured(found: SmallScenario) -> bool:
    """Whether the change that is named puts it right, and nothing was right before."""
    before = play(mailsim.read_scenario(found.tables))
    assert found.cure is not None
    after = play(mailsim.read_scenario(found.cure.tables))
    return after.is_right(found.finding) and not before.is_right(found.finding)


@pytest.fixture(scope="module")
def rewritten() -> SmallScenario:
    """A letter to two, at a provider that rewrites, in a scenario with more in it."""
    faults = ["pop:RETR:40:drop", "smtp:DATA:50:drop"]
    return shrink_scenario(wrong(LETTER, provider={"profile": "gmail", "faults": faults}))


def test_of_a_misroute_the_letter_and_the_collection_are_left(rewritten: SmallScenario) -> None:
    """No other party, setting, fault or size; the same cause."""
    assert rewritten.finding.kind is Kind.MISROUTE
    assert rewritten.finding.mark == ("unassigned", "sender-rewritten", "sender-rewritten")
    assert rewritten.events == (4, 2)
    assert set(rewritten.tables) == {"mailbox", "action", "provider", "correspondent", "event", "expect"}
    assert rewritten.tables["provider"] == {"profile": "gmail"}
    assert rewritten.tables["correspondent"] == [{"address": "person2@outside2.example"}]
    assert rewritten.tables["event"] == [
        {"send": {"to": ["person2@outside2.example"], "from_action": 1234}},
        {"collect": {}},
    ]
    assert rewritten.tables["expect"] == {"delivered": {"action:1234": 1}}
    assert cured(rewritten)


def test_personal_data_is_replaced_or_kept(rewritten: SmallScenario) -> None:
    """Nobody is named but with `keep`."""
    told = toml(rewritten.tables)
    kept = shrink_scenario(wrong(LETTER, provider={"profile": "gmail"}), keep=True)

    assert not any(word in told for word in ("jane", "client", "abc.com", "Smith", "Draft"))
    assert kept.tables["correspondent"] == [{"address": "jane@client.example"}]
    assert (rewritten.anonymous, kept.anonymous) == (True, False)


def test_a_refused_letter_and_its_spf_record(tmp_path: Path) -> None:
    """The zone is renamed as the addresses are; what is not delivered outside is said by a step."""
    scenario = tomllib.loads((SCENARIOS / "spf.toml").read_text("utf-8"))

    found = shrink_scenario(scenario)

    assert found.finding.mark == ("bounced", "550", "refused-outside")
    assert found.tables["zone"] == {"practice.example": {"txt": "v=spf1 mx -all"}}
    assert found.finding.then == "Then person2@outside2.example gets 1 message"
    assert cured(found)
    write_scenario(found, tmp_path)
    assert tomllib.loads((tmp_path / "scenario.toml").read_text("utf-8")) == found.tables


TO_JANE = {"send": LETTER["send"] | {"to": "jane@client.example"}}


@pytest.mark.parametrize(
    ("events", "faults", "left"),
    [
        ([TO_JANE], ["mx:DATA-END:1:lose"], 1),
        ([NOISE[0], TO_JANE], ["mx:DATA-END:2:lose", "mx:RCPT:every:greylist"], 2),
    ],
)
@pytest.mark.parametrize("expect", [{}, {"delivered": {"action:1234": 2, "mailbox:mary": 3}}])
def test_what_a_server_lost_is_still_collected_for(
    events: list[dict[str, Any]], faults: list[str], left: int, expect: dict[str, Any]
) -> None:
    """It is lost where nobody collects as well, but then nothing that is known would put it right."""
    provider = {"profile": "postfix", "faults": faults}

    found = shrink_scenario(
        BASE | {"poll": "1h", "event": events, "provider": provider} | ({"expect": expect} if expect else {})
    )

    assert found.finding.mark == ("discarded", "", "fault")
    assert found.tables["poll"] == "3600s"
    assert found.events == (len(events), left)
    assert found.cure is not None
    assert found.cure.words == "without provider.faults"
    assert cured(found)


def test_of_many_lost_one_is_left_and_its_cure() -> None:
    """Though the change that puts it right brings more than one at first."""
    provider = {"profile": "postfix", "faults": ["mx:DATA-END:every:lose"]}

    found = shrink_scenario(BASE | {"poll": "1h", "event": [TO_JANE, TO_JANE], "provider": provider})

    assert found.finding.mark == ("discarded", "", "fault")
    assert found.tables["expect"] == {"delivered": {"action:1234": 1}}
    assert found.events == (2, 1)
    assert cured(found)


def test_what_is_named_helps_the_message_itself() -> None:
    """What would bring the action another message in its place is no cure."""
    lost = {"receive": {"from": "ann@third.example", "to": "a1234@abc.com", "size": "2 MB"}}
    octets = b"From: ann@third.example\r\nTo: all@lists.example\r\nX-Original-To: b@x.example\r\nCc: a1234@abc.com\r\n\r\nHello\r\n"
    hidden = {"receive": {"file": inline(octets), "from": "ann@third.example", "to": "a1234@abc.com"}}
    mailbox = BASE["mailbox"] | {"catch_all_header": "X-Original-To"}
    provider = {"profile": "postfix", "size_limit": "1 MB"}

    found = shrink_scenario(
        BASE | {"poll": "1h", "mailbox": mailbox, "event": [lost, hidden], "provider": provider}
    )

    assert found.events == (2, 1)
    assert found.cure is not None
    assert found.cure.words == "without provider.size_limit"
    assert cured(found)


@pytest.mark.parametrize("expect", [{"delivered": {"action:*": 60}}, {}])
def test_of_a_workload_in_which_a_server_lost_mail_the_cure_is_told(expect: dict[str, Any]) -> None:
    """What was expected of all actions together fails because of each message that one of them missed."""
    provider = {"profile": "postfix", "faults": ["mx:DATA-END:3:lose"]}

    found = shrink_scenario(
        BASE
        | {"workload": {"letters": 60, "over": "8h"}, "poll": "1h", "provider": provider, "expect": expect}
    )

    assert found.finding.kind is Kind.MISROUTE
    assert found.events == (60, 3)
    assert cured(found)


def test_interrupted_it_is_the_smallest_so_far() -> None:
    """Nobody is named in it, and it is cured as the smallest would be."""
    seen: list[int] = []

    def interrupt(candidates: int) -> None:
        seen.append(candidates)
        if candidates == 20:
            raise KeyboardInterrupt

    events: list[dict[str, Any]] = [TO_JANE, *NOISE, *NOISE]
    found = shrink_scenario(wrong(*events, provider={"profile": "gmail"}), advanced=interrupt)

    before, after = found.events
    assert found.interrupted
    assert 2 < after < before
    assert seen == list(range(1, found.runs + 1))
    assert found.anonymous
    assert "jane" not in toml(found.tables)
    assert cured(found)


def test_a_broken_law_needs_only_who_breaks_it() -> None:
    """Two programs answer each other for ever; which conversation it is does not matter."""
    people = [
        {"address": f"{name}@{name}.example", "habit": "out-of-office"} for name in ("ann", "bob", "cid")
    ]
    event = {"receive": {"from": "ann@ann.example", "to": "bob@bob.example"}}

    found = shrink_scenario(wrong(event, correspondent=people))

    assert found.finding.kind is Kind.LAW
    assert len(found.tables["correspondent"]) == 2  # type: ignore[arg-type] # tables as TOML has them
    assert found.events == (4, 1)
    assert cured(found)


@pytest.mark.parametrize(
    ("expect", "left"),
    [({"unassigned": 0}, 2), ({"delivered": {"mailbox:mary": 3}}, 2), ({"delivered": {"action:1234": 1}}, 0)],
)
def test_an_expectation_that_nothing_misrouted_explains(expect: dict[str, Any], left: int) -> None:
    """Too many: one is enough. Too few: those that there were must still be there."""
    found = shrink_scenario(
        wrong({"receive": {"from": "ann@third.example", "to": "peter@abc.com"}}, expect=expect)
    )

    assert found.finding.kind is Kind.EXPECT
    assert found.events == (4, left)
    assert set(found.tables["expect"]) == set(expect)  # type: ignore[call-overload] # tables as TOML has them


def test_a_workload_is_written_out_as_few_letters() -> None:
    """Of sixty the first that shows it."""
    many = {"letters": 60, "over": "8h", "size": "3 KB"}

    found = shrink_scenario(BASE | {"workload": many, "poll": "1h", "provider": {"profile": "gmail"}})

    assert found.events == (60, 1)
    assert "workload" not in found.tables


def test_a_workload_whose_corpus_no_trace_would_hold_is_written_out_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left of it stands in the scenario."""
    monkeypatch.setattr(retelling, "MOST_TOLD", 10)
    (tmp_path / "one.eml").write_bytes(b"From: joe@other.example\r\nSubject: Large\r\n\r\nHello\r\n")
    workload = {"letters": 9, "corpus": "one.eml", "share": 1.0}
    tables = BASE | {"workload": workload, "poll": "1h", "provider": {"catch_all": "discard"}}

    found = shrink_scenario(read_scenario(tables, folder=tmp_path))

    assert found.events == (9, 1)
    assert found.tables["mailbox"]


def test_a_message_in_a_file_is_made_smaller(tmp_path: Path) -> None:
    """It stands in the scenario, without what does not matter."""
    octets = b"From: Jane <jane@client.example>\r\nTo: all@lists.example\r\nX-Spam: no\r\nSubject: a\r\nMessage-ID: <n@x>\r\n\r\nHello\r\n"
    (tmp_path / "list.eml").write_bytes(octets)
    event = {"receive": {"file": "list.eml", "from": "jane@client.example", "to": "a1234@abc.com"}}
    scenario = mailsim.read_scenario(wrong(event, provider={"profile": "gmail"}), folder=tmp_path)

    found = shrink_scenario(scenario)
    message = mailsim.Message(_octets(found))

    assert found.finding.mark == ("unassigned", "system-address", "recipient-not-recorded")
    assert b"X-Spam" not in message.octets
    assert b"Hello" not in message.octets


def _octets(found: SmallScenario) -> bytes:
    from mailsim.world.orders import message_file

    events: Any = found.tables["event"]
    return message_file(Path(), events[0]["receive"]["file"])


def test_where_nothing_is_wrong_nothing_can_be_shrunk() -> None:
    """The error says what was looked for."""
    with pytest.raises(ShrinkError, match="nothing is wrong"):
        shrink_scenario(SCENARIOS / "busy_day.toml")


def test_the_specification_fails_before_the_cure_and_passes_after_it(
    rewritten: SmallScenario, tmp_path: Path
) -> None:
    """As pytest runs it, with nothing but the files."""
    write_scenario(rewritten, tmp_path)

    before = ran(tmp_path)
    assert rewritten.cure is not None
    (tmp_path / "scenario.toml").write_text(toml(rewritten.cure.tables), "utf-8")
    after = ran(tmp_path)

    assert "1 failed" in before
    assert "expect.delivered.action:1234 = 1: found 0" in before
    assert "1 passed" in after


def ran(folder: Path) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "scenario.feature"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout

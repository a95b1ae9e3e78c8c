"""DNS and SPF: who may send as a domain, and what the domain should publish."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_bdd import given, then, when

from mailsim.testing.asking import says
from mailsim.testing.blueprint import Blueprint
from mailsim.testing.expressions import parse
from mailsim.trace.event import Step

if TYPE_CHECKING:
    from mailsim.provider.spf import SpfResult
    from mailsim.provider.spf_advice import SpfAdvice
    from mailsim.world.world import World

Records = Mapping[str, Mapping[str, list[str]]]
"""Name to type, in small letters, to records."""


@given("the DNS records:", target_fixture="records")
def dns(blueprint: Blueprint, datatable: Sequence[Sequence[str]]) -> Records:
    """What the domain name system says, to a world too: a name, a type and a record in each row; FAULT is a type.

    Given the DNS records:
      | abc.com | TXT | v=spf1 ip4:192.0.2.0/24 -all |
      | abc.com | MX  | 10 mx.abc.com                |
    """
    records: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, kind, record in datatable:
        records[name][kind.lower()].append(record)
    for name, row in records.items():
        for kind, said in row.items():
            blueprint.enter("zone", name, kind, said[0] if kind == "fault" else said)
    return records


@when(parse("a server at {string} sends as {address}", "ip", "sender"), target_fixture="spf")
def spf(records: Records, ip: str, sender: str) -> "SpfResult":
    """A receiving server evaluates SPF for that client and envelope sender.

    When a server at "192.0.2.1" sends as matters@abc.com
    """
    from mailsim.provider.spf import evaluate
    from mailsim.provider.zone_table import read_zone_table

    return evaluate(read_zone_table(records), ip=ip, sender=sender, helo="client.example")


@then(parse("SPF says {word} at {string}", "word", "server"))
def spf_says_at(world: "World", word: str, server: str) -> None:
    """What a receiving server of the world found last.

    Then SPF says fail at "mx.client.example"
    """
    world.settle()
    found = [event for event in world.trace.steps(Step.CHECKED) if event.place == server]
    assert found, f"expected {word}, found that {server} has not asked"
    assert found[-1].outcome == word, f"expected {word}, found {found[-1].outcome}: {found[-1].reason}"


@then(parse("SPF says {word}", "word"))
def spf_says(spf: "SpfResult", word: str) -> None:
    """The result in RFC 7208's words: pass, fail, softfail, neutral, none, temperror or permerror.

    Then SPF says softfail
    """
    assert spf.result.value == word, f"expected {word}, found {spf.result}: {spf.explanation}"


@when("somebody asks what SPF record to publish", target_fixture="advice")
def asks_for_advice() -> "SpfAdvice":
    """The domain has no record yet, and sends through the system's own servers.

    When somebody asks what SPF record to publish
    """
    from mailsim.provider.spf_advice import advise

    return advise([])


@when(
    parse("somebody asks what SPF record to publish instead of {string}", "record"), target_fixture="advice"
)
def asks_for_better(record: str) -> "SpfAdvice":
    """The domain has a record, and sends through the system's own servers.

    When somebody asks what SPF record to publish instead of "v=spf1 mx -all"
    """
    from mailsim.provider.spf_advice import advise

    return advise([record])


@when("somebody asks what SPF record to publish instead of these:", target_fixture="advice")
def asks_for_one(datatable: Sequence[Sequence[str]]) -> "SpfAdvice":
    """The domain has several, a row each.

    When somebody asks what SPF record to publish instead of these:
      | v=spf1 mx -all |
    """
    from mailsim.provider.spf_advice import advise

    return advise([record for (record,) in datatable])


@then(parse("the advised record is {string}", "record"))
def advised(advice: "SpfAdvice", record: str) -> None:
    """What to publish.

    Then the advised record is "v=spf1 mx include:_spf.actionstep.com -all"
    """
    assert advice.advised == record, f"expected {record}, found {advice.advised}"


@then(parse("the advice warns of {string}", "words"))
def warns(advice: "SpfAdvice", words: str) -> None:
    """What is doubtful in the record that there is.

    Then the advice warns of "+all"
    """
    told = [finding.text for finding in advice.findings]
    assert any(says(text, words) for text in told), f"expected {words!r}, found {told}"

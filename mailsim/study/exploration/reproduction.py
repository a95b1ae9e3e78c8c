"""What was found, as small as can be, and as a scenario file that `mailsim run` plays again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any, NamedTuple

from mailsim.practice.faults import SiteError, printable
from mailsim.practice.settings import Settings
from mailsim.practice.site import Site, read_site
from mailsim.study.diagnosis.ddmin import ddmin
from mailsim.study.diagnosis.site_tables import toml
from mailsim.study.diagnosis.why import why
from mailsim.study.exploration.finding import Finding, Kind
from mailsim.study.exploration.play import judge, tables
from mailsim.study.exploration.plot import Plot
from mailsim.study.exploration.truth import Truth
from mailsim.world.scenario import read_scenario

_ROWS = ("action", "user", "alias", "sent")


class Reproduction(NamedTuple):
    """The smallest that shows a finding."""

    finding: Finding
    plot: Plot
    site: Mapping[str, Any]
    """The tables of its site file, without secrets (R1.11)."""


class _Part(NamedTuple):
    """One thing that could be left out: where it stands, and what it is."""

    place: str
    what: Any


def site_tables(settings: Settings) -> dict[str, Any]:
    """What `read_site` reads; passwords are not told, for in a world any will do."""
    told = json.loads(json.dumps(settings.model_dump(by_alias=True, exclude_defaults=True), default=str))
    for name in ("pop", "smtp"):
        if name in told:
            told[name].pop("password_env", None)
            if told[name].get("server") != "localhost":
                told[name]["password"] = "any"  # noqa: S105 - no secret, but that there is one
    return dict(told)


def smallest(finding: Finding, plot: Plot, site: Site) -> Reproduction:
    """Leave out of a plot and its site whatever the finding does not need."""
    whole = site_tables(site.settings)
    whole["sent"] = [{"message_id": one, "action": two} for one, two in site.sent.items()]
    ends = [_Part("ends", minutes) for minutes in plot.last()]
    always = ends if finding.rule == "R4.1" else []  # who never collects leaves all there
    parts = [
        *(_Part("acts", act) for act in plot.acts),
        *(_Part("people", row) for row in plot.people),
        *(_Part("faults", fault) for fault in plot.faults),
        *(_Part("provider", pair) for pair in plot.provider.items()),
        *(_Part(name, row) for name in _ROWS for row in whole.get(name, ())),
        *([] if always else ends),
    ]
    smaller: dict[int, Reproduction] = {}

    def fails(some: Sequence[_Part]) -> bool:
        again = _again(*_rebuilt([*some, *always], plot.profile, whole))
        if again is None or again.finding.sort != finding.sort:
            return False
        smaller[len(some)] = again
        return True

    if not fails(parts):
        return Reproduction(finding, plot, whole)
    return smaller[len(ddmin(parts, fails))]


def _rebuilt(
    parts: Sequence[_Part], profile: str | None, whole: Mapping[str, Any]
) -> tuple[Plot, dict[str, Any]]:
    """A plot, and the tables of its site, of these parts alone."""
    kept: dict[str, list[Any]] = {}
    for part in parts:
        kept.setdefault(part.place, []).append(part.what)
    plot = Plot(
        profile,
        dict(kept.get("provider", ())),
        kept.get("people", []),
        kept.get("acts", []),
        kept.get("faults", []),
        tuple(kept.get("ends", ())),
    )
    rest = {name: one for name, one in whole.items() if name not in _ROWS}
    return plot, rest | {name: kept[name] for name in _ROWS if name in kept}


def _again(plot: Plot, told: Mapping[str, Any]) -> Reproduction | None:
    """What a plot at a site comes to; None where nothing is wrong, or they make no scenario."""
    try:
        site = read_scenario({**told, **tables(plot)}).site
    except SiteError:
        return None
    found = judge(plot, site, Truth(site.settings))
    return Reproduction(found, plot, told) if found else None


def text(found: Reproduction, command: str) -> str:
    """The scenario file, with comments for people."""
    finding = found.finding
    own = tables(found.plot)
    events: list[Mapping[str, Any]] = own.pop("event")
    expect = {target: number for target, number in finding.copies.items() if number >= 0}
    rest = {"expect": {"delivered": expect}} if expect else {}
    parts = ["".join(f"# {printable(line)}\n" for line in (*told(found), f"Play it again: {command}"))]
    parts.append(toml(dict(found.site) | own))
    notes = (act.note for _, act in found.plot.acts)
    for row, note in zip_longest(events, notes, fillvalue=()):
        parts.append("".join(f"# {printable(line)}\n" for line in note) + toml({"event": [row]}))
    return "\n".join([*parts, *([toml(rest)] if rest else [])])


_KINDS = {
    Kind.LAW: "A law is broken",
    Kind.RULE: "A rule is broken",
    Kind.MISROUTE: "Mail does not reach whom it is for, though every rule is kept",
}


def told(found: Reproduction) -> Iterator[str]:
    """What was found, in lines."""
    finding = found.finding
    yield f"{_KINDS[finding.kind]} ({finding.rule}): {finding.told}."
    if finding.kind is Kind.MISROUTE and finding.octets:
        site = read_site(found.site)
        explained = why(
            finding.octets,
            site=replace(site, sent=dict(site.sent) | dict(finding.sent)),
            expect=finding.meant,
            provider=found.plot.profile,
        )
        for cause in explained.causes[:1]:
            yield f"Why: {cause.name}: {cause.tells}"
        for remedy in explained.remedies[:1]:
            yield f"What would help: {remedy.words}."

"""The whole story of one message in a trace: its way, the hop at which it lost what would have led it right, and the cure.

    print(world.trace.why())
    read_trace("run.parquet").why("<486fe13256b4dee8@client.example>", expect="action:1234")

Laws:
- What is called certain was proved: the same scenario, played with that hop alone otherwise, brings the message where it
  was meant to go, and played as it is, brings it where the trace says. Of a run with other mail the whole is played
  once; hops are tried in the conversation alone, where that goes the same way, and the proof says so.
- A message is lost at the last hop of those that would each have saved it alone: until there something in it would still
  have led it right. Where no hop alone would, it is lost at the fewest that would together.
- Where no hop would, it is the practice that does not find it: then the message itself is explained (`diagnosis.why`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from mailsim.errors import MailsimError
from mailsim.practice.decision import shown
from mailsim.study.diagnosis.cause import SURE, Confidence
from mailsim.study.diagnosis.ddmin import ddmin
from mailsim.study.diagnosis.remedy import Kind
from mailsim.study.diagnosis.why import Explanation, expected_target, why
from mailsim.study.journey.excerpt import excerpt
from mailsim.study.journey.fate import Fate, conversation, directories, meant_for
from mailsim.study.journey.journey import BEHIND, Journey, Loss
from mailsim.study.journey.played import Part, Played, play, way
from mailsim.study.journey.suspect import Suspect
from mailsim.study.journey.suspects import FAULT, sighted, suspects
from mailsim.trace.event import PRACTICE, Trace, parted
from mailsim.trace.recorded import RecordedTrace
from mailsim.world.lineage import trace_id_of
from mailsim.world.plan import Plan, plan
from mailsim.world.scenario import Scenario, read_scenario

_LOST = ("refused", "bounced", "discarded", "removed")
_ENDING = ("refused", "discarded", FAULT)
"""How the causes of what was not taken begin: there it ended, though it would not have arrived without."""
_UNPLAYED = "the trace holds no scenario that plays it again, so nothing here is proved"
_OTHERWISE = "played again, the message fared otherwise than in the trace, so nothing here is proved"
_ANOTHERS = "it is mail of {domain}, and hops are tried for a scenario's first practice alone; play the scenario with its tables at the top"


class JourneyError(MailsimError):
    """A message that the trace does not have."""


def journey(
    trace: Trace | RecordedTrace, message: str | int | None = None, *, expect: str | None = None
) -> Journey:
    """The whole story of one message of a trace.

    Args:
        trace: Of a world, or from a file.
        message: Its Message-ID, its trace id, or its row in `trace.messages()`; None for the first that was misrouted
            or did not arrive, or where all arrived for the last one.
        expect: Where it should have gone, where the trace cannot tell, such as `action:1234`; of another practice than the
            first `xyz.example/action:7`.

    Raises:
        JourneyError: There is no such message.
        WhyError: `expect` is no target.
    """
    prefix, own = parted(expect or "")
    target = expected_target(own or None)
    name, message_id = _named(trace, message)
    fates = conversation(trace.story(name))
    fate = next((one for one in fates if message_id in one.ids), None)
    if fate is None:
        raise JourneyError(f"{shown(message_id or name)}: of this message the trace has no beginning")
    tables = trace.scenario
    scenario = None if tables is None else scenario_again(tables)
    wanted = (f"{prefix}{target}",) if target else meant_for(fate, fates, directories(scenario))
    return Inquiry(name, fate, fates, wanted, scenario).told()


def _named(trace: Trace | RecordedTrace, message: str | int | None) -> tuple[str, str]:
    """The conversation and the Message-ID of what is asked for; of a whole conversation its last message."""
    if isinstance(message, str) and not message.isdecimal():
        story = trace.story(message)
        if not len(story):
            raise JourneyError(f"{shown(message)}: the trace has no such message; `messages()` lists them")
        named = message if any(event.message_id == message for event in story) else ""
        return story[0].trace_id, named or conversation(story)[-1].begun.message_id
    rows = trace.messages()
    if rows.empty:
        raise JourneyError("the trace has no messages")
    if message is None:
        lost = rows[rows.misrouted | rows.outcome.isin(_LOST)]
        row = lost.iloc[0] if len(lost) else rows.iloc[-1]
    elif 0 <= int(message) < len(rows):
        row = rows.iloc[int(message)]
    else:
        raise JourneyError(f"{message}: the trace has the messages 0 to {len(rows) - 1}")
    return str(row.trace_id), str(row.message_id)


def scenario_again(tables: Mapping[str, object]) -> Scenario:
    """The scenario that a trace holds."""
    start = tables.get("start")
    given = tables if not isinstance(start, str) else {**tables, "start": datetime.fromisoformat(start)}
    return read_scenario(given)


class Inquiry:
    """One message under question, and the worlds that are played for it.

    Attributes:
        fate: The message.
        wanted: What it should have reached.
    """

    def __init__(
        self, name: str, fate: Fate, fates: Sequence[Fate], wanted: tuple[str, ...], scenario: Scenario | None
    ) -> None:
        """`name` is the conversation's, `fates` are its messages."""
        self._name = name
        self.fate = fate
        self.wanted = wanted
        self._scenario = scenario
        self._events = way(fate, fates)
        last = fate.events[-1].serial
        together = {event.serial: event for one in fates for event in one.events if event.serial <= last}
        self._story = Trace([together[serial] for serial in sorted(together)])

    @property
    def arrived(self) -> bool:
        """Whether the message reached all that it was meant for."""
        return set(self.wanted) <= self.fate.reached

    @cached_property
    def unproved(self) -> str:
        """Why nothing can be proved; empty where the run can be played again and the message fares as in the trace."""
        if self._another:
            return _ANOTHERS.format(domain=self._another)
        if self._again is None:
            return _UNPLAYED
        again = self._again.fate
        return "" if again is not None and again.ended == self.fate.ended else _OTHERWISE

    @cached_property
    def _another(self) -> str:
        """The domain of another practice than the first that wrote or collected it; empty where none did."""
        prefixes = (parted(event.place)[0] for event in self._events)
        return next((prefix[:-1] for prefix in prefixes if prefix), "")

    @cached_property
    def _again(self) -> Played | None:
        """The run as it was; None where nothing plays it again."""
        if self._scenario is None:
            return None
        return play(Part(self._scenario, self._name), self.fate.key, collected=True)

    @cached_property
    def _explanation(self) -> Explanation | None:
        found = None if self.unproved or not self._again else self._again.collected
        if found is None:
            return None
        missed = [target for target in self.wanted if target not in found.decision.targets and ":" in target]
        return why(
            found.decision,
            site=found.site,
            message=found.message,
            expect=missed[0] if missed else None,
            provider=found.provider,
        )

    def _tried(self, whole: Scenario) -> Part:
        """The conversation alone where the message goes the same way in it, else the whole run."""
        number = self._name.removeprefix("t")
        alone = excerpt(whole, int(number)) if number.isdecimal() else None
        if alone is not None and self._again is not None:
            tried = Part(alone, trace_id_of(1), ", of which this conversation alone is played")
            if play(tried, self.fate.key).steps == self._again.steps:
                return tried
        return Part(whole, self._name)

    def lost(self) -> tuple[list[Loss], list[Loss]]:
        """Where the message was lost, and what before that would have saved it as well."""
        if self.arrived:
            return [], []
        seen = self._suspects()
        if self._scenario is None or self.unproved:
            return [_loss(one, Confidence.LOW, "") for one in seen], []
        return self._proved(self._tried(self._scenario), seen)

    def told(self) -> Journey:
        """All of it."""
        losses, earlier = self.lost()
        outcome, reason = self.fate.ended
        return Journey(
            self.fate.begun.message_id,
            self._story,
            self.wanted,
            tuple(sorted(self.fate.reached)),
            outcome,
            reason,
            tuple(losses),
            tuple(earlier),
            self._explanation,
            self.unproved,
        )

    def _suspects(self) -> list[Suspect]:
        if self._scenario is None or self._another:
            return sighted(self._events)
        return suspects(self._events, self._scenario.site, plan(self._scenario))

    def _proved(self, tried: Part, seen: list[Suspect]) -> tuple[list[Loss], list[Loss]]:
        def otherwise(some: Iterable[Suspect]) -> Played:
            made = list(some)

            def planned(given: Scenario) -> Plan:
                changed = plan(given)
                for one in made:
                    changed = one.otherwise(changed)
                return changed

            return play(tried, self.fate.key, planned=planned)

        def saves(some: Iterable[Suspect]) -> bool:
            return self._arrives(otherwise(some))

        def proved(one: Suspect, made: Sequence[Suspect]) -> Loss:
            where = " and ".join(f"{each.place} {each.instead}" for each in made)
            proof = f"in the same scenario{tried.words}, where {where}, it reaches {', '.join(self.wanted)}"
            return _loss(one, Confidence.HIGH, proof)

        alone = [one for one in seen if saves([one])]
        if alone:
            *before, last = (proved(one, [one]) for one in alone)
            return [last], before
        if self._with_those_behind(tried.scenario, seen, otherwise):
            together = list(ddmin(seen, saves))
            return [proved(one, together) for one in together], []
        ends = [one for one in seen if one.serial != BEHIND and one.cause.startswith(_ENDING)]
        if self.fate.ended[0] in _LOST and ends:
            return [_loss(ends[-1], Confidence.MEDIUM, "")], []
        return self._at_practice(tried), []

    def _with_those_behind(
        self, scenario: Scenario, seen: list[Suspect], otherwise: Callable[[Iterable[Suspect]], Played]
    ) -> bool:
        """Add the suspects that show only when those before them do otherwise; whether the message arrives without any."""
        world = plan(scenario)
        while seen:
            after = otherwise(seen)
            if self._arrives(after):
                return True
            known = {(one.cause, one.place) for one in seen}
            behind = [
                one
                for one in suspects(after.way, scenario.site, world)
                if (one.cause, one.place) not in known
            ]
            if not behind:
                break
            seen += [
                one._replace(serial=BEHIND, words=f"would then have been next: {one.words}") for one in behind
            ]
        return False

    def _at_practice(self, tried: Part) -> list[Loss]:
        """No hop lost it: the practice, as it is set, does not see whom it is for."""
        explanation = self._explanation
        if explanation is None or not explanation.causes:
            return []
        cause = explanation.causes[0]
        serial = self.fate.end.serial
        ours = (one for one in explanation.remedies if one.kind is Kind.SETTINGS)
        for remedy in ours:
            after = replace(tried, scenario=replace(tried.scenario, site=remedy.after.site))
            if self._arrives(play(after, self.fate.key)):
                proof = f"with {remedy.words} in the same scenario{tried.words} it reaches {', '.join(self.wanted)}"
                return [Loss(cause.name, PRACTICE, serial, cause.tells, cause.confidence, proof)]
        weaker = max(cause.confidence, Confidence.MEDIUM, key=lambda one: SURE[one])
        return [Loss(cause.name, PRACTICE, serial, cause.tells, weaker, "")]

    def _arrives(self, played: Played) -> bool:
        return played.fate is not None and set(self.wanted) <= played.fate.reached


def _loss(one: Suspect, confidence: Confidence, proof: str) -> Loss:
    return Loss(one.cause, one.place, one.serial, one.words, confidence, proof)

"""The state machine that makes plots: each rule adds one thing that happens; the end plays them all.

Hypothesis chooses rules and values, and makes what it finds small.
"""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, precondition, rule

from mailsim.study.exploration.choices import choices
from mailsim.study.exploration.letters import Form, Odd, odd
from mailsim.study.exploration.plot import Act, Plot, Written
from mailsim.study.exploration.truth import Truth

MOST_FAULTS = 3


def machine(  # noqa: C901 - Hypothesis finds rules in a class, and what these draw depends on the site
    truth: Truth, profile: str | None, play: Callable[[Plot], None]
) -> type[RuleBasedStateMachine]:
    """A machine for one site; `play` is given each plot, and raises where something is wrong."""
    draw = choices(truth)

    class Explorer(RuleBasedStateMachine):
        inside = Bundle("inside")
        made = Bundle("made")

        def __init__(self) -> None:
            super().__init__()
            self.plot = Plot(profile)
            self.now = 0
            self.odd = self.most_faults = 0

        def add(self, act: Act) -> None:
            self.plot.acts.append((self.now, act))

        @initialize(
            target=inside,
            few=draw.few,
            provider=draw.provider,
            people=draw.people,
            most_faults=st.sampled_from((0, MOST_FAULTS)),
        )
        def begin(
            self,
            few: list[str],
            provider: dict[str, Any],
            people: list[dict[str, Any]],
            most_faults: int,
        ) -> object:
            self.plot.provider, self.plot.people, self.most_faults = dict(provider), people, most_faults
            return multiple(*few, truth.system, *provider.get("mailboxes", ()), *provider.get("forwards", ()))

        @rule(
            action=draw.from_action,
            to=st.lists(st.one_of(draw.outside, inside), min_size=1, max_size=3, unique=True),
            more=draw.more(truth, inside),
        )
        def send(self, action: int | None, to: list[str], more: dict[str, Any]) -> None:
            self.add(Act({"send": ({} if action is None else {"from_action": action}) | {"to": to} | more}))

        @rule(sender=draw.outside, to=st.lists(inside, min_size=1, max_size=2, unique=True), text=draw.text)
        def receive(self, sender: str, to: list[str], text: str) -> None:
            body = "".join(f"{line}\r\n" for line in text.splitlines()).encode()
            self.add(Act({"receive": {"to": to, "from": sender, "text": text}}, Written("", body)))

        @rule(target=made, sender=draw.outside, to=inside, form=draw.form(inside), collected=st.booleans())
        def receive_odd(self, sender: str, to: str, form: dict[str, Any], collected: object) -> Odd:
            letter = odd(truth, sender, to, Form(**form), number=self.odd)
            self.odd += 1
            self.add(letter.act(to))
            if collected:  # before the next comes, which may depend on what became of this one
                self.add(Act({"collect": {}}))
            return letter

        @rule(letter=made, to=inside, anew=st.sampled_from((False, True)))
        def receive_again(self, letter: Odd, to: str, anew: object) -> None:
            self.odd += 1
            self.add((letter.anew() if anew else letter).copied(self.odd).act(to))

        @rule()
        def collect(self) -> None:
            self.add(Act({"collect": {}}))

        @rule(minutes=draw.minutes)
        def let_pass(self, minutes: int) -> None:
            self.now += minutes

        @precondition(lambda self: len(self.plot.faults) < self.most_faults)
        @rule(faults=draw.faults)
        def go_wrong(self, faults: tuple[str, ...]) -> None:
            self.plot.faults += [one for one in faults if one not in self.plot.faults]

        def teardown(self) -> None:
            if self.plot.acts:
                play(self.plot)

    return Explorer

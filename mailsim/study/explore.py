"""Searching for a sequence of mail and faults that breaks a law or a rule, or loses a reply, and making it small.

    found = explore(site, seconds=60)
    print(found.scenario("mailsim run found.toml"))

Plots are made by Hypothesis' stateful machinery and played in memory. The first thing found is made small, by
Hypothesis and then by leaving out what its maker does not know of, such as rows of the directory.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec

from mailsim.errors import MailsimError
from mailsim.extras import not_installed
from mailsim.practice.site import Site
from mailsim.provider.profiles import profile
from mailsim.study.exploration.finding import Finding
from mailsim.study.exploration.letters import history
from mailsim.study.exploration.play import judge
from mailsim.study.exploration.plot import Plot
from mailsim.study.exploration.reproduction import Reproduction, smallest, text, told
from mailsim.study.exploration.truth import Truth

STEPS = 8
"""The most things that happen in one plot, before it is made small."""


_MOST_SMALLER = 250
"""Scenarios played to make one small that was found; then what is smallest so far is taken."""


class ExploreError(MailsimError):
    """Exploration lacks what it needs."""


class _Wrong(Exception):  # noqa: N818 - no error of ours: how Hypothesis is told that an example shows something
    """An example that shows what is looked for."""


class _Over(BaseException):
    """The time is over; no Exception, so that Hypothesis lets it pass."""


@dataclass(frozen=True, slots=True)
class Exploration:
    """What a search came to."""

    examples: int
    """Scenarios that were played."""
    seconds: float
    found: Reproduction | None = None
    """None where nothing is wrong in all that was tried."""
    found_after: float | None = None
    """Seconds until it was found; the rest went into making it small."""

    def as_json(self) -> dict[str, object]:
        """What was found, as values that `json.dumps` takes."""
        if self.found is None:
            return {}
        finding = self.found.finding
        return {
            "kind": finding.kind.value,
            "rule": finding.rule,
            "told": finding.told,
            "lines": self.told,
            "after": None if self.found_after is None else round(self.found_after, 1),
        }

    @property
    def told(self) -> list[str]:
        """What was found, in lines; none for nothing."""
        return list(told(self.found)) if self.found else []

    def scenario(self, command: str) -> str:
        """The scenario file that shows it, empty for nothing; `command` is how to play it, told in a comment."""
        return text(self.found, command) if self.found else ""


def explore(
    site: Site,
    *,
    seconds: float,
    provider: str | None = None,
    seed: int = 0,
    advanced: Callable[[int, Finding | None], None] = lambda _examples, _found: None,
) -> Exploration:
    """Search a site's mail for something wrong, for at most so many seconds and the few that making it small takes.

    Args:
        site: The practice.
        seconds: How long to search.
        provider: Who hosts and sends for it, a built-in profile; else whom the site names under `common`, or a host
            without habits of its own.
        seed: Another seed tries other plots; with one seed they come in the same order wherever the same modules are
            loaded, for Hypothesis draws from the constants in them too.
        advanced: Told after each scenario how many were played, and what is being made small by now.

    Raises:
        ExploreError: Hypothesis is not installed, or the provider cannot have the site's catch-all mailbox.
        UnknownProfile: No such provider is built in.
    """
    if find_spec("hypothesis") is None:
        raise ExploreError(not_installed("hypothesis", "explore"))
    settings = site.settings
    named = provider or next(
        (one.common for one in (settings.smtp, settings.pop) if one and one.common), None
    )
    if named and settings.catch_all and not profile(named).can_catch_all:
        raise ExploreError(
            f"{profile(named).name} cannot have a catch-all mailbox (R1.13); name another provider"
        )
    practice = replace(site, sent=dict(history(Truth(site.settings))) | dict(site.sent))
    search = _Search(practice, seconds, advanced)
    search.run(named and profile(named).id, seed)
    found = smallest(search.finding, search.plot, practice) if search.finding and search.plot else None
    return Exploration(search.examples, time.monotonic() - search.start, found, search.found_after)


class _Search:
    """One search under way."""

    def __init__(self, site: Site, seconds: float, advanced: Callable[[int, Finding | None], None]) -> None:
        self.start = time.monotonic()
        self.examples = 0
        self.finding: Finding | None = None
        self.plot: Plot | None = None
        self.found_after: float | None = None
        self._smaller = 0
        self._site, self._seconds, self._advanced = site, seconds, advanced
        self._truth = Truth(site.settings)

    def run(self, provider: str | None, seed: int) -> None:
        """Have Hypothesis make plots until something is found and small, or the time is over."""
        from hypothesis import HealthCheck, Phase, Verbosity, settings  # noqa: PLC0415 - an extra
        from hypothesis import seed as seeded  # noqa: PLC0415 - as above
        from hypothesis.stateful import run_state_machine_as_test  # noqa: PLC0415 - as above

        from mailsim.study.exploration.machine import machine  # noqa: PLC0415 - it needs Hypothesis

        how = settings(
            max_examples=10**9,
            stateful_step_count=STEPS,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        )
        with suppress(_Wrong, _Over):
            run_state_machine_as_test(seeded(seed)(machine(self._truth, provider, self._play)), settings=how)

    def _play(self, plot: Plot) -> None:
        """Play one plot; raises where it shows what is looked for: anything at first, then what was found."""
        if time.monotonic() - self.start > self._seconds or self._smaller > _MOST_SMALLER:
            raise _Over
        self.examples += 1
        found = judge(plot, self._site, self._truth)
        self._advanced(self.examples, self.finding)
        self._smaller += self.finding is not None
        if found is None or (self.finding is not None and self.finding.sort != found.sort):
            return
        if self.finding is None:
            self.found_after = time.monotonic() - self.start
        self.finding, self.plot = found, plot
        raise _Wrong

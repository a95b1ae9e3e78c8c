"""A situation under other settings, and what follows from them in the site."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from mailsim.practice.directory import Directory
from mailsim.practice.rules import Rules
from mailsim.study.diagnosis.remedy import Change, Kind
from mailsim.study.diagnosis.situation import Situation

CUSTOMARY = ("X-Original-To", "Envelope-To")
"""Fields that a host can be had to write where it writes none (Postfix, Exim)."""


Make = Callable[[Situation], Situation | None]


def setting(words: str, cost: int, make: Make) -> Change:
    """A change that the practice can make."""
    return Change(Kind.SETTINGS, words, cost, make)


def with_settings(
    now: Situation,
    update: Mapping[str, object],
    *,
    rules: Rules | None = None,
    directory: Directory | None = None,
    sent: Mapping[str, int] | None = None,
) -> Situation:
    """The situation with these tables of the settings, and what follows from them in the site."""
    old = now.site
    site = replace(
        old,
        settings=old.settings.model_copy(update=dict(update)),
        rules=rules or old.rules,
        directory=directory or old.directory,
        sent=sent or old.sent,
    )
    return replace(now, site=site)

"""The site that a command was given: a scenario file given by mistake is said to be one, and what will go wrong is told."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mailsim.errors import MailsimError

if TYPE_CHECKING:
    from mailsim.practice.faults import Fault
    from mailsim.practice.site import Site

_ONLY_IN_SCENARIOS = {"provider", "correspondent", "event", "expect", "site"}


class ScenarioGivenError(MailsimError):
    """A scenario file where a site file must be."""


def site_at(path: str) -> "Site":
    """The site of that file; raises SiteError with every fault, or ScenarioGivenError."""
    from mailsim.practice.faults import SiteError
    from mailsim.practice.site import load_site

    try:
        return load_site(path)
    except SiteError as error:
        strange = sorted(_ONLY_IN_SCENARIOS.intersection(fault.key for fault in error.faults))
        if not strange:
            raise
        tables = ", ".join(strange)
        raise ScenarioGivenError(
            f"{path}: this is a scenario file, for it has {tables}; name a site file, without them"
        ) from None


def warn(path: str | Path, warnings: "Iterable[Fault]") -> None:
    """Tell on standard error what in the settings of that file will go wrong, or has no effect."""
    from mailsim.practice.faults import printable

    sys.stderr.writelines(f"mailsim: warning: {printable(str(path))}: {one}\n" for one in warnings)

"""The site that a command was given: a scenario file given by mistake is said to be one."""

from typing import TYPE_CHECKING

from mailsim.errors import MailsimError

if TYPE_CHECKING:
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

"""Settings that no server need be asked about: what is missing, port 25, port 993 (R1.5, R1.6); pure."""

import re
from collections.abc import Iterator, Sequence

from mailsim.check.verdict import Cause, Check, Step, Verdict
from mailsim.practice.faults import Fault, SiteError

_SERVER = {Check.POP: "pop.server", Check.SMTP: "smtp.server"}
_IMAP_PORT = re.compile(r':993"?\Z')


def own_faults(check: Check, error: SiteError) -> list[Fault]:
    """The faults in the table that a check reads."""
    return [fault for fault in error.faults if fault.key.split(".")[0] == check.value]


def red_settings(check: Check, faults: Sequence[Fault]) -> Verdict:
    """The red verdict that faults of a check's table amount to, at least one; a port's fault comes before others."""
    told = sorted(faults, key=lambda fault: _cause(fault) is Cause.SETTINGS)
    cause = _cause(told[0])
    return Verdict(
        check=check,
        step=Step.SETTINGS,
        cause=cause,
        server=next(_servers(check, faults), ""),
        message="; ".join(f"{one.key}: {one.allowed}" for one in told),
        advice="; ".join(f"{one.key}: {one.fix}" for one in told),
    )


def _cause(fault: Fault) -> Cause:
    if (fault.key, fault.value) == ("smtp.port", "25"):
        return Cause.PORT_25
    if fault.key == "pop.server" and fault.value and _IMAP_PORT.search(fault.value):
        return Cause.PORT_993
    return Cause.SETTINGS


def _servers(check: Check, faults: Sequence[Fault]) -> Iterator[str]:
    """The server that a fault shows, secrets masked."""
    for fault in faults:
        if fault.key == _SERVER[check] and fault.value:
            yield fault.value.strip('"')

"""Which of the provider's servers a scenario's fault strikes: its protocol says so. Pure.

`pop:` is the POP3 server that the practice collects from, `smtp:` the SMTP server that it submits to, `mx:` the
provider's SMTP server for mail from outside, in the words of `smtp:`. Servers of people outside, and relays, take mail
from outside alone: `mx:`.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import partial

from mailsim.faults.certificate import CERTIFICATES, demand_certificate
from mailsim.faults.syntax import FaultError, read_fault_spec
from mailsim.pop3 import faults as pop3
from mailsim.smtp import faults as smtp
from mailsim.smtp.backend import Tls
from mailsim.smtp.fault_kinds import CERTIFICATE_SHOWN


class Struck(StrEnum):
    """A server that can fail, by the protocol of its faults."""

    POP = pop3.PROTOCOL
    SMTP = smtp.PROTOCOL
    MX = "mx"


Faults = Mapping[Struck, pop3.FaultPlan | smtp.FaultPlan]
"""What goes wrong on purpose at some servers."""

_READ: Mapping[str, Callable[[str], object]] = {
    Struck.POP: pop3.read_fault,
    Struck.SMTP: smtp.read_fault,
    Struck.MX: partial(smtp.read_fault, protocol=Struck.MX),
}


def check_fault(text: str) -> str:
    """Return the text of a fault as it is.

    Raises:
        FaultError: It is none; the text says what to write.
    """
    protocol = read_fault_spec(text).protocol
    if protocol not in _READ:
        raise FaultError(_no_servers(text, _READ))
    _READ[protocol](text)
    return text


def check_outside_fault(text: str) -> str:
    """Return the text of a fault of a server outside, or of a relay, as it is.

    Raises:
        FaultError: It is none; the text says what to write.
    """
    spec = read_fault_spec(check_fault(text))
    if spec.protocol != Struck.MX:
        raise FaultError(_no_servers(text, [Struck.MX]))
    demand_certificate(spec, None)
    return text


def _no_servers(text: str, known: Iterable[str]) -> str:
    return (
        f"fault {text!r}: {read_fault_spec(text).protocol!r} is no server's; write one of {', '.join(known)}"
    )


def certificate_moment(text: str) -> str:
    """When a fault would have the POP3 server show another certificate; empty for any other fault."""
    spec = read_fault_spec(text)
    return spec.verb if spec.protocol == Struck.POP and spec.what in CERTIFICATES else ""


def demand_certificates(texts: Iterable[str], submission: Tls) -> None:
    """Refuse faults about certificates that no SMTP server of a world shows then; the one for mail from outside has none.

    Raises:
        FaultError: One can never strike.
    """
    for spec in map(read_fault_spec, texts):
        if spec.protocol != Struck.POP:
            demand_certificate(spec, CERTIFICATE_SHOWN[submission] if spec.protocol == Struck.SMTP else None)


def pop_faults(texts: Iterable[str]) -> tuple[str, ...]:
    """Those of the POP3 server."""
    return tuple(text for text in texts if read_fault_spec(text).protocol == Struck.POP)


def smtp_faults(texts: Iterable[str], struck: Struck) -> tuple[smtp.Fault, ...]:
    """Those of one of the SMTP servers."""
    mine = (text for text in texts if read_fault_spec(text).protocol == struck)
    return tuple(smtp.read_fault(text, protocol=struck) for text in mine)


def check_in_time(text: str, *, outside: bool) -> str:
    """Return the text of a fault that begins or ends while a world runs, as it is.

    Raises:
        FaultError: It is none, not of a server outside although it should be, or shows a certificate.
    """
    return check_outside_fault(text) if outside else _without_certificate(check_fault(text))


def _without_certificate(text: str) -> str:
    if read_fault_spec(text).what in CERTIFICATES:
        raise FaultError(
            f"fault {text!r}: a certificate is made when its server starts; write it in the scenario's faults"
        )
    return text


def ended(plans: Faults, text: str) -> bool:
    """Take away the faults of these servers that are written so, and say whether there was one."""
    return any(plan.drop(text) for plan in plans.values())  # its protocol says of which


def removed(plans: Faults, text: str) -> None:
    """Take away the faults of these servers that are written so.

    Raises:
        FaultError: There is none, or it shows a certificate.
    """
    _without_certificate(check_fault(text))
    if not ended(plans, text):
        known = ", ".join(one for plan in plans.values() for one in plan.texts) or "none"
        raise FaultError(f"fault {text!r}: does not go wrong there; what does: {known}")


def added(plans: Faults, text: str) -> None:
    """Put one more fault among those of the server that it strikes.

    Raises:
        FaultError: It is none, strikes none of these, or shows a certificate.
    """
    spec = read_fault_spec(check_fault(text))
    if spec.protocol not in plans:
        raise FaultError(_no_servers(text, plans))
    _without_certificate(text)
    struck = Struck(spec.protocol)
    plan = plans[struck]
    if isinstance(plan, pop3.FaultPlan):
        plan.add(text)
    else:
        plan.add(smtp.read_fault(text, protocol=struck))

"""Which faults can strike a server at all, by what it offers. Pure."""

from mailsim.faults.syntax import FaultError
from mailsim.pop3.conduct import Conduct, spoken
from mailsim.pop3.fault_kinds import Moment, What
from mailsim.pop3.faults import Fault
from mailsim.pop3.wire import Verb

_CERTIFICATES = (What.EXPIRED_CERTIFICATE, What.FOREIGN_CERTIFICATE)


def demand_certificate(fault: Fault, shown_at: Verb | Moment | None) -> None:
    """Refuse a fault that has a certificate shown when none is; `shown_at` is when one is, None for never.

    Raises:
        FaultError: It can never strike.
    """
    if fault.what not in _CERTIFICATES or fault.spec.verb == shown_at:
        return
    if shown_at is None:
        raise FaultError(
            f"fault {fault.spec.text!r}: a server without TLS shows no certificate; choose another fault, or TLS"
        )
    raise FaultError(
        f"fault {fault.spec.text!r}: this server shows its certificate at {shown_at}; write {str(shown_at)!r}"
    )


def demand_spoken(fault: Fault, conduct: Conduct) -> None:
    """Refuse a fault at a verb that the server does not know: it would strike the -ERR that says so.

    Raises:
        FaultError: The server does not speak the verb.
    """
    verb = fault.spec.verb
    if verb in tuple(Verb) and verb not in spoken(conduct):
        known = " ".join(sorted(spoken(conduct)))
        raise FaultError(
            f"fault {fault.spec.text!r}: this server does not speak {verb}, which TLS or a quirk decides; it speaks {known}"
        )

"""Which faults can strike a server at all, by what it offers. Pure."""

from mailsim.faults.syntax import FaultError
from mailsim.pop3.conduct import Conduct, spoken
from mailsim.pop3.faults import Fault
from mailsim.pop3.wire import Verb


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

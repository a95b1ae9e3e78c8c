"""mailsim: a practice's whole mail world - POP3, SMTP, provider, routing - on your machine, repeatable.

The names here are the Python face. Each is loaded when it is first used, so `import mailsim`
costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailsim.errors import MailsimError
    from mailsim.mail import Address, Envelope, Mailbox, Message, Reply
    from mailsim.mail.corpus import read_mail
    from mailsim.nameserver.embedded import DnsServer
    from mailsim.pop3.embedded import Pop3Server
    from mailsim.practice.decision import Decision
    from mailsim.practice.faults import Fault, SiteError
    from mailsim.practice.site import Site, load_site, read_site
    from mailsim.smtp.embedded import SmtpServer
    from mailsim.study.diagnosis.diff import difference
    from mailsim.study.diagnosis.shrink import shrink
    from mailsim.study.diagnosis.why import Explanation
    from mailsim.study.shrinking.scenario import shrink_scenario
    from mailsim.study.sweep.running import sweep
    from mailsim.study.why import why
    from mailsim.trace.recorded import read_trace
    from mailsim.world.lab import Lab
    from mailsim.world.scenario import Scenario, ScenarioError, load_scenario, read_scenario
    from mailsim.world.simulation import Simulation

    __version__: str

__all__ = [
    "Address",
    "Decision",
    "DnsServer",
    "Envelope",
    "Explanation",
    "Fault",
    "Lab",
    "Mailbox",
    "MailsimError",
    "Message",
    "Pop3Server",
    "Reply",
    "Scenario",
    "ScenarioError",
    "Simulation",
    "Site",
    "SiteError",
    "SmtpServer",
    "difference",
    "load_scenario",
    "load_site",
    "read_mail",
    "read_scenario",
    "read_site",
    "read_trace",
    "shrink",
    "shrink_scenario",
    "sweep",
    "why",
]

_HOMES = {
    "mailsim.errors": ("MailsimError",),
    "mailsim.mail": ("Address", "Envelope", "Mailbox", "Message", "Reply"),
    "mailsim.mail.corpus": ("read_mail",),
    "mailsim.nameserver.embedded": ("DnsServer",),
    "mailsim.pop3.embedded": ("Pop3Server",),
    "mailsim.practice.decision": ("Decision",),
    "mailsim.practice.faults": ("Fault", "SiteError"),
    "mailsim.practice.site": ("Site", "load_site", "read_site"),
    "mailsim.smtp.embedded": ("SmtpServer",),
    "mailsim.study.diagnosis.diff": ("difference",),
    "mailsim.study.diagnosis.shrink": ("shrink",),
    "mailsim.study.diagnosis.why": ("Explanation",),
    "mailsim.study.sweep.running": ("sweep",),
    "mailsim.study.shrinking.scenario": ("shrink_scenario",),
    "mailsim.study.why": ("why",),
    "mailsim.trace.recorded": ("read_trace",),
    "mailsim.world.lab": ("Lab",),
    "mailsim.world.scenario": ("Scenario", "ScenarioError", "load_scenario", "read_scenario"),
    "mailsim.world.simulation": ("Simulation",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # else a type checker would take any name

    def __getattr__(name: str) -> object:
        if name == "__version__":
            from importlib.metadata import version  # noqa: PLC0415 - reads the installed metadata

            value = version("mailsim")
        elif name in _HOME:
            value = getattr(import_module(_HOME[name]), name)
        else:
            raise AttributeError(f"module 'mailsim' has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})

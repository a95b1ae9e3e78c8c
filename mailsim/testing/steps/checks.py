"""Check POP, Check SMTP and the probe of a route, against the servers of the world."""

import ssl
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from pytest_bdd import then, when

from mailsim.testing.expressions import parse

if TYPE_CHECKING:
    from mailsim.check.probed import Probe
    from mailsim.check.verdict import Verdict
    from mailsim.world.lab import Lab

_Result = TypeVar("_Result")
_SECONDS = 3.0
"""Of a check: its servers are on this machine."""


@when("the practice checks POP", target_fixture="verdict")
def checks_pop(servers: "Lab") -> "Verdict":
    """Log in to the POP server of the settings, and change nothing there.

    When the practice checks POP
    """
    return _asked(
        lambda: servers.site.check_pop(tls=_trust(servers), timeout=_SECONDS, addresses=servers.addresses)
    )


@when("the practice checks SMTP", target_fixture="verdict")
def checks_smtp(servers: "Lab") -> "Verdict":
    """Log in to the SMTP server of the settings, offer the default sender, and send nothing.

    When the practice checks SMTP
    """
    return _asked(
        lambda: servers.site.check_smtp(tls=_trust(servers), timeout=_SECONDS, addresses=servers.addresses)
    )


@when("the practice probes its route", target_fixture="probe")
def probes(servers: "Lab") -> "Probe":
    """Send one message from an action to itself, collect it, and see what became of it.

    When the practice probes its route
    """
    from mailsim.check.probe import probe

    return _asked(
        lambda: probe(servers.site, tls=_trust(servers), timeout=_SECONDS, addresses=servers.addresses)
    )


def _trust(lab: "Lab") -> ssl.SSLContext:
    return ssl.create_default_context(cadata=lab.authority.decode("ascii"))


def _asked(ask: Callable[[], Awaitable[_Result]]) -> _Result:
    import anyio

    return anyio.run(ask)


@then("the check turns green")
def green(verdict: "Verdict") -> None:
    """All is well with the server and the account.

    Then the check turns green
    """
    assert verdict.green, f"expected green, found:\n{verdict}"


@then(parse("the check turns red because {cause}", "cause"))
def red(verdict: "Verdict", cause: str) -> None:
    """What is wrong, told apart from all else.

    Then the check turns red because the mailbox is locked
    """
    assert verdict.cause is not None, f"expected red ({cause}), found:\n{verdict}"
    assert verdict.cause.value == cause, f"expected {cause}, found {verdict.cause}:\n{verdict}"


@then(parse("the advice is to {string}", "words"))
def advice(verdict: "Verdict", words: str) -> None:
    """What the check says to do.

    Then the advice is to "use port 587"
    """
    assert words in verdict.advice, f"expected advice with {words!r}, found:\n{verdict}"


@then("the probe says that replies come back")
def comes_back(probe: "Probe") -> None:
    """A reply to the probe's message would reach the action.

    Then the probe says that replies come back
    """
    assert probe.comes_back, f"expected that replies come back, found:\n{probe}"


@then("the probe says that replies do not come back")
def does_not_come_back(probe: "Probe") -> None:
    """A reply to the probe's message would go elsewhere.

    Then the probe says that replies do not come back
    """
    assert not probe.comes_back, f"expected that they do not, found:\n{probe}"


@then(parse("the probe says that the route changed {header}", "name"))
def changed(probe: "Probe", name: str) -> None:
    """A header field that was added, changed or dropped on the way.

    Then the probe says that the route changed From
    """
    found = [change.field for change in probe.changes]
    assert name.lower() in (one.lower() for one in found), f"expected {name}, found {found}:\n{probe}"

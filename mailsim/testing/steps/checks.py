"""Check POP, Check SMTP and the probe of a route, against the servers of the world."""

import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from pytest_bdd import then, when

from mailsim.testing.asking import says
from mailsim.testing.blueprint import Blueprint
from mailsim.testing.expressions import parse
from mailsim.testing.needs import StepError
from mailsim.testing.steps.practice import settings

if TYPE_CHECKING:
    from mailsim.check.probed import Probe
    from mailsim.check.verdict import Check, Verdict
    from mailsim.practice.site import Site
    from mailsim.world.lab import Lab

_Result = TypeVar("_Result")
_SECONDS = 3.0
"""Of a check: its servers are on this machine."""


@when("the practice checks POP", target_fixture="verdict")
def checks_pop(servers: "Lab") -> "Verdict":
    """Log in to the POP server of the settings, and change nothing there.

    When the practice checks POP
    """
    return _check_pop(servers, servers.site)


@when("the practice checks SMTP", target_fixture="verdict")
def checks_smtp(servers: "Lab") -> "Verdict":
    """Log in to the SMTP server of the settings, offer the default sender, and send nothing.

    When the practice checks SMTP
    """
    return _check_smtp(servers, servers.site)


@when("the practice checks POP with these settings:", target_fixture="verdict")
def checks_pop_as(servers: "Lab", blueprint: Blueprint, datatable: Sequence[Sequence[str]]) -> "Verdict":
    """The same where these settings stand instead of the world's: mistakes that a check is to find.

    When the practice checks POP with these settings:
      | pop.server | tcp://pop.abc.com:995 |
    """
    from mailsim.check.verdict import Check

    return _with(Check.POP, blueprint, datatable, lambda site: _check_pop(servers, site))


@when("the practice checks SMTP with these settings:", target_fixture="verdict")
def checks_smtp_as(servers: "Lab", blueprint: Blueprint, datatable: Sequence[Sequence[str]]) -> "Verdict":
    """The same where these settings stand instead of the world's: mistakes that a check is to find.

    When the practice checks SMTP with these settings:
      | smtp.port | 25 |
    """
    from mailsim.check.verdict import Check

    return _with(Check.SMTP, blueprint, datatable, lambda site: _check_smtp(servers, site))


@when(parse("{string} leads to {string}", "server", "other"))
def leads_to(servers: "Lab", server: str, other: str) -> None:
    """A name and port are those of another server of the world, or of any port of this computer.

    When "mail.abc.com:995" leads to "pop.abc.com:995"
    """
    name, place = _host_and_port(server), _host_and_port(other)
    servers.redirect(*name, servers.addresses.get(place, place))


@when("the practice probes its route", target_fixture="probe")
def probes(servers: "Lab") -> "Probe":
    """Send one message from an action to itself, collect it, and see what became of it.

    When the practice probes its route
    """
    from mailsim.check.probe import probe

    return _asked(
        lambda: probe(servers.site, tls=_trust(servers), timeout=_SECONDS, addresses=servers.addresses)
    )


def _check_pop(lab: "Lab", site: "Site") -> "Verdict":
    return _asked(lambda: site.check_pop(tls=_trust(lab), timeout=_SECONDS, addresses=lab.addresses))


def _check_smtp(lab: "Lab", site: "Site") -> "Verdict":
    return _asked(lambda: site.check_smtp(tls=_trust(lab), timeout=_SECONDS, addresses=lab.addresses))


def _with(
    check: "Check", blueprint: Blueprint, rows: Sequence[Sequence[str]], ask: Callable[["Site"], "Verdict"]
) -> "Verdict":
    """A check with other settings; faults of its table are its verdict, as in `mailsim check`. Raises SiteError for others."""
    from mailsim.check.settings import own_faults, red_settings
    from mailsim.practice.faults import SiteError
    from mailsim.world.scenario import scenario_of

    changed = Blueprint()
    changed.load(blueprint.start())
    settings(changed, rows)
    try:
        site = scenario_of(changed.start()).site
    except SiteError as error:
        if not (faults := own_faults(check, error)):
            raise
        return red_settings(check, faults)
    return ask(site)


def _host_and_port(server: str) -> tuple[str, int]:
    host, colon, port = server.rpartition(":")
    if not (colon and port.isdecimal()):
        raise StepError(f"{server!r} is no server; write its name and port, such as pop.abc.com:995")
    return host, int(port)


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


@then(parse("the check stops at the step {word}", "step"))
def stops(verdict: "Verdict", step: str) -> None:
    """How far a check came: settings, resolve, connect, greeting, tls, login, sender or quit.

    Then the check stops at the step login
    """
    assert verdict.step == step, f"expected {step}, found {verdict.step}:\n{verdict}"


@then(parse("the check nowhere shows {string}", "secret"))
def shows_no(verdict: "Verdict", secret: str) -> None:
    """What a check tells holds no secret.

    Then the check nowhere shows "pass-word"
    """
    shown = f"{verdict}\n{verdict!r}\n{verdict.as_json()}"
    assert secret not in shown, f"expected {secret!r} nowhere, found it in:\n{shown}"


@then(parse("the advice is to {string}", "words"))
def advice(verdict: "Verdict", words: str) -> None:
    """What the check says to do.

    Then the advice is to "use port 587"
    """
    assert says(verdict.advice, words), f"expected advice with {words!r}, found:\n{verdict}"


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
    assert not probe.trouble, f"expected that they do not, found:\n{probe}"
    assert not probe.comes_back, f"expected that they do not, found:\n{probe}"


@then(parse("the probe says that the route changed {header}", "name"))
def changed(probe: "Probe", name: str) -> None:
    """A header field that was added, changed or dropped on the way.

    Then the probe says that the route changed From
    """
    found = [change.field for change in probe.changes]
    assert name.lower() in (one.lower() for one in found), f"expected {name}, found {found}:\n{probe}"

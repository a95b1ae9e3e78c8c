"""Settings that are read: refused with every fault at once, or taken, perhaps with a warning."""

import json
from typing import TYPE_CHECKING

from pytest_bdd import then, when

from mailsim.testing.asking import says
from mailsim.testing.blueprint import Blueprint
from mailsim.testing.expressions import parse

if TYPE_CHECKING:
    from mailsim.testing.reading import Reading


@when("the settings are read")
def are_read(reading: "Reading") -> None:
    """The practice's settings are judged, without any server.

    When the settings are read
    """


@then("the settings are taken")
def taken(reading: "Reading") -> None:
    """Nothing in them is wrong; there may be warnings.

    Then the settings are taken
    """
    assert not reading.faults, f"expected good settings, found:\n{reading}"


@then(parse("the settings are refused because {string}", "words"))
def refused(reading: "Reading", words: str) -> None:
    """One fault at least says this.

    Then the settings are refused because "port 25"
    """
    assert reading.faults, f"expected a fault with {words!r}, found good settings\n{reading}"
    assert any(says(fault, words) for fault in reading.faults), f"expected {words!r}, found:\n{reading}"


@then("this fault is told:")
def told(reading: "Reading", docstring: str) -> None:
    '''One fault in full: the key, the value, what is allowed, what to do.

    Then this fault is told:
      """
      smtp.port = "587": must be a whole number; write it without quotes and point
      """
    '''
    assert docstring in reading.faults, f"expected:\n{docstring}\nfound:\n{reading}"


@then("this warning is told:")
def told_warning(reading: "Reading", docstring: str) -> None:
    '''One warning in full: the key, the value, what will happen, what to do; the settings are good.

    Then this warning is told:
      """
      mailbox.catch_all_header = "X-For": has an effect in catch-all mode only (R1.10); remove it
      """
    '''
    assert not reading.faults, f"expected good settings, found:\n{reading}"
    assert docstring in reading.warnings, f"expected:\n{docstring}\nfound:\n{reading}"


@then("no warning is told")
def not_warned(reading: "Reading") -> None:
    """The settings are good, and nothing in them goes wrong.

    Then no warning is told
    """
    assert not reading.faults, f"expected good settings, found:\n{reading}"
    assert not reading.warnings, f"expected no warning, found:\n{reading}"


@then(parse("the settings are refused with {int} fault(s)", "number"))
def counted(reading: "Reading", number: int) -> None:
    """All faults are told at once, a line each.

    Then the settings are refused with 3 faults
    """
    assert reading.faults, f"expected {number} faults, found good settings\n{reading}"
    assert len(reading.faults) == number, f"expected {number} faults, found {len(reading.faults)}:\n{reading}"


@then(parse("the settings are taken with the warning {string}", "words"))
def warned(reading: "Reading", words: str) -> None:
    """They are good, and yet something will go wrong.

    Then the settings are taken with the warning "clashes with the catch-all"
    """
    assert not reading.faults, f"expected good settings, found:\n{reading}"
    assert any(says(text, words) for text in reading.warnings), f"expected {words!r}, found:\n{reading}"


@then(parse("nothing shows {string}", "secret"))
def hidden(reading: "Reading", blueprint: Blueprint, secret: str) -> None:
    """Neither the faults and warnings nor what the settings display as hold a secret.

    Then nothing shows "pass-word"
    """
    given = json.dumps(blueprint.start(), default=str)
    assert json.dumps(secret)[1:-1] in given, (
        f"expected a secret that is given, found no {secret!r} in the settings"
    )
    shown = f"{reading}\n{reading.site!r}\n{reading.site and reading.site.settings}"
    assert secret not in shown, f"expected {secret!r} nowhere, found it in:\n{shown}"


@then(parse("the practice would collect from {string}", "server"))
def pop_server(reading: "Reading", server: str) -> None:
    """The POP server that the settings come to, a provider's common ones included.

    Then the practice would collect from "ssl://pop.gmail.com:995"
    """
    assert reading.site, f"expected good settings, found:\n{reading}"
    found = str(reading.site.pop_account().server)
    assert found == server, f"expected {server}, found {found}"


@then(parse("the practice would send through {string}", "server"))
def smtp_server(reading: "Reading", server: str) -> None:
    """The SMTP server, port and authentication that the settings come to.

    Then the practice would send through "smtp.gmail.com:587 plain"
    """
    assert reading.site, f"expected good settings, found:\n{reading}"
    account = reading.site.smtp_account()
    found = f"{account.server}:{account.port} {account.authentication}"
    assert found == server, f"expected {server}, found {found}"

"""Another mail program, tested by the features of its own repository: a right one passes, one that loses mail is caught."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"
GIVENS = """
@wire
Feature: A program that hands mail on
 Background:
  Given a practice whose catch-all mailbox is matters@abc.com
  And the practice has action 1234
"""
MAIL = """
  When these people write:
    | jane@client.example | a1234@abc.com |
    | peter@shop.example  | sales@abc.com |
  And all mail has arrived
"""
ALL_IS_WELL = (
    GIVENS
    + " Scenario: All is well"
    + MAIL
    + """
  And the program under test collects
  Then the program ends well
  And the mailbox at the provider is empty
  And archive@elsewhere.example gets 2 messages
"""
)
A_LINE_IS_LOST = (
    GIVENS
    + """ Scenario Outline: A line is lost
  Given the fault "<fault>"
"""
    + MAIL
    + """
  And the program under test collects
  Then the program says that it failed
  And every message is still at the provider or has reached archive@elsewhere.example
  When the program under test collects
  Then every message is still at the provider or has reached archive@elsewhere.example
  Examples:
   | fault              |
   | pop:RETR:2:drop@40 |
   | pop:QUIT:1:drop    |
"""
)
REFUSED = (
    GIVENS
    + """ Scenario: The server refuses what is handed on
  Given a provider that rejects foreign senders
"""
    + MAIL
    + """
  And the program under test collects
  Then the program says that it failed
  And every message is still at the provider or has reached archive@elsewhere.example
"""
)


def run(pytester: pytest.Pytester, feature: str, command: str, *options: str) -> pytest.RunResult:
    """Run one feature in a repository whose configuration names that command."""
    pytester.makefile(".feature", one=feature)
    pytester.makeini(f"[pytest]\nmailsim_program_collects = {command}\nmailsim_program_sends = {command}\n")
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error", "--tb=short", *options)


def forwarder(*words: str) -> str:
    return " ".join([sys.executable, str(PROGRAMS / "forwarder.py"), *words])


@pytest.mark.parametrize("world", ["memory", "wire", "both"])
def test_a_right_program_passes(pytester: pytest.Pytester, world: str) -> None:
    """It finds the servers by its environment; `@wire` has them on sockets whatever world the run asks for."""
    run(pytester, ALL_IS_WELL, forwarder(), "--mailsim-world", world).assert_outcomes(passed=1)


def test_a_right_program_passes_when_a_line_is_lost(pytester: pytest.Pytester) -> None:
    """What it has not handed on is still at the server, and the next run has the rest."""
    run(pytester, A_LINE_IS_LOST, forwarder()).assert_outcomes(passed=2)


def test_a_program_that_deletes_first_passes_while_all_is_well(pytester: pytest.Pytester) -> None:
    """Which is why nobody notices."""
    run(pytester, ALL_IS_WELL, forwarder("careless")).assert_outcomes(passed=1)


def test_a_program_that_deletes_first_is_caught(pytester: pytest.Pytester) -> None:
    """The server deletes at QUIT; the answer is lost, and the program ends with mail that it has not handed on."""
    result = run(pytester, A_LINE_IS_LOST, forwarder("careless"))

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "E   AssertionError: expected every message somewhere, found nowhere: <0.1@client.example>, <0.2@shop.example>",
            "E   step *still at the provider or has reached archive@elsewhere.example*",
        ]
    )


@pytest.mark.parametrize(("words", "outcome"), [((), "passed"), (("careless",), "failed")])
def test_a_server_that_refuses_tells_them_apart_too(
    pytester: pytest.Pytester, words: tuple[str, ...], outcome: str
) -> None:
    """The right program keeps all, the other loses all."""
    run(pytester, REFUSED, forwarder(*words)).assert_outcomes(**{outcome: 1})


SENDER = """
import os, smtplib, ssl
told = lambda name: os.environ["MAILSIM_SMTP_" + name]
with smtplib.SMTP(told("HOST"), int(told("PORT"))) as client:
    client.starttls(context=ssl.create_default_context(cafile=os.environ["MAILSIM_CA"]))
    client.login(told("USERNAME"), told("PASSWORD"))
    client.sendmail("matters@abc.com", ["jane@client.example"], b"From: matters@abc.com\\r\\nMessage-ID: <p1@abc.com>\\r\\n\\r\\nHello\\r\\n")
"""


def test_a_program_sends(pytester: pytest.Pytester) -> None:
    """What reached somebody outside is asked of the world."""
    pytester.path.joinpath("sender.py").write_text(SENDER, "utf-8")
    steps = " Scenario: It sends\n  When the program under test sends\n  Then the program ends well\n  And jane@client.example gets 1 message\n"

    run(pytester, GIVENS + steps, f"{sys.executable} sender.py").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("command", "tag", "told"),
    [
        (
            "",
            "@wire",
            "mailsim_program_collects is empty; write the program's command there, in pytest's configuration",
        ),
        (
            "no-such-program",
            "@wire",
            "no-such-program: No such file or directory; correct mailsim_program_collects",
        ),
        (
            "true",
            "@R4.1",
            "another program needs servers on sockets; write the tag @wire above the scenario",
        ),
        (f"{sys.executable} -c 'print(7); exit(3)'", "@wire", "expected status 0, found status 3; it said:"),
    ],
)
def test_what_cannot_run_is_told(pytester: pytest.Pytester, command: str, tag: str, told: str) -> None:
    """In one line, with what to do; a program's own words where it has any."""
    steps = " Scenario: It collects\n  When the program under test collects\n  Then the program ends well\n"
    result = run(pytester, (GIVENS + steps).replace("@wire", tag), command, "--mailsim-world", "memory")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"E *{told}"])


@pytest.fixture(scope="session")
def getmail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """getmail6 of PyPI in an environment of its own."""
    home = tmp_path_factory.mktemp("getmail")
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    subprocess.run([str(home / "bin" / "pip"), "install", "--quiet", "getmail6"], check=True)
    return home / "bin" / "getmail"


@pytest.mark.peers
def test_getmail6(pytester: pytest.Pytester, getmail: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that nobody here wrote: all is well, and when a line is lost nothing is."""
    if os.getuid() == 0:
        for place in (pytester.path, *pytester.path.parents)[:4]:
            place.chmod(0o755)  # it delivers as nobody, who must come through
    monkeypatch.setenv("GETMAIL", str(getmail))
    feature = A_LINE_IS_LOST.replace("has reached archive@elsewhere.example", 'lies in "Maildir"')
    feature = feature.replace("  Then the program says that it failed\n  And every", "  Then every")

    run(pytester, feature, f"sh {PROGRAMS / 'getmail.sh'}").assert_outcomes(passed=2)

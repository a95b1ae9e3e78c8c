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


KEEPER = """
import os, pathlib, poplib, ssl, sys
told = lambda name: os.environ["MAILSIM_" + name]
trust = ssl.create_default_context(cafile=told("CA"))
host, port = told("POP3_HOST"), int(told("POP3_PORT"))
client = poplib.POP3_SSL(host, port, context=trust) if told("POP3_TLS") == "implicit" else poplib.POP3(host, port)
client.user(told("POP3_USERNAME"))
client.pass_(told("POP3_PASSWORD"))
folder = pathlib.Path(told("FOLDER"), "Mail")
folder.mkdir(exist_ok=True)
mbox = b""
for number in range(1, client.stat()[0] + 1):
    octets = b"\\n".join(client.retr(number)[1]) + b"\\n"
    mbox += b"From jane@client.example Mon Mar  2 09:00:00 2026\\n" + octets.replace(b"\\nFrom ", b"\\n>From ") + b"\\n"
    if b"lose me" not in octets and sys.argv[1:] == ["files"]:
        (folder / str(number)).write_bytes(b"Received: by keeper\\n" + octets)
    client.dele(number)
if sys.argv[1:] == ["mbox"]:
    (folder / "mbox").write_bytes(mbox)
client.quit()
"""


def came(*messages: str) -> str:
    """These messages come to the mailbox, and the program takes them all."""
    steps = [f'  When this message comes for a1234@abc.com:\n"""\n{message}\n"""\n' for message in messages]
    return (
        GIVENS
        + " Scenario: They come\n"
        + "".join(steps)
        + "  When all mail has arrived\n  And the program under test collects\n  Then the program ends well\n"
    )


def keep(pytester: pytest.Pytester, feature: str, how: str) -> pytest.RunResult:
    """Have a program that keeps mail in `Mail` take it: all in one mbox file, or without 'lose me' in files."""
    pytester.path.joinpath("keeper.py").write_text(KEEPER, "utf-8")
    return run(pytester, feature, f"{sys.executable} keeper.py {how}")


LIES = '  Then every message is still at the provider or lies in "{}"\n'
FIRST = "Message-ID: <first@x>\n\nlose me"


@pytest.mark.parametrize(
    ("kept", "lost", "named"),
    [
        ("Subject: Kept\n\nHello", "Subject: Lost\n\nlose me", "a message without an id"),
        ("Message-ID: <first@x>\n\nHello", FIRST, "<first@x>"),
        ("Message-ID: <2@x>\nReferences: <first@x>\n\nHello <first@x>", FIRST, "<first@x>"),
    ],
    ids=["no-id", "one-id", "references"],
)
def test_a_lost_message_is_not_taken_for_a_kept_one(
    pytester: pytest.Pytester, kept: str, lost: str, named: str
) -> None:
    """Copies are told apart by their own Message-ID and body (R4.13); the others' words say nothing."""
    feature = came("From: jane@client.example\n" + kept, "From: jane@client.example\n" + lost)

    result = keep(pytester, feature + LIES.format("Mail"), "files")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"E *expected every message somewhere, found nowhere: {named}"])


def test_one_copy_of_two_is_lost(pytester: pytest.Pytester) -> None:
    """What came twice and was sent on once is lost once."""
    twin = "From: jane@client.example\nMessage-ID: <1@x>\n\nHello"
    steps = "  Then every message is still at the provider or has reached archive@elsewhere.example\n"
    all_mail = came(twin, twin) + steps
    run(pytester, all_mail, forwarder()).assert_outcomes(passed=1)
    thief = str(PROGRAMS / "forwarder.py")
    pytester.path.joinpath("thief.py").write_text(
        "import poplib, runpy\nretr = poplib.POP3.retr\n"
        "poplib.POP3.retr = lambda self, n: (self.dele(2), retr(self, n))[1]\n"
        f"poplib.POP3.stat = lambda self: (1, 0)\nrunpy.run_path({thief!r})\n",
        "utf-8",
    )

    result = run(pytester, all_mail, f"{sys.executable} thief.py")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *expected every message somewhere, found nowhere: <1@x>"])


@pytest.mark.parametrize("how", ["files", "mbox"])
def test_what_is_kept_is_found(pytester: pytest.Pytester, how: str) -> None:
    """In other line ends, under fields of the program's own, in an mbox file that escapes `From `."""
    message = "From: jane@client.example\n\nHello\n\nFrom me\n"
    feature = came(message, message, message.replace("\n\nHello", "\nMessage-ID: <2@x>\n\nHello"))

    keep(pytester, feature + LIES.format("Mail"), how).assert_outcomes(passed=1)


@pytest.mark.parametrize("step", [LIES, '  Then the program keeps 0 files in "{}"\n'])
def test_a_folder_that_is_not_there_is_told(pytester: pytest.Pytester, step: str) -> None:
    """A misspelt one would be empty, and nothing was taken that could be missed."""
    feature = came("From: jane@client.example\n\nHello") + step.format("Male")
    result = run(pytester, feature, """sh -c 'mkdir "$MAILSIM_FOLDER/Mail"'""")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *expected Male in MAILSIM_FOLDER, found Mail"])


def test_a_program_that_took_nothing_and_made_no_folder_lost_nothing(pytester: pytest.Pytester) -> None:
    """Its mail is at the provider, and no folder's name can be mistaken for another."""
    feature = came("From: jane@client.example\n\nHello") + LIES.format("Mail")

    run(pytester, feature, "true").assert_outcomes(passed=1)


@pytest.mark.parametrize("step", [LIES, '  Then the program keeps 1 file in "{}"\n'])
def test_a_program_that_did_not_keep_mail_is_told_with_its_words(
    pytester: pytest.Pytester, step: str
) -> None:
    """It deletes first and stores nothing: which message is lost, how the program ended, what it said."""
    pytester.path.joinpath("thief.py").write_text(
        "import os, poplib, ssl\nto = lambda name: os.environ['MAILSIM_POP3_' + name]\n"
        "trusted = ssl.create_default_context(cafile=os.environ['MAILSIM_CA'])\n"
        "client = poplib.POP3_SSL(to('HOST'), int(to('PORT')), context=trusted)\n"
        "client.user(to('USERNAME')), client.pass_(to('PASSWORD'))\n"
        "client.dele(1), client.quit()\nprint('the disk is full')\n",
        "utf-8",
    )
    feature = came("From: jane@client.example\nMessage-ID: <1@x>\n\nHello") + step.format("Mail")

    result = run(pytester, feature, f"{sys.executable} thief.py")

    result.assert_outcomes(failed=1)
    found = "nowhere: <1@x>" if step == LIES else "0"
    result.stdout.fnmatch_lines(
        [
            f"E *expected *, found {found}",
            "E     MAILSIM_FOLDER has nothing; the program ended with status 0",
            "E     It said:",
            "E     the disk is full",
        ]
    )


def test_of_no_mail_none_can_be_lost(pytester: pytest.Pytester) -> None:
    """The program took nothing, whatever it does with mail."""
    result = keep(pytester, came() + LIES.format("Mail"), "files")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E *expected mail that could be lost, found that none came to the mailbox;*"]
    )


def test_mail_that_came_and_went_unseen_is_told(pytester: pytest.Pytester) -> None:
    """It cannot be said where it is."""
    feature = came("From: jane@client.example\n\nHello").replace(
        "  And the program", "  And the practice collects its mail\n  And the program"
    )

    result = keep(pytester, feature + LIES.format("Mail"), "files")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *found 1 message collected unseen; write 'And all mail*"])


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
            "another program needs servers on sockets; tag it @wire, above the scenario",
        ),
        (f"{sys.executable} -c 'print(7); exit(3)'", "@wire", "expected status 0, found status 3"),
    ],
)
def test_what_cannot_run_is_told(pytester: pytest.Pytester, command: str, tag: str, told: str) -> None:
    """In one line, with what to do; a program's own words where it has any."""
    steps = " Scenario: It collects\n  When the program under test collects\n  Then the program ends well\n"
    result = run(pytester, (GIVENS + steps).replace("@wire", tag), command, "--mailsim-world", "memory")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"E *{told}"])


ENDS = " Scenario: It collects\n  When the program under test collects\n  Then the program ends well\n"


def test_a_program_that_takes_too_long_ends_with_all_it_started(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child of its own would hold its output open, and go on."""
    monkeypatch.setattr("mailsim.testing.program._SECONDS", 2.0)
    pytester.path.joinpath("slow.py").write_text(
        "import pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        "pathlib.Path('pid').write_text(str(child.pid))\nprint('begun', flush=True)\ntime.sleep(300)\n",
        "utf-8",
    )
    result = run(pytester, GIVENS + ENDS, f"{sys.executable} slow.py")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E *found status -9", "E *It said:", "E *begun", "E *(ended after 2 seconds)"]
    )
    child = Path("/proc", pytester.path.joinpath("pid").read_text("utf-8"), "stat")
    assert not child.exists() or ") Z " in child.read_text("utf-8")


def test_what_a_program_says_is_printable_and_without_its_passwords(pytester: pytest.Pytester) -> None:
    """A terminal obeys nothing of it, and programs like to print their environment."""
    pytester.path.joinpath("loud.py").write_text(
        "import os\nprint('\\x1b[2J', os.environ['MAILSIM_POP3_PASSWORD'], os.environ['MAILSIM_SMTP_PASSWORD'])\nexit(3)\n",
        "utf-8",
    )
    givens = (
        GIVENS
        + '  And the practice collects from "ssl://pop.abc.com:995"\n  And the setting pop.password is open-sesame\n'
    )
    result = run(pytester, givens + ENDS, f"{sys.executable} loud.py")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *[[]2J *** ***"])
    assert "\x1b[2J" not in result.stdout.str()
    assert "sesame" not in result.stdout.str().partition("It said:")[2]


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

"""The plugin as its users meet it: a repository of their own, in a pytest run of its own."""

import subprocess
import sys
from collections.abc import Sequence

import pytest

GIVENS = """
  Given a practice whose catch-all mailbox is matters@abc.com
  And the practice has action 1234
  And a provider that rewrites foreign senders
  And jane@client.example answers every message
"""
LOOP = """
  When action 1234 writes to jane@client.example
  And all mail has arrived
  And the practice collects its mail
"""
STORY = [
    "*What happened to t000001:*",
    "*practice * writes <*> from a1234@abc.com to jane@client.example*",
    "*rewrites From: a1234@abc.com becomes matters@abc.com*",
    "*decides: unassigned*meant for action:1234*",
]


def feature(steps: str, tags: str = "") -> str:
    """A feature of one scenario."""
    return f"Feature: Mail\n{tags}\n Scenario: One\n{steps}"


def run(
    pytester: pytest.Pytester, steps: str, *options: str, python: str = "", tags: str = ""
) -> pytest.RunResult:
    """Run one scenario in a repository that has nothing but it and a conftest of `python`."""
    pytester.makefile(".feature", one=feature(steps, tags))
    pytester.makeconftest(python)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error", *options)


def test_a_failed_step_tells_the_story_of_the_mail(pytester: pytest.Pytester) -> None:
    """In a process of its own: expected and found, the evidence, and every hop, without being asked."""
    pytester.makefile(".feature", one=feature(GIVENS + LOOP + "Then the reply is delivered to action 1234"))
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*expected action:1234, found unassigned:*", "*R4.7*", *STORY])


def test_a_passing_scenario_needs_no_python(pytester: pytest.Pytester) -> None:
    """Steps and fixtures come with the installation."""
    result = run(pytester, GIVENS + LOOP + "Then nothing is lost")

    result.assert_outcomes(passed=1)


def test_a_step_of_the_user_s_overrides_ours(pytester: pytest.Pytester) -> None:
    """Of two definitions with the same words the nearer one runs, whatever either is called."""
    python = (
        "from pytest_bdd import then\n@then('nothing is lost')\ndef _(): raise AssertionError('the nearer')"
    )
    result = run(pytester, GIVENS + "Then nothing is lost", python=python)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the nearer*"])


def test_all_steps_are_fixtures_of_one_name(pytester: pytest.Pytester) -> None:
    """For every step of a scenario pytest-bdd asks pytest for all fixtures, once a name; users are spared the list."""
    own = "from pytest_bdd import then\n@then('it is so')\ndef _(): pass"
    names = (
        "from pytest_bdd.compat import get_fixture_names\n"
        "def pytest_bdd_before_scenario(request):\n"
        " names = get_fixture_names(request._fixturemanager)\n"
        " print('found', *sorted(one for one in names if 'step' in one and not one.endswith('_trace')))\n"
    )
    result = run(pytester, "Then it is so", "-s", python=f"{names}{own}")
    listed = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--fixtures")

    result.stdout.fnmatch_lines(["*found _mailsim_step pytestbdd_stepdef_then_it is so*"])
    listed.stdout.no_fnmatch_line("*_mailsim_step*")


def test_a_world_that_ended_is_forgotten(pytester: pytest.Pytester) -> None:
    """Pytest keeps every test until the run ends; what a test holds would pile up."""
    python = (
        "import gc, weakref\nfrom pytest_bdd import then\nSEEN = []\n"
        "@then('it is seen')\ndef _(world): SEEN.append(weakref.ref(world))\n"
        "def pytest_unconfigure():\n gc.collect()\n print('worlds', [one() for one in SEEN])\n"
    )
    pytester.makefile(".feature", one=feature(GIVENS + "Then it is seen"))
    pytester.makeconftest(python)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-s")  # in process, pytester keeps it

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["worlds [[]None[]]"])


@pytest.mark.parametrize("step", ["async def coroutine(): assert False", "async def generator():\n yield 1"])
def test_a_coroutine_step_fails(pytester: pytest.Pytester, step: str) -> None:
    """pytest-bdd would pass it without running it."""
    python = f"from pytest_bdd import then\n@then('it is so')\n{step}"
    result = run(pytester, "Then it is so", python=python)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*step 'it is so' is `async def` and would pass without running; make it a plain*"]
    )


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (
            "import functools\nasync def own(): assert False\n@then('it is so')\n@functools.wraps(own)\ndef wrapper(): return own()",
            "*step 'it is so' is `async def` and would pass without running; make it a plain*",
        ),
        (
            "async def own(): assert False\n@then('it is so')\ndef plain(): return own()",
            "*step function 'plain' returns a coroutine and would pass without running; make it a plain*",
        ),
        (
            "async def own():\n yield 1\n@then('it is so')\ndef plain(): return own()",
            "*step function 'plain' returns a coroutine and would pass without running; make it a plain*",
        ),
    ],
)
def test_a_hidden_coroutine_step_fails(pytester: pytest.Pytester, step: str, told: str) -> None:
    """Behind a wrapper, or as what a plain function returns."""
    result = run(pytester, "Then it is so", python=f"from pytest_bdd import then\n{step}")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([told])


def test_a_generator_step_still_runs_to_its_end(pytester: pytest.Pytester) -> None:
    """As pytest-bdd runs it, with what it makes for the steps after it."""
    python = (
        "from pytest_bdd import given, then\n@given('one', target_fixture='one')\ndef _():\n yield 1\n"
        "@then('it is one')\ndef _(one): assert one == 1"
    )
    run(pytester, "Given one\nThen it is one", python=python).assert_outcomes(passed=1)


@pytest.mark.parametrize("words", ["action1234", "mary mailbox", "unassigned", "fallback"])
def test_a_table_of_copies_takes_targets_alone(pytester: pytest.Pytester, words: str) -> None:
    """A misspelt one was taken for the fallback address."""
    steps = """
  Given a practice whose catch-all mailbox is matters@abc.com
  And the setting mailbox.fallback_address is help@elsewhere.example
  When this message comes for sales@abc.com:
    '''
    Subject: From nobody

    Hello
    '''
  And the practice collects its mail
  Then the copies are:
    | {} | 1 |
""".replace("'''", '"""')
    result = run(pytester, steps.format(words))

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f'E *"{words}" is no target; write action 1234, mary\'s mailbox,*'])


_CHECKS = ["checks POP", "checks SMTP", "probes its route"]


@pytest.mark.parametrize("step", _CHECKS[:2])
def test_a_check_runs_under_the_tag(pytester: pytest.Pytester, step: str) -> None:
    """Whatever world the run asks for."""
    steps = f"{GIVENS}When the practice {step}"

    run(pytester, steps, "--mailsim-world", "memory", tags="@wire").assert_outcomes(passed=1)


@pytest.mark.parametrize("step", _CHECKS)
def test_a_check_asks_for_the_scenario_s_own_servers(pytester: pytest.Pytester, step: str) -> None:
    """In memory there are none; those of a second world would have none of its mail."""
    steps = f"{GIVENS}When the practice {step}"
    result = run(pytester, steps, "--mailsim-world", "memory")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *a check or probe needs servers on sockets; tag it @wire*"])


BROKEN = """
  Given a practice whose catch-all mailbox is matters@abc.com
  And the practice collects from "ssl://pop.abc.com:995"
  And the setting pop.password is open-sesame
  And the setting mailbox.type is sesame-street
"""


@pytest.mark.parametrize("style", ["auto", "long", "short"])
@pytest.mark.parametrize("step", ["Then nothing is lost", "Then it is mine"])
def test_no_password_is_in_a_traceback(pytester: pytest.Pytester, style: str, step: str) -> None:
    """Settings that are refused are told in words: the functions that read them were called with all of them."""
    python = "from pytest_bdd import then\n@then('it is mine')\ndef _(world): pass"
    result = run(pytester, BROKEN + step, f"--tb={style}", "--mailsim-messages=out", python=python)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *mailbox.type*"])
    result.stdout.no_fnmatch_line("*open-sesame*")
    result.stdout.no_fnmatch_line("*tables =*")
    assert (
        "open-sesame" not in pytester.path.joinpath("out").read_text("utf-8").partition("testCaseStarted")[2]
    )


@pytest.mark.parametrize("options", [(), ("--showlocals",)])
def test_no_password_is_in_a_traceback_of_a_plain_test(
    pytester: pytest.Pytester, options: Sequence[str]
) -> None:
    """Nor where a test in Python asks for the world."""
    pytester.makepyfile(
        "import pytest\n@pytest.fixture(autouse=True)\ndef _(blueprint):\n"
        " blueprint.set('mailbox', type='odd')\n blueprint.set('pop', password='open-sesame')\n"
        "def test_it(world): pass"
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", *options)

    result.assert_outcomes(errors=1)
    result.stdout.no_fnmatch_line("*open-sesame*")


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        (
            GIVENS + LOOP + "Then the reply is addressed to a1234@abc.com",
            ["*expected a reply to a1234@abc.com, found one to matters@abc.com*", *STORY],
        ),
        (
            GIVENS + LOOP + "Then the reply was meant for action 1",
            ["*expected action:1, found action:1234:*", *STORY],
        ),
        (
            GIVENS + LOOP + "Then jane@client.example gets nothing",
            ["*expected nothing for jane@client.example, found 1: <*>*", *STORY],
        ),
        (
            GIVENS + "When action 1234 writes to jane@client.example\nThen jane@client.example gets nothing",
            ["*expected nothing for jane@client.example, found 1: <*>*"],
        ),
        (
            GIVENS + LOOP + 'Then the practice is told 554 and "no"',
            ["*expected a refusal with 554, found that the message was accepted*", *STORY],
        ),
        (
            GIVENS.replace("rewrites", "accepts")
            + LOOP
            + "Then the reply lands in Unassigned because the sender was rewritten",
            [
                "*expected unassigned (sender-rewritten), found delivered (action-address):*",
                "*delivered to action:1234*",
            ],
        ),
        (
            GIVENS.replace("rewrites", "rejects")
            + "When action 1234 writes to jane@client.example\n"
            + 'Then the practice is told 550 and "SendAsDenied"',
            ["*expected 550, found *554 5.2.252 SendAsDenied*", "*refuses it for jane@client.example*"],
        ),
        (
            GIVENS.replace("rewrites", "rejects")
            + "When action 1234 writes to jane@client.example\n"
            + 'Then the practice is told 554 and "quota"',
            ["*expected 'quota', found *SendAsDenied*"],
        ),
        (
            GIVENS + "When the practice collects its mail\nThen the reply is delivered to action 1234",
            ["*expected a reply, found that nobody answered*", "*No mail has moved in this world yet.*"],
        ),
        (
            GIVENS.replace("message", "message after 2 hours")
            + LOOP.replace("all mail has arrived", "1 hour has passed")
            + "Then the reply is delivered to action 1234",
            [
                (
                    "*expected a reply, found that jane@client.example's is not yet due until 2026-01-05 11:00:00, "
                    "and it is 2026-01-05 10:00:00; write 'And all mail has arrived' before the practice collects"
                ),
            ],
        ),
        (
            GIVENS
            + 'And the fault "smtp:RCPT:every:reply 451 4.3.0 later"\n'
            + LOOP
            + 'Then the practice is told 451 and "later"',
            [
                (
                    "*expected a refusal with 451, found it put off: 451 4.3.0 later; of what is given up in the end "
                    "write 'Then the letter is given up because of 451'"
                ),
            ],
        ),
        (
            GIVENS
            + 'And the fault "smtp:RCPT:every:reply 451 4.3.0 later"\n'
            + LOOP
            + "Then the letter is given up because of 452",
            ["*expected 452, found *'451 4.3.0 later'*"],
        ),
        (
            GIVENS + LOOP + "Then the letter is given up because of 451",
            [
                (
                    "*expected it given up (451), found that it was not; "
                    "the last that happened to it is that it was stored at jane@client.example"
                ),
            ],
        ),
        (
            GIVENS
            + "When action 1234 writes to jane@client.example\nAnd all mail has arrived\n"
            + "Then the reply is delivered to action 1234",
            ["*expected the reply to be collected, found no decision on <*>*"],
        ),
        (
            GIVENS + LOOP + "Given the practice has action 1",
            ["*action: was set after the world had started; move this Given before the first When*"],
        ),
        (
            "Given the practice has action 1\nWhen the practice collects its mail",
            [
                "*mailbox: is required*add [[]mailbox[]]",
                "*missing   perhaps 'Given a practice whose catch-all mailbox is matters@abc.com'",
            ],
        ),
        (
            GIVENS + "And the alias sales@abc.com leads to zoe\nWhen the practice collects its mail",
            [
                "*given     alias*by And the alias*",
                "*missing   perhaps 'Given the practice has users mary and john'",
            ],
        ),
        (
            GIVENS + "When jane@client.example writes to a1234@abc.com\nThen action 1234 holds 1 copy",
            [
                (
                    "*found 0; nobody inside holds anything; nothing has arrived yet; "
                    "write 'And all mail has arrived' and 'And the practice collects its mail' before"
                ),
            ],
        ),
        (
            GIVENS
            + "When jane@client.example writes to a1234@abc.com\nAnd all mail has arrived\n"
            + "Then the message is delivered to action 1234",
            [
                "*found no decision at all; 1 message at the provider not collected; write 'And the practice collects*"
            ],
        ),
        (
            GIVENS
            + "And the practice has users mary and john\nWhen jane@client.example writes to a1234@abc.com\n"
            + "And all mail has arrived\nAnd the practice collects its mail\nThen each of mary and john holds one copy",
            ["*expected one copy each, found another number for mary and john; action:1234 holds 1"],
        ),
        (
            GIVENS
            + "And the provider refuses mail that no mailbox takes\n"
            + "When jane@client.example writes to a1234@abc.com\nAnd all mail has arrived\n"
            + "Then action 1234 holds 1 copy",
            ["*found 0; nobody inside holds anything"],
        ),
    ],
)
def test_a_failed_step_says_what_it_expected_and_found(
    pytester: pytest.Pytester, steps: str, told: Sequence[str]
) -> None:
    """Each verdict of a step has its words, and the story follows them."""
    result = run(pytester, steps)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(told)


def test_an_unknown_step_names_the_nearest(pytester: pytest.Pytester) -> None:
    """Below the failure, as they are written; where none is near, where they all are."""
    result = run(pytester, GIVENS + "When the practice colects mail")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            '*Step definition is not found: When "the practice colects mail"*',
            "E   The nearest known steps, each with an example:",
            "E     When the practice collects its mail",
        ]
    )


def test_an_unknown_step_like_none_says_where_they_are(pytester: pytest.Pytester) -> None:
    """Instead of naming what has nothing to do with it."""
    result = run(pytester, "Then a partridge sings")

    result.stdout.fnmatch_lines(["*No known step is like it; `mailsim steps` lists them all.*"])


def test_a_failure_is_told_without_python(pytester: pytest.Pytester) -> None:
    """Nothing of the step's code, of the machinery that called it, of what its servers log; the summary stays."""
    result = run(pytester, GIVENS + LOOP + "Then the reply is delivered to action 1")

    shown = result.stdout.str()
    assert [name for name in (".py", "def ", "docket", "Captured log") if name in shown] == []
    result.stdout.fnmatch_lines(["FAILED one.feature::test_one - AssertionError: expected action:1, fo*"])


def test_the_python_of_a_step_is_shown_on_demand(pytester: pytest.Pytester) -> None:
    """The step alone; of a user's own step always."""
    steps = GIVENS + LOOP + "Then the reply is delivered to action 1"
    shown = run(pytester, steps, "--tb=long").stdout.str()
    assert "steps/decisions.py:" in shown
    assert [name for name in ("scenario.py", "call_fixture_func", "Captured log") if name in shown] == []


def test_the_python_of_a_user_s_own_step_is_shown(pytester: pytest.Pytester) -> None:
    """It is theirs to mend."""
    python = "from pytest_bdd import then\n@then('one is two')\ndef _():\n    assert 1 == 2\n"
    result = run(pytester, GIVENS + "Then one is two", python=python)

    result.stdout.fnmatch_lines(["*conftest.py:4: AssertionError*"])


def test_that_nothing_is_lost_is_a_question_and_plays_no_events(pytester: pytest.Pytester) -> None:
    """A scenario's own events are for `world.run()`."""
    python = """
from pytest_bdd import given
@given('an event')
def _event(blueprint):
    blueprint.add('event', send={'from_action': 1234, 'to': ['jane@client.example']})
"""
    letter = "When action 1234 writes to boss@client.example\n"
    steps = GIVENS + "And an event\n" + letter + "Then nothing is lost\nAnd jane@client.example gets nothing"

    run(pytester, steps, python=python).assert_outcomes(passed=1)


def test_of_many_conversations_the_last_are_told(pytester: pytest.Pytester) -> None:
    """A long scenario does not bury its failure."""
    letters = "When action 1234 writes to jane@client.example\n" * 5
    result = run(pytester, GIVENS + letters + "Then jane@client.example gets nothing")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*The last 3 of 5 conversations:*", "*What happened to t000005:*"])
    result.stdout.no_fnmatch_line("*What happened to t000002:*")


def test_a_story_cannot_command_the_terminal(pytester: pytest.Pytester) -> None:
    """What comes from mail is escaped."""
    octets = r"b'From: jane@client.example\r\nMessage-ID: <\x1b[2Jgone@x.example>\r\n\r\n'"
    python = (
        "from pytest_bdd import when\n@when('a hostile message comes')\ndef _(world):\n"
        f"    world.receive(to='a1234@abc.com', from_address='jane@client.example', octets={octets})\n"
        "    world.settle()\n    assert False\n"
    )
    result = run(pytester, GIVENS + "When a hostile message comes", python=python)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*writes <\\u001b[[]2Jgone@x.example>*"])
    assert "\x1b[2J" not in result.stdout.str()


@pytest.mark.parametrize(
    ("tags", "options", "outcomes"),
    [
        ("@R3.1", ["-m", "R3.1"], {"passed": 1}),
        ("@R3.1 @R12.345", ["-m", "not R3.1"], {"deselected": 1}),
        ("@r31", [], {"errors": 1}),
        ("@R3.1x", [], {"errors": 1}),
    ],
)
def test_rule_tags_are_markers_under_strict_markers(
    pytester: pytest.Pytester, tags: str, options: Sequence[str], outcomes: dict[str, int]
) -> None:
    """`@R3.1` selects, without being declared; another undeclared tag is still a mistake."""
    result = run(pytester, GIVENS, "--strict-markers", *options, tags=tags)

    result.assert_outcomes(**outcomes)


def test_the_plugin_works_beside_a_run_without_pytest_bdd(pytester: pytest.Pytester) -> None:
    """Its hooks for pytest-bdd are optional."""
    pytester.makepyfile("def test_blueprint(blueprint):\n    blueprint.set('mailbox', type='single')\n")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:pytest-bdd")

    result.assert_outcomes(passed=1)


def test_the_plugin_imports_nothing_heavy() -> None:
    """It loads in every pytest run of an environment."""
    script = "import mailsim.testing.plugin, mailsim.testing.steps, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()

    assert not {"pydantic", "aiosmtpd", "aiosmtplib", "trustme", "anyio", "asyncio", "pandas"} & set(loaded)

"""What a feature forgot, or wrote for nobody: one line that says what to write, and no Python."""

import pytest

PRACTICE = "Given a practice whose catch-all mailbox is matters@abc.com\n"
TEXT = '"""\nnone\n"""\n'


def told(pytester: pytest.Pytester, steps: str) -> str:
    """The first line of the failure of a scenario."""
    pytester.makefile(".feature", one=f"Feature: Mail\n @wire\n Scenario: One\n{steps}")
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error")
    result.assert_outcomes(failed=1)
    failure = result.stdout.str().partition("= FAILURES =")[2].partition("= short test summary")[0]
    assert [name for name in (".py", "fixture", "Traceback", "pluggy") if name in failure] == []
    return next(line for line in result.outlines if line.startswith("E   "))[4:]


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (PRACTICE + TEXT, "this step takes no text, and nobody would read the one below it"),
        (PRACTICE + "| a | b |\n", "this step takes no table, and nobody would read the one below it"),
        (PRACTICE + "Then nothing is lost\n" + TEXT, "this step takes no text"),
        ("Given a practice with these tables:\n", 'this step takes a text; write it below the step, between two lines of """, such as [mailbox]'),
        (PRACTICE + "Then the copies are:\n", "this step takes a table; write it below the step, in rows such as | action 1234    | 1 |"),
        (PRACTICE + "Then the copies are:\n| action 1 | 2 | 3 |\n", "row 1 of the table has 3 cells; write 2, as in | action 1234    | 1 |"),
        (PRACTICE + "Then the copies are:\n| action 1 | two |\n", "'two' in the table is no number of copies; write a whole number, such as 1"),
        (PRACTICE + "And the settings:\n| pop.server |\n", "row 1 of the table has 1 cells; write 2, as in | pop.server "),
        (PRACTICE + "And the DNS records:\n| abc.com | TXT |\n", "row 1 of the table has 2 cells; write 3, as in | abc.com | TXT |"),
        (PRACTICE + "Then the check turns green\n", "this step speaks of what a step above it must make; write such as 'When the practice checks POP' before it"),
        (PRACTICE + 'Then the letter has From "a@abc.com"\n', "write such as 'When action 1234 writes to jane@client.example' before it"),
        ('Given a practice with these tables:\n"""\n[mailbox\n"""\n', "the tables are not TOML: Expected ']'"),
        ('Given a practice with the site file "gone.toml"\n', "gone.toml"),
        (PRACTICE + "And the practice has user mary\nThen zoe's mailbox holds 0 copies\n", "expected 0 copies in mailbox:zoe, found that the practice has none such"),
        (PRACTICE + "And the practice has action 7\nThen action 77 holds 0 copies\n", "expected 0 copies in action:77, found that the practice has none such"),
        (PRACTICE + "And the practice has action 7\nAnd the setting action.id is 8\n", "action: holds several, where this step writes keys; correct the key"),
        (PRACTICE + 'And the setting provider.faults is x\nAnd the fault "pop:RETR:1:drop"\n', "provider.faults: holds one value, where this step writes several"),
        (PRACTICE + 'When the octets "a" in utf-99 are routed\n', "utf-99: is no encoding of text; write such as latin-1"),
        (PRACTICE + 'When the octets "ä" in ascii are routed\n', "ascii: has no 'ä'; leave that out, or write another encoding"),
        (PRACTICE + 'When the message file "gone.eml" is routed\n', "gone.eml: cannot be read: No such file or directory; name a message's file"),
        (PRACTICE + "And the setting smtp.port is eleven\nWhen the practice collects its mail\n", "smtp"),
    ],
)  # fmt: skip
def test_one_line_says_what_to_write(pytester: pytest.Pytester, steps: str, words: str) -> None:
    """Of each mistake; none passes."""
    assert words in told(pytester, steps)


@pytest.mark.parametrize("name", ["mary's mailbox", "action 7", "Unassigned", "the fallback address"])
def test_nobody_who_is_there_need_hold_anything(pytester: pytest.Pytester, name: str) -> None:
    """A user, an action, and what every practice has."""
    steps = f"{PRACTICE}And the practice has user mary\nAnd the practice has action 7\nThen {name} holds 0 copies\n"
    pytester.makefile(".feature", one=f"Feature: Mail\n Scenario: One\n{steps}")

    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_an_unbalanced_quote_in_a_command_is_told(pytester: pytest.Pytester) -> None:
    """With the setting that it stands in."""
    pytester.makeini("[pytest]\nmailsim_program_collects = python 'collector\n")

    words = told(pytester, PRACTICE + "When the program under test collects\n")
    assert "mailsim_program_collects = python 'collector: no closing quotation; close the quotes" in words


def test_a_value_that_is_refused_is_put_down_to_its_given(pytester: pytest.Pytester) -> None:
    """The world reads them all when it starts, steps later."""
    givens = """Given a practice whose catch-all mailbox is matters@abc.com
And the practice has action 1234
And the fault "pop:RETR:1:droop"
And the settings:
| smtp.server | smtp.abc.com |
| smtp.port   | 25           |
And jane@abc.com answers every message
And a practice with the site file "more.toml"
"""
    pytester.path.joinpath("more.toml").write_text("seed = -1\n[[action]]\nid = 1234\n", "utf-8")
    pytester.makefile(".feature", one=f"Feature: Mail\n Scenario: One\n{givens}When all mail has arrived\n")
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error", "--tb=short")

    told = [line.removeprefix("E   given     ") for line in result.outlines if line.startswith("E   given ")]
    assert sorted(told) == [
        'action[1].id by And a practice with the site file "more.toml" (one.feature:10)',
        "correspondent[0].address by And jane@abc.com answers every message (one.feature:9)",
        'provider.faults[0] by And the fault "pop:RETR:1:droop" (one.feature:5)',
        'seed by And a practice with the site file "more.toml" (one.feature:10)',
        "smtp.port by And the settings: (one.feature:6)",
    ]
    assert "_ _ _" not in result.stdout.str()

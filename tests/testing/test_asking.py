"""A step that asks nothing fails, instead of passing whatever happens."""

from types import SimpleNamespace
from typing import Any

import pytest

from mailsim.practice.decision import Outcome, Reason
from mailsim.testing.steps.decisions import one_outcome

GIVENS = """
  Given a practice whose catch-all mailbox is matters@abc.com
  And the practice has action 1234
  And the practice has user mary
  And jane@client.example answers every message
"""
LETTER = GIVENS + "When action 1234 writes to jane@client.example\n"
COLLECTED = (
    GIVENS
    + """
  When jane@client.example writes to a1234@abc.com
  And all mail has arrived
  And the practice collects its mail
"""
)
DRAFT = (
    GIVENS
    + """
  When this draft becomes a letter:
    | to | jane@client.example |
"""
)
EVENT = (
    GIVENS
    + '''
  And a practice with these tables:
    """
    [[event]]
    send = { from_action = 1234, to = ["jane@client.example"] }
    """
'''
)
TWO = (
    GIVENS
    + """
  And another practice whose catch-all mailbox is office@xyz.example has action 7
  When action 1234 writes to a7@xyz.example
"""
)
OTHERS = TWO + "And the practice at xyz.example collects its mail\n"
READ = GIVENS + "When the settings are read\n"
FAULT = GIVENS + 'And the fault "smtp:DATA-END:every:reply 451 4.3.0 later"\n'
NOBODY = "*expected somebody of this scenario, found that *@* is nobody in it; correct the address"
STILL = "*expected mail to ask about, found that none has moved; write a When before this step*"
UNSENT = "*expected a letter that was sent, found a draft; write such as 'When action 1234 writes to ...'"


def run(pytester: pytest.Pytester, steps: str, tag: str = "") -> pytest.RunResult:
    """Run one scenario."""
    pytester.makefile(".feature", one=f"{tag}\nFeature: Mail\n Scenario: One\n{steps}")
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error", "--tb=short")


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        (LETTER + "Then jane@client.exmaple gets nothing", NOBODY),
        (LETTER + "Then jane@client.exmaple gets 0 messages", NOBODY),
        (LETTER + "Then marry@abc.com has 0 messages at the provider", NOBODY),
        (LETTER + "Then Jane@Client.Example gets nothing", "*expected nothing for Jane@Client.Example, found 1*"),
        (LETTER + "Then mail for jane@client.exmaple was put off 0 times", NOBODY),
        (EVENT + "Then nothing is lost", STILL),
        (OTHERS + "Then the message is delivered to action 1234", "*expected action:1234, found xyz.example/action:7:"),
        (OTHERS + "Then the message is delivered to action 7", "*expected action:7, found xyz.example/action:7:"),
        (OTHERS + "Then action 1234 of xyz.example holds 0 copies", "*found that the practice has none such"),
        (OTHERS + "Then action 7 of nobody.example holds 0 copies", "*found that the practice has none such"),
        (OTHERS + "Then the fallback address of xyz.example holds 1 copy", "*found 0; xyz.example/action:7 holds 1"),
        (TWO + "And all mail has arrived\nThen action 7 of xyz.example holds 1 copy",
         "*write 'And the practice at xyz.example collects its mail' before"),
        (TWO + "Then office@xyz.exmaple gets nothing", NOBODY),
        (GIVENS + "Then 0 messages are told as lost", STILL),
        (GIVENS + "Then nobody inside holds anything", STILL),
        (GIVENS + "Then the mailbox at the provider is empty", STILL),
        (COLLECTED + "Then its recipient was read from From", "*expected From, found Delivered-To:"),
        (COLLECTED + "Then its recipient was read from X-Mailsim-Loop", "*expected X-Mailsim-Loop, found *"),
        (COLLECTED + 'Then the evidence of R4.5 says ""', '*"" is in every text, and asks nothing; write words*'),
        (
            COLLECTED + "Then the copies are:\n| action 1234 | 1 |\n| marry's mailbox | 0 |",
            "*expected mailbox:marry, found that the practice has none such",
        ),
        (DRAFT + "Then the letter was not submitted", UNSENT),
        (DRAFT + "Then the letter was submitted for jane@client.example", UNSENT),
        (DRAFT + 'Then the letter went through "smtp.abc.com:587"', UNSENT),
        (DRAFT + "Then the letter is given up because of 451", UNSENT),
        (DRAFT + 'Then the practice is told 554 and "no"', UNSENT),
        (
            FAULT + "When action 1234 writes to jane@client.example\nThen the letter is given up because of 45",
            "*expected 45, found *'451 4.3.0 later'*",
        ),
        (LETTER + "Then the letter nowhere names Jane@client.example", "*expected Jane@client.example nowhere*"),
        (READ + "Then the settings are refused with 0 faults", "*expected 0 faults, found good settings*"),
        (READ + 'Then nothing shows "hunter2"', "*expected a secret that is given, found no 'hunter2' in*"),
    ],
)  # fmt: skip
def test_a_step_that_asks_nothing_fails(pytester: pytest.Pytester, steps: str, told: str) -> None:
    """Of somebody misspelt, of mail that was never sent, of words that say nothing, anything is true."""
    result = run(pytester, steps)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"E {told}"])


def test_a_probe_without_an_answer_says_nothing_of_replies(pytester: pytest.Pytester) -> None:
    """It was refused, so that neither is known."""
    steps = GIVENS + (
        "And a provider that rejects foreign senders\n"
        'And the practice collects from "ssl://pop.abc.com:995"\n'
        'And the practice sends through "smtp.abc.com" on port 587\n'
        "When the practice probes its route\nThen the probe says that replies do not come back"
    )
    result = run(pytester, steps, "@wire")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *expected that they do not, found:*", "E *no answer: *"])


@pytest.mark.parametrize(
    "steps",
    [
        COLLECTED + "Then the copies are:\n| action 1234 | 1 |\n| mary's mailbox | 0 |",
        COLLECTED + "Then its recipient was read from delivered-to",
        COLLECTED + "Then jane@client.example gets nothing",
        COLLECTED + "Then help@elsewhere.example gets nothing",
        "Given the alias sales@abc.com leads to mary\n" + LETTER + "Then Sales@abc.com gets nothing",
        "Given the provider has the mailbox mary@abc.com\n"
        + LETTER
        + "Then mary@abc.com has 0 messages at the provider",
        LETTER + "Then JANE@client.example gets 1 message",
    ],
)
def test_one_that_asks_something_passes(pytester: pytest.Pytester, steps: str) -> None:
    """Whatever letters an address is written in."""
    run(pytester, steps).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("outcome", "reason", "targets"),
    [
        (Outcome.DELIVERED, Reason.ACTION_ADDRESS, ()),
        (Outcome.DELIVERED, Reason.ACTION_ADDRESS, ("action:1", "unassigned")),
        (Outcome.UNASSIGNED, Reason.SYSTEM_ADDRESS, ("fallback:help@elsewhere.example",)),
        (Outcome.DUPLICATE, Reason.DUPLICATE, ("action:1",)),
    ],
)
def test_targets_of_another_outcome_are_no_single_outcome(
    outcome: Outcome, reason: Reason, targets: tuple[str, ...]
) -> None:
    """Routing makes no such decision; the step would tell it."""
    decision: Any = SimpleNamespace(outcome=outcome, reason=reason, targets=targets)
    docket: Any = SimpleNamespace(decision=lambda _: decision)

    with pytest.raises(AssertionError, match="expected"):
        one_outcome(docket)

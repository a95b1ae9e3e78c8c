"""The catalogue holds every step, each with an example that is it and no other."""

import json
import re
from pathlib import Path

import pytest
from gherkin.parser import Parser
from pytest_bdd.steps import step_function_context_registry

from mailsim.check.verdict import Cause
from mailsim.cli import main
from mailsim.practice.decision import Reason
from mailsim.testing.catalogue import Definition, catalogue, markdown, suggestions
from mailsim.testing.parameters import PARAMETERS

FEATURES = Path(__file__).parents[2] / "features"
ALL = [one for subject in catalogue() for one in subject.definitions]


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.words)
def test_each_example_is_that_step_and_no_other(one: Definition) -> None:
    """It is Gherkin, of the step's own kind, and no other step's words fit it."""
    document = Parser().parse(f"Feature: f\n Scenario: s\n{one.example}\n")
    [child] = document["feature"]["children"]
    [step] = child["scenario"]["steps"]  # type: ignore[typeddict-item]  # gherkin's types know no scenario here
    fitting = [
        (context.type, context.parser.name)
        for context in step_function_context_registry.values()
        if context.step_func.__module__.startswith("mailsim.testing.steps.")
        and context.type == one.kind
        and context.parser.is_matching(step["text"])
    ]

    assert fitting == [(one.kind, one.words)]
    assert step["keyword"].strip().lower() == one.kind
    assert one.does.endswith((".", ":"))


def test_every_step_is_told() -> None:
    """None hides in a module that the catalogue does not name."""
    defined = {
        context.parser.name
        for context in step_function_context_registry.values()
        if context.step_func.__module__.startswith("mailsim.")
    }

    assert {one.words for one in ALL} == defined


def test_the_page_beside_the_features_is_true() -> None:
    """`mailsim steps --markdown > features/STEPS.md` makes it so."""
    assert (FEATURES / "STEPS.md").read_text("utf-8") == "".join(
        f"{line}\n" for line in markdown(catalogue())
    )


def test_steps_are_listed_for_people_and_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """Examples under their subject; all that is known as JSON."""
    assert main(["steps"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert main(["steps", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)

    assert "  Given the practice has action 1234" in lines
    titles = [title for title in lines if title and not title.startswith(" ")]
    assert titles[: len(document["subjects"])] == [subject["title"] for subject in document["subjects"]]
    told = {one["words"]: one for subject in document["subjects"] for one in subject["definitions"]}
    assert told["the practice has action {int}"]["example"] == "Given the practice has action 1234"
    assert told["the practice has action {int}"]["kind"] == "given"
    assert {one["name"] for one in document["parameters"]} == set(PARAMETERS)


@pytest.mark.parametrize(
    ("kind", "text", "near"),
    [
        ("given", "the practice has acton 77", ["Given the practice has action 1234"]),
        ("when", "the practice collects mail", ["When the practice collects its mail"]),
        ("then", "the practice collects its mail", ["When the practice collects its mail"]),
        ("then", "reply lands in Unassigned because of the provider", []),
        (
            "then",
            "action 1234 holds one copy",
            ["Then each of mary and john holds one copy", "Then Unassigned holds 2 copies"],
        ),
        ("then", "mary's mailbox has 1 copy", ["Then Unassigned holds 2 copies"]),
        ("given", "a partridge in a pear tree", []),
    ],
)
def test_the_nearest_steps_are_told(kind: str, text: str, near: list[str]) -> None:
    """By the words alone, whatever the numbers and addresses; nothing where nothing is like it."""
    found = suggestions(kind, text, ALL)

    assert found[: len(near)] == near if near else "Given" not in "".join(found)


def test_a_step_of_another_kind_is_told_only_where_none_of_its_own_is_nearer() -> None:
    """A Given is no Then, however many letters they share."""
    assert suggestions("given", "the practice has actions 1234 and 99", ALL) == [
        "Given the practice has action 1234"
    ]


@pytest.mark.parametrize("name", [name for name, one in PARAMETERS.items() if one.units])
def test_the_units_of_a_quantity_are_those_that_it_takes(name: str) -> None:
    """Each is on the page, and can be written."""
    parameter = PARAMETERS[name]
    told = ", ".join(parameter.units)

    assert f"| `{{{name}}}` | {parameter.example}; in {told} |" in list(markdown(catalogue()))
    for unit in parameter.units:
        assert re.fullmatch(parameter.pattern, f"2 {unit}")
        assert parameter.read(f"2 {unit}")


def test_words_that_a_parameter_can_be_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Every cause and reason that steps know, and that decisions and checks have, for people and programs."""
    main(["steps"])
    told = capsys.readouterr().out
    main(["steps", "--json"])
    parameters = {one["name"]: one["words"] for one in json.loads(capsys.readouterr().out)["parameters"]}
    page = "\n".join(markdown(catalogue()))

    assert {PARAMETERS["reason"].read(words) for words in parameters["reason"]} == set(Reason)
    assert {PARAMETERS["cause"].read(words) for words in parameters["cause"]} == {one.value for one in Cause}
    assert parameters["policy"] == ["accepts", "rewrites", "rejects"]
    assert parameters["address"] == []
    for words in parameters.values():
        for one in words:
            assert f"\n  {one}\n" in told
            assert f"\n- {one}\n" in page

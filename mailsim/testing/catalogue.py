"""The steps that there are: grouped, each with what it is for and an example; and the nearest to one that is not.

This is the one place that knows where pytest-bdd keeps step definitions.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from importlib import import_module
from inspect import getdoc, getsourcelines
from textwrap import dedent

from pytest_bdd.steps import StepFunctionContext, step_function_context_registry

from mailsim.testing.parameters import PARAMETERS
from mailsim.testing.rules import RULES
from mailsim.testing.steps import SUBJECTS

_NEAR = 0.55
"""Below this likeness two steps have nothing to do with each other."""
_BESIDE = 0.15
"""How much less like than the best one may be and still be told."""
_OTHER_KIND = 0.1
"""How much less like a step of another kind is taken to be."""
_TARGET = PARAMETERS["target"].pattern
_CUCUMBER = {"int": "1234", "word": "gmail", "string": '"in quotes"'}
"""Cucumber's own types that steps use."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One step as it can be written."""

    kind: str
    """`given`, `when` or `then`; empty for a step that is any of them."""
    words: str
    """A Cucumber Expression, or the words as they stand."""
    does: str
    """What it is for, in one sentence; empty where its author told nothing."""
    example: str
    """As it is written in a feature, its table or text included."""
    place: str
    """The file and line of its function."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Steps that belong together."""

    title: str
    definitions: Sequence[Definition]


def catalogue() -> Sequence[Subject]:
    """Every step that comes with mailsim."""
    subjects = []
    for name in SUBJECTS:
        module = import_module(f"mailsim.testing.steps.{name}")
        contexts = list(step_function_context_registry.values())
        own = [definition(one) for one in contexts if one.step_func.__module__ == module.__name__]
        subjects.append(Subject((module.__doc__ or "").splitlines()[0].rstrip("."), own))
    return subjects


def definition(context: StepFunctionContext) -> Definition:
    """A step as it was defined, anybody's."""
    does, _, example = (getdoc(context.step_func) or "").partition("\n\n")
    code = context.step_func.__code__
    place = f"{code.co_filename}:{getsourcelines(context.step_func)[1]}"
    return Definition(context.type or "", str(context.parser.name), does, dedent(example), place)


def every() -> Sequence[Definition]:
    """Every step defined so far in this run: mailsim's, and those of anybody's conftest."""
    found = [definition(context) for context in step_function_context_registry.values()]
    return list(
        {(one.kind, one.words): one for one in found}.values()
    )  # one that overrides another stands for both


def nearest(kind: str, text: str, known: Iterable[Definition], *, most: int = 3) -> Sequence[Definition]:
    """The known steps that are most like one that is unknown; those of its kind before those of another."""
    rated = [(_likeness(text, one) - _OTHER_KIND * (one.kind not in {"", kind}), one) for one in known]
    rated.sort(key=lambda one: one[0], reverse=True)
    best = rated[0][0] if rated else 0
    return [one for likeness, one in rated if likeness >= max(_NEAR, best - _BESIDE)][:most]


def _likeness(text: str, one: Definition) -> float:
    """Of words alone: addresses, numbers, targets and what is quoted differ between any two uses of a step."""
    pairs = [(text, _first_line(one)), (text, one.words)]
    if "{target}" in one.words:
        pairs.append((re.sub(_TARGET, "", text), one.words))
    return max(
        SequenceMatcher(None, _bare(mine), _bare(words), autojunk=False).ratio() for mine, words in pairs
    )


def _bare(words: str) -> str:
    plain = re.sub(r'"[^"]*"|\S+@\S+|\{\w+\}|\d[\d,.]*|\([^)]*\)|(?<=\w)/\w+', "", words.lower())
    return " ".join(plain.split())


def _first_line(one: Definition) -> str:
    """The example without its keyword and what follows its line."""
    return one.example.partition("\n")[0].partition(" ")[2] or one.words


def suggestions(kind: str, text: str, known: Iterable[Definition]) -> Sequence[str]:
    """The nearest known steps to one that is unknown, as they are written."""
    return [
        one.example.partition("\n")[0] or f"{one.kind.title()} {one.words}".lstrip()
        for one in nearest(kind, text, known)
    ]


def as_json(subjects: Sequence[Subject]) -> str:
    """One document: the subjects with their steps, and the types of parameters."""
    return json.dumps(
        {
            "subjects": [asdict(subject) for subject in subjects],
            "parameters": [
                {"name": name, "regexp": one.pattern, "example": one.example, "words": one.words}
                for name, one in PARAMETERS.items()
            ],
        }
    )


def lists() -> Mapping[str, Sequence[str]]:
    """The types of parameters that are one of a few words, and these."""
    return {name: one.words for name, one in PARAMETERS.items() if one.words}


def markdown(subjects: Sequence[Subject]) -> Iterator[str]:
    """The lines of a page, with the types of parameters and the rules behind the steps."""
    yield "# The steps, and the rules"
    yield ""
    yield "Written by `mailsim steps --markdown`. A step of one kind can follow any other with `And`."
    for subject in subjects:
        yield from ("", f"## {subject.title}", "", "```gherkin")
        for one in subject.definitions:
            yield from (f"# {one.does}", *one.example.splitlines())
        yield "```"
    yield from ("", "## What stands for what", "", "| in a step | for example |", "|---|---|")
    examples = _CUCUMBER | {name: one.example for name, one in PARAMETERS.items()}
    for name, example in examples.items():
        units = ", ".join(PARAMETERS[name].units) if name in PARAMETERS else ""
        yield f"| `{{{name}}}` | {example}; in {units} |" if units else f"| `{{{name}}}` | {example} |"
    for name, words in lists().items():
        yield from ("", f"`{{{name}}}` is one of:", "", *(f"- {one}" for one in words))
    yield from ("", "## The rules", "", "A scenario bears the tags of the rules it is about: `@R4.5`.", "")
    yield from ("| rule | |", "|---|---|")
    yield from (f"| {number} | {rule} |" for number, rule in RULES.items())

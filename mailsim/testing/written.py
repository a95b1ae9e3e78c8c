"""What is wrong with features as they are written, whatever steps there are: parts that nothing uses, names that lead nowhere."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from mailsim.testing import misspelt
from mailsim.testing.catalogue import Definition, nearest
from mailsim.testing.finding import Finding
from mailsim.testing.outline import Line, Scenario, Section
from mailsim.testing.rules import RULES, is_rule

Features = Mapping[str, Sequence[Section]]
"""Each file with its feature and that one's rules."""
_PLACEHOLDER = re.compile(r"<([A-Za-z_][\w -]*)>")


def findings(features: Features, known: Sequence[Definition], tags: Collection[str]) -> Iterator[Finding]:
    """All of these files; `known` are the steps, `tags` those that pytest knows."""
    tagged = any(map(is_rule, _all_tags(features)))
    for file, sections in features.items():
        for line, told in unrunnable(sections):
            yield Finding(file, line, "not-collected", told)
        yield from _unused(file, sections)
        for section in sections:
            yield from _misspelt(file, section.description, section.own_tags, known, tags)
            for scenario in section.scenarios:
                yield from _misspelt(file, scenario.description, scenario.own_tags, known, tags)
                yield from _examples(file, scenario)
                if scenario.steps and not scenario.checks:
                    told = f"scenario {scenario.name!r} has no Then, so that it passes whatever comes of it; write one"
                    yield Finding(file, scenario.line, "no-then", told)
                if tagged and not any(map(is_rule, scenario.tags)):
                    told = f"scenario {scenario.name!r} has no tag of a rule; write such as @R4.5 above it"
                    yield Finding(file, scenario.line, "no-rule-tag", told)


def uncovered(features: Features) -> Iterator[Finding]:
    """The rules of mailsim's rule book that no scenario bears as a tag."""
    covered = set(_all_tags(features))
    for number, rule in RULES.items():
        if number not in covered:
            yield Finding(f"@{number}", 0, "rule-without-scenario", f"no scenario has this tag: {rule}")


def _all_tags(features: Features) -> Iterable[str]:
    scenarios = [one for sections in features.values() for section in sections for one in section.scenarios]
    return [tag for scenario in scenarios for tag in scenario.tags]


def unrunnable(sections: Sequence[Section]) -> Iterator[tuple[int, str]]:
    """Why scenarios of one file would not run, or pass without running: each with its line."""
    lines = defaultdict[str, list[int]](list)
    for scenario in (one for section in sections for one in section.scenarios):
        lines[scenario.name].append(scenario.line)
        if not scenario.steps:  # a misspelt keyword makes a description of a step
            yield (
                scenario.line,
                (
                    f"the scenario {scenario.name!r} has no steps and would pass; "
                    "write Given, When and Then before its lines, or remove it"
                ),
            )
        for examples in scenario.examples:
            if not examples.rows:
                yield (
                    examples.line,
                    (
                        f"these examples of {scenario.name!r} have no row, and nothing would run; "
                        "write one below the names of the columns, or remove them"
                    ),
                )
    for name, places in lines.items():
        if len(places) > 1:
            others = " and ".join(f"line {line}" for line in places[:-1])
            yield (
                places[-1],
                (
                    f"another scenario has this name, {name!r}, in {others}, and only one would run; rename one"
                ),
            )


def misread(description: Iterable[Line], is_step: Callable[[str], bool]) -> Iterator[tuple[int, str]]:
    """Lines of a description that were meant as steps: each with its line."""
    for line in description:
        if keyword := misspelt.keyword(line, is_step):
            first = line.text.partition(" ")[0]
            told = f"{first!r} begins no step, so that this line is a description and does not run; write {keyword}"
            yield line.number, told


def _unused(file: str, sections: Sequence[Section]) -> Iterator[Finding]:
    used = any(section.scenarios for section in sections)
    for section in sections:
        if section.scenarios or (section.keyword == "Feature" and used):
            continue
        if section.background:
            told = (
                f"no scenario uses this background; write one in the {section.keyword.lower()}, or remove it"
            )
            yield Finding(file, section.background_line, "unused-background", told)
        else:
            told = f"{section.keyword} {section.name!r} has no scenario; write one, or remove it"
            yield Finding(file, section.line, "no-scenario", told)


def _misspelt(
    file: str,
    description: Iterable[Line],
    own_tags: Iterable[Line],
    known: Sequence[Definition],
    tags: Collection[str],
) -> Iterator[Finding]:
    for line, told in misread(description, lambda words: bool(nearest("", words, known, most=1))):
        yield Finding(file, line, "misspelt-keyword", told)
    for tag in own_tags:
        if is_rule(tag.text):
            if tag.text not in RULES:
                told = f"@{tag.text} is no rule; features/STEPS.md of mailsim lists them (`mailsim steps --markdown`)"
                yield Finding(file, tag.number, "unknown-rule", told)
        elif tag.text not in tags and (meant := misspelt.tag(tag.text, tags, RULES)):
            told = f"@{tag.text} marks nothing that is known; write @{meant}, or register the marker in pytest's configuration"
            yield Finding(file, tag.number, "misspelt-tag", told)


def _examples(file: str, scenario: Scenario) -> Iterator[Finding]:
    """Placeholders that no column fills, and columns that no placeholder names."""
    if not scenario.examples:
        return
    columns = list(dict.fromkeys(name for examples in scenario.examples for name in examples.columns))
    for step in scenario.steps:
        own = _PLACEHOLDER.findall(step.text)
        below = [name for text in step.below for name in _PLACEHOLDER.findall(text)]
        wrong = [name for name in own if name not in columns]
        wrong += [name for name in below if name not in columns and misspelt.column(name, columns)]
        for name in wrong:
            told = f"no column of the examples is called {name!r}; write one of {', '.join(columns)}"
            yield Finding(file, step.number, "unknown-placeholder", told)
    written = [scenario.name, *(text for step in scenario.steps for text in (step.text, *step.below))]
    for examples in scenario.examples:
        for name in examples.columns:
            if not any(f"<{name}>" in text for text in written):
                told = f"no step has <{name}>, so that this column changes nothing; write it, or remove the column"
                yield Finding(file, examples.line, "unused-column", told)

"""What stands in a feature file, as Gherkin's own parser tells it: scenarios, their rules, tags and steps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gherkin.errors import CompositeParserException, ParserException
from gherkin.parser import Parser

from mailsim.errors import MailsimError

Node = Mapping[str, Any]
"""A part of the document that `gherkin.parser.Parser().parse` returns."""


class FeatureError(MailsimError):
    """A file that holds no feature, or cannot be read; its text is one line."""

    def __init__(self, path: Path, told: str, *, line: int = 1) -> None:
        self.line = line
        """Where it went wrong."""
        self.told = told
        """What is wrong, and what to do."""
        super().__init__(f"{path}: {told}")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a feature: a step as it is written, a line of a description, a tag."""

    number: int
    text: str
    """Of a step without its keyword, of a tag without @."""
    below: Sequence[str] = ()
    """What stands under a step: the cells of its table, or the lines of its text."""


@dataclass(frozen=True, slots=True)
class Examples:
    """One table of an outline's examples."""

    line: int
    columns: Sequence[str]
    rows: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario or outline."""

    name: str
    line: int
    tags: frozenset[str]
    """Without @; those of its feature, rule and examples included."""
    own_tags: Sequence[Line]
    """Those above itself and its examples."""
    description: Sequence[Line]
    steps: Sequence[Line]
    """Its own, without backgrounds; of an outline with its placeholders."""
    examples: Sequence[Examples]
    checks: bool
    """Whether a Then is among its steps."""


@dataclass(frozen=True, slots=True)
class Section:
    """A feature, or a rule in it: what has a background and scenarios of its own."""

    keyword: str
    name: str
    line: int
    own_tags: Sequence[Line]
    description: Sequence[Line]
    """Its background's included."""
    background: Sequence[Line]
    background_line: int
    """0 where there is none."""
    scenarios: Sequence[Scenario]
    """Of a feature those outside its rules."""


def read_feature(path: Path) -> Sequence[Section]:
    """The feature of a file, then each of its rules.

    Raises:
        FeatureError: The file cannot be read, is no Gherkin, or holds no feature.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if text.startswith("\ufeff"):  # pytest-bdd takes it for a letter
            raise FeatureError(path, "begins with a byte order mark; save it as UTF-8 without one")
        document: Node = Parser().parse(text)
    except OSError as error:
        raise FeatureError(path, f"cannot be read: {error.strerror}; name a .feature file") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise FeatureError(path, f"not UTF-8: {error.reason}; save it as UTF-8", line=line) from None
    except CompositeParserException as error:
        first = error.errors[0]  # those that follow come of it, as a rule
        raise FeatureError(path, f"not Gherkin: {first}", line=_line(first)) from None
    if not document.get("feature"):
        raise FeatureError(path, "holds no feature; begin it with 'Feature:', or remove it")
    return list(_sections(document["feature"], text.splitlines()))


def _line(error: ParserException) -> int:
    return int(error.location["line"])


def _sections(feature: Node, text: Sequence[str]) -> Iterator[Section]:
    tags = _tags(feature)
    yield _section("Feature", feature, tags, text)
    for child in feature["children"]:
        if "rule" in child:
            yield _section("Rule", child["rule"], tags + _tags(child["rule"]), text)


def _section(keyword: str, node: Node, tags: list[Line], text: Sequence[str]) -> Section:
    backgrounds = [child["background"] for child in node["children"] if "background" in child]
    return Section(
        keyword,
        node["name"],
        node["location"]["line"],
        _tags(node),
        [line for part in (node, *backgrounds) for line in _description(part, text)],
        [line for background in backgrounds for line in _steps(background)],
        backgrounds[0]["location"]["line"] if backgrounds else 0,
        [_scenario(child["scenario"], tags, text) for child in node["children"] if "scenario" in child],
    )


def _scenario(node: Node, tags: list[Line], text: Sequence[str]) -> Scenario:
    own = _tags(node) + [tag for examples in node["examples"] for tag in _tags(examples)]
    return Scenario(
        node["name"],
        node["location"]["line"],
        frozenset(tag.text for tag in tags + own),
        own,
        list(_description(node, text)),
        list(_steps(node)),
        [
            Examples(
                examples["location"]["line"],
                [cell["value"] for cell in examples.get("tableHeader", {}).get("cells", ())],
                len(examples.get("tableBody", ())),
            )
            for examples in node["examples"]
        ],
        any(step["keywordType"] == "Outcome" for step in node["steps"]),
    )


def _steps(node: Node) -> Iterator[Line]:
    for step in node["steps"]:
        rows = step.get("dataTable", {}).get("rows", ())
        below = [cell["value"] for row in rows for cell in row["cells"]]
        below += step.get("docString", {}).get("content", "").splitlines()
        yield Line(step["location"]["line"], step["text"], below)


def _description(node: Node, text: Sequence[str]) -> Iterator[Line]:
    """Its lines; Gherkin's parser does not tell where they stand."""
    number = node["location"]["line"]
    for line in filter(None, map(str.strip, node["description"].splitlines())):
        number += next(ahead for ahead, one in enumerate(text[number:], 1) if one.strip() == line)
        yield Line(number, line)


def _tags(node: Node) -> list[Line]:
    return [Line(tag["location"]["line"], tag["name"].removeprefix("@")) for tag in node["tags"]]

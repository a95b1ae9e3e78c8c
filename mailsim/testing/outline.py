"""What stands in a feature file, as Gherkin's own parser tells it: scenarios, their rules, tags and steps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gherkin.errors import CompositeParserException
from gherkin.parser import Parser

from mailsim.errors import MailsimError

Node = Mapping[str, Any]
"""A part of the document that `gherkin.parser.Parser().parse` returns."""


class FeatureError(MailsimError):
    """A file that holds no feature, or cannot be read; its text is one line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One step as it is written."""

    number: int
    kind: str
    """`given`, `when` or `then`; of `And` and `*` that of the step above; empty where there is none above."""
    text: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario or outline."""

    name: str
    line: int
    tags: frozenset[str]
    """Without @; those of its feature, rule and examples included."""
    steps: Sequence[Line]
    """Its own, without backgrounds; of an outline with the values of every row, each row's after the other's."""


@dataclass(frozen=True, slots=True)
class Section:
    """A feature, or a rule in it: what has a background and scenarios of its own."""

    keyword: str
    name: str
    line: int
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
        document: Node = Parser().parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FeatureError(f"{path}: cannot be read: {error.strerror}; name a .feature file") from None
    except UnicodeDecodeError as error:
        raise FeatureError(f"{path}: not UTF-8: {error.reason}; save it as UTF-8") from None
    except CompositeParserException as error:
        told = "; ".join(map(str, error.errors))
        raise FeatureError(f"{path}: not Gherkin: {told}") from None
    if not document.get("feature"):
        raise FeatureError(f"{path}: holds no feature; begin it with 'Feature:', or remove it")
    return list(_sections(document["feature"]))


def _sections(feature: Node) -> Iterator[Section]:
    tags = _tags(feature)
    yield _section("Feature", feature, tags)
    for child in feature["children"]:
        if "rule" in child:
            yield _section("Rule", child["rule"], tags | _tags(child["rule"]))


def _section(keyword: str, node: Node, tags: frozenset[str]) -> Section:
    backgrounds = [child["background"] for child in node["children"] if "background" in child]
    return Section(
        keyword,
        node["name"],
        node["location"]["line"],
        [line for background in backgrounds for line in _lines(background["steps"], {})],
        backgrounds[0]["location"]["line"] if backgrounds else 0,
        [_scenario(child["scenario"], tags) for child in node["children"] if "scenario" in child],
    )


def _scenario(node: Node, tags: frozenset[str]) -> Scenario:
    own = tags | _tags(node)
    for examples in node["examples"]:
        own |= _tags(examples)
    steps = [line for row in _rows(node) for line in _lines(node["steps"], row)]
    return Scenario(node["name"], node["location"]["line"], own, steps)


def _rows(node: Node) -> Iterator[Mapping[str, str]]:
    """The values of each row of an outline; one empty row for a plain scenario."""
    if not node["examples"]:
        yield {}
    for examples in node["examples"]:
        names = [cell["value"] for cell in examples.get("tableHeader", {}).get("cells", ())]
        for row in examples.get("tableBody", ()):
            yield dict(zip(names, (cell["value"] for cell in row["cells"]), strict=True))


_KINDS = {"Context": "given", "Action": "when", "Outcome": "then"}


def _lines(steps: Sequence[Node], row: Mapping[str, str]) -> Iterator[Line]:
    kind = ""
    for step in steps:
        kind = _KINDS.get(step["keywordType"], kind)
        text = step["text"]
        for name, value in row.items():
            text = text.replace(f"<{name}>", value)
        yield Line(step["location"]["line"], kind, text)


def _tags(node: Node) -> frozenset[str]:
    return frozenset(tag["name"].removeprefix("@") for tag in node["tags"])

"""Living documentation: one page of HTML with the features as they are written and what came of them in the last run.

It stands alone: no script, no font, no link outside, readable from a disk and in the dark. Everything that comes from
features and failures is escaped. Colour never speaks alone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from gherkin.parser import Parser

from mailsim.testing.found import counted
from mailsim.testing.outline import Node
from mailsim.testing.page_scenario import came_of, description, rows, scenario, sign, steps, worst
from mailsim.testing.results import ScenarioResult, Status
from mailsim.testing.rules import RULES

_ORDER = (Status.FAILED, Status.UNDEFINED, Status.SKIPPED, Status.PASSED)
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #0b6aa2; --bad: #a3195b; --faint: #666; }
@media (prefers-color-scheme: dark) { :root { --good: #6bb8e8; --bad: #f08ab8; --faint: #aaa; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1, h2, h3 { line-height: 1.25; } h2 { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
.passed { color: var(--good); } .failed, .undefined { color: var(--bad); } .skipped, .faint { color: var(--faint); }
.sign { font-weight: 700; display: inline-block; min-width: 1.4em; } .tag { color: var(--faint); font-size: .85em; }
.sign small { font-weight: 400; margin: 0 .4em 0 .2em; }
details { margin: .4rem 0; border-left: 3px solid var(--line); padding-left: .8rem; } summary { cursor: pointer; }
ol.steps { list-style: none; padding: 0; margin: .3rem 0; } .steps b { font-weight: 600; }
table { border-collapse: collapse; margin: .3rem 0 .5rem; display: block; overflow-x: auto; font-size: .9em; }
td, th { border: 1px solid var(--line); padding: .1rem .5rem; text-align: left; vertical-align: top; }
pre { background: #8881; padding: .5rem; overflow-x: auto; font-size: .85em; white-space: pre-wrap; margin: .3rem 0; }
.told { margin: .3rem 0 .6rem; border-left: 3px solid var(--bad); padding-left: .8rem; }
"""

Found = Mapping[tuple[str, int], Sequence[ScenarioResult]]
"""By file and line."""


def write_page(path: Path, results: Sequence[ScenarioResult], root: Path) -> None:
    """Write the page; the features are read anew. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(page(results, root)), "utf-8")


def page(results: Sequence[ScenarioResult], root: Path) -> Iterator[str]:
    """The page in pieces: how many, each rule with what came of its scenarios, each feature."""
    files = sorted({result.file for result in results})
    features = {file: Parser().parse((root / file).read_text("utf-8"))["feature"] for file in files}
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Promises about mail</title>'
    yield f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
    yield "<h1>Promises about mail, and what came of them</h1>"
    yield from _counts(results)
    found = defaultdict[tuple[str, int], list[ScenarioResult]](list)
    for result in results:
        found[result.file, result.line].append(result)
    yield from _rules(features, found)
    for file, feature in features.items():
        if feature:
            yield from _feature(file, feature, found)
    yield "</body></html>\n"


def _counts(results: Sequence[ScenarioResult]) -> Iterator[str]:
    """How many came to what; of each world where there are several."""
    by_world = defaultdict[str, list[ScenarioResult]](list)
    for result in results:
        by_world[result.world].append(result)
    for world, own in by_world.items():
        counts = Counter(map(came_of, own))
        told = ", ".join(f"{sign([status])}{counts[status]} {status}" for status in _ORDER if counts[status])
        place = f" in the {escape(world)} world" if world and len(by_world) > 1 else ""
        files = {result.file for result in own}
        yield f"<p>{told} of {counted(len(own), 'scenario')}{place}, in {counted(len(files), 'feature')}.</p>"


def _rules(features: Mapping[str, Node], found: Found) -> Iterator[str]:
    """Each rule that a scenario bears as a tag; of an outline the rows whose examples do."""
    tagged = defaultdict[str, list[ScenarioResult]](list)
    for file, feature in features.items():
        for tags, node in _scenarios(feature):
            for result in found.get((file, node["location"]["line"]), ()):
                for tag in (tags | _tags_of_row(node, result)) & RULES.keys():
                    tagged[tag].append(result)
    if tagged:
        yield "<details><summary>The rules, and how they are kept</summary><table>"
        yield "<tr><th>Rule</th><th></th><th>Scenarios</th></tr>"
        for number, rule in RULES.items():
            if tagged[number]:
                yield f"<tr><td>{sign([worst(tagged[number])])}{number}</td><td>{escape(rule)}</td>"
                yield f"<td>{len(tagged[number])}</td></tr>"
        yield "</table></details>"


def _scenarios(feature: Node) -> Iterator[tuple[frozenset[str], Node]]:
    """Each scenario of a feature with the tags that count for all of it."""
    for part, own in ((feature, _tags(feature)), *_ruled(feature)):
        for child in part["children"]:
            if "scenario" in child:
                yield own | _tags(child["scenario"]), child["scenario"]


def _ruled(feature: Node) -> Iterable[tuple[Node, frozenset[str]]]:
    own = _tags(feature)
    return [(child["rule"], own | _tags(child["rule"])) for child in feature["children"] if "rule" in child]


def _tags(node: Node) -> frozenset[str]:
    return frozenset(tag["name"].removeprefix("@") for tag in node["tags"])


def _tags_of_row(node: Node, result: ScenarioResult) -> frozenset[str]:
    own = [table for table in node["examples"] if result.row in rows(table)]
    return frozenset(tag for table in own for tag in _tags(table))


def _feature(file: str, feature: Node, found: Found) -> Iterator[str]:
    yield f"<h2>{escape(feature['name'])}</h2><p class='faint'>{escape(file)}</p>"
    yield from _part(file, feature, _tags(feature), found)
    for rule, tags in _ruled(feature):
        yield f"<h3>{escape(rule['name'])}</h3>"
        yield from _part(file, rule, tags, found)


def _part(file: str, part: Node, tags: frozenset[str], found: Found) -> Iterator[str]:
    """What a feature, or a rule in it, has of its own."""
    yield description(part)
    for child in part["children"]:
        if "background" in child:
            yield "<details><summary class='faint'>Background</summary>"
            yield from steps(child["background"]["steps"], ())
            yield "</details>"
        if "scenario" in child:
            node = child["scenario"]
            yield from scenario(node, tags | _tags(node), found.get((file, node["location"]["line"]), ()))

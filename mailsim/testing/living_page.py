"""Living documentation: one page of HTML with the features as they are written and what came of them in the last run.

It stands alone: no script, no font, no link outside, readable from a disk and in the dark. Everything that comes from
features and failures is escaped. Colour never speaks alone.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from gherkin.parser import Parser

from mailsim.testing.found import counted
from mailsim.testing.outline import Node
from mailsim.testing.results import ScenarioResult, Status
from mailsim.testing.rules import RULES

_SIGNS = {Status.PASSED: "✓", Status.FAILED: "✗", Status.UNDEFINED: "?", Status.SKIPPED: "-"}
_WORST = (Status.FAILED, Status.UNDEFINED, Status.SKIPPED, Status.PASSED)
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #0b6aa2; --bad: #a3195b; --faint: #666; }
@media (prefers-color-scheme: dark) { :root { --good: #6bb8e8; --bad: #f08ab8; --faint: #aaa; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1, h2, h3 { line-height: 1.25; } h2 { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
.passed { color: var(--good); } .failed, .undefined { color: var(--bad); } .skipped, .faint { color: var(--faint); }
.sign { font-weight: 700; display: inline-block; width: 1.4em; } .tag { color: var(--faint); font-size: .85em; }
details { margin: .4rem 0; border-left: 3px solid var(--line); padding-left: .8rem; } summary { cursor: pointer; }
ol.steps { list-style: none; padding: 0; margin: .3rem 0; } .steps b { font-weight: 600; }
table { border-collapse: collapse; margin: .3rem 0 .5rem; display: block; overflow-x: auto; font-size: .9em; }
td, th { border: 1px solid var(--line); padding: .1rem .5rem; text-align: left; vertical-align: top; }
pre { background: #8881; padding: .5rem; overflow-x: auto; font-size: .85em; white-space: pre-wrap; }
"""


def write_page(path: Path, results: Sequence[ScenarioResult], root: Path) -> None:
    """Write the page; the features are read anew. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(page(results, root)), "utf-8")


def page(results: Sequence[ScenarioResult], root: Path) -> Iterator[str]:
    """The page in pieces: how many, each rule with what came of its scenarios, each feature."""
    files = sorted({result.file for result in results})
    features = {file: Parser().parse((root / file).read_text("utf-8"))["feature"] for file in files}
    counts = Counter(map(_status, results))
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Promises about mail</title>'
    yield f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
    yield "<h1>Promises about mail, and what came of them</h1><p>"
    yield ", ".join(f"{_sign(status)}{counts[status]} {status}" for status in _WORST if counts[status])
    yield f" of {counted(len(results), 'scenario')} in {counted(len(files), 'feature')}.</p>"
    found = _by_scenario(results)
    yield from _rules(features, found)
    for file, feature in features.items():
        if feature:
            yield from _feature(file, feature, found)
    yield "</body></html>\n"


Found = Mapping[tuple[str, int], Sequence[ScenarioResult]]
"""By file and line."""


def _by_scenario(results: Iterable[ScenarioResult]) -> Found:
    found = defaultdict[tuple[str, int], list[ScenarioResult]](list)
    for result in results:
        found[result.file, result.line].append(result)
    return found


def _rules(features: Mapping[str, Node], found: Found) -> Iterator[str]:
    """Each rule that a scenario bears as a tag."""
    tagged = defaultdict[str, list[ScenarioResult]](list)
    for file, feature in features.items():
        for _, scenario, tags in _scenarios(feature):
            for tag in tags & RULES.keys():
                tagged[tag] += found.get((file, scenario["location"]["line"]), [])
    if tagged:
        yield "<details><summary>The rules, and how they are kept</summary><table>"
        for number, rule in RULES.items():
            if tagged[number]:
                yield f"<tr><td>{_sign(_worst(tagged[number]))}{number}</td><td>{escape(rule)}</td>"
                yield f"<td>{len(tagged[number])}</td></tr>"
        yield "</table></details>"


def _scenarios(feature: Node) -> Iterator[tuple[str, Node, frozenset[str]]]:
    """Each scenario of a feature with the name of its rule, and the tags that count for it."""
    own = _tags(feature)
    for child in feature["children"]:
        if "scenario" in child:
            yield "", child["scenario"], own | _tags(child["scenario"])
        for inner in child.get("rule", {}).get("children", ()):
            if "scenario" in inner:
                tags = own | _tags(child["rule"]) | _tags(inner["scenario"])
                yield child["rule"]["name"], inner["scenario"], tags


def _tags(node: Node) -> frozenset[str]:
    return frozenset(tag["name"].removeprefix("@") for tag in node["tags"])


def _feature(file: str, feature: Node, found: Found) -> Iterator[str]:
    yield f"<h2>{escape(feature['name'])}</h2><p class='faint'>{escape(file)}</p>"
    yield _description(feature)
    yield from _background(feature)
    rule = ""
    for name, scenario, tags in _scenarios(feature):
        if name != rule:
            rule = name
            yield f"<h3>{escape(name)}</h3>"
            yield from _background(_rule(feature, name))
        yield from _scenario(scenario, tags, found.get((file, scenario["location"]["line"]), ()))


def _rule(feature: Node, name: str) -> Node:
    rule: Node = next(
        child["rule"] for child in feature["children"] if child.get("rule", {}).get("name") == name
    )
    return rule


def _description(node: Node) -> str:
    words = re.sub(r"\s+", " ", node["description"]).strip()
    return f"<p>{escape(words)}</p>" if words else ""


def _background(node: Node) -> Iterator[str]:
    for child in node["children"]:
        if "background" in child:
            yield "<details><summary class='faint'>Background</summary><ol class='steps'>"
            yield from (_step(step, None) for step in child["background"]["steps"])
            yield "</ol></details>"


def _scenario(node: Node, tags: Iterable[str], results: Sequence[ScenarioResult]) -> Iterator[str]:
    status = _worst(results)
    yield f"<details{' open' if status in (Status.FAILED, Status.UNDEFINED) else ''}><summary>{_sign(status)}"
    yield f"{escape(node['name'])} <span class='tag'>{escape(' '.join(f'@{tag}' for tag in sorted(tags)))}</span></summary>"
    yield _description(node)
    lines = {step.line: step.status for result in results for step in result.steps if len(results) == 1}
    yield "<ol class='steps'>"
    yield from (_step(step, lines.get(step["location"]["line"])) for step in node["steps"])
    yield "</ol>"
    if node["examples"]:
        yield from _examples(node["examples"], results)
    if not results:
        yield "<p class='faint'>Not in this run.</p>"
    for result in results:
        if result.message:
            yield f"<pre>{escape(result.message)}</pre>"
    yield "</details>"


def _examples(examples: Iterable[Node], results: Sequence[ScenarioResult]) -> Iterator[str]:
    for table in examples:
        names = [cell["value"] for cell in table.get("tableHeader", {}).get("cells", ())]
        yield f"<table><tr><th></th>{''.join(f'<th>{escape(name)}</th>' for name in names)}</tr>"
        for row in table.get("tableBody", ()):
            values = [cell["value"] for cell in row["cells"]]
            own = [one for one in results if one.row == dict(zip(names, values, strict=True))]
            cells = "".join(f"<td>{escape(value)}</td>" for value in values)
            yield f"<tr><td>{_sign(_worst(own))}</td>{cells}</tr>"
        yield "</table>"


def _step(step: Node, status: Status | None) -> str:
    words = f"<b>{escape(step['keyword'].strip())}</b> {escape(step['text'])}"
    shown = f"<li>{_sign(status) if status else ''}{words}"
    if "docString" in step:
        shown += f"<pre>{escape(step['docString']['content'])}</pre>"
    if "dataTable" in step:
        rows = (
            "".join(f"<td>{escape(cell['value'])}</td>" for cell in row["cells"])
            for row in step["dataTable"]["rows"]
        )
        shown += f"<table>{''.join(f'<tr>{cells}</tr>' for cells in rows)}</table>"
    return f"{shown}</li>"


def _worst(results: Sequence[ScenarioResult]) -> Status:
    """Failed before undefined before skipped before passed; skipped where nothing ran."""
    found = {_status(result) for result in results}
    return next((status for status in _WORST if status in found), Status.SKIPPED)


def _status(result: ScenarioResult) -> Status:
    undefined = any(step.status is Status.UNDEFINED for step in result.steps)
    return Status.UNDEFINED if undefined else result.status


def _sign(status: Status) -> str:
    return f"<span class='sign {status}' role='img' aria-label='{status}'>{_SIGNS[status]}</span>"

"""One scenario on the page: its steps with what came of each, its rows, and what each failure says where it failed."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from textwrap import dedent

from mailsim.testing.outline import Node
from mailsim.testing.results import ScenarioResult, Status

_SIGNS = {Status.PASSED: "✓", Status.FAILED: "✗", Status.UNDEFINED: "?", Status.SKIPPED: "-"}
_WORST = (Status.FAILED, Status.UNDEFINED, Status.SKIPPED, Status.PASSED)


def scenario(node: Node, tags: Iterable[str], results: Sequence[ScenarioResult]) -> Iterator[str]:
    """A scenario or outline, folded unless it failed."""
    status = worst(results)
    yield f"<details{' open' if status in (Status.FAILED, Status.UNDEFINED) else ''}>"
    yield f"<summary>{_signs(results)}{escape(node['name'])} {_shown(tags)}</summary>"
    yield description(node)
    yield from steps(node["steps"], results)
    for table in node["examples"]:
        yield from _examples(table, results)
    if not results:
        yield "<p class='faint'>Not in this run.</p>"
    own = {step["location"]["line"] for step in node["steps"]}
    for result in results:
        if result.message and _failed_at(result) not in own:  # in a background, or in no step at all
            yield _message(result)
    yield "</details>"


def steps(nodes: Sequence[Node], results: Sequence[ScenarioResult]) -> Iterator[str]:
    """Steps in their order, each with what came of it in the runs; no signs without any."""
    yield "<ol class='steps'>"
    for node in nodes:
        line = node["location"]["line"]
        yield f"<li>{_signs_at(line, results)}{_words(node)}"
        for result in results:
            if result.message and _failed_at(result) == line:
                yield _message(result)
        yield "</li>"
    yield "</ol>"


def description(node: Node) -> str:
    """Its free words, as a paragraph; empty where there are none."""
    words = re.sub(r"\s+", " ", node["description"]).strip()
    return f"<p>{escape(words)}</p>" if words else ""


def rows(table: Node) -> Sequence[Mapping[str, str]]:
    """Each row of examples, its values by their names."""
    names = [cell["value"] for cell in table.get("tableHeader", {}).get("cells", ())]
    return [
        dict(zip(names, (cell["value"] for cell in row["cells"]), strict=True))
        for row in table.get("tableBody", ())
    ]


def came_of(result: ScenarioResult) -> Status:
    """What came of a scenario; undefined where nobody defines one of its steps."""
    undefined = any(step.status is Status.UNDEFINED for step in result.steps)
    return Status.UNDEFINED if undefined else result.status


def worst(results: Iterable[ScenarioResult]) -> Status:
    """Failed before undefined before skipped before passed; skipped where nothing ran."""
    return _worst(map(came_of, results))


def sign(statuses: Iterable[Status], world: str = "") -> str:
    """The mark of the worst of them, perhaps of one world."""
    status = _worst(statuses)
    label = f"{status} ({world})" if world else status
    name = f"<small>{escape(world)}</small>" if world else ""
    return (
        f"<span class='sign {status}' role='img' aria-label='{escape(label)}'>{_SIGNS[status]}{name}</span>"
    )


def _worst(statuses: Iterable[Status]) -> Status:
    found = set(statuses)
    return next((status for status in _WORST if status in found), Status.SKIPPED)


def _signs(results: Sequence[ScenarioResult]) -> str:
    """One mark, or one of each world where these differ."""
    return _by_world([(result.world, came_of(result)) for result in results])


def _signs_at(line: int, results: Sequence[ScenarioResult]) -> str:
    """The same of one step."""
    found = [(result.world, step.status) for result in results for step in result.steps if step.line == line]
    return _by_world(found) if found else ""


def _by_world(found: Sequence[tuple[str, Status]]) -> str:
    worlds = defaultdict[str, list[Status]](list)
    for world, status in found:
        worlds[world].append(status)
    if len(set(map(_worst, worlds.values()))) < 2:
        return sign(status for _, status in found)
    return "".join(sign(statuses, world) for world, statuses in worlds.items())


def _examples(table: Node, results: Sequence[ScenarioResult]) -> Iterator[str]:
    tags = _shown(tag["name"].removeprefix("@") for tag in table["tags"])
    names = [cell["value"] for cell in table.get("tableHeader", {}).get("cells", ())]
    if table["name"] or table["tags"]:
        yield f"<p>{escape(table['name'])} {tags}</p>"
    yield f"<table><tr><th></th>{''.join(f'<th>{escape(name)}</th>' for name in names)}</tr>"
    for row in rows(table):
        cells = "".join(f"<td>{escape(value)}</td>" for value in row.values())
        yield f"<tr><td>{_signs([one for one in results if one.row == row])}</td>{cells}</tr>"
    yield "</table>"


def _words(step: Node) -> str:
    shown = f"<b>{escape(step['keyword'].strip())}</b> {escape(step['text'])}"
    if "docString" in step:
        shown += f"<pre>{escape(step['docString']['content'])}</pre>"
    if "dataTable" in step:
        cells = [
            "".join(f"<td>{escape(cell['value'])}</td>" for cell in row["cells"])
            for row in step["dataTable"]["rows"]
        ]
        shown += f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
    return shown


def _failed_at(result: ScenarioResult) -> int:
    """The line of the step that failed or is not known; 0 where none did: what is around the steps."""
    wrong = (Status.FAILED, Status.UNDEFINED)
    return next((step.line for step in result.steps if step.status in wrong), 0)


def _message(result: ScenarioResult) -> str:
    """What a failure says, under its world and its row."""
    place = [f"in the {result.world} world"] if result.world else []
    place += [f"{name} = {value}" for name, value in result.row.items()]
    head = f"<p class='faint'>{escape(', '.join(place))}</p>" if place else ""
    return f"<div class='told'>{head}<pre>{escape(_bare(result.message))}</pre></div>"


def _bare(message: str) -> str:
    """A message of words alone without the E that pytest has before each line."""
    lines = message.strip("\n").splitlines()
    if all(re.match("E( |$)", line) for line in lines):
        return dedent("\n".join(line[1:] for line in lines))
    return message


def _shown(tags: Iterable[str]) -> str:
    told = " ".join(f"@{tag}" for tag in sorted(tags))
    return f"<span class='tag'>{escape(told)}</span>" if told else ""

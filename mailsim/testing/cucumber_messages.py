"""A run as Cucumber Messages, one JSON object a line: what Cucumber's own reports, and those of others, read.

Such as `npx @cucumber/html-formatter < messages.ndjson > report.html`. The format is Cucumber's, version 27 and later;
identifiers are numbers in their order, so that equal runs differ in times alone.
"""

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gherkin.ast_builder import AstBuilder
from gherkin.parser import Parser
from gherkin.pickles.compiler import Compiler
from gherkin.stream.id_generator import IdGenerator

from mailsim.testing.results import ScenarioResult, Status, StepResult

Envelope = dict[str, Any]
_Key = tuple[str, int, tuple[str, ...]]
"""A scenario by its file, its line, and of an outline the values of its row."""


def write_messages(path: Path, results: Sequence[ScenarioResult], root: Path) -> None:
    """Write them; the features are read anew. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(envelope)}\n" for envelope in envelopes(results, root)), "utf-8")


def envelopes(results: Sequence[ScenarioResult], root: Path) -> Iterator[Envelope]:
    """What is written, and then what came of it."""
    ids = IdGenerator()
    product = {"name": "mailsim", "version": version("mailsim")}
    system = {"name": platform.system(), "version": platform.release()}
    yield {
        "meta": {
            "protocolVersion": "27.0.0",
            "implementation": product,
            "runtime": {"name": "Python", "version": platform.python_version()},
            "os": system,
            "cpu": {"name": platform.machine()},
        }
    }
    pickles: dict[_Key, Envelope] = {}
    for file in sorted({result.file for result in results}):
        text = (root / file).read_text("utf-8")
        yield {"source": {"uri": file, "data": text, "mediaType": "text/x.cucumber.gherkin+plain"}}
        document: Any = Parser(AstBuilder(ids)).parse(text) | {"uri": file}
        yield {"gherkinDocument": document}
        nodes = {node["id"]: node for node in _nodes(document["feature"])}
        for compiled in Compiler(ids).compile(document):
            pickle: Envelope = dict(compiled)
            yield {"pickle": pickle}
            pickles[_key(file, [nodes[one] for one in pickle["astNodeIds"]])] = pickle
    started = min((step.started for result in results for step in result.steps if step.started), default=0.0)
    yield {"testRunStarted": {"timestamp": _time(started)}}
    for result in results:
        yield from _case(result, pickles[result.file, result.line, tuple(result.row.values())], ids)
    passed = all(result.status is not Status.FAILED for result in results)
    ended = max((step.started + step.seconds for one in results for step in one.steps), default=started)
    yield {"testRunFinished": {"success": passed, "timestamp": _time(ended)}}


def _nodes(part: Any) -> Iterator[Envelope]:
    """Every part of a document that has an identifier."""
    if isinstance(part, Mapping):
        if "id" in part:
            yield dict(part)
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _nodes(inner)


def _key(file: str, nodes: Sequence[Envelope]) -> _Key:
    """Of a pickle, made from a scenario and perhaps a row of its examples."""
    scenario, *rows = nodes
    values = [cell["value"] for row in rows for cell in row["cells"]]
    return file, scenario["location"]["line"], tuple(values)


def _case(result: ScenarioResult, pickle: Envelope, ids: IdGenerator) -> Iterator[Envelope]:
    steps = [
        {"id": ids.get_next_id(), "pickleStepId": step["id"], "stepDefinitionIds": []}
        for step in pickle["steps"]
    ]
    case, run = ids.get_next_id(), ids.get_next_id()
    start = next((step.started for step in result.steps if step.started), 0.0)
    yield {"testCase": {"id": case, "pickleId": pickle["id"], "testSteps": steps}}
    yield {"testCaseStarted": {"id": run, "testCaseId": case, "attempt": 0, "timestamp": _time(start)}}
    end = start
    blamed = _blamed(result)
    for told, step in zip(steps, result.steps, strict=True):
        begun = step.started or end
        end = begun + step.seconds
        place = {"testCaseStartedId": run, "testStepId": told["id"]}
        yield {"testStepStarted": place | {"timestamp": _time(begun)}}
        yield {
            "testStepFinished": place
            | {"testStepResult": _result(step, result, blamed), "timestamp": _time(end)}
        }
    yield {"testCaseFinished": {"testCaseStartedId": run, "timestamp": _time(end), "willBeRetried": False}}


def _blamed(result: ScenarioResult) -> StepResult | None:
    """The step that is told as failed where none was: a setup fails before the first, all else after the last."""
    wrong = (Status.FAILED, Status.UNDEFINED)
    if result.status is not Status.FAILED or any(step.status in wrong for step in result.steps):
        return None
    return result.steps[0 if result.steps[0].status is Status.SKIPPED else -1]


def _result(step: StepResult, result: ScenarioResult, blamed: StepResult | None) -> Envelope:
    status = Status.FAILED if step is blamed else step.status
    told: Envelope = {"status": status.upper(), "duration": _time(step.seconds)}
    if status in {Status.FAILED, Status.UNDEFINED}:
        told["message"] = result.message
    return told


def _time(seconds: float) -> Envelope:
    return {"seconds": int(seconds), "nanos": int(seconds % 1 * 1e9)}

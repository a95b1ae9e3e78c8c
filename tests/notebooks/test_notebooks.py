"""The notebooks run from top to bottom in a clean kernel, and show what their text says."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

read: Callable[..., NotebookNode] = nbformat.read  # its own signature says nothing of types
PLOTLY = "application/vnd.plotly.v1+json"
"""What JupyterLab draws with what plotly's package brings along."""
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture
def jupyter_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's own settings and history play no part, and are left alone; files are written to a folder of the test's."""
    monkeypatch.chdir(tmp_path)
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))


def executed(path: Path) -> dict[str, list[NotebookNode]]:
    """Run a notebook; the outputs of each code cell by the cell's id. Raises CellExecutionError with the cell's own words."""
    notebook = read(path, as_version=4)
    NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=60,
        iopub_timeout=60,  # by default an output that comes four seconds after the cell's end is left out unsaid
        resources={"metadata": {"path": str(Path.cwd())}},
    ).execute()
    return {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}


def words(outputs: list[NotebookNode]) -> str:
    """What a reader sees of a cell's one rich output."""
    [output] = outputs
    return re.sub(r"<[^>]*>", " ", output.data["text/html"])


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_are_kept_without_outputs(path: Path) -> None:
    """What a run leaves behind is no source."""
    cells = [cell for cell in read(path, as_version=4).cells if cell.cell_type == "code"]

    assert [cell.id for cell in cells if cell.outputs or cell.execution_count] == []


@pytest.mark.usefixtures("jupyter_home")
def test_one_misrouted_reply() -> None:
    """Unassigned, with the reason; the hops; the cause; both fixes at work, and the limit of one; the table."""
    outputs = executed(NOTEBOOKS / "01_one_misrouted_reply.ipynb")
    shown = {name: words(found) for name, found in outputs.items() if name not in ("world", "run")}

    assert outputs["run"][0].data["text/plain"] == "{'unassigned': 1}"
    assert "! unassigned" in shown["decision"]
    assert "sender-rewritten" in shown["decision"]
    assert "meant for action:1234" in shown["decision"]
    hops = [
        "writes",
        "submits",
        "accepts",
        "rewrites From:",
        "answers to matters@abc.com",
        "collects",
        "decides",
    ]
    assert sorted(map(shown["trace"].find, hops)) == [shown["trace"].find(hop) for hop in hops]
    assert min(map(shown["trace"].find, hops)) > 0
    assert "a1234@abc.com" in shown["sent"]
    assert "a1234@abc.com" not in shown["reply"].partition("In-Reply-To")[0]
    assert "a1234@abc.com" in shown["rewritten"]
    assert re.findall(r"unassigned|delivered", shown["fix"]) == ["unassigned", "delivered", "delivered"]
    assert "✓ delivered" in shown["fixed"]
    assert "! unassigned" in shown["limit"]
    assert re.findall(r"unassigned|action:1234", shown["pandas"]) == [
        "unassigned",
        "action:1234",
        "action:1234",
    ]
    # warnings and prints would be streams
    assert not [output for found in outputs.values() for output in found if output.output_type == "stream"]


@pytest.mark.usefixtures("jupyter_home")
def test_which_provider_loses_replies() -> None:
    """The table provider by setting, what is lost and why, what helps, and the facts behind a row."""
    outputs = executed(NOTEBOOKS / "02_which_provider_loses_replies.ipynb")
    shown = {
        name: " ".join(words(found).split())
        for name, found in outputs.items()
        if name not in {"matrix", "heat"}
    }

    assert re.fullmatch(r"'\d+ rows, \d+ played, 35 providers'", outputs["matrix"][0].data["text/plain"])
    markup = outputs["table"][0].data["text/html"]
    table = {
        row[1]: re.findall(r"<td>(.*?)</td>", row[2])
        for row in re.finditer(r"<th>(\w+)</th>\s*((?:<td>.*?</td>\s*)+)", markup)
    }
    lost, back = "✗ unassigned", "✓ comes back"
    assert len(table) == 35
    assert table["gmail"] == [lost, lost, lost, back, lost, back]
    assert table["postfix"] == [back, back, lost, back, back, back]
    assert table["comcast"] == ["unknown"] * 6
    for cause in ("refused", "bounced", "unassigned"):
        assert cause in shown["causes"]
    assert "X-Delivered-To 6 0" in shown["header"]
    assert re.search(r"reply-to 0% \d+%", shown["safest"])
    assert "X-Google-Original-From • reported" in shown["facts"]
    assert PLOTLY in outputs["heat"][0].data
    assert not [output for found in outputs.values() for output in found if output.output_type == "stream"]


@pytest.mark.usefixtures("jupyter_home")
def test_the_same_mail_elsewhere() -> None:
    """What each variant brings home; a story drawn; the flow of the report. The notebook asserts its conclusions itself."""
    outputs = executed(NOTEBOOKS / "03_the_same_mail_elsewhere.ipynb")
    shown = {
        name: " ".join(words(found).split())
        for name, found in outputs.items()
        if len(found) == 1 and name not in {"latency", "itself"}
    }

    assert "500 unassigned" in shown["run"]
    assert "unassigned sender-rewritten 500 500" in shown["outcomes"]
    assert "rewrites From:" in shown["story"]
    assert "<svg" in outputs["story"][0].data["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in outputs["itself"][0].data  # the bar
    assert "own Postfix 500 0 0" in shown["table"]
    assert "at Microsoft 365 0 0 500" in shown["table"]
    assert "unassigned sender-rewritten delivered action-address" in shown["why"]
    assert "people outside 500" in shown["report"]
    assert PLOTLY in outputs["latency"][0].data
    assert not [output for found in outputs.values() for output in found if output.output_type == "stream"]


@pytest.mark.usefixtures("jupyter_home")
def test_a_million_messages(tmp_path: Path) -> None:
    """Tables and SQL of half a million letters and their answers; the page. The notebook asserts its conclusions itself."""
    outputs = executed(NOTEBOOKS / "08_a_million_messages.ipynb")
    shown = {name: " ".join(words(outputs[name]).split()) for name in ("messages", "duckdb", "took")}

    bar, played = outputs["run"]
    assert "application/vnd.jupyter.widget-view+json" in bar.data
    assert re.search(r"a million letters would take \d+ minutes here", played.data["text/plain"])
    assert "<svg" in outputs["story"][0].data["text/html"]
    assert "stored 500000 0" in shown["messages"]
    assert re.search(r"from unassigned \d{6} 1 reply-to delivered \d{6}", shown["duckdb"])
    assert all(PLOTLY in outputs[name][0].data for name in ("flow", "latency", "arrivals"))
    assert "misrouted, every one by a program" in outputs["conclusion"][0].data["text/plain"]
    assert "1,000,000 messages" in (tmp_path / "million.html").read_text("utf-8")
    assert "events by step, DuckDB" in shown["took"]
    assert not [output for found in outputs.values() for output in found if output.output_type == "stream"]


@pytest.mark.usefixtures("jupyter_home")
def test_a_bug_report(tmp_path: Path) -> None:
    """The cause, the changes that were tried, the small message, the feature before and after. The notebook asserts the rest."""
    outputs = executed(NOTEBOOKS / "09_a_bug_report.ipynb")
    printed = {name: found[0].text for name, found in outputs.items() if found and "text" in found[0]}

    assert "sender-rewritten" in words(outputs["why"])
    assert "✓ delivered" in words(outputs["fixed"])
    assert outputs["before"][0].data["text/plain"] == "('1 failed', '1 passed')"
    assert 'the site file "site.toml"' in printed["feature"]
    assert "over a1234@abc.com in From" in printed["run"]
    assert 'add "thread" to routing.resolvers' in printed["least"]
    assert "client.example" not in printed["least"]
    assert {path.name for path in (tmp_path / "bug").iterdir()} >= {
        "message.eml",
        "site.toml",
        "misrouted.feature",
    }


@pytest.mark.usefixtures("jupyter_home")
def test_email_preferences(tmp_path: Path) -> None:
    """The form is a widget; what is wrong, green, red, and the file that is saved; no password in what the notebook holds."""
    outputs = executed(NOTEBOOKS / "04_email_preferences.ipynb")

    assert "application/vnd.jupyter.widget-view+json" in outputs["form"][0].data
    assert outputs["wrong"][0].data["text/plain"] == "['pop.server', 'smtp.port', 'mailbox.fallback_address']"
    assert "✓ green" in words(outputs["green"])
    assert "✗ red" in words(outputs["red"])
    assert "open sesame" in (tmp_path / "new-site.toml").read_text()
    assert "open sesame" not in str(outputs)


_TOLD = {
    "05_catch_all_headers_compared": {
        "providers": "X-Original-To",
        "letters": "6 messages",
        "lost": "names no other address of the practice",
        "table": "✗ system-address",
        "advice": "X-Gm-Original-To",
    },
    "06_the_fallback_clash": {
        "witness": "! unassigned",
        "first": "✗ fallback",
        "second": "this system forwarded it before: it ends here",
        "held": "attached: original.eml",
        "story": "forwards it, attached, to help@abc.com",
        "many": "clash allowed 140 0 20 100",
    },
    "07_what_size_limits_cost": {
        "files": "552 5.3.4 Your message exceeded Google",
        "grows": "gmail 34.2 25.0",
        "warned": "refused by smtp.mailgun.org (26214400 octets)",
        "inward": "gives up on the copy for a1234@abc.com",
    },
    "10_polling_and_retries": {
        "polled": "95 % within, min",
        "deferred": "said later",
        "story": "at mx.abc.com: 451 4.7.1 try again later",
        "lost": "bounced 451 4.3.0 out of order 10",
    },
    "11_importing_real_mail": {
        "export": "10 messages",
        "outcomes": "sender-rewritten 1",
        "causes": "turn on the resolver sub-address",
        "one": "it did not get there",
        "fix": "3 go elsewhere",
    },
}
"""By notebook and cell: words that its reader sees. What it concludes it asserts itself."""


@pytest.mark.usefixtures("jupyter_home")
@pytest.mark.parametrize("name", _TOLD)
def test_a_story_is_told(name: str) -> None:
    """Its cells hold what they assert, show what their text speaks of, and warn of nothing."""
    outputs = executed(NOTEBOOKS / f"{name}.ipynb")

    for cell, told in _TOLD[name].items():
        assert told in " ".join(unescape(words(outputs[cell])).split())
    assert [one.text for found in outputs.values() for one in found if one.get("name") == "stderr"] == []
    assert (
        sum("assert " in cell.source for cell in read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells) >= 2
    )

"""Every notebook opens and runs in a real JupyterLab in a real browser: no error, nothing fetched from elsewhere.

The form's buttons are clicked, green and red, and hostile mail is shown: none of its scripts runs.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from socket import create_connection, create_server
from typing import Any
from urllib.parse import urlsplit

import pytest

import mailsim
from mailsim import sandbox
from mailsim.trace.report import report
from tests.test_sandbox import PAYLOADS

pytestmark = pytest.mark.peers
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
TOKEN = "loopback"
STARTED = 60.0
_CONFIG: dict[str, dict[str, Any]] = {
    "page_config.json": {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}},
    "default_setting_overrides.json": {
        "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none", "autoStartDefaultKernel": True}
    },
}
_HOSTILE = (
    """
import json
from email.message import EmailMessage
import mailsim
from mailsim.check.probed import Probe
from mailsim.check.verdict import Cause, Check, Step, Verdict
from mailsim.practice.settings import ActionAddressIn
from IPython.display import HTML, display
from mailsim.trace.report import report
with open("payloads.json") as file:
    payloads = json.load(file)
one_line = [" ".join(payload.replace("\\x00", "").splitlines()) for payload in payloads]
letters = []
for payload, line in zip(payloads, one_line):
    letter = EmailMessage()
    letter["From"], letter["To"], letter["In-Reply-To"] = "a@b.example", "m@abc.com", "<1@abc.com>"
    letter.set_content(payload)
    letter.add_alternative("<p>framed</p>" + payload, subtype="html")
    letter.add_attachment(b"x", maintype="image", subtype="png", filename=line)
    letters.append(f"Subject: {line}\\r\\nX-Odd: {line}\\r\\nMessage-ID: <{line}>\\r\\n".encode() + letter.as_bytes())
tables = {"mailbox": {"type": "catch-all", "default_sender": "m@abc.com", "fallback_address": "h@x.example"},
    "action": [{"id": 1, "name": one_line[0]}]}
""",
    """
for octets in letters[:40]:  # of more in one cell JupyterLab shows a part
    display(mailsim.Message(octets))
""",
    """
for octets in letters[40:]:
    display(mailsim.Message(octets))
""",
    """
site = mailsim.read_site(tables)
with mailsim.Simulation(tables) as world:
    for octets in letters:
        world.receive(to="m@abc.com", from_address="a@b.example", octets=octets)
    world.settle()
    waiting = world.waiting()
    world.collect()
    display(waiting, world.mailbox("unassigned"), site, *world.decisions[:3], world.trace, world.trace.story("t000001"))
display(mailsim.why(letters[0], site=site, expect="action:1"), mailsim.difference(site, site, [(one_line[0], letters[0])]))
everything = " ".join(one_line)
display(Verdict(check=Check.POP, step=Step.LOGIN, cause=Cause.TIMEOUT, server=everything, message=everything, advice=everything),
    Probe(action=1, address=everything, placement=ActionAddressIn.FROM, trouble=everything, advice=everything))
page = report(world.trace, everything)
display(HTML(page[page.index("<section>"):page.rindex("</section>")]))
""",
)
_FORMS = ("pop", "smtp")
_FILLED = """
form.set("mailbox.default_sender", "matters@abc.com")
form.set("pop.common", "gmail")
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """JupyterLab with the notebooks and one of hostile mail, without anybody's own settings; its address."""
    home = tmp_path_factory.mktemp("jupyter")
    folder = home / "notebooks"
    shutil.copytree(NOTEBOOKS, folder)
    million = (
        folder / "08_a_million_messages.ipynb"
    )  # runs whole in test_notebooks: here a tenth, for half a minute
    million.write_text(million.read_text("utf-8").replace("1_000_000\\n", "100_000\\n"), "utf-8")
    _write(folder / "hostile.ipynb", list(_HOSTILE))
    (folder / "payloads.json").write_text(json.dumps(PAYLOADS))
    for name in _FORMS:  # each saves a file into a folder of its own
        (folder / name).mkdir()
        _write(folder / name / "form.ipynb", [*_cells("04_email_preferences.ipynb", "lab", "form"), _FILLED])
    (home / "config" / "labconfig").mkdir(parents=True)
    for name, content in _CONFIG.items():
        (home / "config" / "labconfig" / name).write_text(json.dumps(content))
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    places = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    environment = {f"JUPYTER_{place}": str(home / place.partition("_")[0].lower()) for place in places}
    environment |= {
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    arguments = [
        "--no-browser",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--allow-root",
    ]
    arguments += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}"]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *arguments, "--LabApp.expose_app_in_browser=True"],
            env=os.environ | environment,
            stdout=log,
            stderr=log,
        )
    try:
        _await(f"http://127.0.0.1:{port}/api?token={TOKEN}", home / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def _cells(name: str, *ids: str) -> list[str]:
    notebook = json.loads((NOTEBOOKS / name).read_text("utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["id"] in ids]


def _write(path: Path, sources: list[str]) -> None:
    """A notebook of these cells."""
    notebook = json.loads((NOTEBOOKS / "01_one_misrouted_reply.ipynb").read_text("utf-8"))
    cell: dict[str, object] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [cell | {"id": f"cell{number}", "source": source} for number, source in enumerate(sources)]
    path.write_text(json.dumps(notebook | {"cells": cells}), "utf-8")


def _await(address: str, log: Path) -> None:
    end = time.monotonic() + STARTED
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, which finds no host but this one."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        rules = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu", rules]
        )
        yield chromium
        chromium.close()


_ERRORS = """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells.flatMap(
  cell => (cell.outputs ?? []).filter(output => output.output_type === "error").map(output => `${output.ename}: ${output.evalue}`))"""
_READY = """() => { const panel = window.jupyterapp?.shell.currentWidget, session = panel?.sessionContext;
  const kernel = session?.session?.kernel;
  return Boolean(session?.isReady && kernel?.connectionStatus === "connected" && kernel.status === "idle" && kernel.info); }"""


_OVER_THE_EDGE = """() => [...document.querySelectorAll("svg text")].filter(
  word => word.getBoundingClientRect().right > word.closest("svg").getBoundingClientRect().right).map(word => word.textContent)"""


def watched(browser: Any) -> tuple[Any, list[str]]:
    """An empty page, and what goes wrong on it: errors, requests to elsewhere, scripts that ask something."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    wrong: list[str] = []

    def asked(dialog: Any) -> None:
        wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on("request", lambda request: wrong.append(request.url) if _elsewhere(request.url) else None)
    page.on("dialog", asked)
    return page, wrong


def opened(browser: Any, lab: str, name: str) -> tuple[Any, list[str]]:
    """The page of a notebook after all its cells have run, and what went wrong on it."""
    page, wrong = watched(browser)
    page.goto(f"{lab}/lab/tree/{name}?reset&token={TOKEN}")
    page.wait_for_function(_READY, timeout=60_000)
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(_READY, timeout=60_000)
    wrong += page.evaluate(_ERRORS)
    return page, wrong


def _elsewhere(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "about:", "data:", "blob:", "file:"))


@pytest.mark.parametrize("name", [path.name for path in sorted(NOTEBOOKS.glob("*.ipynb"))])
def test_a_notebook_runs_in_jupyterlab(browser: Any, lab: str, name: str) -> None:
    """Top to bottom, without an error in a cell, on the console, or a look elsewhere."""
    page, wrong = opened(browser, lab, name)

    assert wrong == []
    assert page.locator(".jp-OutputArea-output").count() > 3
    page.close()


def test_hostile_mail_is_inert(browser: Any, lab: str) -> None:
    """In every display: markup is text, and in frames nothing runs, loads or asks."""
    page, wrong = opened(browser, lab, "hostile.ipynb")

    assert wrong == []
    assert page.locator(".jp-OutputArea-output iframe").count() == len(PAYLOADS)
    assert "<script>alert(1)</script>" in page.locator(".jp-OutputArea-output").first.inner_text()
    framed = [frame for frame in page.frames if frame.url == "about:srcdoc"]
    assert len(framed) == len(PAYLOADS)
    assert all(frame.locator("body").inner_text().startswith("framed") for frame in framed)
    assert wrong == []
    page.close()


def test_a_frame_alone_keeps_scripts_and_images_out(browser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the sanitiser to let everything through: the frame's own laws hold; against a redirection they do not."""
    monkeypatch.setattr(sandbox, "sanitised", str)
    page, wrong = watched(browser)
    refused: list[str] = []
    page.on(
        "requestfailed", lambda request: refused.append(request.url) if request.failure == "csp" else None
    )
    frames = "".join(sandbox.framed(payload) for payload in PAYLOADS if "refresh" not in payload)
    # It had something to keep out: what is told of that may come after the page.
    with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
        page.set_content(frames)

    assert len(page.frames) > len(PAYLOADS) - 2
    assert [one for one in wrong if one.startswith(("dialog", "http")) and one not in refused] == []
    page.close()


def test_a_saved_page_of_hostile_mail_is_inert(browser: Any, tmp_path: Path) -> None:
    """The report of a run, opened as a file: nothing runs, nothing is asked for."""
    site = {"type": "catch-all", "default_sender": "m@abc.com", "fallback_address": "h@x.example"}
    with mailsim.Simulation({"mailbox": site}) as world:
        for payload in PAYLOADS:
            line = " ".join(payload.replace("\x00", "").splitlines())
            octets = f"From: a@b.example\r\nMessage-ID: <{line}>\r\nSubject: {line}\r\n\r\n{payload}".encode()
            world.receive(to="m@abc.com", from_address="a@b.example", octets=octets)
        world.settle()
        world.collect()
        page_of_it = report(world.trace, " ".join(PAYLOADS))
    (tmp_path / "report.html").write_text(page_of_it, "utf-8")
    page, wrong = watched(browser)
    page.goto((tmp_path / "report.html").as_uri())

    assert page.locator("section").count() > 3
    assert "alert(1)" in page.locator("body").inner_text()
    assert wrong == []
    page.close()


def test_the_words_of_a_story_are_seen_whole(browser: Any) -> None:
    """Long addresses too, in wide letters: none of them stands over the picture's edge."""
    person = {"address": "wolfgang.wimmermann@kommunikationswissenschaften.example"}
    site = {"type": "catch-all", "default_sender": "m@abc.com", "fallback_address": "h@x.example"}
    with mailsim.Simulation({"mailbox": site, "action": [{"id": 1234}], "correspondent": [person]}) as world:
        world.send(from_action=1234, to=person["address"])
        world.settle()
        world.collect()
    page, wrong = watched(browser)
    page.set_content(world.trace.story("t000001")._repr_html_())

    assert page.locator("svg text").count() > 20
    assert page.evaluate(_OVER_THE_EDGE) == []
    assert wrong == []
    page.close()


def test_the_form_s_buttons_turn_green_and_red(browser: Any, lab: str) -> None:
    """Filled and clicked by hand, against a Lab in the same kernel; the reason stands beside the colour."""
    page, wrong = opened(browser, lab, "pop/form.ipynb")
    check = page.get_by_role("button", name="Check POP")

    page.get_by_label("Fallback address").fill("help@abc.com")
    page.get_by_text("clashes with the catch-all").wait_for()
    assert page.get_by_title("Write the site file").is_disabled()
    page.get_by_label("Fallback address").fill("help@elsewhere.example")
    page.get_by_text("clashes with the catch-all").wait_for(state="detached")
    page.get_by_label("Username").first.fill("matters@abc.com")
    _password(page, "open barley")
    check.click()
    page.get_by_text("wrong-credentials").wait_for()
    assert "mod-danger" in str(check.get_attribute("class"))
    _password(page, "open sesame")
    check.click()
    page.get_by_text("✓ green").wait_for()
    assert "mod-success" in str(check.get_attribute("class"))
    assert page.get_by_label("Password").first.input_value() == ""
    page.get_by_title("Write the site file").click()
    page.get_by_text("✓ saved").wait_for()
    assert wrong == []
    page.close()


def test_the_form_sends_and_knows_what_is_common_and_advanced(browser: Any, lab: str) -> None:
    """Common settings fill what is not typed; a port and a header are judged while typed; Check SMTP is green and red."""
    page, wrong = opened(browser, lab, "smtp/form.ipynb")
    check, server = page.get_by_role("button", name="Check SMTP"), page.get_by_label("SMTP server")
    assert server.get_attribute("placeholder") == "smtp.example.com, or localhost"
    page.get_by_label("Fallback address").fill("help@elsewhere.example")
    page.get_by_label("Common settings").nth(1).select_option(label="Gmail and Google Workspace")
    page.locator('input[placeholder="smtp.gmail.com"]').wait_for()
    page.get_by_label("Port", exact=True).fill("25")
    page.get_by_text("port 25").first.wait_for()
    page.get_by_label("Port", exact=True).fill("")
    page.get_by_text("port 25").first.wait_for(state="detached")
    page.get_by_text("Advanced settings").click()
    page.get_by_label("Catch-all header").fill("Received")
    page.get_by_text("Received tells the way").wait_for()
    page.get_by_label("Catch-all header").fill("X-Gm-Original-To")
    page.get_by_text("Received tells the way").wait_for(state="detached")
    page.get_by_label("Username").nth(1).fill("matters@abc.com")
    _password(page, "open barley", 1)
    check.click()
    page.get_by_text("wrong-credentials").wait_for()
    assert "mod-danger" in str(check.get_attribute("class"))
    _password(page, "open sesame", 1)
    check.click()
    page.get_by_text("✓ green").wait_for()
    assert "mod-success" in str(check.get_attribute("class"))
    assert wrong == []
    page.close()


def _started(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """A command that serves a page, with nobody's own settings."""
    places = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    environment = {f"JUPYTER_{place}": str(folder / place) for place in places}
    environment |= {
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }
    command = [sys.executable, "-m", "mailsim", *arguments, "--no-browser"]
    return subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.PIPE, text=True)


def _answers(address: str) -> None:
    """Wait until somebody listens there: Jupyter tells the address a moment before."""
    deadline = time.monotonic() + 60
    while True:
        try:
            create_connection(("127.0.0.1", urlsplit(address).port or 80), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return


def test_the_notebooks_are_opened_by_one_command(browser: Any, tmp_path: Path) -> None:
    """`mailsim lab`: JupyterLab on a copy of them, on loopback behind its token, also for root; until interrupted."""
    with _started(tmp_path, "lab", str(tmp_path / "mine")) as server:
        try:
            assert server.stderr is not None
            found = (re.search(r"http://127\.0\.0\.1:\d+/lab\?token=\w+", line) for line in server.stderr)
            address = next(one[0] for one in found if one)
            _answers(address)
            page, _ = watched(browser)
            page.goto(address.partition("?")[0])
            assert "/login" in page.url
            page.goto(address)
            page.locator(".jp-DirListing-itemText", has_text="01_one_misrouted_reply.ipynb").wait_for(
                timeout=60_000
            )
            page.close()
        finally:
            server.send_signal(signal.SIGINT)
            assert server.wait(30) == 0


def test_the_form_stands_alone(browser: Any, tmp_path: Path) -> None:
    """`mailsim preferences`: a page on loopback behind its token, which saves a site file that other commands read."""
    with _started(tmp_path, "preferences", str(tmp_path / "site.toml")) as server:
        try:
            assert server.stderr is not None
            address = next(line.strip() for line in server.stderr if line.startswith("http://127.0.0.1:"))
            _answers(address)
            page, wrong = watched(browser)
            page.goto(address.partition("?")[0])
            assert "/login" in page.url
            page.goto(address)
            page.get_by_label("Default sender").fill("matters@abc.com", timeout=60_000)
            page.get_by_label("Fallback address").fill("help@abc.com")
            page.get_by_text("clashes with the catch-all").wait_for()
            page.get_by_label("Fallback address").fill("help@elsewhere.example")
            page.get_by_text("clashes with the catch-all").wait_for(state="detached")
            page.get_by_title("Write the site file").click()
            page.get_by_text("✓ saved").wait_for()
            page.close()
        finally:
            server.send_signal(signal.SIGINT)
            assert server.wait(30) == 0

    assert (
        mailsim.load_site(tmp_path / "site.toml").settings.mailbox.fallback_address.domain
        == "elsewhere.example"
    )
    unexpected = [one for one in wrong if "fontawesome" not in one and "ERR_NAME_NOT_RESOLVED" not in one]
    assert unexpected == []  # Voila itself asks a CDN for the shapes of icons, and does without


def _password(page: Any, words: str, which: int = 0) -> None:
    page.get_by_label("Password").nth(which).fill(words)
    page.get_by_label("Password").nth(which).press("Enter")

"""Every notebook opens and runs in a real JupyterLab in a real browser: no error, nothing fetched from elsewhere.

The form's buttons are clicked, green and red, and hostile mail is shown: none of its scripts runs.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from socket import create_server
from typing import Any

import pytest

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
_HOSTILE = """
import mailsim
payload = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'
octets = f"From: a@b.example\\r\\nSubject: {payload}\\r\\nX-{payload}: y\\r\\n\\r\\n{payload}".encode()
display(mailsim.Message(octets))
site = mailsim.read_site({"mailbox": {"type": "single", "default_sender": "m@abc.com",
    "fallback_address": "h@x.example"}, "action": [{"id": 1, "name": payload}]})
display(site.directory, site.route(octets, name=payload))
with mailsim.Simulation(site_tables := {"mailbox": {"type": "catch-all", "default_sender": "m@abc.com",
    "fallback_address": "h@x.example"}}) as world:
    world.receive(to="m@abc.com", from_address="a@b.example", octets=octets)
    world.settle(); world.collect()
display(world.trace, world.trace.story("t000001"))
"""

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
    _write(folder / "hostile.ipynb", [_HOSTILE])
    _write(folder / "form.ipynb", [*_cells("04_email_preferences.ipynb", "lab", "form"), _FILLED])
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


_READY = """() => { const panel = window.jupyterapp?.shell.currentWidget, session = panel?.sessionContext;
  const kernel = session?.session?.kernel;
  return Boolean(session?.isReady && kernel?.connectionStatus === "connected" && kernel.status === "idle" && kernel.info); }"""


def opened(browser: Any, lab: str, name: str) -> tuple[Any, list[str]]:
    """The page of a notebook after all its cells have run, and what went wrong on it."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on("request", lambda request: wrong.append(request.url) if _elsewhere(request.url) else None)
    page.goto(f"{lab}/lab/tree/{name}?reset&token={TOKEN}")
    page.wait_for_function(_READY, timeout=60_000)
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(_READY, timeout=60_000)
    return page, wrong


def _elsewhere(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:"))


@pytest.mark.parametrize("name", [path.name for path in sorted(NOTEBOOKS.glob("*.ipynb"))])
def test_a_notebook_runs_in_jupyterlab(browser: Any, lab: str, name: str) -> None:
    """Top to bottom, without an error in a cell, on the console, or a look elsewhere."""
    page, wrong = opened(browser, lab, name)

    assert page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]').count() == 0
    assert page.locator(".jp-OutputArea-output").count() > 3
    assert wrong == []
    page.close()


def test_hostile_mail_is_inert(browser: Any, lab: str) -> None:
    """In every display, its markup is text."""
    page, wrong = opened(browser, lab, "hostile.ipynb")

    assert page.locator(".jp-OutputArea-output").count() == 5
    assert "onerror" in page.locator(".jp-OutputArea-output").first.inner_text()
    assert page.evaluate("window.pwned === undefined")
    assert wrong == []
    page.close()


def test_the_form_s_buttons_turn_green_and_red(browser: Any, lab: str) -> None:
    """Filled and clicked by hand, against a Lab in the same kernel; the reason stands beside the colour."""
    page, wrong = opened(browser, lab, "form.ipynb")
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


def _password(page: Any, words: str) -> None:
    page.get_by_label("Password").first.fill(words)
    page.get_by_label("Password").first.press("Enter")

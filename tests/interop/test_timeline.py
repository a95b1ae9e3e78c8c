"""The timeline of a trace, opened in speedscope: a real reader of Chrome's trace events, in a real browser."""

import base64
import json
import subprocess
from pathlib import Path

import pytest

import mailsim

pytestmark = pytest.mark.peers
SCENARIO = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}],
    "provider": {"profile": "gmail"},
    "correspondent": [{"address": "jane@client.example", "delay": "2h"}],
}


def test_speedscope_opens_it_without_a_complaint(tmp_path: Path) -> None:
    """A conversation is a thread; hops of one instant follow each other, so that none is left open at the end."""
    from playwright.sync_api import sync_playwright

    with mailsim.Simulation(SCENARIO) as world:
        for _ in range(2):
            world.send(from_action=1234, to="jane@client.example")
        world.settle()
        world.collect()
    world.trace.write(tmp_path / "trace.chrome.json")
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(tmp_path), "speedscope@^1.22"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    octets = base64.b64encode((tmp_path / "trace.chrome.json").read_bytes()).decode()
    load = f"speedscope.loadFileFromBase64({json.dumps('trace')}, {json.dumps(octets)})"
    (tmp_path / "load.js").write_text(load)  # as speedscope's own command hands over a file
    index = tmp_path / "node_modules" / "speedscope" / "dist" / "release" / "index.html"
    said: list[str] = []
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        page = browser.new_page()
        page.on("console", lambda line: said.append(line.text))
        page.goto(f"{index.as_uri()}#localProfilePath={tmp_path / 'load.js'}")
        page.get_by_text("t000001 (tid 1) (1/3)").wait_for()
        browser.close()

    assert [line for line in said if "import:" in line]
    assert [line for line in said if "still open" in line or "rror" in line] == []

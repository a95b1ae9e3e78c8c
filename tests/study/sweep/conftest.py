"""A sweep file of a few small cells."""

from collections.abc import Callable
from pathlib import Path

import pytest

SCENARIO = """
seed = 3
poll = "1h"

[mailbox]
type = "catch-all"
default_sender = "matters@abc.com"
fallback_address = "help@elsewhere.example"

[pop]
server = "ssl://pop.abc.com:995"
username = "matters@abc.com"
password = "hidden treasure"

[[action]]
id = 1234

[provider]
sender_policy = "accept"

[[correspondent]]
address = "jane@client.example"
replies_to = "from"

[workload]
letters = 4

[[event]]
receive = { file = "news.eml", to = "a1234@abc.com" }
"""
SWEEP = """
scenarios = ["scenario.toml"]
seeds = 2

[grid]
"provider.sender_policy" = ["accept", "rewrite"]
"correspondent.replies_to" = ["from", "reply-to"]
"""

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a text to a file of that name."""

    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    (tmp_path / "news.eml").write_bytes(b"From: news@shop.example\r\nTo: peter@abc.com\r\n\r\nNews\r\n")
    written("scenario.toml", SCENARIO)
    return written


@pytest.fixture
def sweep_file(write: Write) -> Path:
    """Two policies, two ways to answer, two seeds: eight cells."""
    return write("sweep.toml", SWEEP)

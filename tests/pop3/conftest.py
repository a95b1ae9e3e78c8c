"""The nasty maildrop that dialogues, servers and collectors are tried with."""

from collections.abc import Mapping
from pathlib import Path

import pytest

DIALOGUES = Path(__file__).parents[2] / "fixtures" / "dialogues"

Accounts = Mapping[str, tuple[str, tuple[bytes, ...]]]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Tests of coroutines run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def dialogue_accounts() -> Accounts:
    """Alice with eight messages, and a user whose password has a space."""
    messages = tuple(path.read_bytes() for path in sorted((DIALOGUES / "maildrop").glob("*.eml")))
    assert len(messages) == 8
    return {"alice": ("secret", messages), "sp": ("two words", ())}


@pytest.fixture(scope="session")
def nasty() -> tuple[bytes, ...]:
    """Messages that break clients and servers."""
    head = b"From: jane@client.example\r\nSubject: nasty\r\n\r\n"
    return (
        b"",
        b"\r\n",
        b".",
        b".\r\n",
        b".\r\n.\r\n..\r\n",
        b"..leading\r\n",
        head,
        head + b".\r\n",
        head + b"\r\n.\r\n\r\n",
        head + b"no final line end",
        head + b"ends in CR\r",
        head + b"bare\nLF\n.\n..\n",
        head + b"bare LF, then no end\n.",
        head + b"bare\rCR\r\r\nand more\r\n",
        head + b"\n\r\n\n\r\n",
        head + b"x" * 5000 + b"\r\n" + b"." * 5000 + b"\r\n",
        head + bytes(range(256)) * 4 + b"\r\n",
        head + b"blank at the end\r\n\r\n\r\n\r\n",
        head + b"+OK\r\n-ERR\r\nQUIT\r\n",
        head + b"large " + (b"." * 70 + b"\r\n") * 20_000,
    )

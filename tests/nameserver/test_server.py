"""Listening and closing, in one's own loop."""

import asyncio

import pytest

from mailsim.nameserver.server import serve
from mailsim.provider.dns import Zone


def test_another_port_is_tried_when_tcp_has_it_already(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that is free in UDP need not be in TCP."""
    start_server = asyncio.start_server
    refused: list[object] = []

    async def taken_once(*arguments: object) -> object:
        if not refused:
            refused.append(arguments[2])
            raise OSError
        return await start_server(*arguments)  # type: ignore[arg-type] # whatever it was given

    async def listen() -> int:
        server = await serve(Zone())
        await server.close()
        await server.close()
        return server.port

    monkeypatch.setattr(asyncio, "start_server", taken_once)

    assert asyncio.run(listen()) != refused[0]

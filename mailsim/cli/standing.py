"""A server that stands alone until a signal ends it, and tells programs where it is in one line of JSON."""

import json
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_ENDS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def signals_held() -> Iterator[None]:
    """Hold SIGINT and SIGTERM back for `stand`, in every thread that begins in the block: one that comes early is not lost."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def stand(
    protocol: str,
    tls: str,
    host: str,
    port: int,
    *,
    accounts: Iterable[tuple[str, str]],
    ca: "Path | None",
    further: Mapping[str, object] = MappingProxyType({}),
) -> None:
    """Print where a server is, who may log in and what is to be told further, then wait for a signal."""
    line = {
        "servers": [{"name": "localhost", "protocol": protocol, "tls": tls, "host": host, "port": port}],
        "accounts": [{"username": name, "password": password} for name, password in accounts],
        "ca": None if ca is None else str(ca),
        **further,
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    signal.sigwait(_ENDS)

"""A message as DATA brings it: read in segments as they come, to the one end that it has (RFC 5321 section 4.1.1.4).

Law: nothing but CRLF, dot, CRLF ends a message; what stands behind it stays in the reader.
"""

import asyncio
import contextlib
import socket

from mailsim.smtp import line
from mailsim.smtp.fault_kinds import What
from mailsim.smtp.faults import Fault
from mailsim.smtp.limits import HARD_LIMIT

_END = b"\r\n.\r\n"
_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)


async def read_content(
    reader: asyncio.StreamReader, transport: asyncio.Transport, *, most: int, fault: Fault | None
) -> bytes | None:
    """Return what stands before the end of data, dots still stuffed; None when it is more than `most`.

    Raises:
        ConnectionResetError: The connection ended before the data did, or the fault ends it.
    """
    data, searched, too_big = bytearray(b"\r\n"), 0, False  # the end may stand on the first line
    while (end := data.find(_END, searched)) < 0:
        if fault and len(data) >= (fault.where or 0) + len("\r\n"):
            await _break(transport, fault)
            fault = None
        if len(data) > most:
            too_big = True
            del data[: -len(_END)]
        searched = max(0, len(data) - len(_END))
        segment = await reader.read(HARD_LIMIT)
        if not segment:
            raise ConnectionResetError
        acknowledge(transport)
        data += segment
    if fault:
        await _break(transport, fault)
    reader.feed_data(bytes(data[end + len(_END) :]))  # all was read: what is behind goes back
    return None if too_big or end > most else bytes(data[2 : end + 2])


async def _break(transport: asyncio.Transport, fault: Fault) -> None:
    """Break off the message, or stop for a while; a fault strikes once."""
    if fault.what is What.DROP:
        transport.abort()
        raise ConnectionResetError
    await line.pause(fault.amount)


def acknowledge(transport: asyncio.Transport) -> None:
    """Have the kernel acknowledge the next segment at once, where it can.

    A client that writes line by line without TCP_NODELAY waits for that before it sends its second line: for 40 ms.
    Linux forgets the option, so it is said again with each segment.
    """
    if _QUICK_ACK is not None:
        with contextlib.suppress(OSError):  # the connection is gone
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)


def unstuffed(content: bytes) -> bytes:
    """The message: each line that begins with a dot loses it (RFC 5321 section 4.5.2)."""
    content = content.replace(b"\r\n.", b"\r\n")
    return content[1:] if content.startswith(b".") else content

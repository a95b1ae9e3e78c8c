"""What becomes of a reply on its way to the client, when a fault strikes it."""

import asyncio

from mailsim.smtp.fault_kinds import What
from mailsim.smtp.strike import Strike

_JUNK = b"\x00\xff\xfe ~~ noise ~~\r\n"
_DRIPS = 10
"""A second, of a slow reply."""


async def send(
    writer: asyncio.StreamWriter, reader: asyncio.StreamReader, octets: bytes, strike: Strike
) -> None:
    """Send a reply as far, and as fast, as what struck lets it.

    Raises:
        ConnectionResetError: The connection was closed, on this side, and is of no use any more.
    """
    await asyncio.sleep(strike.delay)
    fault = strike.line
    if fault is None:
        await _write(writer, octets)
        return
    begun, left = octets[: fault.where or 0], octets[fault.where or 0 :]
    match fault.what:
        case What.DROP:
            await _write(writer, begun)
            writer.close()
            raise ConnectionResetError
        case What.HALF_CLOSE:
            await _half_close(writer, reader)
        case What.STALL:
            await _write(writer, begun)
            await pause(fault.amount)
            await _write(writer, left)
        case What.SLOW:
            await _drip(writer, octets, int(fault.amount or 1))
        case _:
            await _write(writer, _JUNK)


async def pause(seconds: float | None) -> None:
    """Do nothing for so long, or, if that is None, until the client has had enough."""
    if seconds is None:
        await asyncio.Event().wait()
    else:
        await asyncio.sleep(seconds)


async def _write(writer: asyncio.StreamWriter, octets: bytes) -> None:
    writer.write(octets)
    await writer.drain()


async def _drip(writer: asyncio.StreamWriter, octets: bytes, rate: int) -> None:
    step = max(1, rate // _DRIPS)
    for start in range(0, len(octets), step):
        await _write(writer, octets[start : start + step])
        await asyncio.sleep(step / rate)


async def _half_close(writer: asyncio.StreamWriter, reader: asyncio.StreamReader) -> None:
    if not writer.can_write_eof():  # as with TLS
        writer.close()
        raise ConnectionResetError
    writer.write_eof()
    while await reader.read(65536):
        pass
    raise ConnectionResetError

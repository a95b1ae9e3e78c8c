"""The commands of the TRANSACTION state: a maildrop and an argument in, the parts of one response out.

Laws: an -ERR is one line and changes nothing; a message that is marked, or never was, is an -ERR to every
verb; sizes are those of the octets that RETR sends. RFC 1939 §5 and §7; RFC 1460 (LAST); RFC 6856 §5.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from types import MappingProxyType

from mailsim.pop3.maildrop import Maildrop, WireMessage
from mailsim.pop3.wire import TERMINATOR, ResponseCode, Verb, parse_number, status_line, top

Parts = Iterable[bytes]

LINES = 2048  # of a listing that are made at once: about a millisecond's work


class _RefusedError(Exception):
    """An argument that gets an -ERR; its text is for the client."""

    code: ResponseCode | None = None


class _NeedsUtf8Error(_RefusedError):
    """A message that only a client which understands UTF-8 may have."""

    code = ResponseCode.UTF8


def answer(verb: Verb, maildrop: Maildrop, argument: bytes) -> Parts:
    """Return the response to one command, in parts to be sent in turn; they are made as they are taken.

    The verb is a key of `ANSWERS`. Never raises, whatever the argument.
    """
    try:
        return ANSWERS[verb](maildrop, argument.rstrip(b" "))
    except _RefusedError as refused:
        return (status_line("-ERR", str(refused), refused.code),)


def summary(maildrop: Maildrop) -> str:
    """Say how much a maildrop holds, marked messages left out."""
    return f"{maildrop.count} messages ({maildrop.octets} octets)"


def _message(maildrop: Maildrop, word: bytes) -> tuple[int, WireMessage]:
    number = parse_number(word)
    if number is None:
        raise _RefusedError("the argument must be a message number")
    message = maildrop[number]
    if message is not None:
        return number, message
    if 1 <= number <= len(maildrop):
        raise _RefusedError(f"message {number} is deleted")
    raise _RefusedError(f"no such message; this maildrop has {len(maildrop)}")


def _without_argument(argument: bytes) -> None:
    if argument:
        raise _RefusedError("this command takes no argument")


def _stat(maildrop: Maildrop, argument: bytes) -> Parts:
    _without_argument(argument)
    return (b"+OK %d %d\r\n" % (maildrop.count, maildrop.octets),)


def _list(maildrop: Maildrop, argument: bytes) -> Parts:
    return _listing(maildrop, argument, lambda number, message: b"%d %d\r\n" % (number, message.size))


def _uidl(maildrop: Maildrop, argument: bytes) -> Parts:
    return _listing(maildrop, argument, lambda number, message: b"%d %s\r\n" % (number, message.uid.encode()))


def _listing(maildrop: Maildrop, argument: bytes, line: Callable[[int, WireMessage], bytes]) -> Parts:
    if argument:
        return (b"+OK " + line(*_message(maildrop, argument)),)
    lines = (line(number, message) for number, message in maildrop.numbered())
    return chain((status_line("+OK", summary(maildrop)),), _joined(lines), (TERMINATOR,))


def _joined(lines: Iterator[bytes]) -> Iterator[bytes]:
    while some := b"".join(islice(lines, LINES)):
        yield some


def _readable(maildrop: Maildrop, word: bytes) -> tuple[int, WireMessage]:
    number, message = _message(maildrop, word)
    # RFC 6856 §2.1, §5 leaves a choice between this -ERR and a surrogate. A surrogate (RFC 6858) is another message:
    # a client that keeps it and deletes the original has lost what was sent.
    if maildrop.ascii_only and message.needs_utf8:
        raise _NeedsUtf8Error(f"message {number} has UTF-8 in its header; say UTF8 before you log in")
    return number, message


def _retr(maildrop: Maildrop, argument: bytes) -> Parts:
    number, message = _readable(maildrop, argument)
    maildrop.retrieve(number)
    return chain((b"+OK %d octets\r\n" % message.size,), message.pieces(), (TERMINATOR,))


def _top(maildrop: Maildrop, argument: bytes) -> Parts:
    word, _, count = argument.partition(b" ")
    lines = parse_number(count)
    if lines is None:
        raise _RefusedError("TOP needs a message number and a number of lines")
    _, message = _readable(maildrop, word)
    return chain((b"+OK\r\n",), top(message.octets, lines), (TERMINATOR,))


def _dele(maildrop: Maildrop, argument: bytes) -> Parts:
    number, _ = _message(maildrop, argument)
    maildrop.mark(number)
    return (b"+OK message %d deleted\r\n" % number,)


def _noop(_: Maildrop, argument: bytes) -> Parts:
    _without_argument(argument)
    return (b"+OK\r\n",)


def _rset(maildrop: Maildrop, argument: bytes) -> Parts:
    _without_argument(argument)
    maildrop.unmark()
    return (status_line("+OK", summary(maildrop)),)


def _last(maildrop: Maildrop, argument: bytes) -> Parts:
    _without_argument(argument)
    return (b"+OK %d\r\n" % maildrop.last,)


ANSWERS: Mapping[Verb, Callable[[Maildrop, bytes], Parts]] = MappingProxyType(
    {
        Verb.STAT: _stat,
        Verb.LIST: _list,
        Verb.RETR: _retr,
        Verb.DELE: _dele,
        Verb.NOOP: _noop,
        Verb.RSET: _rset,
        Verb.UIDL: _uidl,
        Verb.TOP: _top,
        Verb.LAST: _last,
    }
)

"""One message that is only routed, as if it were collected: no world, no network."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from pytest_bdd import then, when

from mailsim.practice.faults import printable
from mailsim.testing.expressions import parse
from mailsim.testing.feature_file import folder
from mailsim.testing.found import Docket
from mailsim.testing.needs import StepError


def transmitted(docstring: str) -> bytes:
    """The octets of a message that stands in a feature."""
    return docstring.replace(r"\0", "\0").replace("\n", "\r\n").encode()


@when("this message is routed:")
def routed(docket: Docket, docstring: str) -> None:
    r'''A decision is made on a message as if it were collected, without any server; `\0` is a NUL.

    When this message is routed:
      """
      From: jane@client.example
      Delivered-To: a1234@abc.com

      Hello
      """
    '''
    docket.route(transmitted(docstring))


@when(parse("the octets {string} are routed", "text"))
def octets_routed(docket: Docket, text: str) -> None:
    """The same of octets as they are; ␍, ␊, ␀ and their like stand for the characters that they show.

    When the octets "From: jane@client.example␍␊Delivered-To: a1234@abc.com␍␊␍␊Hello" are routed
    """
    docket.route(_raw(text).encode())


@when(parse("the octets {string} in {word} are routed", "text", "codec"))
def encoded_routed(docket: Docket, text: str, codec: str) -> None:
    """The same in another encoding than UTF-8.

    When the octets "From: jane@client.example␍␊␍␊Hello" in utf-16-le are routed
    """
    try:
        docket.route(_raw(text).encode(codec))
    except LookupError:
        raise StepError(f"{codec}: is no encoding of text; write such as latin-1 or utf-16-le") from None
    except UnicodeEncodeError as error:
        letter = printable(error.object[error.start])
        raise StepError(f"{codec}: has no {letter!r}; leave that out, or write another encoding") from None


def _raw(text: str) -> str:
    return re.sub("[␀-␠]", lambda picture: chr(ord(picture[0]) - ord("␀")), text)


@when(parse("a message of {size} for {address} is routed", "size", "recipient"))
def size_routed(docket: Docket, size: int, recipient: str) -> None:
    """The same of a message of exactly that size, as transmitted.

    When a message of 12 MB for a1234@abc.com is routed
    """
    head = f"From: jane@client.example\r\nDelivered-To: {recipient}\r\n\r\n".encode()
    docket.route(head + b"x" * (size - len(head)))


@when("a message with these fields is routed:")
def fields_routed(docket: Docket, datatable: Sequence[Sequence[str]]) -> None:
    """The same of a message with these header fields and a short text; a row each, in their order.

    When a message with these fields is routed:
      | From         | jane@client.example |
      | Delivered-To | a1234@abc.com       |
    """
    lines = [f"{name}: {value}" for name, value in datatable]
    docket.route(transmitted("\n".join([*lines, "", "Hello", ""])))


@when(parse("the message file {string} is routed", "name"))
def file_routed(docket: Docket, request: pytest.FixtureRequest, name: str) -> None:
    """The same of a file; the path is relative to the feature's folder.

    When the message file "reply.eml" is routed
    """
    path = folder(request.node) / name
    try:
        octets = path.read_bytes()
    except OSError as error:
        raise StepError(f"{path}: cannot be read: {error.strerror}; name a message's file") from None
    docket.route(octets, name=Path(name).name)


@then(parse("the message goes to {code}", "expected"))
def goes_to(docket: Docket, expected: str) -> None:
    """A target of the last decision, written as decisions write it.

    Then the message goes to action:1234
    """
    found = docket.decision("message")
    told = f"expected {expected}, found {', '.join(found.targets) or 'nothing'}:\n{found}"
    assert expected in found.targets, told

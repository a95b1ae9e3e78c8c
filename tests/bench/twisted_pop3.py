# mypy: ignore-errors
# ruff: noqa: ANN001, ANN002, ANN201, ANN202, ANN204, D102, N802
# Twisted is not installed here: neither its types are known, nor are these names ours.
"""A POP3 server of Twisted's for `bench_pop3_rates`: run by the Python of an environment that has Twisted.

`python twisted_pop3.py COUNT SIZE [--nodelay]`: one maildrop, in memory, of COUNT times the message of SIZE octets that
is its input; it prints its port, and ends with its input.
"""

import io
import sys

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import Portal
from twisted.internet import reactor, stdio
from twisted.internet.protocol import Factory, Protocol
from twisted.mail import pop3
from zope.interface import implementer


@implementer(pop3.IMailbox)
class Maildrop:
    """The messages that the benchmark asks for, their lines ended by LF: Twisted makes CRLF of that."""

    def __init__(self, messages):
        self.messages = messages

    def listMessages(self, index=None):
        sizes = [len(message) for message in self.messages]
        return sizes if index is None else sizes[index]

    def getMessage(self, index):
        return io.BytesIO(self.messages[index])

    def getUidl(self, index):
        return b"%d" % index

    def sync(self):
        """Nothing was deleted."""


class Realm:
    """Everybody has that one maildrop."""

    def __init__(self, maildrop):
        self.maildrop = maildrop

    def requestAvatar(self, *_):
        return pop3.IMailbox, self.maildrop, lambda: None


class Prompt(pop3.POP3):
    """Waits for no acknowledgement before it sends the rest of an answer."""

    def connectionMade(self):
        self.transport.setTcpNoDelay(True)
        super().connectionMade()


class UntilInputEnds(Protocol):
    """What ends the server."""

    def connectionLost(self, reason=None):
        reactor.stop()


def main():
    """Serve."""
    octets = sys.stdin.buffer.read(int(sys.argv[2]))
    checker = InMemoryUsernamePasswordDatabaseDontUse(alice=b"secret")
    factory = Factory()
    portal = Portal(Realm(Maildrop([octets] * int(sys.argv[1]))), [checker])

    def build(_address):
        protocol = Prompt() if "--nodelay" in sys.argv else pop3.POP3()
        protocol.portal = portal
        return protocol

    factory.buildProtocol = build
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    stdio.StandardIO(UntilInputEnds())
    print(port.getHost().port, flush=True)
    reactor.run()


main()

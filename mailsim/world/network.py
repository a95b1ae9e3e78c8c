"""The Internet of one world: names and ports that lead to loopback, one certificate authority, the DNS.

A name such as `pop.gmail.com:995` is what settings hold and what certificates bear; where it leads
is known here alone, so nothing of a world ever reaches the real name.
"""

import ssl
from functools import cached_property

import trustme

from mailsim.errors import MailsimError
from mailsim.pop3.certificates import issue
from mailsim.pop3.service import Certificates

_LOOPBACK = "127.0.0.1"
"""In certificates too: another program knows a server by where it is, not by its name in the world."""


def _names(name: str) -> tuple[str, ...]:
    """Whom a server's certificate is for."""
    return tuple(dict.fromkeys((name, "localhost", _LOOPBACK)))


class UnknownHostError(MailsimError):
    """A name and port that no server of the world listens on."""


class NameTakenError(MailsimError):
    """Two servers of a world with one name and port."""


class Network:
    """Which server answers under which name, and TLS for all of them."""

    def __init__(self) -> None:
        self._addresses: dict[tuple[str, int], tuple[str, int]] = {}
        self._authority = trustme.CA()

    def listen(self, name: str, port: int, address: tuple[str, int]) -> None:
        """Have `name:port` lead to this loopback address; raises NameTakenError when another server has it."""
        if (name, port) in self._addresses:
            raise NameTakenError(
                f"{name}:{port} is to be two servers of the world; give one another name or port"
            )
        self._addresses[name, port] = address

    def redirect(self, name: str, port: int, address: tuple[str, int]) -> None:
        """Have `name:port` lead to this address from now on, whatever it led to."""
        self._addresses[name, port] = address

    def resolve(self, name: str, port: int) -> tuple[str, int]:
        """The loopback host and port behind a name; raises UnknownHostError, which names what there is."""
        try:
            return self._addresses[name, port]
        except KeyError:
            known = ", ".join(f"{name}:{port}" for name, port in self._addresses) or "none"
            raise UnknownHostError(f"{name}:{port} is no server of this world; there is {known}") from None

    @property
    def addresses(self) -> dict[tuple[str, int], tuple[str, int]]:
        """All names and ports, and where they lead."""
        return dict(self._addresses)

    @property
    def authority(self) -> bytes:
        """The certificate of the world's authority, PEM: what a client must trust."""
        return self._authority.cert_pem.bytes()

    def server_context(self, name: str) -> ssl.SSLContext:
        """A server's TLS with a certificate for its name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*_names(name)).configure_cert(context)
        return context

    def certificates(self, name: str) -> Certificates:
        """A server's TLS with a certificate for its name, and with those that faults have it show instead."""
        return issue(self._authority, *_names(name))

    @cached_property
    def client_context(self) -> ssl.SSLContext:
        """A client's TLS as strict as the standard library's default, trusting this world's authority alone."""
        context = ssl.create_default_context(cadata=self.authority.decode("ascii"))
        context.verify_mode = ssl.CERT_REQUIRED
        return context

"""Where a server listens: `ssl://host:995` and `tcp://host:110` for POP, host and port for SMTP.

Rules R1.5 and R1.6. Each fault says what to write instead. A user name and password
inside an address are refused and never shown (R1.11).
"""

import ipaddress
import re
from dataclasses import dataclass

from mailsim.errors import MailsimError
from mailsim.mail import normal_domain
from mailsim.practice.faults import shown

_DEFAULT_PORT = {"ssl": 995, "tcp": 110}
_ALLOWED = "must be ssl://HOST:995 (TLS) or tcp://HOST:110 (no encryption)"
_PLAIN_SCHEMES = {"pop", "pop3", "tcp", "http"}
_IMAP = 993
_SMTP_RELAY = 25

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_LITERAL = re.compile(r"\[([^\[\]]*)\](?::(.*))?", re.DOTALL)
_LABEL = re.compile(
    r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
)  # RFC 1123 section 2.1, and "_" as seen in use


class ServerAddressError(MailsimError):
    """A server address that cannot be used."""

    def __init__(self, value: object, allowed: str, fix: str) -> None:
        self.value = shown("server", value)
        """What stands there, printable, a user name and password masked."""
        self.allowed = allowed
        """What must stand there."""
        self.fix = fix
        """What to write instead."""
        super().__init__(f"{self.value}: {allowed}; {fix}")


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A POP server's address (R1.5)."""

    tls: bool
    """TLS from the first octet (`ssl://`), or none (`tcp://`)."""
    host: str
    """A host name in lower-case A-labels, an IPv4 address, or an IPv6 address without brackets."""
    port: int
    """1-65535, never 993."""

    @classmethod
    def parse(cls, text: str) -> "ServerAddress":
        """The address that `text` is, such as `ssl://pop.gmail.com:995`.

        Raises:
            ServerAddressError: The prefix, host or port is missing or refused (R1.5).
        """
        _refuse_userinfo(text)
        url = _URL.fullmatch(text)
        scheme = url[1].lower() if url else ""
        if url is None or scheme not in _DEFAULT_PORT:
            raise _prefix_error(text, scheme, url[2] if url else text)
        host_text, port_text = _split(scheme, url[2], text)
        host = normal_host(host_text)
        if host is None:
            raise ServerAddressError(
                text, "has no valid host name", f"write {_example(scheme, host_text, '')}"
            )
        port = _DEFAULT_PORT[scheme] if port_text is None else _port(text, scheme, host, port_text)
        return cls(scheme == "ssl", host, port)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'ssl' if self.tls else 'tcp'}://{host}:{self.port}"


def normal_host(text: str) -> str | None:
    """A host name or IP address in its comparison form; None when it is neither (RFC 1123 section 2.1)."""
    if ":" in text:
        return _ip_address(text)
    host = normal_domain(text)
    labels = host.split(".")
    if labels[-1].isdecimal():
        return _ip_address(host)
    valid = len(host) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
    return host if valid else None


def smtp_host(text: str) -> str:
    """The host that an SMTP server's address is: a name or IP address alone, the port being a key of its own.

    Raises:
        ServerAddressError: It has a prefix, a port, or is no host.
    """
    _refuse_userinfo(text)
    literal = _LITERAL.fullmatch(text)
    host = normal_host(literal[1]) if literal and literal[2] is None else normal_host(text)
    if host is None:
        bare = re.sub(r"^[A-Za-z0-9+.-]*:?//", "", text.strip()).strip("/")
        name, _, port = bare.partition(":") if bare.count(":") == 1 else (bare, "", "")
        usable = normal_host(name)
        instead = f'write "{usable}"' if usable else 'write such as "smtp.gmail.com" or "localhost"'
        with_port = f" and port = {port}" if usable and port.isdecimal() and int(port) != _SMTP_RELAY else ""
        raise ServerAddressError(
            text, "must be a host name alone, without prefix and port", instead + with_port
        )
    return host


def check_smtp_port(port: int) -> None:
    """Refuses port 25 and what is no port (R1.6): asked when settings are read, checked, and before connecting.

    Raises:
        ServerAddressError: The port is 25 or outside 1-65535.
    """
    if port == _SMTP_RELAY:
        raise ServerAddressError(
            port,
            "port 25 is refused: it is for mail between servers, and a source of spam",
            'use your provider\'s other port, most often 587 or 465, or server = "localhost"',
        )
    if not 1 <= port <= 65535:
        raise ServerAddressError(
            port, "must be a port from 1 to 65535, not 25", "most providers take 587 or 465"
        )


def _refuse_userinfo(text: str) -> None:
    if "@" in text:
        fix = "write them under username and password"
        raise ServerAddressError(text, "must not hold a user name or password", fix)


def _prefix_error(text: str, scheme: str, rest: str) -> ServerAddressError:
    host, _, port = rest.strip().strip("/:").partition(":")
    wanted = "tcp" if port == "110" or scheme in _PLAIN_SCHEMES else "ssl"
    instead = f"write {_example(wanted, host, port)}"
    if not scheme:
        return ServerAddressError(text, f"has no ssl:// or tcp:// in front; it {_ALLOWED}", instead)
    if scheme in ("imap", "imaps"):
        return ServerAddressError(text, f"IMAP is not supported; it {_ALLOWED}", instead)
    return ServerAddressError(text, f"{scheme[:20]}:// is not known; it {_ALLOWED}", instead)


def _example(scheme: str, host: str, port: str) -> str:
    """A correct address that is near to what was meant."""
    meant = normal_host(host.strip().strip("/").removeprefix("[").removesuffix("]")) or "pop.example.com"
    kept = (
        port.isdecimal()
        and port.isascii()
        and len(port) <= 5
        and 1 <= int(port) <= 65535
        and int(port) != _IMAP
    )
    return f'"{ServerAddress(scheme == "ssl", meant, int(port) if kept else _DEFAULT_PORT[scheme])}"'


def _split(scheme: str, rest: str, text: str) -> tuple[str, str | None]:
    """The host and the port's text; None where no port is given."""
    literal = _LITERAL.fullmatch(rest)
    if literal and ":" in literal[1]:
        return literal[1], literal[2]
    if rest.count(":") > 1:
        instead = (
            f"write {_example(scheme, rest, '')}" if normal_host(rest) else "write such as ssl://[::1]:995"
        )
        raise ServerAddressError(text, "an IPv6 address stands in brackets", instead)
    host, colon, port = rest.partition(":")
    return host, port if colon else None


def _port(text: str, scheme: str, host: str, port: str) -> int:
    instead = f"write {_example(scheme, host, '')}"
    if not (port.isascii() and port.isdecimal() and len(port) <= 5 and 1 <= int(port) <= 65535):
        raise ServerAddressError(text, "the port must be from 1 to 65535", instead)
    if int(port) == _IMAP:
        secure = f"write {_example('ssl', host, '')}"
        raise ServerAddressError(text, "port 993 is for IMAP, which is not supported", secure)
    return int(port)


def _ip_address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None

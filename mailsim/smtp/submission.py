"""How a practice's account is submitted through: its TLS, and the whole route (R1.7, R3.6)."""

import ssl

from mailsim.pop3.conduct import Mechanism
from mailsim.practice.account import SmtpAccount
from mailsim.practice.settings import Authentication
from mailsim.smtp.backend import Tls
from mailsim.smtp.client import Route

_SUBMISSIONS = 465  # RFC 8314 section 3.3: TLS from the first octet


def security_of(account: SmtpAccount) -> Tls:
    """How the connection is secured: by the port, and not at all to the system's own server."""
    if account.own:
        return Tls.NONE
    return Tls.IMPLICIT if account.port == _SUBMISSIONS else Tls.STARTTLS


def mechanism_of(authentication: Authentication) -> Mechanism | None:
    """The SASL mechanism of a setting (R1.8); None without a login."""
    return None if authentication is Authentication.NONE else Mechanism(authentication.upper())


def route_to(
    account: SmtpAccount, context: ssl.SSLContext, *, address: tuple[str, int] | None = None
) -> Route:
    """The route to a real server of an account; to one without a login STARTTLS is no condition.

    `context` is whom to trust; `address` is where the server's name and port lead, if not to what DNS says. R1.6 holds.
    """
    unguarded = account.authentication is Authentication.NONE and account.port != _SUBMISSIONS
    host, port = address or (account.server, account.port)
    return Route(
        name=account.server,
        port=account.port,
        host=host,
        host_port=port,
        tls=Tls.NONE if unguarded else security_of(account),
        context=context,
        authentication=account.authentication,
        username=account.username,
        password=account.password.get_secret_value(),
        submission=port == account.port,
    )

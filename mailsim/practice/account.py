"""The accounts that the system collects with and sends through: what is given, and what is filled.

`[pop]` and `[smtp]` are needed only where they are used, so what is missing in them is a
fault here and not when the site is read. Common settings fill what is not given (R1.9); what
belongs to `localhost` is filled by the system (R1.7).
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from mailsim.practice.faults import Fault, SiteError
from mailsim.practice.server_address import ServerAddress
from mailsim.practice.settings import LOCALHOST, Authentication, PopTable, Settings, SmtpTable
from mailsim.provider.profiles import Profile, profile
from mailsim.words import MASK

_USUAL_NAME = re.compile("[A-Z_][A-Z0-9_]*")
"""POSIX.1-2017, XBD 8.1: upper-case letters, digits and underscores."""
_OWN_PORT = 587  # RFC 6409 section 3.1: submission


@dataclass(frozen=True, slots=True)
class PopAccount:
    """Where to collect, and as whom."""

    server: ServerAddress
    username: str
    password: SecretStr


@dataclass(frozen=True, slots=True)
class SmtpAccount:
    """Where to send, and as whom."""

    server: str
    """A host; `localhost` is the system's own servers."""
    port: int
    authentication: Authentication
    username: str = ""
    """Empty with authentication `none`, as the password."""
    password: SecretStr = field(default=SecretStr(""))

    @property
    def own(self) -> bool:
        """Whether these are the system's own SMTP servers (R1.7)."""
        return self.server == LOCALHOST


def pop_account(settings: Settings, environ: Mapping[str, str] = os.environ) -> PopAccount:
    """The account to collect with.

    Raises:
        SiteError: With every key of `[pop]` that is missing and that `common` does not fill.
    """
    table = settings.pop or PopTable()
    server = table.server
    if server is None and (common := _common(table)) and (known := common.pop_server(settings.domain)):
        server = ServerAddress.parse(known)
    faults = [_missing("pop.server")] if server is None else []
    faults += _credential_faults("pop", table, environ)
    if server is None or faults:
        raise SiteError(faults)
    return PopAccount(server, table.username or "", _password(table, environ))


def smtp_account(settings: Settings, environ: Mapping[str, str] = os.environ) -> SmtpAccount:
    """The account to send through.

    Raises:
        SiteError: With every key of `[smtp]` that is missing and that `common` does not fill.
    """
    table = settings.smtp or SmtpTable()
    if table.server == LOCALHOST:
        return SmtpAccount(LOCALHOST, _OWN_PORT, Authentication.NONE)
    common = _common(table)
    server = table.server or (common.smtp_server(settings.domain) if common else "")
    port = table.port or (common.number("smtp_port") if common else 0)
    word = table.authentication or (common.text("authentication") if common else "")
    given = {"server": server, "port": port, "authentication": word}
    faults = [_missing(f"smtp.{key}") for key, value in given.items() if not value]
    if word != Authentication.NONE:
        faults += _credential_faults("smtp", table, environ)
    if faults:
        raise SiteError(faults)
    authentication = Authentication(word)
    if authentication is Authentication.NONE:
        return SmtpAccount(server, port, authentication)
    return SmtpAccount(server, port, authentication, table.username or "", _password(table, environ))


def _common(table: PopTable | SmtpTable) -> Profile | None:
    return profile(table.common) if table.common else None


def _missing(key: str) -> Fault:
    return Fault(key, None, "is required here", "add it, or a common = ... that fills it")


def _credential_faults(name: str, table: PopTable | SmtpTable, environ: Mapping[str, str]) -> Iterator[Fault]:
    if table.username is None:
        yield Fault(f"{name}.username", None, "is required here", "add it")
    if table.password is None and table.password_env is None:
        yield Fault(f"{name}.password", None, "is required here", "add it, or password_env")
    if table.password is not None and not table.password.get_secret_value():
        yield Fault(
            f"{name}.password", None, "must not be empty", "write the password, or password_env instead"
        )
    if table.password_env is not None and not environ.get(table.password_env):
        usual = _USUAL_NAME.fullmatch(table.password_env)  # any other may be the password itself
        unset = f"the environment variable {table.password_env if usual else MASK} is not set"
        yield Fault(f"{name}.password_env", None, unset, "set it")


def _password(table: PopTable | SmtpTable, environ: Mapping[str, str]) -> SecretStr:
    return table.password or SecretStr(environ[table.password_env or ""])

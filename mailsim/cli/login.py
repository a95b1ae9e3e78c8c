"""`--user NAME:PASSWORD`: who may log in at a server that stands alone. No password is ever told."""

from collections.abc import Sequence

from mailsim.errors import MailsimError

_WRITE = "write NAME:PASSWORD, such as --user alice:secret"


class LoginError(MailsimError):
    """A login that is none, or more than one."""


def login(given: Sequence[str]) -> tuple[str, str]:
    """Name and password of the one login given; raises LoginError."""
    if len(given) > 1:
        raise LoginError(f"--user is given {len(given)} times: one user can log in; give it once")
    name, colon, password = given[0].partition(":")
    if not colon:
        raise LoginError(f"--user: the colon between name and password is missing; {_WRITE}")
    if not password:
        raise LoginError(f"--user {name!r}: the password behind the colon is missing; {_WRITE}")
    if not name:
        raise LoginError(f"--user: the name before the colon is missing; {_WRITE}")
    return name, password

"""What a `Pop3Server` is given, checked: a mistake is told in one line where it was made, not by a thread that serves.

No line shows a password, nor what stands where one belongs.
"""

from collections.abc import Iterable, Mapping, Sequence

from mailsim.errors import MailsimError

_FORM = '{"alice": ("secret", [octets, ...])}'


class Pop3ServerError(MailsimError):
    """A server asked for what it cannot do."""


def checked_maildrops(given: object) -> Mapping[str, tuple[str, Sequence[bytes]]]:
    """User to password and messages, as they were given; raises Pop3ServerError."""
    if not isinstance(given, Mapping):
        raise Pop3ServerError(f"maildrops of type {_kind(given)}: write a mapping, {_FORM}")
    return {_user(user): _account(user, account) for user, account in given.items()}


def checked_octets(given: object, user: str) -> bytes:
    """A message; raises Pop3ServerError."""
    if not isinstance(given, bytes):
        cure = "encode the text, as by .encode()" if isinstance(given, str) else "give octets"
        raise Pop3ServerError(f"user {user!r}: a message of type {_kind(given)} is no bytes; {cure}")
    return given


def checked_seconds(name: str, given: float) -> float:
    """A time that is more than nothing; raises Pop3ServerError."""
    if not given > 0:
        raise Pop3ServerError(f"{name}={given!r}: must be more than 0 seconds")
    return given


def _user(user: object) -> str:
    if not isinstance(user, str):
        raise Pop3ServerError(f"user {user!r}: a user's name is text; write {_FORM}")
    return user


def _account(user: str, account: object) -> tuple[str, Sequence[bytes]]:
    match account:
        case (str(password), messages) if isinstance(messages, Iterable) and not isinstance(
            messages, bytes | str
        ):
            return password, [checked_octets(octets, user) for octets in messages]
    raise Pop3ServerError(f"user {user!r}: write a password and a list of messages, {_FORM}")


def _kind(given: object) -> str:
    return type(given).__name__

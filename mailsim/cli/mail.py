"""The mail that a command is given to read; standard input is touched only where `-` asks for it."""

import io
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO

from mailsim.errors import MailsimError

if TYPE_CHECKING:
    from mailsim.mail.corpus import Corpus


class StandardInputError(MailsimError):
    """Mail was to be read from a standard input that is closed."""


def mail_at(paths: Sequence[str]) -> "Corpus":
    """The mail at those paths; what was passed over in folders is warned of on standard error.

    Raises:
        StandardInputError: `-` is among the paths, and standard input is closed.
        CorpusError: A path is missing, cannot be read, or holds no mail; one line for each such path.
    """
    from mailsim.mail.corpus import find_mail
    from mailsim.practice.faults import printable

    found = find_mail(paths, standard_input(paths))
    if found.passed_over:
        sys.stderr.write(
            f"mailsim: warning: {printable(found.passed_over[0])}: passed over, not known to be mail"
            f"{_others(len(found.passed_over) - 1)}; name such a file itself to have it read\n"
        )
    return found


def _others(number: int) -> str:
    return f", and {number:,} other file{'' if number == 1 else 's'}" if number else ""


def standard_input(paths: Sequence[str]) -> BinaryIO:
    """What `-` among the paths stands for; raises StandardInputError where it is closed."""
    from mailsim.mail.corpus import STREAM

    if STREAM not in paths:
        return io.BytesIO()
    if sys.stdin is None:
        raise StandardInputError("-: standard input is closed; pipe mail into it, or name a file")
    return sys.stdin.buffer

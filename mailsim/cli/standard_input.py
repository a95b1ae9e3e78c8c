"""Standard input, for commands that read mail: touched only where `-` asks for it."""

import io
import sys
from collections.abc import Sequence
from typing import BinaryIO

from mailsim.errors import MailsimError


class StandardInputError(MailsimError):
    """Mail was to be read from a standard input that is closed."""


def standard_input(paths: Sequence[str]) -> BinaryIO:
    """What `-` among the paths stands for; raises StandardInputError where it is closed."""
    from mailsim.mail.corpus import STREAM

    if STREAM not in paths:
        return io.BytesIO()
    if sys.stdin is None:
        raise StandardInputError("-: standard input is closed; pipe mail into it, or name a file")
    return sys.stdin.buffer

"""What a server is given, checked: a mistake is told in one line where it was made, not by a thread that serves."""

from collections.abc import Iterable, Sequence

from mailsim.errors import MailsimError


def checked_texts(name: str, given: object, error: type[MailsimError]) -> Sequence[str]:
    """Texts, such as faults; raises the error, also for one that stands alone."""
    if isinstance(given, str):
        raise error(f"{name}={given!r}: write a list, {name}=[{given!r}]")
    texts = list(given) if isinstance(given, Iterable) else None
    if texts is None or not all(isinstance(text, str) for text in texts):
        raise error(f"{name}={given!r}: write a list of texts, such as `mailsim faults` lists")
    return texts

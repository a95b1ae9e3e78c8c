"""Messages that lie in one place: what a target of the practice holds, or what waits in a server mailbox."""

from collections.abc import Iterable

from mailsim.mail.message import Message
from mailsim.plain import in_words


class Mailbox(list[Message]):
    """The messages, in the order they came: a list that shows itself as a table."""

    def __init__(self, name: str, messages: Iterable[Message] = ()) -> None:
        super().__init__(messages)
        self.name = name
        """Whose: a target such as `action:1234`, or the login of a server mailbox."""

    def __repr__(self) -> str:
        return f"Mailbox({self.name!r}, {len(self)} messages)"

    def __str__(self) -> str:
        from mailsim.mail.shown import mailbox_words  # noqa: PLC0415 - who only routes mail shows none

        return mailbox_words(self.name, self)

    def _repr_html_(self) -> str:
        """For notebooks: a row a message, of many the first and the last."""
        from mailsim.mail.shown import mailbox_html  # noqa: PLC0415 - as above

        return mailbox_html(self.name, self)

    _repr_pretty_ = in_words

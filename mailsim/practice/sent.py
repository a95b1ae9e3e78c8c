"""Which action a message was sent from: what the site file says, then what the store remembers (R4.7)."""

from collections.abc import Iterator, Mapping

from mailsim.practice.store import Store


class Sent(Mapping[str, int]):
    """Message-ID to action id; asked of the store each time, so that it holds nothing in memory and is never stale."""

    def __init__(self, told: Mapping[str, int], store: Store) -> None:
        self._told = told
        self._store = store

    def __getitem__(self, message_id: str) -> int:
        action = self.get(message_id)
        if action is None:
            raise KeyError(message_id)
        return action

    def get(self, message_id: str, default: int | None = None) -> int | None:  # type: ignore[override] # no other default is asked for
        """The action; the default when no such message was sent from one."""
        action = self._store.sent_from(message_id)
        return self._told.get(message_id, default) if action is None else action

    def __iter__(self) -> Iterator[str]:
        return iter({**self._told, **self._store.sent})

    def __len__(self) -> int:
        return len({**self._told, **self._store.sent})

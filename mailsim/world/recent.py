"""What was met last: a mapping that forgets the oldest, so that a world's memory does not grow with its run."""

from collections import deque
from typing import Generic, TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

MOST = 100_000
"""Far more messages than are on their way at once; with their ids about 25 MB."""


class Recent(Generic[_Key, _Value]):
    """At most so many keys with their values, those put last."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._values: dict[_Key, _Value] = {}
        self.get = self._values.get  # asked for every hop of every message
        """The value of a key; None when it was never put, or is forgotten."""
        self._keys: deque[_Key] = (
            deque()
        )  # the first key of a dictionary is behind the holes of all that was deleted

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __len__(self) -> int:
        return len(self._values)

    def put(self, key: _Key, value: _Value) -> None:
        """Remember a value; one that is there already keeps its age."""
        if key not in self._values:
            self._keys.append(key)
        self._values[key] = value
        if len(self._keys) > self._most:
            del self._values[self._keys.popleft()]

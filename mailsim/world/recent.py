"""What was met last: a mapping that forgets the oldest, so that a world's memory does not grow with its run."""

from typing import Generic, TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

MOST = 100_000
"""Half of it is far more messages than are on their way at once; with their ids about 25 MB."""


class Recent(Generic[_Key, _Value]):
    """At most so many keys with their values, and for certain that half of them that was put last."""

    def __init__(self, most: int = MOST) -> None:
        self._half = most // 2
        self._values: dict[_Key, _Value] = {}
        self.get = self._values.get  # asked for every hop of every message
        """The value of a key; None when it was never put, or is forgotten."""
        # The keys in two halves, of which the older is forgotten as one: nobody keeps the age of each. Dictionaries, for
        # the garbage collector does not look into one of plain values, but into every set.
        self._young: dict[_Key, None] = {}
        self._old: dict[_Key, None] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def put(self, key: _Key, value: _Value) -> None:
        """Remember a value; one that is there already is as young as if it were new."""
        if len(self._young) >= self._half:
            for forgotten in self._old.keys() - self._young.keys():
                del self._values[forgotten]
            self._old, self._young = self._young, {}
        self._values[key] = value
        self._young[key] = None

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
        # Two halves, of which the older is forgotten as one: nobody keeps the age of each key.
        self._young: dict[_Key, _Value] = {}
        self._old: dict[_Key, _Value] = {}

    def get(self, key: _Key) -> _Value | None:
        """The value of a key; None when it was never put, or is forgotten."""
        value = self._young.get(key)
        return self._old.get(key) if value is None else value

    def __contains__(self, key: object) -> bool:
        return key in self._young or key in self._old

    def put(self, key: _Key, value: _Value) -> None:
        """Remember a value; one that is there already is as young as if it were new."""
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}
        self._young[key] = value

"""Who writes to whom about what: people, matters and words from one seed.

Outside domains are reserved ones (RFC 2606), so nothing made here can ever reach anybody.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from mailsim.world.words import Words, person, speaker

_PEOPLE = 24
_MEDIAN = 3 * 1024
"""Octets of a letter's text."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message that an action sends."""

    action: int
    to: str
    subject: str
    text: str


class Workload:
    """Actions, correspondents and an endless supply of letters."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        fake = speaker(seed)
        self.actions = {
            1000 + 7 * number: f"{fake.last_name()} v {fake.last_name()}" for number in range(1, 21)
        }
        """Action id -> name."""
        self.correspondents = tuple(dict.fromkeys(person(fake, self._random) for _ in range(_PEOPLE)))
        self._words = Words(seed)

    def letters(self, count: int) -> Iterator[Letter]:
        """That many letters."""
        actions = tuple(self.actions)
        for _ in range(count):
            yield Letter(
                self._random.choice(actions),
                self._random.choice(self.correspondents),
                self._words.subject(),
                self._words.text(_MEDIAN),
            )

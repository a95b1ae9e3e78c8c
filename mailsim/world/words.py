"""Subjects and texts for letters that nobody wrote: drawn from pools, from one seed.

Faker makes the pools once, since it costs more a word than a delivery does a message; drawing is cheap.
"""

import math
import random

_SUBJECTS, _PARAGRAPHS = 40, 40
_SPREAD = 0.8
"""Of a logarithm: two letters of three are between half and twice the median."""
_MOST = 50
"""Times the median, at most."""


class Words:
    """An endless supply, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        from faker import Faker  # noqa: PLC0415 - loads only where letters are made up

        fake = Faker("en_GB", use_weighting=False)
        fake.seed_instance(seed)
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._subjects = [fake.sentence(nb_words=4).rstrip(".") for _ in range(_SUBJECTS)]
        self._paragraphs = [fake.paragraph(nb_sentences=8) for _ in range(_PARAGRAPHS)]

    def subject(self) -> str:
        """A few words."""
        return self._random.choice(self._subjects)

    def text(self, median: int) -> str:
        """Paragraphs of about so many octets, log-normally spread."""
        size = min(self._random.lognormvariate(math.log(max(median, 1)), _SPREAD), _MOST * median)
        text = self._random.choice(self._paragraphs)
        while len(text) < size:
            text += "\n\n" + self._random.choice(self._paragraphs)
        return text

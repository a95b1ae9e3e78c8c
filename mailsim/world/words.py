"""Subjects and texts for letters that nobody wrote, and addresses of nobody: drawn from pools, from one seed.

Faker makes the pools once, since it costs more a word than a delivery does a message; drawing is cheap.
"""

import math
import random
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faker import Faker

_SUBJECTS, _PARAGRAPHS = 40, 40
_SPREAD = 0.8
"""Of a logarithm."""
_MOST = 50
"""Times the size that was asked for, at most."""
_DOMAINS = tuple(
    f"{name}.example" for name in ("harbour", "orchard", "quarry", "meadow", "foundry", "lantern")
)
"""Reserved ones (RFC 2606), so nothing made here can ever reach anybody."""


class Sizes(StrEnum):
    """How the sizes of texts are spread."""

    LOG_NORMAL = "log-normal"
    """About the median: two of three are between half and twice of it."""
    EXPONENTIAL = "exponential"
    UNIFORM = "uniform"
    """Between nothing and twice the mean."""
    CONSTANT = "constant"


def person(fake: "Faker", chance: random.Random) -> str:
    """The address of somebody at one of a few reserved domains."""
    name = f"{fake.first_name()}.{fake.last_name()}".lower().replace("'", "").replace(" ", "")
    return f"{name}@{chance.choice(_DOMAINS)}"


def speaker(seed: int) -> "Faker":
    """Whoever makes names and sentences up, the same ones for the same seed."""
    from faker import Faker  # noqa: PLC0415 - loads only where something is made up

    fake = Faker("en_GB", use_weighting=False)
    fake.seed_instance(seed)
    return fake


_LINE = "These lines are here for the length of the message alone, as quoted ones are.\n"


def lengthened(text: str, size: int) -> str:
    """The text, and lines below it until all is of about so many octets."""
    lacking = size - len(text)
    return text if lacking <= 0 else f"{text}\n" + _LINE * math.ceil(lacking / len(_LINE))


class Words:
    """An endless supply, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        fake = speaker(seed)
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._subjects = [fake.sentence(nb_words=4).rstrip(".") for _ in range(_SUBJECTS)]
        self._paragraphs = [fake.paragraph(nb_sentences=8) for _ in range(_PARAGRAPHS)]

    def subject(self) -> str:
        """A few words."""
        return self._random.choice(self._subjects)

    def text(self, size: int, sizes: Sizes = Sizes.LOG_NORMAL) -> str:
        """Paragraphs of about so many octets, spread so; the last one may end anywhere, and something is always there."""
        drawn = max(1, min(round(self._size(size, sizes)), _MOST * size))
        text = self._random.choice(self._paragraphs)
        while len(text) < drawn:
            text += "\n\n" + self._random.choice(self._paragraphs)
        return text[:drawn]

    def _size(self, size: int, sizes: Sizes) -> float:
        match sizes:
            case Sizes.LOG_NORMAL:
                return self._random.lognormvariate(math.log(max(size, 1)), _SPREAD)
            case Sizes.EXPONENTIAL:
                return self._random.expovariate(1 / max(size, 1))
            case Sizes.UNIFORM:
                return self._random.uniform(0, 2 * size)
            case Sizes.CONSTANT:
                return size

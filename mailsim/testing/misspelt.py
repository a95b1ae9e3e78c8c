"""Words that are nearly others, and that Gherkin takes for something else without a word.

A step whose keyword is misspelt is a line of the description, and does not run; a tag that is misspelt marks nothing.
"""

import re
from collections.abc import Callable, Collection, Iterable
from difflib import SequenceMatcher, get_close_matches

from mailsim.testing.outline import Line

_KEYWORDS = ("given", "when", "then", "and", "but")
_PROSE = ("the", "they", "them", "an", "any", "there", "these", "than")
"""Words like keywords that begin sentences."""
_LIKE = 0.7
_RULE = re.compile(r"[rR](\d{1,2})[.,_-](\d{1,3})")


def keyword(line: Line, is_step: Callable[[str], bool]) -> str:
    """The keyword that a line of a description should begin with, as its rest is a step; empty where it is prose."""
    first, _, rest = line.text.partition(" ")
    word = first.lower().rstrip(":")
    if not rest or word in _PROSE or first in map(str.title, _KEYWORDS):
        return ""
    like = get_close_matches(word, _KEYWORDS, 1, _LIKE)
    return like[0].title() if like and is_step(rest.strip()) else ""


def tag(name: str, known: Collection[str], rules: Iterable[str]) -> str:
    """The tag that is meant by one that nobody knows; empty where none is like it."""
    number = _RULE.fullmatch(name)
    if number and (rule := f"R{number[1]}.{number[2]}") in rules:
        return rule
    near = [one for one in known if _likeness(name.lower(), one.lower()) >= _LIKE]
    return max(near, key=lambda one: _likeness(name.lower(), one.lower()), default="")


def column(name: str, columns: Iterable[str]) -> bool:
    """Whether a placeholder is nearly the name of a column."""
    return any(_likeness(name.lower(), one.lower()) >= _LIKE for one in columns)


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()

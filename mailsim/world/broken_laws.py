"""How a broken law of a world is told: what broke it, a line for each, and the stories of the first of them."""

from collections.abc import Callable, Collection, Iterable, Sequence

from mailsim.errors import MailsimError
from mailsim.trace.event import Trace
from mailsim.trace.story import told

_MOST_NAMED = 20
"""Lines on one kind of fault; a run of a million messages may have as many."""
_MOST_STORIES = 3
_MOST_LINES = 40
_FIRST = 3
"""Lines of the story of what goes round."""


class ConservationError(MailsimError):
    """A run that lost or doubled mail, or whose mail goes round; its text names each message and tells the first stories."""


def hold(
    kinds: Iterable[Sequence[str]],
    concerned: Iterable[str],
    *,
    endless: Collection[str],
    story: Callable[[str], Trace],
    before: Callable[[str], str],
) -> None:
    """Raises ConservationError where there is a line of any of the `kinds` of faults, of which none has any in a sound world.

    `concerned` names the conversations and messages whose stories are told, the first three, those that are `endless`
    but for their middle; `story` gives their events, and `before` says what may have come before them, if anything.
    """
    lines = [line for kind in kinds for line in _first(kind)]
    if not lines:
        return
    for name in list(dict.fromkeys(concerned))[:_MOST_STORIES]:
        happened = list(told(story(name)))
        shown = _shortened(happened) if name in endless else happened[-_MOST_LINES:]
        lines += [f"What happened to {name}:", *(f"  {line}" for line in (before(name), *shown) if line)]
    raise ConservationError("\n".join(lines))


def _first(lines: Sequence[str]) -> Sequence[str]:
    """As many as somebody reads, and how many more there are of the kind."""
    left_out = len(lines) - _MOST_NAMED + 1
    return [*lines[: _MOST_NAMED - 1], f"… and {left_out:,} more of these …"] if left_out > 1 else lines


def _shortened(happened: Sequence[str]) -> Sequence[str]:
    """What goes round is the same again and again."""
    left_out = len(happened) - _FIRST - 1
    return [*happened[:_FIRST], f"… {left_out:,} more …", happened[-1]] if left_out > 1 else happened

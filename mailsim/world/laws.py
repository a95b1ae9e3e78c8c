"""The laws of a world, held over its books and what its places hold now."""

from mailsim.world.kept import Kept
from mailsim.world.parts import AnyEngine, Parts
from mailsim.world.post import LONGEST_QUEUED


def hold_laws(parts: Parts[AnyEngine], kept: Kept) -> None:
    """Raises ConservationError when mail was lost, doubled or forgotten, or goes round, with what is kept of its stories."""
    clock, branches = parts.engine.clock, parts.branches
    parts.books.check(
        [
            f"{one.office.prefix}{uid}"
            for one in branches
            for user in one.maildrops.users
            for uid in one.maildrops.uids(user)
        ],
        (copy for one in branches for copy in one.held),
        twice=[held for one in branches for held in one.held_twice],
        endless=parts.people.endless,
        moving=not clock.idle,
        oldest=clock.now() - LONGEST_QUEUED,
        story=kept.trace.story,
        before=kept.before,
    )

"""Worlds whose truth is known: one letter of an action, a provider, a place for the action's address, somebody's habit.

    uv run python -m tests.study.journey.truth

prints for all of them, 840, what the trace's story says beside what is true; it takes a minute. The truth is worked out
here by following three addresses by hand - From, Reply-To, the envelope's sender - and by nothing that the story uses.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

import mailsim
from mailsim.mail import Address
from mailsim.provider.mailhost import Stamp
from mailsim.provider.policy import SenderAction
from mailsim.provider.profiles import Profile, profiles
from mailsim.study.journey.journey import Journey
from mailsim.world.correspondent import Habit, RepliesTo

ACTION, SYSTEM, JANE = "a1234@abc.com", "matters@abc.com", "jane@client.example"
PLACES = ("from", "reply-to", "both")
ANSWERS = (
    (Habit.REPLY, RepliesTo.FROM),
    *((habit, RepliesTo.REPLY_TO) for habit in Habit),
)
CAUSES = {
    Habit.REPLY: "reply-to-ignored",
    Habit.WRITE_ANEW: "written-anew",
    Habit.AUTO_REPLY: "auto-reply",
    Habit.OUT_OF_OFFICE: "out-of-office",
}


class Known(NamedTuple):
    """One world, by what makes it."""

    provider: Profile
    place: str
    habit: Habit
    goes_by: RepliesTo

    def tables(self) -> dict[str, Any]:
        """The scenario."""
        person: dict[str, Any] = {
            "address": JANE,
            "habit": self.habit.value,
            "replies_to": self.goes_by.value,
        }
        if self.habit is Habit.FORWARD:
            person["forwards_to"] = ["bob@other.example"]
        return {
            "mailbox": {
                "type": "catch-all",
                "default_sender": SYSTEM,
                "fallback_address": "help@elsewhere.example",
            },
            "action": [{"id": 1234}],
            "routing": {"action_address_in": self.place},
            "provider": {"profile": self.provider.id, "catch_all": SYSTEM},
            "correspondent": [person],
            "event": [{"send": {"from_action": 1234, "to": JANE, "subject": "Draft"}}, {"collect": {}}],
        }

    def story(self) -> Journey:
        """What is told of the message that did not arrive, or of the last one."""
        with mailsim.Simulation(self.tables()) as world, suppress(mailsim.MailsimError):
            world.run()
        return world.trace.why()

    def truth(self) -> tuple[str, ...]:
        """The causes, in order, that the story must name; none where all arrives."""
        policy, account, action = (
            self.provider.policy(),
            Address("matters", "abc.com"),
            Address("a1234", "abc.com"),
        )
        policy = replace(policy, registered=frozenset())
        author, asked = (account, action) if self.place == "reply-to" else (action, None)
        asked = action if self.place == "both" else asked
        fate = policy.treatment(account, author)
        if fate is SenderAction.REJECT:
            return ("refused-by-provider", *(["refused-outside"] if self.habit is Habit.BOUNCE else []))
        path = policy.envelope_sender(account, author)
        seen = account if fate is SenderAction.REWRITE else author
        if self.habit is Habit.BOUNCE:
            return ("refused-outside",)
        proper = asked or seen
        to = {
            Habit.REPLY: seen if self.goes_by is RepliesTo.FROM else proper,
            Habit.REPLY_ALL: proper,
            Habit.FORWARD: None,
            Habit.WRITE_ANEW: seen,
            Habit.AUTO_REPLY: path,
            Habit.OUT_OF_OFFICE: seen,
        }[self.habit]
        decorated = any(
            header.prefix and header.name == "Delivered-To" and header.names is Stamp.RECIPIENT
            for header in self.provider.envelope_headers()
            if self.provider.is_collected_from
        )
        found = []
        if to is None:
            return ()
        if to != action:
            found.append(CAUSES[self.habit] if proper == action else "sender-rewritten")
        return (*found, "header-decorated") if decorated else tuple(found)


def known(names: Iterator[str] | None = None) -> Iterator[Known]:
    """All such worlds, of these providers or of all."""
    for name in names or iter(profiles()):
        for place in PLACES:
            for habit, goes_by in ANSWERS:
                yield Known(profiles()[name], place, habit, goes_by)


def main() -> None:
    """Print how often what is true was told."""
    table: Counter[tuple[str, str, str]] = Counter()
    for world in known():
        told = world.story()
        said = ", ".join(f"{loss.cause} ({loss.confidence})" for loss in told.losses) or "arrived"
        true = ", ".join(world.truth()) or "arrived"
        table[true, said, "" if told.as_meant == (true == "arrived") else "!"] += 1
    for (true, said, wrong), count in sorted(table.items()):
        print(f"{count:4} {wrong:1} {true:45} {said}")


if __name__ == "__main__":
    main()

"""Provider profiles: the facts of real providers as data, each with its mark and source (R5.7)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import cast

from mailsim.errors import MailsimError
from mailsim.mail import Reply
from mailsim.provider.mailhost import EnvelopeHeader, Stamp
from mailsim.provider.policy import NOT_OWNED, TOO_BIG, Policy, SenderAction, Stage


class UnknownProfile(MailsimError):  # noqa: N818 - names the fact
    """A profile that is not built in."""


class Mark(StrEnum):
    """How well a fact is known."""

    DOCUMENTED = "documented"
    """By the vendor's documentation or source code, or Mozilla's ISP database."""
    REPORTED = "reported"
    """Seen in issues, transcripts and pages of others."""
    BELIEVED = "believed"
    """General knowledge; no source was read for it."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact, how well it is known and from where."""

    value: object
    mark: Mark
    source: str = ""
    """Empty for what is believed only."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of one provider; absent facts are unknown."""

    id: str
    name: str
    facts: Mapping[str, Fact]

    def text(self, fact: str, default: str = "") -> str:
        """A fact that is a string; the default where it is unknown."""
        return cast("str", self._value(fact, default))

    def number(self, fact: str, default: int = 0) -> int:
        """A fact that is a number; the default where it is unknown."""
        return cast("int", self._value(fact, default))

    def _value(self, fact: str, default: object) -> object:
        found = self.facts.get(fact)
        return default if found is None else found.value

    @property
    def can_catch_all(self) -> bool:
        """Whether a catch-all mailbox can be had (R1.13); True where nothing is known against it."""
        return self._value("catch_all", default=True) is not False

    def envelope_headers(self) -> tuple[EnvelopeHeader, ...]:
        """What the host stamps on a stored message, from the top."""
        rows = cast("list[list[str]]", self._value("envelope_headers", []))
        return tuple(EnvelopeHeader(name, Stamp(names), *prefix) for name, names, *prefix in rows)

    @property
    def recipient_header(self) -> EnvelopeHeader | None:
        """The field that tells whom stored mail was sent to; None where none is known to."""
        named = (header for header in self.envelope_headers() if header.names is Stamp.RECIPIENT)
        return next(named, None)

    def reply(self, fact: str, default: Reply) -> Reply:
        """A fact that is an SMTP reply; the default where it is unknown."""
        row = cast("list[int | str] | None", self._value(fact, None))
        return default if row is None else Reply(int(row[0]), str(row[2]), str(row[1]))

    def policy(self) -> Policy:
        """The policy of its submission server."""
        return Policy(
            action=SenderAction(self.text("sender_policy", "accept")),
            stage=Stage(self.text("stage", "data_end")),
            reply=self.reply("reply", NOT_OWNED),
            original_kept_in=self.text("original_kept_in"),
            size_limit=self.number("size_limit"),
            size_reply=self.reply("size_reply", TOO_BIG),
        )


@cache
def profiles() -> Mapping[str, Profile]:
    """All built-in profiles by their id, read once."""
    tables = tomllib.loads(files("mailsim.provider").joinpath("profiles.toml").read_text("utf-8"))
    return {id_: _profile(id_, table) for id_, table in tables.items()}


def _profile(id_: str, table: dict[str, object]) -> Profile:
    facts = {key: _fact(**row) for key, row in table.items() if isinstance(row, dict)}
    return Profile(id_, str(table["name"]), facts)


def _fact(*, value: object, mark: str, source: str = "") -> Fact:
    return Fact(value, Mark(mark), source)


def profile(id_: str) -> Profile:
    """The profile of that id; raises UnknownProfile, which names the built-in ones."""
    try:
        return profiles()[id_]
    except KeyError:
        raise UnknownProfile(
            f"{id_!r} is no built-in provider; choose one of {', '.join(profiles())}"
        ) from None

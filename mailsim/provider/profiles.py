"""Provider profiles: the facts of real providers as data, each with its mark and source (R5.7).

What a profile holds is judged by its tests, not when it is loaded.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import cast

from mailsim.display import Tone, badge, block, heading, note, table
from mailsim.errors import MailsimError
from mailsim.mail import Address, Reply
from mailsim.plain import in_words, listing
from mailsim.provider.fact import KINDS, Fact, Mark, reply_of, told
from mailsim.provider.mailhost import EnvelopeHeader, Stamp
from mailsim.provider.policy import NOT_OWNED, TOO_BIG, Compared, Fate, Policy, SenderAction, Stage

_TONES = {Mark.DOCUMENTED: Tone.GOOD, Mark.REPORTED: Tone.NEUTRAL, Mark.BELIEVED: Tone.WARNING}
_REFUSER, _REWRITER = "m365", "gmail"
_COLUMNS = ("fact", "value", "how known", "source, note")
UNKNOWN = "unknown"
"""What is shown of a fact that nobody knows."""


class UnknownProfile(MailsimError):  # noqa: N818 - names the fact
    """A profile that is not built in."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of one provider; absent facts are unknown."""

    id: str
    name: str
    facts: Mapping[str, Fact]

    def __repr__(self) -> str:
        return f"Profile({self.id!r}, {self.name!r}, {len(self.facts)} facts)"

    def __str__(self) -> str:
        told = listing(
            f"{self.name} ({self.id})", _COLUMNS[:3], self._known(), lambda row: (*row[:2], row[2].mark)
        )
        return f"{told}\n{self._lacking()}"

    def _repr_html_(self) -> str:
        """For notebooks: each fact with how well it is known and its source."""
        return block(
            heading(self.name, self.id), table(_COLUMNS, self._known(), _cells), note(self._lacking())
        )

    _repr_pretty_ = in_words

    def _known(self) -> list[tuple[str, str, Fact]]:
        return [(title, shown, self.facts[key]) for key, title, shown in self.rows() if key in self.facts]

    def _lacking(self) -> str:
        return f"{UNKNOWN}: {', '.join(title for key, title, _ in self.rows() if key not in self.facts)}"

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """Every fact there can be, in order: key, title, and the value in words, `unknown` where it is."""
        for key, kind in KINDS.items():
            fact = self.facts.get(key)
            yield key, kind.title, UNKNOWN if fact is None else told(kind.form, fact.value)

    def shown(self, fact: str) -> str:
        """The value of a fact in words; `unknown` where it is."""
        found = self.facts.get(fact)
        return UNKNOWN if found is None else told(KINDS[fact].form, found.value)

    def text(self, fact: str, default: str = "") -> str:
        """A fact that is a string; the default where it is unknown."""
        return cast("str", self._value(fact, default))

    def number(self, fact: str, default: int = 0) -> int:
        """A fact that is a number; the default where it is unknown."""
        return cast("int", self._value(fact, default))

    def texts(self, fact: str) -> tuple[str, ...]:
        """A fact that is a list of strings; empty where it is unknown."""
        return tuple(cast("list[str]", self._value(fact, [])))

    def says(self, fact: str) -> bool:
        """Whether a fact is known, and yes."""
        return self._value(fact, default=False) is True

    def reply(self, fact: str, default: Reply) -> Reply:
        """A fact that is an SMTP reply; the default where it is unknown."""
        found = self.facts.get(fact)
        return default if found is None else reply_of(found.value)

    def _value(self, fact: str, default: object) -> object:
        found = self.facts.get(fact)
        return default if found is None else found.value

    def lacks(self, *facts: str) -> list[str]:
        """Those of these facts that are unknown: what depends on them is too, for a world takes a default."""
        return [fact for fact in facts if fact not in self.facts]

    def guessed_of_senders(self) -> list[str]:
        """The facts about senders for which its policy has a default: where it refuses some, Postfix's words at DATA's end."""
        refuses = SenderAction.REJECT in (self.text("sender_policy"), self.text("same_domain"))
        return self.lacks("sender_policy", "same_domain", *(("stage", "reply") if refuses else ()))

    def pop_server(self, domain: str) -> str:
        """Where a customer of that domain collects, as the site file writes it (R1.5); empty where it is unknown."""
        host = self.text("own_host").replace("{domain}", domain)
        return self.text("pop") or (f"ssl://{host}:995" if host else "")

    def smtp_server(self, domain: str) -> str:
        """The host that a customer of that domain sends through; empty where it is unknown."""
        return self.text("smtp_server") or self.text("own_host").replace("{domain}", domain)

    @property
    def is_collected_from(self) -> bool:
        """Whether mail can be collected there by POP3; True where nothing is known against it. A pure relay has none."""
        return self._value("pop_offered", default=True) is not False

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

    def policy(self) -> Policy:
        """The policy of its submission server."""
        action = SenderAction(self.text("sender_policy", "accept"))
        same_domain = SenderAction(self.text("same_domain", action))
        return Policy(
            action=action,
            same_domain=None if same_domain is action else same_domain,
            stage=Stage(self.text("stage", "data_end")),
            compared=frozenset(map(Compared, self.texts("compared"))) or frozenset(Compared),
            reply=self.reply("reply", NOT_OWNED),
            original_kept_in=self.text("original_kept_in"),
            rewrites_letter_case=self.says("rewrites_letter_case"),
            envelope=self._fate("envelope_sender"),
            bounces=self._bounces,
            reply_to=self._fate("reply_to"),
            sender_field=self._fate("sender_field"),
            message_id=self._fate("message_id"),
            size_limit=self.number("size_limit"),
            size_reply=self.reply("size_reply", TOO_BIG),
        )

    @property
    def _bounces(self) -> Address | None:
        """Under the domain whose SPF record names its servers: there senders are replaced so that SPF passes."""
        domain = self.text("spf_include")
        return Address("bounces", domain) if domain else None

    def _fate(self, fact: str) -> Fate:
        return Fate(self.text(fact, "kept"))


def _cells(row: tuple[str, str, Fact]) -> tuple[str, str, str, str]:
    title, shown, fact = row
    return (
        title,
        shown,
        badge(fact.mark, _TONES[fact.mark]),
        "; ".join(filter(None, (fact.source, fact.note))),
    )


@cache
def profiles() -> Mapping[str, Profile]:
    """All built-in profiles by their id, read once."""
    tables = tomllib.loads(files("mailsim.provider").joinpath("profiles.toml").read_text("utf-8"))
    return {id_: _profile(id_, table) for id_, table in tables.items()}


def _profile(id_: str, table: dict[str, object]) -> Profile:
    facts = {key: _fact(**row) for key, row in table.items() if isinstance(row, dict)}
    return Profile(id_, str(table["name"]), facts)


def _fact(*, value: object, mark: str, source: str = "", note: str = "") -> Fact:
    return Fact(value, Mark(mark), source, note)


def profile(id_: str) -> Profile:
    """The profile of that id; raises UnknownProfile, which names the nearest ones."""
    try:
        return profiles()[id_]
    except KeyError:
        near = nearest(id_) or list(profiles())[:3]
        told = f"{id_[:100]!r} is no built-in provider; write {' or '.join(near)} (`mailsim providers` lists them all)"
        raise UnknownProfile(told) from None


def model_policy(action: SenderAction) -> Policy:
    """A policy that does so, in the words and ways of a provider that is known for it; without a size limit."""
    words = {SenderAction.REJECT: _REFUSER, SenderAction.REWRITE: _REWRITER}.get(action)
    model = profile(words).policy() if words else Policy()
    return replace(model, action=action, size_limit=0, size_reply=TOO_BIG)


def nearest(word: str) -> list[str]:
    """The ids of at most three profiles whose id or name is like that word, the likest first; often none."""
    known = {one.name.lower(): one.id for one in profiles().values()} | {id_: id_ for id_ in profiles()}
    known |= {
        part: id_
        for name, id_ in list(known.items())
        for part in name.replace(",", "").split()
        if len(part) > 3
    }
    found = get_close_matches(word[:100].lower(), known, n=6)
    return list(dict.fromkeys(known[name] for name in found))[:3]

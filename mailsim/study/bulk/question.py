"""What is asked of each message: where it goes at one site, or whether it goes elsewhere at another. A row is the answer.

A question goes to workers, so it holds no password (R1.11): none is needed to decide.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import pyarrow as pa

from mailsim.mail import Message
from mailsim.practice.decision import Decision
from mailsim.practice.site import Site, read_site
from mailsim.study.diagnosis.diff import Changed, cause, goes_elsewhere
from mailsim.study.scenario_file import without_secrets

Row = Mapping[str, object]
ERROR = "error"
"""The column of why a message has no answer; missing where it has one."""
_WORD = pa.string()
_PLACE = pa.struct({"outcome": _WORD, "targets": pa.list_(_WORD), "reason": _WORD})
_EVIDENCE = pa.list_(pa.struct({"rule": _WORD, "read": _WORD, "concluded": _WORD}))


class Question(Protocol):
    """What a worker needs to answer."""

    @property
    def name(self) -> str:
        """What the folder of its answers is called."""

    @property
    def sites(self) -> Sequence[str]:
        """The tables of each site that decides, as JSON."""

    @property
    def schema(self) -> pa.Schema:
        """The columns of an answer."""

    def row(self, name: str, message: Message, decisions: Sequence[Decision]) -> Row | None:
        """The answer from the decision of each site; None where there is nothing to tell."""

    @property
    def grouping(self) -> Sequence[str]:
        """The columns that tell a group."""

    def group(self, row: Row) -> tuple[str, ...]:
        """By what answers are counted."""


def site_text(tables: Mapping[str, object]) -> str:
    """A site as questions have it."""
    return json.dumps(without_secrets(tables), sort_keys=True)


@lru_cache(maxsize=4)
def site_of(text: str) -> Site:
    """The site again; of a worker's many tasks it is read once."""
    return read_site(json.loads(text))


@dataclass(frozen=True, slots=True)
class Route:
    """Where does it go?"""

    site: str

    name = "decisions"
    grouping = ("outcome", "reason")
    schema = pa.schema(
        {
            "message": _WORD, "message_id": _WORD, "outcome": _WORD, "targets": pa.list_(_WORD), "reason": _WORD,
            "resolver": _WORD, "guessed": pa.bool_(), "address": _WORD, "meant_for": _WORD, "evidence": _EVIDENCE, ERROR: _WORD,
        }
    )  # fmt: skip

    @property
    def sites(self) -> Sequence[str]:
        """The one."""
        return (self.site,)

    def row(self, name: str, message: Message, decisions: Sequence[Decision]) -> Row:  # noqa: ARG002 - the protocol's
        """The fields of the decision."""
        return decisions[0].as_json()

    def group(self, row: Row) -> tuple[str, ...]:
        """By outcome and reason."""
        return str(row["outcome"]), str(row["reason"])


@dataclass(frozen=True, slots=True)
class Diff:
    """Does it go elsewhere?"""

    before: str
    after: str

    name = "changes"
    grouping = ("cause", "before", "after")
    schema = pa.schema({"message": _WORD, "cause": _WORD, "before": _PLACE, "after": _PLACE, ERROR: _WORD})

    @property
    def sites(self) -> Sequence[str]:
        """Both."""
        return self.before, self.after

    def row(self, name: str, message: Message, decisions: Sequence[Decision]) -> Row | None:
        """From where to where, and why."""
        was, will_be = decisions
        if not goes_elsewhere(was, will_be):
            return None
        why = cause(message, site_of(self.before), was, site_of(self.after), will_be)
        return Changed(name, was, will_be, why).as_json()

    def group(self, row: Row) -> tuple[str, ...]:
        """By both reasons, and the cause."""
        reasons = [place["reason"] for place in (row["before"], row["after"]) if isinstance(place, Mapping)]
        return *map(str, reasons), str(row["cause"])

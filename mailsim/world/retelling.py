"""What plays a run again: its scenario, with all that was ordered in Python as events. It goes with the trace (R6.4).

Laws: no secret is told (R1.11); messages that were given as octets, files or corpus stand in it as `data:` URLs (RFC 2397), so
that it needs nothing beside it, unless the corpus is too large to be told; what people outside were told to answer by hand has no event, and a fault that
began or ended in Python is not noted as one, so such a run is not told.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from mailsim.mail.corpus import CorpusError
from mailsim.world.orders import inline, message_file
from mailsim.world.practices import Practice
from mailsim.world.scenario import Scenario
from mailsim.world.scenario_tables import CollectTable, EventTable, ReceiveTable, SendTable
from mailsim.world.workload import real_mail

Order = SendTable | ReceiveTable | CollectTable
_Ordered = tuple[timedelta, type[Order], Mapping[str, Any], bytes | None, str | None]
"""Made an event when the run is told: most never are. Of the order its fields, half as much for the garbage collector."""

MOST_ORDERS = 10_000
"""Orders given in Python that are remembered; a run of more is not told, so that memory does not grow with it."""
MOST_TOLD = 32 * 1024 * 1024
"""Octets of a workload's corpus that are told; a trace shall not be larger for its scenario than for its events."""


class Retelling:
    """The events of one run so far."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._events: list[EventTable | _Ordered] | None = []
        self._orders = 0

    def played(self, event: EventTable) -> None:
        """One of the scenario's own events happened."""
        if self._events is not None:
            self._events.append(event)

    def ordered(
        self, since_start: timedelta, order: Order, octets: bytes | None, practice: str | None
    ) -> None:
        """Something was ordered in Python, that long after the start; `octets` are a message sent as it is.

        `practice` is the domain of who was told, None for the first or somebody outside.
        """
        self._orders += 1
        if self._orders > MOST_ORDERS:
            self.lose()
        if self._events is not None:
            self._events.append((since_start, type(order), vars(order), octets, practice))

    def lose(self) -> None:
        """Something happened that no event tells."""
        self._events = None

    def tables(self) -> Mapping[str, object] | None:
        """The tables of a scenario file; None where events do not tell the run."""
        if self._events is None:
            return None
        scenario = self._scenario
        site = scenario.site.settings.model_dump(by_alias=True, exclude_defaults=True)
        elsewhere = {"event", "expect", "practice"}
        own = scenario.tables.model_dump(by_alias=True, exclude_defaults=True, exclude=elsewhere)
        if scenario.others:
            own["practice"] = [_practice(one) for one in scenario.others]
        if (workload := scenario.tables.workload) and workload.corpus:
            corpus = _inlined(workload.corpus, scenario.folder)
            if corpus is None:
                return None
            own["workload"]["corpus"] = corpus
        try:
            events = [
                self._told(event if isinstance(event, EventTable) else _event(*event))
                for event in self._events
            ]
        except OSError:
            return None  # a message's file is gone
        text = json.dumps(_worded(site | own | {"event": events}), default=str)  # a secret's text is its mask
        return cast("Mapping[str, object]", json.loads(text))

    def _told(self, event: EventTable) -> dict[str, object]:
        told = event.model_dump(by_alias=True, exclude_defaults=True)
        if event.collect is not None:
            told["collect"] = {}
        if event.receive is not None and event.receive.file is not None:
            told["receive"]["file"] = inline(message_file(self._scenario.folder, event.receive.file))
        return told


def _inlined(corpus: Sequence[str], folder: Path) -> list[str] | None:
    """The messages of a corpus; None where they are too many octets, or gone."""
    told, octets = [], 0
    try:
        for message in real_mail(corpus, folder):
            told.append(inline(message))
            octets += len(message)
            if octets > MOST_TOLD:
                return None
    except CorpusError:
        return None
    return told


def _practice(practice: Practice) -> dict[str, object]:
    """Its row of the file, which stands alone: with the tables of its site."""
    site, provider, _ = practice
    told = site.settings.model_dump(by_alias=True, exclude_defaults=True)
    return told | {"provider": provider.model_dump(by_alias=True, exclude_defaults=True)}


def _event(
    since_start: timedelta,
    kind: type[Order],
    fields: Mapping[str, Any],
    octets: bytes | None,
    practice: str | None,
) -> EventTable:
    order = kind.model_construct(**fields)
    if octets is not None:
        order = order.model_copy(update={"file": inline(octets)})
    key = {SendTable: "send", ReceiveTable: "receive", CollectTable: "collect"}[kind]
    at = f"{int(since_start.total_seconds())}s"
    return EventTable.model_validate({"at": at, key: order, "practice": practice})


def _worded(value: object) -> object:
    """With words for keys, as JSON and TOML have them: the rows of `forwards` are addresses."""
    if isinstance(value, Mapping):
        return {str(key): _worded(one) for key, one in value.items()}
    return [_worded(one) for one in value] if isinstance(value, list | tuple) else value

"""Traces for other tools: CSV for spreadsheets, Chrome's trace events for timelines, OpenTelemetry's spans for tracing.

A hop lasts until the next of its conversation, the last one no time at all. Each format is written in batches, but what
a conversation did last is kept until the next, so that memory grows with conversations, not with events.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import count
from pathlib import Path

from mailsim.trace.batch import Batch
from mailsim.trace.event import Event, Row

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SPANS = 5000
"""Of a line of OTLP: as many whenever the events come, so that the file is the same again (R6.3)."""
_ARGUMENTS = ("message_id", "peer", "sender", "recipient", "size", "outcome", "reason", "rule")


_GUARDED = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")  # noqa: RUF001 - wide ones are obeyed too
"""What a spreadsheet obeys at the beginning of a cell (OWASP, CSV injection), and the apostrophe that keeps it from that."""


class Csv:
    """RFC 4180, with a first line of names; `time` in ISO 8601, `detail` as JSON text.

    Mail is hostile, and a spreadsheet obeys a cell that begins as a formula does, such as the address `=1+1@x.example`.
    Such a text has an apostrophe in front, and so has one that begins with an apostrophe: without the first one, each is
    as it was. The other formats hold texts as they are.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._rows = csv.writer(self._file)
        self._rows.writerow(Event._fields)

    def write(self, events: Batch) -> None:
        """Add a record for each."""
        self._rows.writerows(
            (serial, time.isoformat(), *map(_guarded, rest)) for serial, time, *rest in events
        )

    def finish(self) -> None:
        """Write what is left."""
        self._file.flush()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _guarded(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_GUARDED) else cell


class _Lasting:
    """Gives each event back with the time of the next in its conversation."""

    def __init__(self) -> None:
        self._before: dict[str, Event] = {}

    def after(self, events: Iterable[Row]) -> Iterator[tuple[Event, datetime]]:
        """The hops that these events end."""
        for event in map(Event.of, events):
            before = self._before.get(event.trace_id)
            self._before[event.trace_id] = event
            if before:
                yield before, event.time

    def rest(self) -> Iterator[tuple[Event, datetime]]:
        """The last hop of each conversation."""
        for event in self._before.values():
            yield event, event.time


class ChromeTrace:
    """Trace Event Format, JSON object form: one thread a conversation; opens in ui.perfetto.dev and speedscope.

    Hops of one instant stand a microsecond after each other, and none is shorter: of several at once, without length,
    viewers nest one in the other or show none.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")
        self._lasting = _Lasting()
        self._threads: dict[str, int] = {}
        self._ends: dict[str, int] = {}
        self._file.write('{"displayTimeUnit": "ms", "traceEvents": [\n')
        self._file.write(_json({"ph": "M", "pid": 1, "name": "process_name", "args": {"name": "mailsim"}}))

    def write(self, events: Batch) -> None:
        """Add the hops that are over."""
        self._add(self._lasting.after(events))

    def finish(self) -> None:
        """Add the last hops and the closing brackets."""
        self._add(self._lasting.rest())
        self._file.write("\n]}\n")
        self._file.flush()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _add(self, hops: Iterable[tuple[Event, datetime]]) -> None:
        for event, until in hops:
            thread = self._threads.get(event.trace_id)
            if thread is None:
                thread = self._threads[event.trace_id] = len(self._threads) + 1
                name = {"name": event.trace_id or "no message"}
                self._line({"ph": "M", "pid": 1, "tid": thread, "name": "thread_name", "args": name})
            begin = max(_micros(event.time), self._ends.get(event.trace_id, 0))
            end = self._ends[event.trace_id] = max(_micros(until), begin + 1)
            self._line(
                {
                    "ph": "X",
                    "pid": 1,
                    "tid": thread,
                    "ts": begin,
                    "dur": end - begin,
                    "cat": event.step,
                    "name": f"{event.step} {event.place}",
                    "args": _arguments(event),
                }
            )

    def _line(self, record: dict[str, object]) -> None:
        self._file.write(",\n" + _json(record))


class OpenTelemetry:
    """OTLP's JSON, one `TracesData` a line as its file exporter writes: one trace a conversation, one span a hop."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")
        self._lasting = _Lasting()
        self._parents: dict[str, str] = {}
        self._spans = count(1)
        self._waiting: list[dict[str, object]] = []

    def write(self, events: Batch) -> None:
        """Add the hops that are over."""
        self._add(self._lasting.after(events))

    def finish(self) -> None:
        """Add the last hops."""
        self._add(self._lasting.rest())
        self._add_line()
        self._file.flush()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _add(self, hops: Iterable[tuple[Event, datetime]]) -> None:
        for event, until in hops:
            self._waiting.append(self._span(event, until))
            if len(self._waiting) >= _SPANS:
                self._add_line()

    def _add_line(self) -> None:
        spans, self._waiting = self._waiting, []
        if spans:
            scope = {"scope": {"name": "mailsim"}, "spans": spans}
            resource = {"attributes": [_attribute("service.name", "mailsim")]}
            self._file.write(_json({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}) + "\n")

    def _span(self, event: Event, until: datetime) -> dict[str, object]:
        span_id = f"{next(self._spans):016x}"
        parent = self._parents.get(event.trace_id, "")
        self._parents[event.trace_id] = span_id
        attributes = {"place": event.place, "conversation": event.trace_id} | _arguments(event)
        return {
            "traceId": blake2b(event.trace_id.encode(), digest_size=16).hexdigest(),
            "spanId": span_id,
            **({"parentSpanId": parent} if parent else {}),
            "name": event.step,
            "kind": 1,  # SPAN_KIND_INTERNAL
            "startTimeUnixNano": str(_micros(event.time) * 1000),
            "endTimeUnixNano": str(_micros(until) * 1000),
            "attributes": [_attribute(f"mailsim.{key}", value) for key, value in attributes.items()],
        }


def _arguments(event: Event) -> dict[str, object]:
    """What else is known of an event; what is empty is left out."""
    return {name: value for name in _ARGUMENTS if (value := getattr(event, name))}


def _attribute(key: str, value: object) -> dict[str, object]:
    kind = "intValue" if isinstance(value, int) else "stringValue"
    return {"key": key, "value": {kind: str(value)}}


def _micros(time: datetime) -> int:
    delta = time - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def _json(record: dict[str, object]) -> str:
    return json.dumps(record, ensure_ascii=False)

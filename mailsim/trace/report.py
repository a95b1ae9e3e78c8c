"""A run as one page: totals, flow, latency, what was misrouted and why, the worst stories, the settings.

Laws: one file that loads nothing, with a policy that forbids it; nothing from mail stands unescaped; what is shown is
counted or bounded, so that a page of a million messages is no larger than one of a thousand.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from mailsim.display import Html, Tone, badge, code, table, text
from mailsim.practice.decision import Outcome
from mailsim.trace.event import Step, Trace
from mailsim.trace.pictures import as_file, decades, flow
from mailsim.trace.recorded import RecordedTrace
from mailsim.trace.story import told
from mailsim.trace.ways import STATIONS, kinds, ways

_STORIES, _HOPS, _PER_DECADE = 5, 40, 6
_LOST = (
    *(step.value for step in (Step.REFUSED, Step.BOUNCED, Step.DISCARDED, Step.REMOVED)),
    Outcome.FALLBACK.value,
)
_TONES = {
    Outcome.DELIVERED.value: Tone.GOOD,
    Outcome.UNASSIGNED.value: Tone.WARNING,
    **dict.fromkeys(_LOST, Tone.BAD),
}
_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 0 auto; padding: 16px 20px 60px;
  background: #fff; color: #1d2125; }
h1 { font-size: 1.5em; margin: 0.4em 0 0; overflow-wrap: anywhere; } h2 { font-size: 1.15em; margin: 2em 0 0.4em; }
.wide { overflow-x: auto; } .badges { display: flex; flex-wrap: wrap; gap: 6px; margin: 12px 0; } p { margin: 0.4em 0; }
pre { font: 12.5px/1.5 ui-monospace, monospace; margin: 0.4em 0; padding: 10px; overflow-x: auto; border-radius: 6px;
  background: rgba(128, 128, 128, 0.12); }
summary { cursor: pointer; overflow-wrap: anywhere; } details { margin: 0.5em 0; }
@media (prefers-color-scheme: dark) { body { background: #16191d; color: #dfe3e8; } }
@media print { body { max-width: none; } }
"""


def report(trace: Trace | RecordedTrace, name: str) -> str:
    """The page of a trace, as HTML; `name` is what it is called there."""
    messages = trace.messages()
    sections = (
        _section("What became of it", _flow(messages)),
        _section("How long it took", _latency(messages)),
        _section("Misrouted, by cause and provider", _misrouted(messages)),
        _section("Stories", *_stories(trace, messages)),
        _section("Settings", _settings(trace.scenario)),
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(name)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{text(name)}</h1>{_totals(messages, len(trace))}{''.join(sections)}</body></html>\n"
    )


def picture(trace: Trace | RecordedTrace) -> str:
    """What became of the mail, as an SVG file: the page's first picture, of a trace without messages empty."""
    return as_file(flow(ways(trace.messages()), STATIONS))


def _section(title: str, *parts: str) -> Html:
    return Html(f"<section><h2>{text(title)}</h2>{''.join(parts)}</section>")


def _wide(part: Html) -> Html:
    """What is wider than a small window moves in a frame of its own."""
    return Html(f'<div class="wide">{part}</div>')


def _paragraph(words: str) -> Html:
    return Html(f"<p>{text(words)}</p>")


def _totals(messages: pd.DataFrame, events: int) -> Html:
    if messages.empty:
        return _paragraph(f"{events:,} events, no messages.")
    first, last = messages["time"].min(), (messages["time"] + messages["latency"]).max()
    said = f"{len(messages):,} messages, {messages['trace_id'].nunique():,} conversations, {events:,} events; {first:%Y-%m-%d %H:%M}"
    said += "" if pd.isna(last) else f" to {last:%Y-%m-%d %H:%M} UTC"
    badges = [
        badge(f"{count:,} {outcome}", _TONES.get(str(outcome), Tone.NEUTRAL))
        for outcome, count in messages["outcome"].value_counts().items()
        if count
    ]
    misrouted = int(messages["misrouted"].sum())
    meant = int((messages["meant_for"] != "").sum())
    if meant:
        tone = Tone.BAD if misrouted else Tone.GOOD
        badges.append(
            badge(f"{misrouted:,} of {meant:,} for an action misrouted ({misrouted / meant:.1%})", tone)
        )
    return Html(f'{_paragraph(said)}<div class="badges">{"".join(badges)}</div>')


def _flow(messages: pd.DataFrame) -> Html:
    if messages.empty:
        return _paragraph("Nothing.")
    return _wide(flow(ways(messages), STATIONS))


def _latency(messages: pd.DataFrame) -> Html:
    spans = messages.loc[messages["latency"].notna(), "latency"].dt.total_seconds()
    if spans.empty:
        return _paragraph("Nothing has come to an end.")
    took = spans[spans > 0]
    said = "From a message's first event to its last end, as the world's clock tells"
    at_once = f"{len(spans) - len(took):,} of {len(spans):,} took no time"
    if took.empty:
        return _paragraph(f"{said}: {at_once}.")
    parts = np.floor(np.log10(took) * _PER_DECADE).astype(int).value_counts()
    middle = ", ".join(f"{share:.0%} within {_seconds(took.quantile(share))}" for share in (0.5, 0.9, 0.99))
    said += f": {middle}." if len(took) == len(spans) else f": {at_once}; of the others {middle}."
    counts = {int(part): int(number) for part, number in parts.items()}
    return Html(_paragraph(said) + _wide(decades(counts, _PER_DECADE, said)))


def _seconds(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _misrouted(messages: pd.DataFrame) -> Html:
    meant = messages[messages["meant_for"] != ""]
    lost = meant[meant["misrouted"]]
    if lost.empty:
        return _paragraph("None.")
    total = meant["provider"].astype("str").value_counts()
    cause = lost["outcome"].astype("str") + ", " + kinds(lost["reason"])
    counts = Counter(zip(lost["provider"].astype("str"), cause, strict=True)).most_common()
    rows = [
        (provider or "none", cause, f"{number:,}", f"{number / total[provider]:.1%}")
        for (provider, cause), number in counts
    ]
    return _wide(
        table(("provider", "outcome and cause", "messages", "of its messages"), rows, lambda row: row)
    )


def _stories(trace: Trace | RecordedTrace, messages: pd.DataFrame) -> Iterator[Html]:
    """One story of each of the most frequent ways to be lost."""
    lost = messages[messages["misrouted"] | messages["outcome"].isin(_LOST)]
    if lost.empty:
        yield _paragraph("Nothing was lost.")
        return
    came = lost["outcome"].astype("str") + ", " + kinds(lost["reason"])
    for number, (way, count) in enumerate(came.value_counts().head(_STORIES).items()):
        example = lost[came == way].iloc[0]
        story = list(told(trace.story(example["trace_id"])))
        hops = "\n".join(text(hop) for hop in story[:_HOPS])
        more = f"\n… {len(story) - _HOPS:,} more hops" if len(story) > _HOPS else ""
        title = f"{count:,} {way}: such as {example['message_id'] or example['trace_id']}"
        yield Html(
            f"<details{' open' if number == 0 else ''}><summary>{text(title)}</summary><pre>{hops}{more}</pre></details>"
        )


def _settings(scenario: Mapping[str, object] | None) -> Html:
    if scenario is None:
        return _paragraph("The trace holds no scenario.")
    rows = [
        (f"{name}.{key}" if isinstance(value, Mapping) else name, str(one))
        for name, value in scenario.items()
        if not isinstance(value, list)
        for key, one in (value.items() if isinstance(value, Mapping) else [("", value)])
    ]
    rows += [(name, f"{len(value):,}") for name, value in scenario.items() if isinstance(value, list)]
    return _wide(table(("setting", "value"), rows, lambda row: (row[0], code(row[1]))))

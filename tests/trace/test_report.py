"""The page of a trace: true figures, nothing from outside, hostile mail inert, small whatever the run's size."""

import math
from datetime import timedelta
from html.parser import HTMLParser

import pytest

import mailsim
from mailsim.trace import Event, Step, Trace
from mailsim.trace.pictures import Way, decades, flow
from mailsim.trace.report import report

from .test_files import ONE

PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style><svg onload=alert(1)>",
    "\u202e<b>",
]
ALLOWED = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "h1",
        "h2",
        "section",
        "p",
        "div",
        "span",
        "strong",
        "bdi",
    ),
    *("code", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "pre"),
    *("svg", "rect", "path", "line", "text", "tspan"),
}


class Page(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        """Text."""
        self.words += data


@pytest.fixture(scope="module")
def trace() -> Trace:
    """Three answers that go astray, one letter that bounces."""
    scenario: dict[str, object] = {
        "mailbox": {
            "type": "catch-all",
            "default_sender": "matters@abc.com",
            "fallback_address": "help@elsewhere.example",
        },
        "action": [{"id": 1234}],
        "provider": {"profile": "gmail"},
        "correspondent": [{"address": "jane@client.example", "delay": "2h"}],
    }
    with mailsim.Simulation(scenario) as world:
        for _ in range(3):
            world.send(from_action=1234, to="jane@client.example", subject=PAYLOADS[0])
        world.settle()
        world.collect()
    return world.trace


def test_figures_are_those_of_the_trace(trace: Trace) -> None:
    """Totals, shares, cause and provider, and a story with its hops."""
    page = Page(report(trace, "run"))
    words = " ".join(page.words.split())

    assert "6 messages, 3 conversations" in words
    assert "3 unassigned" in words
    assert "3 of 3 for an action misrouted (100.0%)" in words
    assert "smtp.gmail.comunassigned, sender-rewritten3100.0%" in words
    assert "rewrites From: a1234@abc.com becomes matters@abc.com" in words
    assert "decides: unassigned (sender-rewritten, meant for action:1234)" in words


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_mail_is_inert(payload: str) -> None:
    """In every column that mail can fill, and in the name."""
    steps = (Step.COMPOSED, Step.SUBMITTED, Step.REPLIED, Step.BOUNCED)
    events = [
        Event(n, ONE[0].time, payload, payload, step, payload, payload, payload, payload, 1, payload, payload)
        for n, step in enumerate(steps)
    ]
    trace = Trace(events, retold=lambda: {"mailbox": {payload: payload}, payload: [payload]})
    html = report(trace, payload)
    page = Page(html)

    assert page.tags <= ALLOWED
    assert not [name for name in page.attributes if name.startswith("on") or name in {"src", "href"}]
    assert "\u202e" not in html
    assert "url(" not in html
    assert "default-src 'none'" in html


def test_nothing_and_little(trace: Trace) -> None:
    """An empty trace, and one where nothing was lost or has ended."""
    assert "no messages" in report(Trace(), "none")
    page = Page(report(ONE, "one")).words

    assert "Nothing was lost." in page
    assert "Nothing has come to an end." in page
    assert "The trace holds no scenario." in page


def test_settings_are_shown(trace: Trace) -> None:
    """Each value by its key; of lists how many."""
    tables = {"mailbox": {"type": "catch-all"}, "seed": 7, "action": [{"id": 1}, {"id": 2}]}
    kept = Trace(list(trace), retold=lambda: tables)
    words = Page(report(kept, "run")).words

    assert "mailbox.typecatch-all" in words
    assert "seed7" in words
    assert "action2" in words


def test_a_flow_adds_up_and_is_bounded() -> None:
    """Of a thousand reasons nine are shown and the others together; every way is in one ribbon."""
    ways: dict[Way, int] = {("people", "delivered", f"reason {n}"): n + 1 for n in range(1000)}
    drawn = Page(flow(ways, ("from", "outcome", "because of"))).words

    assert "others" in drawn
    assert f"people to delivered: {sum(ways.values()):,}" in drawn
    assert drawn.count("reason ") == 18  # each as a station and as a ribbon


@pytest.mark.parametrize(
    ("seconds", "named"), [(0.002, ["1 ms", "10 ms"]), (7200, ["1 h", "10 h"]), (3e8, ["100 d"])]
)
def test_an_axis_of_time_names_a_length_on_either_side(seconds: float, named: list[str]) -> None:
    """Of however few lengths of time; beyond the longest there is no name."""
    drawn = Page(decades({math.floor(math.log10(seconds) * 6): 3}, 6, "")).words

    assert [length for length in ("1 ms", "10 ms", "1 h", "10 h", "100 d") if length in drawn] == named


def test_what_took_no_time_is_counted_in_words() -> None:
    """A scale of powers of ten has no place for it."""
    later = timedelta(hours=2)
    events = [
        event._replace(
            serial=n,
            message_id=f"<{n % 3}>",
            step=step,
            time=ONE[0].time + (later if n == 5 else timedelta()),
        )
        for n, (event, step) in enumerate([(ONE[0], Step.COMPOSED)] * 3 + [(ONE[0], Step.STORED)] * 3)
    ]
    words = Page(report(Trace(events), "run")).words

    assert "2 of 3 took no time; of the others 50% within 2.0 h" in words
    assert (
        "3 of 3 took no time."
        in Page(report(Trace([*events[:5], events[5]._replace(time=ONE[0].time)]), "run")).words
    )


def test_a_large_run_is_a_small_page(trace: Trace) -> None:
    """It is counted and bounded: two hundred times the mail, hardly more of a page."""
    many = [
        event._replace(serial=n, trace_id=event.trace_id and f"{event.trace_id}-{n // len(trace)}")
        for n, event in enumerate(list(trace) * 200)
    ]

    assert len(report(Trace(many), "run")) < 1.2 * len(report(trace, "run"))


def test_what_servers_say_is_counted_by_its_codes() -> None:
    """Each names another address; the stories alone tell the words."""
    rows = [(f"<{n}@x>", f"554 5.2.252 {n}@abc.com may not send") for n in range(2)]
    refused = [
        ONE[0]._replace(serial=n, trace_id=f"t{n}", message_id=name, step=Step.REFUSED, reason=reason)
        for n, (name, reason) in enumerate(rows)
    ]
    words = Page(report(Trace(refused), "run")).words

    assert "2 refused, 554 5.2.252: such as <0@x>" in words

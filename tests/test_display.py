"""Displays are safe whatever stands in a message, bounded whatever its size, and say in words what they say in colour."""

import json
import re
import sys
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.formatters import PlainTextFormatter

import mailsim
from mailsim.check.probed import Probe
from mailsim.check.verdict import Cause, Check, Verdict
from mailsim.check.verdict import Step as Stage
from mailsim.display import Html, Tone, badge, block, code, heading, note, path, table, text
from mailsim.mail import Address, Mailbox, Message
from mailsim.plain import MOST_ROWS
from mailsim.practice.decision import Decision, Evidence, Outcome, Reason, Resolver
from mailsim.practice.directory import Action, Alias, Directory, User
from mailsim.practice.settings import ActionAddressIn, Settings
from mailsim.practice.site import Site
from mailsim.provider.profiles import profile
from mailsim.trace.event import Event, Step, Trace
from mailsim.trace.pictures import COLOURS, OTHER_COLOUR

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' style='position:fixed",
    "</td></tr></table><iframe src=javascript:alert(1)>",
    "<!--<b>",
    "&lt;b&gt;<b>",
    "<\x00script>",
    "javascript:alert(1)",
]

FRAME = re.compile('<iframe sandbox="" referrerpolicy="no-referrer" [^<>]*></iframe>')
DRAWN = {"svg", "line", "circle", "path", "text"}
ALLOWED = {"div", "span", "strong", "bdi", "code", "table", "thead", "tbody", "tr", "th", "td", "ol", "li"}


class Markup(HTMLParser):
    """What a browser would make of HTML: elements, attributes, text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.words = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """It ends, and is the one that began last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """What a reader sees."""
        self.words += data

    def handle_comment(self, data: str) -> None:
        """We write none."""
        self.tags.append("comment")


def assert_safe(html: str) -> Markup:
    """Only our own elements and inline style, all of them closed."""
    markup = Markup(html)
    assert set(markup.tags) <= ALLOWED
    assert markup.attributes <= {"style", "colspan"}
    assert not markup.open
    return markup


def everything(words: str) -> Html:
    """One display that holds the words in every place where words can stand."""
    return block(
        heading(words, badge(words, Tone.GOOD), words),
        note(words, code(words)),
        table([words, "b"], [words], lambda cell: [cell, code(cell)]),
        path([(words, words, words)]),
        words,
    )


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payloads_are_inert_everywhere(payload: str) -> None:
    """What would be markup is shown as the letters it is."""
    markup = assert_safe(everything(payload))

    assert payload.replace("\x00", "\\x00") in markup.words


@given(st.text())
def test_no_text_makes_markup(words: str) -> None:
    """The law, for any text: the same elements, whatever the words."""
    assert Markup(everything(words)).tags == Markup(everything("")).tags


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\r\nBcc: x", "a\\r\\nBcc: x"),
        ("moc.knab\u202e", "moc.knab\\u202e"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("half \ud800", "half \\ud800"),
        ("Ünïcode 名前", "Ünïcode 名前"),
        ("x" * 301, "x" * 300 + "…"),
        ("<" * 301, "&lt;" * 300 + "…"),
    ],
)
def test_text_shows_what_would_act_or_hide(words: str, shown: str) -> None:
    """Controls and direction marks become escapes, long text is cut; letters of all scripts stay."""
    assert text(words) == shown


@pytest.mark.parametrize("tone", Tone)
def test_a_badge_speaks_without_colour(tone: Tone) -> None:
    """Every tone has its own sign beside the words."""
    sign, colour = tone.value
    shown = badge("verdict", tone)

    assert Markup(shown).words == f"{sign} verdict"
    assert colour in shown
    assert contrast_with_white(colour) >= 4.5  # WCAG 2.2, 1.4.3, level AA


def contrast_with_white(colour: str) -> float:
    """WCAG 2.2's contrast ratio of white on this colour."""
    return 1.05 / (luminance(colour) + 0.05)


def luminance(colour: str) -> float:
    """WCAG 2.2's relative luminance."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", sorted({*COLOURS.values(), OTHER_COLOUR}))
def test_what_is_drawn_stands_out_from_light_and_dark_pages(colour: str) -> None:
    """White, and JupyterLab's dark (#111): WCAG 2.2, 1.4.11."""
    assert contrast_with_white(colour) >= 3
    assert (luminance(colour) + 0.05) / (luminance("#111111") + 0.05) >= 3


def test_signs_and_colours_differ() -> None:
    """No two tones share either."""
    assert len({tone.value[0] for tone in Tone}) == len({tone.value[1] for tone in Tone}) == len(Tone)


@pytest.mark.parametrize(("rows", "shown"), [(0, 0), (1, 1), (MOST_ROWS, MOST_ROWS), (10_000, MOST_ROWS)])
def test_a_table_shows_its_first_and_last_rows(rows: int, shown: int) -> None:
    """At most fifty rows, and how many stand between; of none no head either."""
    words = Markup(table(["number"], range(rows), lambda number: [f"row{number};"])).words

    assert words.count("row") == shown
    assert (f"… {rows - shown:,} more …" in words) == (rows > shown)
    assert ("number" in words) == (rows > 0)
    assert rows == 0 or ("row0;" in words and f"row{rows - 1};" in words)


def test_a_path_shows_its_first_and_last_stations() -> None:
    """The same bound as for a table."""
    markup = assert_safe(path([("R4.5", f"read{number};", "went on") for number in range(1000)]))

    assert markup.words.count("read") == MOST_ROWS
    assert "… 950 more …" in markup.words


def test_a_table_without_titles_has_no_head() -> None:
    """Names and values need no titles."""
    assert "thead" not in Markup(table(["", ""], [("From", "jane")], tuple)).tags


# Decision, Message, Trace


def decision(**changes: Any) -> Decision:
    """A reply that a rewritten sender sent astray."""
    fields: dict[str, Any] = {
        "message": "reply.eml",
        "message_id": "<r1@client.example>",
        "outcome": Outcome.UNASSIGNED,
        "targets": ("unassigned",),
        "reason": Reason.SENDER_REWRITTEN,
        "resolver": Resolver.ADDRESS,
        "guessed": False,
        "address": "matters@abc.com",
        "meant_for": "action:1234",
        "evidence": (Evidence("R4.4", "Delivered-To: matters@abc.com", "the system mailbox's own address"),),
    }
    return Decision(**fields | changes)


def test_a_decision_shows_its_verdict_above_its_evidence() -> None:
    """Outcome, reason and whom it was meant for come first; then each rule, what it read and concluded."""
    words = assert_safe(decision()._repr_html_()).words

    told = ["! unassigned", "reply.eml", "sender-rewritten", "meant for action:1234", "<r1@client.example>"]
    told += ["R4.4", "Delivered-To: matters@abc.com", "→ the system mailbox's own address"]
    assert sorted(map(words.find, told)) == [words.find(one) for one in told]
    assert words.find("! unassigned") == 0


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"outcome": Outcome.DELIVERED, "targets": ("action:1234",)}, ["✓ delivered", "to action:1234"]),
        ({"outcome": Outcome.FALLBACK, "targets": ("fallback:x@y.example",)}, ["✗ fallback"]),
        ({"outcome": Outcome.DUPLICATE, "targets": ()}, ["• duplicate"]),
        ({"guessed": True}, ["the recipient was guessed"]),
        ({"resolver": Resolver.THREAD}, ["found by thread"]),
        ({"message": None}, ["<r1@client.example>"]),
        ({"message": None, "message_id": None}, ["a message"]),
    ],
)
def test_a_decision_says_what_matters(changes: dict[str, object], shown: Sequence[str]) -> None:
    """Each ending has its badge; what is unusual is said."""
    words = assert_safe(decision(**changes)._repr_html_()).words

    assert all(one in words for one in shown)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_decision_on_hostile_mail_is_inert(payload: str) -> None:
    """Names, ids, addresses and evidence come from mail."""
    hostile = decision(
        message=payload,
        address=payload,
        targets=(f"fallback:{payload}",),
        meant_for=payload,
        evidence=(Evidence("R4.3", payload, payload),) * 200,
    )

    assert_safe(hostile._repr_html_())


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("field", ["Subject", "From", "X-Odd"])
def test_a_message_with_a_hostile_header_is_inert(field: str, payload: str) -> None:
    """Field values are shown as the letters they are, and so is text; HTML stands in the frame alone."""
    octets = f"{field}: {payload}\r\nContent-Type: text/html\r\n\r\n<b>framed</b>{payload}\r\n".encode()
    html, found = FRAME.subn("", Message(octets)._repr_html_())
    markup = assert_safe(html)

    assert payload.replace("\x00", "\\x00") in markup.words
    assert found == 1
    assert "framed" not in markup.words
    assert_safe(Message(octets.replace(b"text/html", b"text/plain"))._repr_html_())


def test_a_message_shows_its_fields_and_sizes() -> None:
    """Fields stand in their order, folds removed; the sizes are those of the octets."""
    octets = b"From: jane@client.example\r\nSubject: a\r\n long one\r\n\r\n1234567890"
    markup = assert_safe(Message(octets)._repr_html_())

    assert "From" in markup.words
    assert "a long one" in markup.words
    assert f"{len(octets):,} octets" in markup.words
    assert "10 in the body" in markup.words


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (b"", "✗ no-header"),
        (b"\xff\xfe\x00\x00", "✗ undecodable-header"),
        (b"From: jane@client.exa", "✗ truncated"),
        (b"From: a\rTo: b\r\r", "✗ undecodable-header"),
        (b"\xff: \xfe\r\n\r\n", "✗ no-header"),
        (b"Subject: \xff\xfe\r\n\r\n", "\ufffd\ufffd"),
    ],
)
def test_a_message_that_cannot_be_read_says_so(octets: bytes, shown: str) -> None:
    """No octets raise; a defect is a badge."""
    assert shown in assert_safe(Message(octets)._repr_html_()).words


def test_a_huge_header_is_shown_in_part() -> None:
    """A header of many fields, or of one endless field, makes no endless display."""
    many = Message(b"".join(b"X-%d: y\r\n" % number for number in range(100_000)) + b"\r\n")
    long = Message(b"X: " + b"y" * 5_000_000 + b"\r\n\r\n")

    assert len(many._repr_html_()) < 50_000
    assert len(long._repr_html_()) < 5_000


def event(serial: int, step: Step = Step.STORED, **changes: Any) -> Event:
    """A copy put in a mailbox, or another step."""
    fields: dict[str, Any] = {
        "serial": serial,
        "time": datetime(2026, 11, 23, 9, serial % 60, tzinfo=UTC),
        "trace_id": "t000001",
        "message_id": "<m1@abc.com>",
        "step": step,
        "place": "jane@client.example",
        "recipient": "jane@client.example",
    }
    return Event(**fields | changes)


def test_an_empty_trace_says_so() -> None:
    """Before anything happened."""
    words = assert_safe(Trace()._repr_html_()).words

    assert "0 events" in words


def test_a_trace_shows_what_came_of_the_mail_above_its_events() -> None:
    """How many were decided how and refused; then when, where and what, in words."""
    detail = '{"targets": ["unassigned"], "meant_for": "action:1234"}'
    decided = event(
        1, Step.DECIDED, place="practice", outcome="unassigned", reason="sender-rewritten", detail=detail
    )
    trace = Trace([event(0), decided, event(2, Step.REFUSED, reason="554 no", trace_id="t000002")])
    words = assert_safe(trace._repr_html_()).words

    told = ["! 1 unassigned", "✗ 1 refused", "3 events ", " 2 conversations ", "09:00:00"]
    told += ["takes the copy for jane@client.example", "meant for action:1234", "554 no"]
    assert all(one in words for one in told)


def test_a_long_trace_shows_its_ends() -> None:
    """Of a million events fifty are rows."""
    markup = assert_safe(Trace([event(serial) for serial in range(10_000)])._repr_html_())

    assert markup.words.count("takes the copy") == MOST_ROWS
    assert " 1 conversation " in markup.words
    assert "9,950 more" in markup.words


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_trace_of_hostile_mail_is_inert(payload: str) -> None:
    """Ids, addresses and a server's words come from other people."""
    words = {
        "message_id": payload,
        "sender": payload,
        "recipient": payload,
        "reason": payload,
        "outcome": payload,
    }
    details = {
        Step.REWRITTEN: {"from": payload, "to": payload},
        Step.DECIDED: {"targets": [payload], "meant_for": payload},
    }
    trace = Trace(
        [event(0, step, place=payload, detail=json.dumps(details.get(step, {})), **words) for step in Step]
    )

    assert_drawn(trace._repr_html_())
    assert_safe(Trace([*trace, event(1, trace_id="t000002")])._repr_html_())


def assert_drawn(html: str) -> Markup:
    """A display with a drawing in it: our own elements, with nothing that loads or runs."""
    markup = Markup(html)
    assert set(markup.tags) <= ALLOWED | DRAWN
    assert not [
        name for name in markup.attributes if name.startswith("on") or "href" in name or name == "src"
    ]
    assert not markup.open
    return markup


def test_a_short_story_is_drawn() -> None:
    """A lane for each party and a row for each hop, its words beside it."""
    trace = Trace([event(0), event(1, Step.RELAYED, place="mx.a.example", peer="mx.b.example")])
    markup = assert_drawn(trace._repr_html_())

    assert markup.tags.count("line") == 3 + 1  # lanes (the mailbox and two servers), an arrow
    assert "takes the copy for jane@client.example" in markup.words
    assert "table" not in markup.tags


def test_the_directory_shows_where_every_address_leads() -> None:
    """Actions and aliases, those that lead nowhere too."""
    directory = Directory(
        "abc.com",
        [Action(1234, "Smith v Jones")],
        [User("mary")],
        [Alias(Address("sales", "abc.com"), ("mary",)), Alias(Address("old", "abc.com"), ())],
    )
    words = assert_safe(directory._repr_html_()).words

    told = ["a1234@abc.com", "action 1234 Smith v Jones", "action:1234", "sales@abc.com", "mailbox:mary"]
    assert all(one in words for one in [*told, "old@abc.comaliasunassigned", "action: 1"])


def test_a_site_shows_its_settings_without_secrets_and_what_is_wrong_with_them() -> None:
    """Given settings only; the directory below."""
    site = mailsim.read_site(
        {
            "mailbox": {
                "type": "catch-all",
                "default_sender": "matters@abc.com",
                "fallback_address": "help@abc.com",
                "allow_fallback_clash": True,
            },
            "pop": {"server": "ssl://pop.abc.com:995", "username": "m", "password": "hunter2"},
            "action": [{"id": 7, "name": PAYLOADS[0]}],
        }
    )
    words = assert_safe(site._repr_html_()).words

    told = [
        "mailbox.typecatch-all",
        "pop.serverssl://pop.abc.com:995",
        "pop.password**********",
        "action1",
        "a7@abc.com",
    ]
    assert all(one in words for one in told)
    assert "! warning" in words
    assert "hunter2" not in site._repr_html_()


def test_a_message_shows_its_text_its_html_and_what_is_attached() -> None:
    """Text as it stands, bounded; HTML in the frame; names of attachments, which may be anything."""
    message = EmailMessage()
    message["From"] = "jane@client.example"
    message.set_content("first line\n  indented <b>\n" + "more\n" * 100)
    message.add_alternative("<p>in the frame</p>", subtype="html")
    message.add_attachment(
        b"x", maintype="image", subtype="png", filename='<img src=x onerror=alert(1)>\u202egpj".exe'
    )
    shown = Message(message.as_bytes())._repr_html_()
    html, found = FRAME.subn("", shown)
    words = assert_safe(html).words

    assert found == 1
    assert "&lt;p&gt;in the frame&lt;/p&gt;" in shown
    assert all(one in words for one in ["first line", "  indented <b>", "… 52 more lines …"])
    assert "attached: <img src=x onerror=alert(1)>\\u202egpj" in words
    assert "(image/png)" in words


def test_a_message_of_which_much_is_left_out_says_so() -> None:
    """A large body, and parts without end."""
    large = Message(b"From: a@b.example\r\n\r\n" + b"x\r\n" * 200_000)
    parts = b"--b\r\nContent-Type: image/png\r\n\r\n\r\n" * 200
    many = Message(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + b"--b--\r\n")

    assert "only the beginning of the body was looked at" in assert_safe(large._repr_html_()).words
    assert len(large._repr_html_()) < 50_000
    assert "attached: without a name (image/png)" in assert_safe(many._repr_html_()).words
    assert "… 150 more attached …" in many._repr_html_()


def test_html_needs_its_sanitiser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the extra is not installed, there is a note instead of a frame."""
    monkeypatch.setitem(sys.modules, "nh3", None)
    html = Message(b"Content-Type: text/html\r\n\r\n<p>hello</p>")._repr_html_()

    assert (
        "HTML of 12 characters: nh3 is not installed; install mailsim with its extra: "
        in assert_safe(html).words
    )


# Mailbox


def mailbox(*subjects: str) -> Mailbox:
    """A mailbox of letters."""
    octets = "Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nFrom: jane@client.example\r\nTo: a1234@abc.com\r\nSubject: {}\r\n\r\nx"
    return Mailbox("action:1234", [Message(octets.format(subject).encode()) for subject in subjects])


def test_a_mailbox_is_a_table() -> None:
    """A row a message, its size that of its octets, encoded words read; it is the list of the messages as well."""
    held = mailbox("Draft", "=?utf-8?q?Gr=C3=BC=C3=9Fe?=")
    words = assert_safe(held._repr_html_()).words

    assert "action:1234" in words
    assert "2 messages" in words
    assert "2026-11-23 09:00jane@client.examplea1234@abc.com126Grüße" in words
    assert [message.value("Subject") for message in held][:1] == ["Draft"]
    assert repr(held) == "Mailbox('action:1234', 2 messages)"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_mailbox_of_hostile_mail_is_inert(payload: str) -> None:
    """Its name and whatever the rows tell; also where markup hides in an encoded word."""
    hidden = "=?utf-8?b?" + b64encode(payload.encode()).decode() + "?="
    held = Mailbox(payload, mailbox(payload, hidden))

    assert assert_safe(held._repr_html_()).words.count(payload.replace("\x00", "\\x00")) == 3
    assert all(line.isprintable() for line in str(held).splitlines())


def test_an_empty_and_a_large_mailbox() -> None:
    """Of many messages the first and the last."""
    assert "0 messages" in assert_safe(mailbox()._repr_html_()).words
    assert str(mailbox()) == "action:1234: 0 messages"
    assert "… 1,950 more …" in mailbox(*["x"] * 2000)._repr_html_()
    assert "… 1,950 more …" in str(mailbox(*["x"] * 2000))


# In words


def everything_shown() -> list[Any]:
    """One of each that shows itself, with hostile mail in it."""
    site = mailsim.read_site(
        {
            "mailbox": {
                "type": "catch-all",
                "default_sender": "matters@abc.com",
                "fallback_address": "help@abc.com",
                "allow_fallback_clash": True,
            },
            "pop": {"server": "ssl://pop.abc.com:995", "username": "m", "password": "hunter2"},
            "action": [{"id": 7, "name": PAYLOADS[1]}],
        }
    )
    octets = f"From: {HOSTILE}\r\nTo: a9@abc.com\r\nSubject: {HOSTILE}\r\n\r\n{HOSTILE}".encode()
    hostile = decision(message=HOSTILE, evidence=(Evidence("R4.3", HOSTILE, HOSTILE),))
    red = Verdict(
        check=Check.POP, step=Stage.LOGIN, cause=Cause.TIMEOUT, server=HOSTILE, message="said", advice="do"
    )
    return [
        Message(octets),
        Mailbox("unassigned", [Message(octets)]),
        site.route(octets),
        hostile,
        site,
        site.settings,
        site.directory,
        Trace([event(0, place=HOSTILE, recipient=HOSTILE)]),
        Probe(action=7, address="a7@abc.com", placement=ActionAddressIn.FROM, trouble="none came"),
        red,
        mailsim.why(octets, site=site, expect="action:7"),
        mailsim.difference(site, site, [("x", octets)]),
        profile("gmail"),
    ]


HOSTILE = '<img src=x onerror=alert(1)>\x1b]0;title\x07\u202e"'


@pytest.mark.parametrize("shown", everything_shown(), ids=lambda shown: type(shown).__name__)
def test_each_display_has_html_and_words(shown: Any) -> None:
    """A notebook shows the one, IPython in a terminal the other, where nothing is obeyed; neither has a secret."""
    words = PlainTextFormatter()(shown)

    assert words.split()[0] == str(shown).split()[0]
    assert len(words.splitlines()) == len(str(shown).split("\n"))
    assert all(line.isprintable() for line in words.splitlines())
    assert "hunter2" not in words + shown._repr_html_()
    assert_drawn(FRAME.sub("", shown._repr_html_()))


def test_words_and_html_say_the_same() -> None:
    """Each cell of a directory, a mailbox and a site's settings stands in both."""
    for shown in everything_shown():
        if isinstance(shown, Directory | Mailbox | Site | Settings):
            cells = re.findall(
                r"<t[dh][^>]*>(?:<code[^>]*>)?([^<]*)(?:</code>)?</t[dh]>", shown._repr_html_()
            )
            words = " ".join(str(shown).split())
            plain = [unescape(cell) for cell in cells if "\\" not in cell]
            assert [cell for cell in plain if cell not in words] == []
            assert cells

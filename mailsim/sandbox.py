"""HTML that somebody else wrote, made harmless: sanitised, in a frame that runs, loads, sends and opens nothing.

Laws; were either to fail, the other keeps scripts from running and images from being fetched:
- nh3 (ammonia) leaves elements of text and tables, and of their attributes those that span cells. No link, image,
  form or style sheet is left, so nothing names an address, and no click leads anywhere.
- The frame is sandboxed without any permission, and its content security policy allows one style sheet, ours, known by its
  digest: its document has an origin of its own, runs no script and fetches nothing. (It could still go elsewhere as a whole.)

What is left is drawn dark on white, as its writer meant it, whatever the theme around it.
"""

import re
from base64 import b64encode
from hashlib import sha256

from mailsim.display import Html, escaped

MOST = 200_000
"""Characters of the HTML that are looked at."""
_TAGS = frozenset({
    "abbr", "address", "article", "aside", "b", "big", "blockquote", "br", "caption", "center", "cite",
    "code", "col", "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt", "em", "figcaption",
    "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "i", "ins", "kbd",
    "li", "main", "mark", "nav", "ol", "p", "pre", "q", "s", "samp", "section", "small", "span",
    "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time",
    "tr", "tt", "u", "ul", "var",
})  # fmt: skip
_SPANS: dict[str, set[str]] = {"*": set(), "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_UNSEEN = frozenset(
    {"script", "style", "title", "template", "noscript", "noframes", "noembed", "iframe", "xmp", "object"}
)
_ACTING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Controls, and marks that turn the direction of the text after them (Unicode Standard Annex 9)."""
_STYLE = (
    "html{background:#fff;color:#1f2328;color-scheme:light}body{font:14px/1.45 system-ui,sans-serif;margin:8px}"
    "body,td,th{overflow-wrap:anywhere}td,th{vertical-align:top;padding:2px 6px}"
)
_DIGEST = b64encode(sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_DIGEST}'"
_HEAD = (
    f'<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
)
_FRAME = "display:block;box-sizing:border-box;width:100%;border:1px solid #8c959f;border-radius:4px;background:#fff;resize:vertical"


def sanitised(html: str) -> str:
    """The HTML without whatever a browser would run, load, send or open; what turns direction is an escape.

    Raises:
        ModuleNotFoundError: nh3 is not installed, which the extra `notebook` brings.
    """
    import nh3  # noqa: PLC0415 - displays only, and an extra

    clean = nh3.clean(
        html[:MOST],
        tags=set(_TAGS),
        clean_content_tags=set(_UNSEEN),
        attributes={element: set(spans) for element, spans in _SPANS.items()},
        link_rel=None,
    )
    return _ACTING.sub(lambda found: f"\\u{ord(found[0]):04x}", clean)


def framed(html: str) -> Html:
    """A frame with what is harmless in the HTML, as high as it may need; raises as `sanitised`."""
    clean = sanitised(html)
    page = f"{_HEAD}<style>{_STYLE}</style><body>{clean}"
    height = min(100 + len(clean) // 6, 420)
    return Html(
        f'<iframe sandbox="" referrerpolicy="no-referrer" title="HTML of the message" style="{_FRAME};height:{height}px" '
        f'srcdoc="{escaped(page)}"></iframe>'
    )

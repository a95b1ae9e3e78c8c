"""Addresses: RFC 5322 addr-spec and address lists, RFC 6532 letters, IDNA domains.

Two addresses are the same when their keys are: the local part NFC-normalised and
case-folded, the domain by IDNA 2008 (UTS 46, non-transitional), without trailing dot
(rule book, section 7 "Addresses"). What was written stays in `local`.

The standard library's parsers read one value differently in different Python versions
(CVE-2023-27043, cpython#122600, #151857), and a reply must not be routed by the version
of Python. So this module reads addresses itself: plain forms by one regular expression,
the rest (obsolete syntax, groups, comments, quoted strings) by a small tokeniser.
For the same reason no group is repeated possessively, only single characters are: CPython 3.11.2 loses its
place where such a group fails (cpython#106052).
Nothing here raises, whatever the value; of one value no more than `MOST_READ` characters are read.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

MOST_READ = 1024 * 1024
"""Characters of one value: far more than any real list of addresses, little enough for a hostile one to cost
seconds at worst and no gigabytes."""


class Address:
    """One mailbox address; equal and hashed by its key, shown as an RFC 5322 addr-spec."""

    __slots__ = ("domain", "key", "local", "text")

    local: str
    """The local part as written, without quotes."""
    domain: str
    """The domain in its comparison form: A-labels, lower case, no trailing dot."""
    key: str
    """`local@domain`, normalised for comparison (the domain has no "@", so it is unambiguous)."""
    text: str
    """The addr-spec of RFC 5322 section 3.4.1, the local part quoted where it must be."""

    def __init__(self, local: str, domain: str) -> None:
        self.local = local
        self.domain = domain = normal_domain(domain)
        self.key = f"{normal_local(local)}@{domain}"
        if not _DOT_ATOM.fullmatch(local):
            local = '"' + re.sub(r'(["\\])', r"\\\1", local) + '"'
        self.text = f"{local}@{domain}"

    @classmethod
    def from_dot_atoms(cls, local: str, domain: str) -> "Address":
        """As the constructor, but quicker, for parts known to be ASCII dot-atoms (RFC 5322 section 3.2.3)."""
        address = object.__new__(cls)
        address.local = local
        address.domain = domain = domain.lower().removesuffix(".")
        address.text = text = f"{local}@{domain}"
        address.key = text.lower()
        return address

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Address({self.text!r})"


class AddressList(NamedTuple):
    """What an address header's value holds."""

    addresses: tuple[Address, ...]
    junk: tuple[str, ...]
    """The elements that are no address, as they stand."""


def normal_local(local: str) -> str:
    """The comparison form of a local part: NFC, case-folded, without leading white space (R4.5)."""
    if local.isascii():
        return local.lstrip().lower()
    folded = unicodedata.normalize("NFC", local).casefold()
    return unicodedata.normalize("NFC", folded).lstrip()


def normal_domain(domain: str) -> str:
    """The comparison form of a domain: IDNA 2008 A-labels by UTS 46, lower case, no trailing dot.

    A name that IDNA refuses is kept in lower case: it equals itself and nothing else.
    """
    if domain.isascii():
        return domain.lower().removesuffix(".")
    import idna  # noqa: PLC0415 - most mail has ASCII domains, and the tables cost 8 ms to load

    try:
        return idna.encode(domain, uts46=True, transitional=False).decode("ascii").removesuffix(".")
    except (idna.IDNAError, UnicodeError):
        return domain.casefold().removesuffix(".")


def parse_address(text: str) -> Address | None:
    """The one address that `text` is, such as `a1234@abc.com`; None when it is not exactly one bare address."""
    if len(text) > MOST_READ:
        return None
    plain = plain_address(text)
    if plain:
        return plain
    found = _addr_spec(list(_tokens(text)))
    return Address(*found) if found else None


def parse_addresses(value: str, *, semicolons: bool = False) -> AddressList:
    """The addresses of an unfolded header value, in order, and what in it is no address.

    Display names, comments and groups are read over; in `name <addr>` the angle brackets
    win (RFC 5322 section 3.4). `semicolons` lets ";" separate outside groups too, as some
    programs write To and Cc. An empty value, empty list elements (RFC 5322 section 4.4) and
    empty groups give neither addresses nor junk. Encoded words stand for themselves. Of a value
    over `MOST_READ`, what stands behind the last comma within it is junk, as one element.
    """
    if len(value) > MOST_READ:
        comma = value.rfind(",", 0, MOST_READ)
        read = parse_addresses(value[: max(comma, 0)], semicolons=semicolons)
        rest = value[comma + 1 :].strip()
        return AddressList(read.addresses, (*read.junk, rest) if rest else read.junk)
    if semicolons or len(value) > _MOST_REMEMBERED:
        return _read(value, semicolons=semicolons)
    return _remembered(value)


@lru_cache(maxsize=4096)  # the same few write to each other again and again
def _remembered(value: str) -> AddressList:
    return _read(value, semicolons=False)


_MOST_REMEMBERED = 256  # characters of a value


def _read(value: str, *, semicolons: bool) -> AddressList:
    plain = _PLAIN_OR_ANGLE.fullmatch(value)
    if plain:
        local, domain, angle_local, angle_domain = plain.groups()
        return AddressList((Address.from_dot_atoms(local or angle_local, domain or angle_domain),), ())
    plain_list = _plain_list(value)
    if plain_list:
        return AddressList(plain_list, ())
    addresses: list[Address] = []
    junk: list[str] = []
    for element in _elements(_tokens(value), semicolons=semicolons):
        found = _mailbox(element)
        if found:
            addresses.append(Address(*found))
        else:
            junk.append("".join(token.text for token in element).strip())
    return AddressList(tuple(addresses), tuple(junk))


def plain_address(value: str) -> Address | None:
    """The address of a value that is nothing but one bare dot-atom address, as headers of providers are; else None."""
    if len(value) <= _MOST_REMEMBERED:
        return _remembered_plain(value)
    return _read_plain(value) if len(value) <= MOST_READ else None


def _read_plain(value: str) -> Address | None:
    plain = _PLAIN.fullmatch(value)
    return Address.from_dot_atoms(plain[1], plain[2]) if plain else None


_remembered_plain = lru_cache(maxsize=4096)(_read_plain)


def has_address(value: str) -> bool:
    """Whether an unfolded header value holds any address, as `parse_addresses` reads it; cheaper where it is plain."""
    if len(value) <= _MOST_REMEMBERED:
        return bool(_remembered(value).addresses)
    plain = len(value) <= MOST_READ and _PLAIN_OR_ANGLE.fullmatch(value)
    return bool(plain) or bool(parse_addresses(value).addresses)


_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"  # RFC 5322 section 3.2.3
_DOT_ATOM = re.compile(rf"(?:{_ATEXT}|[^\x00-\x7f])+(?:\.(?:{_ATEXT}|[^\x00-\x7f])+)*")
_PLAIN_SPEC = rf"({_ATEXT}++(?:\.{_ATEXT}++)*)@([A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]++)*\.?)"
_PLAIN = re.compile(rf"[ \t]*+{_PLAIN_SPEC}[ \t]*+")
# One address, bare or behind a display name: one quoted string, or words without special characters.
_PLAIN_OR_ANGLE = re.compile(
    rf"[ \t]*+(?:{_PLAIN_SPEC}[ \t]*+"
    rf"|(?:\"[^\"\\]*+\"[ \t]*+|[^\x00-\x1f\x7f\"(),:;<>@\[\\\]]*+)<{_PLAIN_SPEC}>[ \t]*+)"
)


def _plain_list(value: str) -> tuple[Address, ...] | None:
    """The addresses of a list whose every element is plain; None when one is not."""
    addresses = []
    for element in value.split(","):
        plain = _PLAIN_OR_ANGLE.fullmatch(element)
        if plain is None:
            return None
        local, domain, angle_local, angle_domain = plain.groups()
        addresses.append(Address.from_dot_atoms(local or angle_local, domain or angle_domain))
    return tuple(addresses)


class _Token(NamedTuple):
    kind: str
    """`word` (atom text), `quoted`, `literal`, `space`, or the special character itself."""
    text: str
    """As written."""


_QUOTED = r'"(?P<quoted>(?:[^"\\]++|\\.)*)"|'
_UNQUOTED = (
    r"(?P<literal>\[[^\[\]]*+\])"
    r"|(?P<space>[\s\x00]++)"  # white space of any kind; a NUL never belongs to an address
    r"|(?P<special>[<>,;:@.()\"\[\]\\])"
    r"|(?P<word>[^\s\x00<>,;:@.()\"\[\]\\]++)"
)
_TOKEN = re.compile(_QUOTED + _UNQUOTED, re.DOTALL)
_UNQUOTED_TOKEN = re.compile(_UNQUOTED, re.DOTALL)


def _tokens(value: str) -> Iterator[_Token]:
    """The tokens of a value without its comments; an unbalanced quote or parenthesis is read over.

    The ends of comments are found once, and after an unbalanced quote no other is sought:
    thousands of either would else make the reading quadratic.
    """
    pattern = _TOKEN
    comment_ends: dict[int, int] | None = None
    position = 0
    while match := pattern.match(value, position):
        kind, text = match.lastgroup or "", match[0]
        position = match.end()
        if kind != "special":
            yield _Token(kind, text)
        elif text in _READ_OVER:
            if text == '"':
                pattern = _UNQUOTED_TOKEN
            elif text == "(":
                if comment_ends is None:
                    comment_ends = _comment_ends(value, match.start())
                position = comment_ends.get(match.start(), position)
            yield _Token("space", " ")
        else:
            yield _Token(text, text)


_READ_OVER = frozenset(')"[]\\(')
_COMMENT_PART = re.compile(r"\\.|[()]", re.DOTALL)


def _comment_ends(value: str, start: int) -> dict[int, int]:
    """Where each comment from `start` on ends, by where it opens; comments nest (RFC 5322 section 3.2.2)."""
    ends: dict[int, int] = {}
    opened: list[int] = []
    for part in _COMMENT_PART.finditer(value, start):
        if part[0] == "(":
            opened.append(part.start())
        elif part[0] == ")" and opened:
            ends[opened.pop()] = part.end()
    return ends


_PHRASE = frozenset({"word", "quoted", ".", "space"})  # RFC 5322 section 3.2.5 and 4.1


def _elements(tokens: Iterator[_Token], *, semicolons: bool) -> Iterator[list[_Token]]:
    """The non-empty list elements of a value; a group's name is dropped, its members stand in the list."""
    element: list[_Token] = []
    in_group = False
    angle = ""  # what an open angle bracket holds so far: nothing ("<"), a route ("@"), an addr-spec ("a")
    for token in tokens:
        kind = token.kind
        if (kind == "," and angle not in ("<", "@")) or (kind == ";" and (in_group or semicolons)):
            if _is_something(element):
                yield element
            element, angle = [], ""
            in_group = in_group and kind == ","
        elif kind == ":" and not angle and all(part.kind in _PHRASE for part in element):
            element, in_group = [], True  # what stood before the colon was the group's display name
        else:
            element.append(token)
            if kind in ("<", ">"):
                angle = kind if kind == "<" else ""
            elif kind == ":":
                angle = "a"
            elif angle == "<" and kind != "space":
                angle = "@" if kind in ("@", ",") else "a"  # `<@a,@b:user@c`, RFC 5322 section 4.4
    if _is_something(element):
        yield element


def _is_something(element: list[_Token]) -> bool:
    return any(token.kind != "space" for token in element)


def _after_last(tokens: list[_Token], kind: str) -> list[_Token]:
    for index in range(len(tokens) - 1, -1, -1):
        if tokens[index].kind == kind:
            return tokens[index + 1 :]
    return tokens


def _mailbox(element: list[_Token]) -> tuple[str, str] | None:
    """The local part and domain of `addr-spec` or `[display-name] <addr-spec>`; None when it is neither."""
    if not any(token.kind == "<" for token in element):
        return _addr_spec(element)
    inside = _after_last(element, "<")
    for index, token in enumerate(inside):
        if token.kind == ">":
            inside = inside[:index]
            break
    return _addr_spec(_after_last(inside, ":"))


def _addr_spec(tokens: list[_Token]) -> tuple[str, str] | None:
    """`local-part@domain`, white space allowed round dots and "@" (RFC 5322 section 4.4); None when it is none."""
    parts = _joined(tokens)
    at = [index for index, part in enumerate(parts) if part.kind == "@"]
    if len(at) != 1:
        return None
    local = _local_part(parts[: at[0]])
    domain = _domain(parts[at[0] + 1 :])
    return (local, domain) if local is not None and domain else None


def _joined(tokens: list[_Token]) -> list[_Token]:
    """The tokens without white space, but with a `space` kept where two words would otherwise touch."""
    parts: list[_Token] = []
    spaced = False
    for token in tokens:
        if token.kind == "space":
            spaced = True
            continue
        if spaced and parts and parts[-1].kind not in ".@" and token.kind not in ".@":
            parts.append(_Token("space", " "))
        parts.append(token)
        spaced = False
    return parts


def _local_part(parts: list[_Token]) -> str | None:
    """Words, quoted strings and dots; consecutive or outer dots are kept, as some providers allow them."""
    if not any(part.kind in ("word", "quoted") for part in parts):
        return None
    if any(part.kind not in ("word", "quoted", ".") for part in parts):
        return None
    return "".join(_unquoted(part.text) if part.kind == "quoted" else part.text for part in parts)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def _domain(parts: list[_Token]) -> str:
    """The domain's text; empty when it is none (a label is missing, or something else stands there)."""
    if len(parts) == 1 and parts[0].kind == "literal":
        return parts[0].text
    if parts and parts[-1].kind == ".":
        parts = parts[:-1]
    words, dots = parts[::2], parts[1::2]
    well_formed = len(words) == len(dots) + 1 and all(part.kind == "word" for part in words)
    return (
        "".join(part.text for part in parts) if well_formed and all(part.kind == "." for part in dots) else ""
    )

"""An SPF record's text, cut into its terms by the grammar of RFC 7208 section 12: pure.

pyspf stops at the first fault, and after evaluating what stands before it; advice wants every term with its place
and its fault.
"""

import re
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address

VERSION = "v=spf1"

ASKING = frozenset({"a", "mx", "ptr", "include", "exists", "redirect"})
"""The terms that ask DNS and count (RFC 7208 section 4.6.4)."""

_QUALIFIERS = "+-~?"
_MECHANISMS = ("all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists")
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"
"""What word processors make of a hyphen-minus."""
_MISSPELT = {
    "ip": "ip4",
    "ipv4": "ip4",
    "ipv6": "ip6",
    "prt": "ptr",
    "includes": "include",
    "exist": "exists",
}

_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)", re.DOTALL)
_NAME_AND_REST = re.compile(r"([^:/]*)(.*)", re.DOTALL)
# Without c, r and t, which are for the text behind `exp=` only (RFC 7208 section 7.2).
_MACRO = r"%(?:[%_-]|\{[slodiphvSLODIPHV][0-9]{0,3}r?[-.+,/_=]*\})"
_MACRO_STRING = re.compile(rf"(?:[!-$&-~]|{_MACRO})*")
_TOP_LABEL = r"(?:[0-9A-Za-z]*[A-Za-z][0-9A-Za-z]*|[0-9A-Za-z]+-[0-9A-Za-z-]*[0-9A-Za-z])"
_DOMAIN_END = re.compile(rf"(?:.*(?:\.{_TOP_LABEL}\.?|{_MACRO}))", re.DOTALL)
_DUAL_CIDR = re.compile(r"(.*?)(?:/(0|[1-9][0-9]{0,2}))?(?://(0|[1-9][0-9]{0,2}))?", re.DOTALL)
_CIDR = re.compile(r"(.*?)(?:/(0|[1-9][0-9]{0,2}))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a record.

    Attributes:
        text: It as it stands.
        name: The mechanism's or modifier's name in lower case, empty where it has none that can be read.
        qualifier: `+`, `-`, `~` or `?`; `+` where none is written, empty of a modifier.
        domain: The domain or network behind the name, as it stands; empty without one.
        fault: What is wrong with it, in words; empty when it is right.
        instead: The term that was probably meant, where it is wrong and that can be told.
    """

    text: str
    name: str
    qualifier: str = ""
    domain: str = ""
    fault: str = ""
    instead: str = ""

    @property
    def is_modifier(self) -> bool:
        """Whether it is a modifier, whose place does not matter (RFC 7208 section 6)."""
        return not self.qualifier

    @property
    def has_macro(self) -> bool:
        """Whether it means something else for each message (RFC 7208 section 7)."""
        return "%{" in self.domain

    @property
    def target(self) -> str:
        """The domain in comparison form, without final dot."""
        return self.domain.lower().removesuffix(".")


def is_record(text: str) -> bool:
    """Whether receivers take a TXT record for an SPF record (RFC 7208 section 4.5)."""
    return text[: len(VERSION)].lower() == VERSION and text[len(VERSION) : len(VERSION) + 1] in ("", " ")


def read_terms(record: str) -> tuple[Term, ...]:
    """Cut an SPF record into its terms, without the version; any white space parts them."""
    return tuple(map(read_term, record[len(VERSION) :].split()))


def permanent_fault(record: str) -> str:
    """What makes receivers take nothing of a record (RFC 7208 sections 4.6, 6), in words; empty of one that can be read."""
    if re.search(r"[^ \S]", record):
        return "only spaces part terms"
    terms = read_terms(record)
    if wrong := next((term for term in terms if term.fault), None):
        return f"{wrong.text!r}: {wrong.fault}"
    modifiers = [term.name for term in terms if term.is_modifier]
    return "a modifier stands twice" if len(set(modifiers)) < len(modifiers) else ""


def read_term(text: str) -> Term:
    """Read one term, which is not empty; nothing raises, what is wrong with it stands in its `fault`."""
    term = _read(text)
    if term.fault and "," in text:
        parts = [_good(_read(part)) for part in text.split(",") if part]
        meant = " ".join(parts) if all(parts) else ""
        return replace(term, name="", fault="terms are parted by spaces, not commas", instead=meant)
    return term


def _read(text: str) -> Term:
    if modifier := _MODIFIER.fullmatch(text):
        return _modifier(text, modifier[1].lower(), modifier[2])
    sign = text[0] if text[0] in _QUALIFIERS else ""
    name, rest = _NAME_AND_REST.fullmatch(text[len(sign) :]).groups()  # type: ignore[union-attr]  # matches anything
    term = Term(text, name.lower(), sign or "+")
    match term.name:
        case "all":
            fault = "`all` takes nothing behind it" if rest else ""
            return replace(term, fault=fault, instead=f"{sign}{name}" if rest else "")
        case "ip4" | "ip6":
            return _network(term, sign, rest)
        case "a" | "mx":
            return _host(term, sign, rest)
        case "ptr" | "include" | "exists":
            return _named(term, rest)
        case _:
            return _unknown(term, sign, rest)


def _modifier(text: str, name: str, value: str) -> Term:
    if name in ("redirect", "exp"):
        return Term(text, name, domain=value, fault=_domain_fault(value))
    sound = _MACRO_STRING.fullmatch(value)
    return Term(text, name, domain=value, fault="" if sound else f"{value!r} is no macro-string")


def _unknown(term: Term, sign: str, rest: str) -> Term:
    if term.text[0] in _DASHES and term.text[1:].isascii():
        dashed = _good(_read(f"-{term.text[1:]}")) if term.text[1:] else ""
        fault = f"it begins with the character U+{ord(term.text[0]):04X}, not with '-'"
        return replace(term, name="", fault=fault, instead=dashed)
    if meant := _MISSPELT.get(term.name):
        cured = _read(f"{sign}{meant}{rest}")
        return replace(
            term, name="", fault=f"{term.name!r} is no mechanism, {meant!r} is", instead=_good(cured)
        )
    bare = term.text[len(sign) :]
    for version, kind in ((IPv4Address, "ip4"), (IPv6Address, "ip6")):
        if _is_address(bare.partition("/")[0], version):
            cured = _read(f"{sign}{kind}:{bare}")
            return replace(term, name="", fault=f"an address stands behind `{kind}:`", instead=_good(cured))
    return replace(term, name="", fault=f"{term.name!r} is no mechanism; those are {', '.join(_MECHANISMS)}")


def _good(term: Term) -> str:
    return term.instead if term.fault else term.text


def _network(term: Term, sign: str, rest: str) -> Term:
    address, length = _CIDR.fullmatch(rest.removeprefix(":")).groups()  # type: ignore[union-attr]  # matches anything
    term = replace(term, domain=address)
    version, longest = (IPv4Address, 32) if term.name == "ip4" else (IPv6Address, 128)
    if not rest.startswith(":") or not _is_address(address, version):
        other, kind = (IPv6Address, "ip6") if term.name == "ip4" else (IPv4Address, "ip4")
        meant = f"{sign}{kind}{rest}" if rest.startswith(":") and _is_address(address, other) else ""
        return replace(term, fault=f"{address!r} is no address of {term.name}", instead=meant)
    if int(length or 0) > longest:
        return replace(term, fault=f"/{length} is longer than /{longest}")
    return term


def _host(term: Term, sign: str, rest: str) -> Term:
    domain, length, length6 = _DUAL_CIDR.fullmatch(rest).groups()  # type: ignore[union-attr]  # matches anything
    term = replace(term, domain=domain[1:])
    if int(length or 0) > 32 or int(length6 or 0) > 128:
        return replace(term, fault="a length is over /32, or over //128")
    if domain and _is_address(domain[1:], IPv4Address):
        return replace(
            term, fault="an address stands behind `ip4:`", instead=f"{sign}ip4{rest.partition('//')[0]}"
        )
    return replace(term, fault=_domain_fault(domain[1:]) if domain else "")


def _named(term: Term, rest: str) -> Term:
    if term.name == "ptr" and not rest:
        return term
    fault = _domain_fault(rest[1:]) if rest[:1] == ":" else "it needs a domain"
    return replace(term, domain=rest[1:], fault=fault)


def _domain_fault(domain: str) -> str:
    if not domain:
        return "it needs a domain"
    if not _MACRO_STRING.fullmatch(domain):
        return f"{domain!r} holds a letter or macro that no domain has"
    return "" if _DOMAIN_END.fullmatch(domain) else f"{domain!r} is no full domain name"


def _is_address(text: str, version: type[IPv4Address | IPv6Address]) -> bool:
    try:
        return "%" not in text and bool(version(text))
    except ValueError:
        return False

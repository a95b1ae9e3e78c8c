"""What to publish so that mail sent through the practice system's own servers passes SPF (R5.6): pure.

The record needs `include:_spf.actionstep.com`, reached before `all`. A record that has it and nothing wrong stays as
it is; else the advised record is the one given, mended no more than needed.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mailsim.mail import normal_domain
from mailsim.provider.dns import Zone
from mailsim.provider.spf_lookups import MOST_LOOKUPS, MOST_VOID, Lookups, count_lookups
from mailsim.provider.spf_record import VERSION, Term, is_record, read_term, read_terms

INCLUDED = "_spf.actionstep.com"
INCLUDE = f"include:{INCLUDED}"
ADVISED = f"{VERSION} a mx ptr {INCLUDE} ~all"
"""For a domain without a record."""

_LONGEST_STRING = 255
_LONGEST_RECORD = 512
"""Octets of a record that should not be passed (RFC 7208 section 3.4)."""
_KNOWN_MODIFIERS = ("redirect", "exp")
_QUOTED = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """The record must be changed."""
    WARNING = "warning"
    """It works; it is worth a look."""


@dataclass(frozen=True, slots=True)
class SpfFinding:
    """One thing that was found: its name, which stays the same, and what to do, in one line."""

    severity: Severity
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfAdvice:
    """What to publish.

    Attributes:
        domain: The domain whose records they are; empty when none was named.
        given: The TXT records that were given, their strings joined.
        advised: The one SPF record to publish.
        lookups: What the advised record asks of DNS.
        findings: Errors first.
    """

    domain: str
    given: tuple[str, ...]
    advised: str
    lookups: Lookups
    findings: tuple[SpfFinding, ...]

    @property
    def green(self) -> bool:
        """Whether what was given needs no change."""
        return bool(self.given) and not any(f.severity is Severity.ERROR for f in self.findings)

    @property
    def strings(self) -> tuple[str, ...]:
        """The advised record as the strings of a TXT record, none over 255 octets."""
        starts = range(0, len(self.advised), _LONGEST_STRING)
        return tuple(self.advised[start : start + _LONGEST_STRING] for start in starts)

    def as_json(self) -> dict[str, object]:
        """The advice as `mailsim spf --json` prints it."""
        return {
            "domain": self.domain or None,
            "given": list(self.given),
            "green": self.green,
            "advised": self.advised,
            "strings": list(self.strings),
            "lookups": self.lookups.count,
            "void_lookups": list(self.lookups.void),
            "not_followed": list(self.lookups.unknown),
            "findings": [
                {"severity": found.severity, "finding": found.name, "text": found.text}
                for found in self.findings
            ],
        }


def advise(records: Iterable[str], *, domain: str = "", zone: Zone | None = None) -> SpfAdvice:
    """Say what to publish, given the TXT records of a domain; whatever they hold, there is an advice.

    A record written as quoted strings, as in `"v=spf1 a " "-all"`, is joined as receivers join it. With a zone,
    included records that it knows are counted too.
    """
    texts = [_Text.of(record) for record in records]
    findings = [finding for text in texts for finding in text.findings()]
    spf = [text.meant for text in texts if is_record(text.meant)]
    findings += _counted(len(spf), texts)
    advised = ADVISED
    if spf:
        terms, more = _merged([read_terms(record) for record in spf], normal_domain(domain))
        findings += more
        wrong = any(finding.severity is Severity.ERROR for finding in findings)
        advised = " ".join([VERSION, *(term.text for term in terms)]) if wrong else spf[0]
    lookups = count_lookups(advised, domain=domain, zone=zone)
    findings += _of_advised(advised, lookups)
    unique = dict.fromkeys(sorted(findings, key=lambda finding: finding.severity is Severity.WARNING))
    return SpfAdvice(
        domain=domain,
        given=tuple(text.joined for text in texts),
        advised=advised,
        lookups=lookups,
        findings=tuple(unique),
    )


@dataclass(frozen=True, slots=True)
class _Text:
    """One TXT record that was given."""

    strings: tuple[str, ...]

    @classmethod
    def of(cls, record: str) -> "_Text":
        quoted = _QUOTED.findall(record)
        if not quoted or _QUOTED.sub("", record):
            return cls((record,))
        return cls(tuple(_ESCAPED.sub(r"\1", part) for part in quoted))

    @property
    def joined(self) -> str:
        return "".join(self.strings)

    @property
    def meant(self) -> str:
        """The record with a space where two strings met in one word that is no term."""
        meant = self.strings[0]
        for left, right in zip(self.strings, self.strings[1:], strict=False):
            meant += f" {right}" if _met(left, right) else right
        return meant.strip()

    def findings(self) -> Iterator[SpfFinding]:
        text = self.meant
        if text.lower().startswith("spf2.0"):
            yield _warning(
                "sender-id", f"{_told(text)}: Sender-ID, which receivers no longer read; take it away"
            )
        elif not is_record(text):
            if re.match(r"\W*(v\s*=\s*)?spf", text, re.IGNORECASE):
                yield _error("not-spf", f"{_told(text)}: no SPF record; it must begin with '{VERSION} '")
            else:
                yield _warning("other-text", f"{_told(text)}: another kind of TXT record; it stays as it is")
        else:
            yield from self._faults()

    def _faults(self) -> Iterator[SpfFinding]:
        if re.search(r"[^ \S]|^ ", self.joined):
            yield _error("white-space", "only spaces part terms, and none stands before 'v=spf1'")
        longest = max(len(part.encode("utf-8", "replace")) for part in self.strings)
        if longest > _LONGEST_STRING:
            severity = _error if len(self.strings) > 1 else _warning
            yield severity(
                "long-string",
                f"a string of {longest} octets: a TXT record's strings have {_LONGEST_STRING} at most; publish several, which are joined without a space",
            )
        for left, right in zip(self.strings, self.strings[1:], strict=False):
            if word := _met(left, right):
                yield _error(
                    "strings-joined",
                    f"strings are joined without a space: {_told(word)} is one term; end the first string with a space",
                )


def _met(left: str, right: str) -> str:
    """The word that two strings make where they meet, if it is no term though both its parts may be; else empty."""
    parts = left.rpartition(" ")[2], right.partition(" ")[0]
    word = "".join(parts)
    if not all(parts) or is_record(word) or VERSION.startswith(word.lower()):
        return ""
    return word if left.lower() == VERSION or read_term(word).fault else ""


def _counted(number: int, texts: Sequence[_Text]) -> Iterator[SpfFinding]:
    if number > 1:
        yield _error(
            "several-records", f"{number} SPF records: receivers take none of them (permerror); publish one"
        )
    elif not number and texts:
        yield _error("no-record", "no SPF record among what was given; publish the one advised")


def _merged(records: Sequence[tuple[Term, ...]], domain: str) -> tuple[list[Term], list[SpfFinding]]:
    """The terms to publish, and what was found on the way."""
    findings: list[SpfFinding] = []
    mended = [list(_mended(terms, findings)) for terms in records]
    for terms in mended:
        findings += _order(terms)
    mechanisms, modifiers, ends = _parts(mended)
    if len(mended) > 1 and len({end.qualifier for end in ends}) > 1:
        findings.append(
            _warning("several-all", f"the records end differently; {ends[0].text!r}, the mildest, is advised")
        )
    mechanisms = [term for term in mechanisms if not _is_own(term, domain, findings)]
    modifiers = [term for term in modifiers if not _is_own(term, domain, findings)]
    modifiers = list(_once(modifiers, findings))
    if ends:
        ends = [_kept_end(ends, findings)]
        modifiers = [term for term in modifiers if term.name != "redirect"]
    elif len(mended) > 1:
        ends = [read_term("~all")]  # that of the records which were handed over to
    elif not any(term.name == "redirect" for term in modifiers):
        findings.append(
            _warning("no-all", "no `all` at the end: who is not listed counts as neutral; '~all' is usual")
        )
    mechanisms, more = _with_include(mechanisms, modifiers)
    return [*mechanisms, *ends, *modifiers], [*findings, *more, *_of_terms(mechanisms, modifiers)]


def _mended(terms: Iterable[Term], findings: list[SpfFinding]) -> Iterator[Term]:
    """The terms that can be read, others replaced by what was meant, or left out."""
    for term in terms:
        if not term.fault:
            yield term
            continue
        what = f"{term.instead!r} is advised" if term.instead else "it is left out of the advised record"
        findings.append(_error("syntax", f"{_told(term.text)}: {term.fault}; {what}"))
        yield from (read_term(text) for text in term.instead.split())


def _order(terms: Sequence[Term]) -> Iterator[SpfFinding]:
    """What is said of one record's order: nothing behind `all` is read (RFC 7208 section 5.1)."""
    end = next((place for place, term in enumerate(terms) if term.name == "all"), None)
    if end is None:
        return
    for term in terms[end + 1 :]:
        if not term.is_modifier:
            yield _error("after-all", f"{_told(term.text)} stands behind `all` and is never read")
    if any(term.name == "redirect" for term in terms):
        yield _warning("redirect-ignored", "`redirect=` does nothing beside `all`; take it away")


def _parts(records: Sequence[Sequence[Term]]) -> tuple[list[Term], list[Term], list[Term]]:
    """Mechanisms, modifiers and `all`s of the records; the mildest `all` first: merging must refuse nobody anew.

    A record that hands over by `redirect` beside others is included instead, so that whom it passes still passes.
    """
    mechanisms: list[Term] = []
    modifiers: list[Term] = []
    ends: list[Term] = []
    for terms in records:
        end = next((place for place, term in enumerate(terms) if term.name == "all"), len(terms))
        ends += terms[end : end + 1]
        reached = [term for term in terms[:end] if not term.is_modifier]
        behind = [term for term in terms[end + 1 :] if not term.is_modifier and term.name != "all"]
        mechanisms += [*reached, *behind]
        for term in terms:
            if term.name == "redirect" and len(records) > 1 and end == len(terms):
                mechanisms.append(read_term(f"include:{term.domain}"))
            elif term.is_modifier and not (term.name == "redirect" and len(records) > 1):
                modifiers.append(term)
    return mechanisms, modifiers, sorted(ends, key=lambda end: "?~-+".index(end.qualifier))


def _is_own(term: Term, domain: str, findings: list[SpfFinding]) -> bool:
    """Whether a record includes itself, which no receiver reads on (RFC 7208 section 5.2)."""
    own = bool(domain) and term.name in ("include", "redirect") and normal_domain(term.domain) == domain
    if own:
        findings.append(_error("includes-itself", f"{_told(term.text)} is the record itself; it is left out"))
    return own


def _once(modifiers: Iterable[Term], findings: list[SpfFinding]) -> Iterator[Term]:
    seen: set[str] = set()
    for term in modifiers:
        if term.name in seen:  # unknown ones may be repeated (RFC 7208 section 6), which pyspf refuses too
            findings.append(
                _error("repeated-modifier", f"`{term.name}=` may stand once; the first is advised")
            )
            continue
        seen.add(term.name)
        yield term


def _kept_end(ends: Sequence[Term], findings: list[SpfFinding]) -> Term:
    """The mildest `all` of the records, which must not let everybody send."""
    kept = ends[0] if ends[0].qualifier != "+" else read_term("~all")
    findings += [
        _error("pass-all", f"{end.text!r} lets everybody send as you; {kept.text!r} is advised")
        for end in ends
        if end.qualifier == "+"
    ]
    if kept.qualifier == "?":
        findings.append(_warning("neutral-all", "'?all' says nothing of forgeries; '~all' is the usual end"))
    return kept


def _with_include(
    mechanisms: Sequence[Term], modifiers: Sequence[Term]
) -> tuple[list[Term], list[SpfFinding]]:
    """The mechanisms with the include once, where it passes; a `redirect` to it does as well."""
    findings = []
    kept: list[Term] = []
    for term in mechanisms:
        text = term.text.lower()
        ours = term.name == "include" and term.target == INCLUDED
        if ours and term.qualifier != "+":
            findings.append(
                _error(
                    "include-does-not-pass", f"{_told(term.text)} does not let mail pass; write '{INCLUDE}'"
                )
            )
            term = read_term(INCLUDE)  # noqa: PLW2901 - the term as it should be
        if any(seen.text.lower() == text or (ours and seen.target == INCLUDED) for seen in kept):
            findings.append(
                _warning("repeated-term", f"{_told(term.text)} stands there twice; once is enough")
            )
        else:
            kept.append(term)
    has = any(term.name == "include" and term.target == INCLUDED for term in kept)
    if not has and not any(term.name == "redirect" and term.target == INCLUDED for term in modifiers):
        findings.append(
            _error("no-include", f"mail sent through localhost does not pass: '{INCLUDE}' is missing")
        )
        kept.append(read_term(INCLUDE))
    return kept, findings


def _of_terms(mechanisms: Sequence[Term], modifiers: Sequence[Term]) -> Iterator[SpfFinding]:
    if any(term.name == "ptr" for term in mechanisms):
        yield _warning(
            "ptr", "`ptr` is slow and discouraged (RFC 7208 section 5.5); take it away where a, mx or ip4 do"
        )
    for term in [*mechanisms, *modifiers]:
        if term.has_macro:
            yield _warning("macro", f"{_told(term.text)} means something else for each message")
        if term.is_modifier and term.name not in _KNOWN_MODIFIERS:
            meant = f"{term.name}:{term.domain}"
            hint = "" if read_term(meant).fault else f"; {_told(meant)} may be meant"
            yield _warning("unknown-modifier", f"{_told(term.text)}: receivers pass over it{hint}")


def _of_advised(advised: str, lookups: Lookups) -> Iterator[SpfFinding]:
    size = len(advised.encode("utf-8", "replace"))
    if size > _LONGEST_RECORD:
        yield _warning(
            "long-record", f"{size} octets: over {_LONGEST_RECORD}, DNS answers may not fit a datagram"
        )
    if lookups.count > MOST_LOOKUPS:
        yield _error(
            "too-many-lookups",
            f"{lookups.count} look-ups: over {MOST_LOOKUPS} receivers give up (permerror); replace some of a, mx, ptr, include by ip4 and ip6",
        )
    for broken in lookups.broken:
        yield _error(
            "broken-include",
            f"{_told(broken)}: receivers give up (permerror); take what names it away, or have its owner mend it",
        )
    if len(lookups.void) > MOST_VOID:
        names = ", ".join(map(_told, lookups.void))
        yield _error(
            "void-lookups", f"{names}: over {MOST_VOID} names without records (permerror); take them away"
        )
    elif lookups.void:
        yield _warning(
            "void-lookups",
            f"{', '.join(map(_told, lookups.void))}: no such record; take away what asks for it",
        )


def _told(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}...")


def _error(name: str, text: str) -> SpfFinding:
    return SpfFinding(Severity.ERROR, name, text)


def _warning(name: str, text: str) -> SpfFinding:
    return SpfFinding(Severity.WARNING, name, text)

"""What to publish so that mail sent through the practice system's own servers passes SPF (R5.6): pure.

The record needs `include:_spf.actionstep.com`, reached before `all`. A record that has it and nothing wrong stays as
it is; else the advised record is the one given, mended no more than needed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mailsim.mail import normal_domain
from mailsim.provider.dns import Zone
from mailsim.provider.spf_finding import Severity, SpfFinding, error, told, warning
from mailsim.provider.spf_lookups import MOST_LOOKUPS, MOST_VOID, Lookups, count_lookups
from mailsim.provider.spf_record import VERSION, Term, is_record, read_term, read_terms
from mailsim.provider.spf_text import LONGEST_STRING, SpfText

INCLUDED = "_spf.actionstep.com"
INCLUDE = f"include:{INCLUDED}"
ADVISED = f"{VERSION} a mx ptr {INCLUDE} ~all"
"""For a domain without a record."""

_LONGEST_RECORD = 512
"""Octets of a record that should not be passed (RFC 7208 section 3.4)."""
_KNOWN_MODIFIERS = ("redirect", "exp")


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
        starts = range(0, len(self.advised), LONGEST_STRING)
        return tuple(self.advised[start : start + LONGEST_STRING] for start in starts)

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
    texts = [SpfText.of(record) for record in records]
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


def _counted(number: int, texts: Sequence[SpfText]) -> Iterator[SpfFinding]:
    if number > 1:
        yield error(
            "several-records", f"{number} SPF records: receivers take none of them (permerror); publish one"
        )
    elif not number and texts:
        yield error("no-record", "no SPF record among what was given; publish the one advised")


def _merged(records: Sequence[tuple[Term, ...]], domain: str) -> tuple[list[Term], list[SpfFinding]]:
    """The terms to publish, and what was found on the way."""
    findings: list[SpfFinding] = []
    mended = [list(_mended(terms, findings)) for terms in records]
    for terms in mended:
        findings += _order(terms)
    mechanisms, modifiers, ends = _parts(mended)
    if len(mended) > 1 and len({end.qualifier for end in ends}) > 1:
        findings.append(
            warning("several-all", f"the records end differently; {ends[0].text!r}, the mildest, is advised")
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
            warning("no-all", "no `all` at the end: who is not listed counts as neutral; '~all' is usual")
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
        findings.append(error("syntax", f"{told(term.text)}: {term.fault}; {what}"))
        yield from (read_term(text) for text in term.instead.split())


def _order(terms: Sequence[Term]) -> Iterator[SpfFinding]:
    """What is said of one record's order: nothing behind `all` is read (RFC 7208 section 5.1)."""
    end = next((place for place, term in enumerate(terms) if term.name == "all"), None)
    if end is None:
        return
    for term in terms[end + 1 :]:
        if not term.is_modifier:
            yield error("after-all", f"{told(term.text)} stands behind `all` and is never read")
    if any(term.name == "redirect" for term in terms):
        yield warning("redirect-ignored", "`redirect=` does nothing beside `all`; take it away")


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
        findings.append(error("includes-itself", f"{told(term.text)} is the record itself; it is left out"))
    return own


def _once(modifiers: Iterable[Term], findings: list[SpfFinding]) -> Iterator[Term]:
    seen: set[str] = set()
    for term in modifiers:
        if term.name in seen:  # unknown ones may be repeated (RFC 7208 section 6), which pyspf refuses too
            findings.append(
                error("repeated-modifier", f"`{term.name}=` may stand once; the first is advised")
            )
            continue
        seen.add(term.name)
        yield term


def _kept_end(ends: Sequence[Term], findings: list[SpfFinding]) -> Term:
    """The mildest `all` of the records, which must not let everybody send."""
    kept = ends[0] if ends[0].qualifier != "+" else read_term("~all")
    findings += [
        error("pass-all", f"{end.text!r} lets everybody send as you; {kept.text!r} is advised")
        for end in ends
        if end.qualifier == "+"
    ]
    if kept.qualifier == "?":
        findings.append(warning("neutral-all", "'?all' says nothing of forgeries; '~all' is the usual end"))
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
                error("include-does-not-pass", f"{told(term.text)} does not let mail pass; write '{INCLUDE}'")
            )
            term = read_term(INCLUDE)  # noqa: PLW2901 - the term as it should be
        if any(seen.text.lower() == text or (ours and seen.target == INCLUDED) for seen in kept):
            findings.append(warning("repeated-term", f"{told(term.text)} stands there twice; once is enough"))
        else:
            kept.append(term)
    has = any(term.name == "include" and term.target == INCLUDED for term in kept)
    if not has and not any(term.name == "redirect" and term.target == INCLUDED for term in modifiers):
        findings.append(
            error("no-include", f"mail sent through localhost does not pass: '{INCLUDE}' is missing")
        )
        kept.append(read_term(INCLUDE))
    return kept, findings


def _of_terms(mechanisms: Sequence[Term], modifiers: Sequence[Term]) -> Iterator[SpfFinding]:
    if any(term.name == "ptr" for term in mechanisms):
        yield warning(
            "ptr", "`ptr` is slow and discouraged (RFC 7208 section 5.5); take it away where a, mx or ip4 do"
        )
    for term in [*mechanisms, *modifiers]:
        if term.has_macro:
            yield warning("macro", f"{told(term.text)} means something else for each message")
        if term.is_modifier and term.name not in _KNOWN_MODIFIERS:
            meant = f"{term.name}:{term.domain}"
            hint = "" if read_term(meant).fault else f"; {told(meant)} may be meant"
            yield warning("unknown-modifier", f"{told(term.text)}: receivers pass over it{hint}")


def _of_advised(advised: str, lookups: Lookups) -> Iterator[SpfFinding]:
    size = len(advised.encode("utf-8", "replace"))
    if size > _LONGEST_RECORD:
        yield warning(
            "long-record", f"{size} octets: over {_LONGEST_RECORD}, DNS answers may not fit a datagram"
        )
    if lookups.count > MOST_LOOKUPS:
        yield error(
            "too-many-lookups",
            f"{lookups.count} look-ups: over {MOST_LOOKUPS} receivers give up (permerror); replace some of a, mx, ptr, include by ip4 and ip6",
        )
    for broken in lookups.broken:
        yield error(
            "broken-include",
            f"{told(broken)}: receivers give up (permerror); take what names it away, or have its owner mend it",
        )
    if len(lookups.void) > MOST_VOID:
        names = ", ".join(map(told, lookups.void))
        yield error(
            "void-lookups", f"{names}: over {MOST_VOID} names without records (permerror); take them away"
        )
    elif lookups.void:
        yield warning(
            "void-lookups",
            f"{', '.join(map(told, lookups.void))}: no such record; take away what asks for it",
        )

"""How many questions an SPF record asks of DNS at most, counted through its includes (RFC 7208 section 4.6.4): pure.

What is counted is the worst case: no mechanism matches before the end. Names that a zone does not know are not
followed, for its own zone is often all that a domain's owner has at hand.
"""

from dataclasses import dataclass, field

from mailsim.mail import normal_domain
from mailsim.provider.dns import Answer, RecordType, Status, Zone
from mailsim.provider.spf_record import ASKING, Term, is_record, permanent_fault, read_terms

MOST_LOOKUPS = 10
MOST_VOID = 2


@dataclass(frozen=True, slots=True)
class Lookups:
    """What a record asks.

    Attributes:
        count: Terms that ask DNS, those of the records it includes among them.
        void: Names that were asked for and have no such record.
        unknown: Names whose records were not at hand, so that `count` may be more.
        broken: Names that are included or handed over to and end every evaluation in permerror, and why (sections 5.2, 6.1).
    """

    count: int
    void: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


def count_lookups(record: str, *, domain: str = "", zone: Zone | None = None) -> Lookups:
    """Count what a record of `domain` asks, and follow its includes as far as `zone` knows them.

    Without a zone nothing is followed, and no look-up is known to be void.
    """
    tally = _Tally(zone, normal_domain(domain))
    tally.add(record, tally.domain)
    return Lookups(tally.count, *(tuple(dict.fromkeys(n)) for n in (tally.void, tally.unknown, tally.broken)))


@dataclass(slots=True)
class _Tally:
    zone: Zone | None
    domain: str
    count: int = 0
    void: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def add(self, record: str, owner: str, above: tuple[str, ...] = ()) -> None:
        """Count one record's terms."""
        for term in _evaluated(read_terms(record)):
            if term.name not in ASKING or self.count > 4 * MOST_LOOKUPS:
                continue
            self.count += 1
            name = term.target or owner
            if term.name in ("include", "redirect") and not term.has_macro:
                self._follow(name, (*above, owner))
            elif term.name in ("a", "mx") and name and not term.has_macro:
                self._ask(name, RecordType(term.name.upper()))

    def _follow(self, name: str, above: tuple[str, ...]) -> None:
        if name in above:
            self.broken.append(f"{name} includes itself")
            return
        answer = self._ask(name, RecordType.TXT)
        if answer is None:
            return
        texts = [b"".join(strings).decode("ascii", "replace") for strings in answer.texts]
        records = [text for text in texts if is_record(text)]
        if len(records) != 1:
            self.broken.append(f"{name} has {len(records) or 'no'} SPF record{'s' * bool(records)}")
        elif fault := permanent_fault(records[0]):
            self.broken.append(f"{name}: {fault}")
        else:
            self.add(records[0], name, above)

    def _ask(self, name: str, type_: RecordType) -> Answer | None:
        answer = self.zone.answer(name, type_) if self.zone else None
        if answer and type_ is RecordType.A and answer.void and self.zone:
            answer = self.zone.answer(name, RecordType.AAAA)
        if (
            answer is None
            or answer.status not in (Status.NOERROR, Status.NXDOMAIN)
            or self._is_elsewhere(answer, name)
        ):
            self.unknown.append(name)
            return None
        if answer.void:
            self.void.append(f"{name} {type_}")
        return answer

    def _is_elsewhere(self, answer: Answer, name: str) -> bool:
        """Whether the absence of a name says nothing: it is neither the record's own domain, nor below it."""
        owned = bool(self.domain) and (name == self.domain or name.endswith(f".{self.domain}"))
        return answer.status is Status.NXDOMAIN and not owned


def _evaluated(terms: tuple[Term, ...]) -> list[Term]:
    """The terms that can be reached: none behind `all`, and `redirect` only where no `all` stands (sections 5.1, 6.1)."""
    ends = next((place for place, term in enumerate(terms) if term.name == "all"), None)
    if ends is None:
        return [term for term in terms if not term.fault]
    return [term for term in terms[:ends] if not term.fault and not term.is_modifier]

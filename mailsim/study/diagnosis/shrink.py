"""The smallest message and site that still misroute for the same reason and the same first cause.

Everything is made smaller by delta debugging (`ddmin.py`), the coarse before the fine: the body, the header fields,
the elements of each value, the tables of the site. What must stay true is asked of every candidate by routing it: the
reason, the first cause, that the target is not reached, and that the first remedy of the practice or its provider
still leads there. So the reproduction fails before the fix and passes after it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mailsim.errors import MailsimError
from mailsim.mail import Message, parse_addresses
from mailsim.practice.decision import Decision, shown
from mailsim.practice.faults import SiteError
from mailsim.practice.site import Site, read_site
from mailsim.study.diagnosis.anonymous import Anonymity
from mailsim.study.diagnosis.case import Case
from mailsim.study.diagnosis.causes import causes
from mailsim.study.diagnosis.changes_message import message_changes
from mailsim.study.diagnosis.counterfactual import remedies
from mailsim.study.diagnosis.ddmin import ddmin
from mailsim.study.diagnosis.fields import Anatomy, Field
from mailsim.study.diagnosis.remedy import Kind, Remedy, apply
from mailsim.study.diagnosis.site_tables import site_tables
from mailsim.study.diagnosis.situation import Situation, situation
from mailsim.study.diagnosis.why import expected_target

_PIECES = 256
"""A large body is made smaller in so many pieces before its lines are looked at."""
_ADDRESSES = frozenset(
    {"from", "to", "cc", "sender", "reply-to", "delivered-to", "x-original-to", "resent-to"}
)

Tables = dict[str, object]


class ShrinkError(MailsimError):
    """A message that did get where it was expected."""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """The least that shows a misrouting."""

    message: Message
    site: Site
    tables: Tables
    """The site's, as a site file has them."""
    expect: str
    decision: Decision
    cause: str
    """The first cause's name; empty where the message shows none."""
    remedy: Remedy | None
    """The first of what would lead it to where it was expected."""
    runs: int
    """How many candidates were routed."""
    anonymous: bool
    """Whether personal data was replaced."""


@dataclass
class _Same:
    """Whether a candidate misroutes as the original does."""

    decision: Decision
    cause: str
    remedy: Remedy | None
    provider: str | None
    known: bool
    """Whether the site has the target; one that it never had need not be kept."""
    runs: int = 0

    def holds(self, message: Message, site: Site, expect: str) -> bool:
        self.runs += 1
        decision = site.route(message.octets)
        if decision.reason is not self.decision.reason or expect in decision.targets:
            return False
        if _first_cause(message, site, decision, expect) != self.cause or _exists(expect, site) != self.known:
            return False
        return self.remedy is None or self._helped(situation(site, message, decision, self.provider), expect)

    def _helped(self, now: Situation, expect: str) -> bool:
        """Whether the first remedy still leads there; of one that only the sender has, whether any such does."""
        if self.remedy is None or self.remedy.kind is Kind.MESSAGE:
            tried = (apply((one,), now) for one in message_changes(now, expect))
            return any(after.reaches(expect) for after in tried if after is not None)
        after = apply(self.remedy.changes, now)
        return after is not None and after.reaches(expect)


def shrink(
    message: Message | bytes, *, site: Site, expect: str, keep: bool = False, provider: str | None = None
) -> Reproduction:
    """The smallest message and site that misroute as these do.

    Args:
        message: The octets.
        site: Where they were collected.
        expect: Where they should have gone, such as `action:1234`.
        keep: Whether personal data stays; else it is replaced, the same by the same.
        provider: Who hosts and sends for the practice, a built-in profile.

    Raises:
        ShrinkError: The message gets where it is expected.
        WhyError: `expect` is no target.
    """
    given = message if isinstance(message, Message) else Message(message)
    target = expected_target(expect) or ""
    decision = site.route(given.octets)
    if target in decision.targets:
        raise ShrinkError(f"the message goes to {target}, as expected; name a target that it does not reach")
    first = next(iter(remedies(situation(site, given, decision, provider), target)), None)
    same = _Same(
        decision,
        _first_cause(given, site, decision, target),
        first,
        provider,
        _exists(target, site),
    )
    small = smaller_message(given, lambda one: same.holds(one, site, target))
    tables = _smaller_site(site_tables(site.settings), lambda one: _holds_in(same, small, one, target))
    least = read_site(tables)
    small = smaller_message(small, lambda one: same.holds(one, least, target))
    nobody = None if keep else _anonymous(same, small, least, tables, target)
    if nobody:
        small, least, tables, target = nobody
    decision = least.route(small.octets)
    fix = next(iter(remedies(situation(least, small, decision, provider), target)), None)
    return Reproduction(
        small, least, tables, target, decision, same.cause, fix, same.runs, nobody is not None
    )


def _first_cause(message: Message, site: Site, decision: Decision, expect: str) -> str:
    found = causes(Case(message, site, decision, expect))
    return found[0].name if found else ""


def _exists(expect: str, site: Site) -> bool:
    """Whether the site has the action or the user that is the target."""
    kind, _, name = expect.partition(":")
    known = site.directory.users if kind == "mailbox" else map(str, site.directory.actions)
    return name in known


# The message


def smaller_message(message: Message, holds: Callable[[Message], bool]) -> Message:
    """The message with as little in it as holds: octets of the body, fields, then elements of each value."""
    if not holds(message):  # what is kept in mind changed with the site
        return message
    anatomy = Anatomy.of(message)
    anatomy = _with_less_body(anatomy, holds)
    least = ddmin(anatomy.fields, lambda fields: holds(anatomy._replace(fields=tuple(fields)).message()))
    anatomy = anatomy._replace(fields=tuple(least))
    anatomy = _with_less_body(anatomy, holds)
    for index in range(len(anatomy.fields)):
        anatomy = _with_less_value(anatomy, index, holds)
    if anatomy.before and holds(anatomy._replace(before=b"").message()):
        anatomy = anatomy._replace(before=b"")
    return anatomy.message()


def _with_less_body(anatomy: Anatomy, holds: Callable[[Message], bool]) -> Anatomy:
    """Pieces first, then lines: a body of 25 MB has half a million of them."""

    def least(parts: Sequence[bytes]) -> Anatomy:
        kept = ddmin(parts, lambda some: holds(anatomy._replace(body=b"".join(some)).message()))
        return anatomy._replace(body=b"".join(kept))

    anatomy = least(_pieces(anatomy.body))
    return least(anatomy.body.splitlines(keepends=True))


def _pieces(body: bytes) -> list[bytes]:
    size = max(1, -(-len(body) // _PIECES))
    return [body[start : start + size] for start in range(0, len(body), size)]


def _with_less_value(anatomy: Anatomy, index: int, holds: Callable[[Message], bool]) -> Anatomy:
    """One field with as few recipients, ids or words as do, and no folds."""
    field = anatomy.fields[index]
    end = b"\r\n" if field.raw.endswith(b"\r\n") else b"\n" if field.raw.endswith(b"\n") else b""
    name, colon, value = field.raw.partition(b":")
    if not colon:
        return anatomy

    def written(parts: Sequence[bytes], between: bytes) -> Anatomy:
        raw = name + b": " + between.join(part.strip() for part in parts) + end
        return anatomy._replace(fields=(*anatomy.fields[:index], Field(raw), *anatomy.fields[index + 1 :]))

    def least(parts: list[bytes], between: bytes) -> list[bytes]:
        if not holds(written(parts, between).message()):
            return parts
        return list(ddmin(parts, lambda some: bool(some) and holds(written(some, between).message())))

    text = re.sub(rb"\s+", b" ", value).strip()
    if field.name in _ADDRESSES:
        elements = least([part for part in text.split(b",") if part.strip()], b", ")
        bare = [
            str(one).encode()
            for one in parse_addresses(b",".join(elements).decode("utf-8", "replace")).addresses
        ]
        candidates = [written(bare, b", "), written(elements, b", ")]
    else:
        candidates = [written(least(text.split(b" "), b" "), b" ")]
    return next((one for one in candidates if holds(one.message())), anatomy)


# The site


def _holds_in(same: _Same, message: Message, tables: Tables, expect: str) -> bool:
    try:
        site = read_site(tables)
    except SiteError:
        return False
    return same.holds(message, site, expect)


def _smaller_site(tables: Tables, holds: Callable[[Tables], bool]) -> Tables:
    """Fewer actions, users, aliases and sent messages, then fewer settings."""
    if not holds(tables):
        return tables
    for name in ("sent", "alias", "user", "action"):
        tables = _with_less_rows(tables, name, holds)
    for name in [name for name in tables if name != "mailbox"]:
        table = tables[name]
        without = {key: value for key, value in tables.items() if key != name}
        if holds(without):
            tables = without
        elif isinstance(table, dict):
            tables = _with_fewer_keys(tables, name, holds)
    return _with_fewer_keys(tables, "mailbox", holds)


def _with_less_rows(tables: Tables, name: str, holds: Callable[[Tables], bool]) -> Tables:
    rows = tables.get(name)
    if not isinstance(rows, list):
        return tables
    return _with_rows(tables, name, ddmin(rows, lambda some: holds(_with_rows(tables, name, some))))


def _with_rows(tables: Tables, name: str, rows: Sequence[object]) -> Tables:
    changed = {**tables, name: list(rows)}
    return changed if rows else {key: value for key, value in changed.items() if key != name}


def _with_fewer_keys(tables: Tables, name: str, holds: Callable[[Tables], bool]) -> Tables:
    table = tables[name]
    if not isinstance(table, dict):
        return tables
    for key in list(table):
        fewer = {**tables, name: {one: value for one, value in table.items() if one != key}}
        if holds(fewer):
            tables, table = fewer, {one: value for one, value in table.items() if one != key}
    return tables


# Nobody named


def _anonymous(
    same: _Same, message: Message, site: Site, tables: Tables, expect: str
) -> tuple[Message, Site, Tables, str] | None:
    """The same with nobody named; with the practice's own role names where the cause lies in their spelling."""
    unnamed = replace(same, remedy=None)  # its words name addresses that are replaced
    for inside in (True, False):
        hidden = Anonymity(site, inside=inside)
        changed = hidden.tables(tables)
        less, target = hidden.message(message), hidden.target(expect)
        if not _holds_in(unnamed, less, changed, target):
            continue
        named = read_site(changed)
        now = situation(named, less, named.route(less.octets), same.provider)
        if same.remedy is None or remedies(now, target):
            return less, named, changed, target
    return None


def told(found: Reproduction, before: int) -> str:
    """One line for people: what is left of how much, and why it goes wrong."""
    names = ", ".join(
        shown(field.raw.partition(b":")[0].decode("latin-1")) for field in Anatomy.of(found.message).fields
    )
    return (
        f"{before:,} octets became {len(found.message.octets):,} ({names or 'no field'}): {found.decision.reason}, "
        f"{found.cause or 'no cause shown'}; {found.runs} candidates were routed"
    )

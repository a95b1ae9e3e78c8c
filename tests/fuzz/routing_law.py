"""What routing keeps whatever the octets and whatever the site: the law that `fuzz_route.py` tries to break.

Law: `Site.route` never raises; a message has exactly one outcome, with a reason and targets that belong to it; the
decision is JSON and printable; the same octets give the same decision; and its cost grows no faster than its input.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from time import process_time

from mailsim.practice.decision import Decision, Outcome, Reason
from mailsim.practice.site import Site, read_site

FIXTURES = Path(__file__).parents[2] / "fixtures"

_DIRECTORY: Mapping[str, object] = {
    "action": [{"id": 1234}, {"id": 7}, {"id": 0}],
    "user": [{"name": "mary"}, {"name": "john"}],
    "alias": [
        {"address": "sales@abc.com", "mailboxes": ["mary", "john"]},
        {"address": "nobody@abc.com", "mailboxes": []},
        {"address": "a99@abc.com", "mailboxes": ["john"]},
        {"address": "abc@partner.example", "mailboxes": ["mary"]},
        {"address": "grüße@abc.com", "mailboxes": ["mary"]},
    ],
    "sent": [
        {"message_id": "<sent.1234@abc.com>", "action": 1234},
        {"message_id": "<sent.98@abc.com>", "action": 98},
    ],
}
_RESOLVERS = ["sub-address", "thread", "subject-token"]


def _site(
    kind: str, *, fallback: str = "help@elsewhere.example", header: str = "", resolvers: tuple[str, ...] = ()
) -> Site:
    mailbox: dict[str, object] = {
        "type": kind,
        "default_sender": "matters@abc.com",
        "fallback_address": fallback,
    }
    if header:
        mailbox["catch_all_header"] = header
    mailbox["allow_fallback_clash"] = fallback.endswith("@abc.com")
    return read_site({"mailbox": mailbox, "routing": {"resolvers": list(resolvers)}, **_DIRECTORY})


@cache
def sites() -> tuple[Site, ...]:
    """One site of each kind: single and catch-all, header set or not, resolvers on, a fallback that clashes."""
    return (
        _site("catch-all"),
        _site("catch-all", header="X-Original-To"),
        _site("catch-all", header="To", fallback="help@abc.com"),
        _site("catch-all", resolvers=("subject-token", "thread", "sub-address")),
        _site("catch-all", header="Delivered-To", resolvers=("sub-address", "thread", "subject-token")),
        _site("catch-all", fallback="sales@abc.com", resolvers=("thread",)),
        _site("single"),
        _site("single", resolvers=("sub-address", "thread", "subject-token")),
    )


def seeds() -> list[bytes]:
    """The messages of fixtures/messages, and what earlier runs found worth keeping in fixtures/corpus."""
    folders = (FIXTURES / "messages", FIXTURES / "corpus")
    return [path.read_bytes() for folder in folders for path in sorted(folder.rglob("*.eml"))]


_REASONS = {
    Outcome.DELIVERED: {"action-address", "alias", "sub-address", "thread", "subject-token"},
    Outcome.UNASSIGNED: {
        "sender-rewritten",
        "system-address",
        "no-such-action",
        "alias-without-mailboxes",
        "unknown-address",
        "other-domain",
        "no-recipient",
        "loop",
    },
    Outcome.FALLBACK: {"no-header", "no-originator", "undecodable-header", "bad-recipient", "truncated"},
    Outcome.DUPLICATE: {"sent-copy"},
}


def check(octets: bytes, site: Site) -> None:
    """Routes the octets twice; raises AssertionError where the law is broken, and whatever routing raises."""
    decision = site.route(octets)
    check_whole(decision, site)
    again = site.route(octets)
    assert again == decision, "equal octets, another decision"
    line = json.dumps(decision.as_json(), ensure_ascii=False).encode()
    assert json.loads(line) == decision.as_json(), "its JSON says something else"
    assert str(decision).encode()


def check_whole(decision: Decision, site: Site) -> None:
    """Exactly one outcome, with what belongs to it (R4.12); raises AssertionError."""
    targets = decision.targets
    assert decision.reason in _REASONS[decision.outcome], decision
    assert len(set(targets)) == len(targets), decision
    match decision.outcome:
        case Outcome.DELIVERED:
            known = {f"action:{number}" for number in site.directory.actions}
            assert targets, decision
            assert set(targets) <= known | {f"mailbox:{name}" for name in site.directory.users}, decision
        case Outcome.UNASSIGNED:
            assert targets == ("unassigned",), decision
        case Outcome.FALLBACK:
            assert targets == (f"fallback:{site.rules.fallback}",), decision
        case Outcome.DUPLICATE:
            assert targets == (), decision
    assert (decision.meant_for is not None) is (decision.reason is Reason.SENDER_REWRITTEN), decision
    assert decision.evidence, decision
    assert all(part.isprintable() for item in decision.evidence for part in item), decision


_PUMPED = 8192  # octets
_QUICK = 0.03  # seconds; below, the clock tells nothing
_GROWTH = 3.0  # twice the octets cost twice the time, or four times in quadratic reading


def pumped(octets: bytes, start: int, length: int, *, size: int = _PUMPED) -> bytes:
    """The octets with a piece of them repeated until they have that size: what makes slow reading show."""
    piece = octets[start : start + length]
    count = max(1, (size - len(octets)) // len(piece)) if piece else 0
    return octets[:start] + piece * count + octets[start:]


def check_cost(octets: bytes, start: int, length: int, site: Site) -> None:
    """Raises AssertionError where doubling a piece's repetitions twice costs more than three times as much each time."""
    size = _PUMPED
    for _ in range(3):
        whole = _seconds(pumped(octets, start, length, size=size), site)
        if whole < _QUICK:
            return
        half = _seconds(pumped(octets, start, length, size=size // 2), site)
        if whole < _GROWTH * half:
            return
        size *= 2
    raise AssertionError(f"{size:,} octets take {whole:.2f} s, half of them {half:.2f} s")


def _seconds(octets: bytes, site: Site) -> float:
    started = process_time()
    site.route(octets)
    return process_time() - started

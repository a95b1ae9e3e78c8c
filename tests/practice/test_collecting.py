"""Collecting for a practice from a real server, with everything that can go wrong on the way (R4.1, R4.2)."""

import asyncio
import sqlite3
import ssl
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from mailsim.pop3.client import SINK_FROM
from mailsim.pop3.embedded import Pop3Server
from mailsim.pop3.fault_kinds import KINDS, What
from mailsim.practice.collecting import Summary, collect_for
from mailsim.practice.decision import Outcome
from mailsim.practice.site import Site, read_site
from mailsim.practice.store import Store
from mailsim.practice.store_error import StoreError


def site_for(server: Pop3Server) -> Site:
    scheme = "tcp" if server.ca is None else "ssl"
    return read_site(
        {
            "mailbox": {
                "type": "catch-all",
                "default_sender": "matters@abc.com",
                "fallback_address": "help@elsewhere.example",
            },
            "pop": {
                "server": f"{scheme}://localhost:{server.port}",
                "username": "matters@abc.com",
                "password": "secret",
            },
            "action": [{"id": 1234}],
        }
    )


def letter(number: int, to: str = "a1234@abc.com", size: int = 100) -> bytes:
    head = f"Delivered-To: {to}\r\nFrom: jane@client.example\r\nMessage-ID: <{number}@client.example>\r\n\r\n"
    return head.encode() + b"." * size + b"\r\n.\r\n"


LETTERS = tuple(letter(number) for number in range(8))
UNREADABLE = b"no header\r\n\r\n"


def served(messages: Iterable[bytes] = LETTERS, *, tls: str = "none", **how: Iterable[str]) -> Pop3Server:
    return Pop3Server({"matters@abc.com": ("secret", messages)}, tls=tls, **how)  # type: ignore[arg-type] # words


def collect(server: Pop3Server, store: Store, *, silence: float = 20) -> Summary:
    site = site_for(server)
    tls = ssl.create_default_context(cafile=server.ca) if server.ca else None
    return asyncio.run(collect_for(site, store, site.pop_account(), tls=tls, timeout=silence))


def held(store: Store, target: str = "action:1234") -> Counter[bytes]:
    return Counter(message.octets for message in store.messages(target))


ONCE = Counter(LETTERS)


@pytest.mark.parametrize("tls", ["none", "implicit"])
def test_all_is_collected_and_the_summary_says_what_came_of_it(tls: str) -> None:
    """One second copy, one unreadable, one for nobody, one larger than goes into memory."""
    large = letter(99, size=3 * SINK_FROM)
    messages = [*LETTERS, LETTERS[0], UNREADABLE, letter(50, "nobody@abc.com"), large]
    with served(messages, tls=tls) as server, Store() as store:
        summary = collect(server, store).as_json()
        again = collect(server, store).as_json()
        assert server.messages("matters@abc.com") == ()
        assert held(store) == Counter([*LETTERS, large])
        assert len(list(store.forwards())) == 1

    assert list(summary) == [
        "collected",
        "delivered",
        "unassigned",
        "fallback",
        "duplicate",
        "deleted",
        "left",
        "short",
        "sessions",
        "seconds",
        "error",
    ]
    assert list(summary.values())[:-2] == [12, 9, 1, 1, 1, 12, 0, 0, 1]
    assert list(again.values())[:-2] == [0, 0, 0, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    "quirk",
    ["gmail=3", "exchange", "no-uidl", "no-top", "no-capa", "no-pipelining", "changing-uidl", "expire"],
)
def test_every_kind_of_server_is_emptied(quirk: str) -> None:
    """And nothing is taken for cut short where sizes are estimates."""
    with served(quirks=[quirk]) as server, Store() as store:
        summary = collect(server, store)
        collect(server, store)
        assert held(store) == ONCE
        assert server.messages("matters@abc.com") == ()

    assert (summary.left, summary.broken) == (0, None)


def test_what_may_have_been_cut_short_is_counted() -> None:
    """A lone message, of which fewer octets come than were listed: nobody can tell a cut from an estimate (R4.8)."""
    with served(LETTERS[:1], faults=["pop:LIST:every:wrong-size 4700"]) as server, Store() as store:
        summary = collect(server, store)
        assert held(store) == Counter(LETTERS[:1])

    assert (summary.short, summary.deleted) == (1, 1)


def test_what_was_certainly_cut_short_is_not_counted_twice() -> None:
    """It goes to the fallback address, as all that is cut short (R4.8)."""
    with served(faults=["pop:LIST:every:wrong-size 4700@3"]) as server, Store() as store:
        summary = collect(server, store)

    assert (summary.short, summary.outcomes[Outcome.FALLBACK]) == (0, 1)


def test_each_mailbox_of_a_server_has_receipts_of_its_own(tmp_path: Path) -> None:
    """The same octets under the same uid in another's mailbox are a copy, not what was collected before."""
    account = {"matters@abc.com": ("secret", LETTERS[:1]), "other@abc.com": ("secret", LETTERS[:1])}
    with Pop3Server(account) as server, Store(tmp_path / "store.sqlite") as store:
        first = collect(server, store)
        site = site_for(server)
        other = replace(site.pop_account(), username="other@abc.com")
        second = asyncio.run(collect_for(site, store, other, tls=None))
    with closing(sqlite3.connect(tmp_path / "store.sqlite")) as connection:
        receipts = set(connection.execute("SELECT mailbox FROM receipt"))

    assert (first.outcomes, second.outcomes) == ({Outcome.DELIVERED: 1}, {Outcome.DUPLICATE: 1})
    assert receipts == {("matters@abc.com at localhost",), ("other@abc.com at localhost",)}


def test_a_look_too_soon_for_the_server_is_no_fault() -> None:
    """[LOGIN-DELAY] after a session that brought mail: there may be more, for the next collection."""
    with served(quirks=["login-delay=60"]) as server, Store() as store:
        summary = collect(server, store)

    assert (summary.outcomes.total(), summary.broken) == (8, None)


VERBS = ("CAPA", "UTF8", "USER", "PASS", "LIST", "UIDL", "RETR", "DELE", "QUIT")
ARGUMENTS = {What.REPLY: " -ERR [SYS/TEMP] later", What.SAY: " -ERR odd", What.SLOW: " 100000"}
FAULTS = [
    (verb, f"{what}{ARGUMENTS.get(what, '')}{'@9' if what is What.GARBAGE else ''}")
    for what, kind in KINDS.items()
    for verb in (*VERBS, "CONNECT", "LOGIN", "ANY")
    if verb in kind.moments and what not in (What.EXPIRED_CERTIFICATE, What.FOREIGN_CERTIFICATE)
]
ALTERING = {What.UNSTUFFED, What.OVERSTUFFED}


@pytest.mark.parametrize("which", ["2", "every"])
@pytest.mark.parametrize(("verb", "what"), FAULTS, ids=[f"{verb}-{what}" for verb, what in FAULTS])
def test_after_any_fault_at_any_verb_nothing_is_lost_and_nothing_there_twice(
    tmp_path: Path, verb: str, what: str, which: str
) -> None:
    """Whatever the first collection came to, one from a healthy server completes it.

    What a server altered on the way cannot be known: each such message is held to be there once, as it came.
    """
    path = tmp_path / "store.sqlite"
    with served(faults=[f"pop:{verb}:{which}:{what}"]) as sick:
        with Store(path) as store:
            collect(sick, store, silence=0.15)
        left = sick.messages("matters@abc.com")
    vanished = Counter(LETTERS) - Counter(left)
    with served(left) as healthy, Store(path) as store:
        summary = collect(healthy, store)
        assert (summary.left, summary.broken) == (0, None)
        found = held(store)
        if What(what.split(maxsplit=1)[0].partition("@")[0]) in ALTERING:
            assert len(store.messages("action:1234")) >= len(LETTERS)
        elif what.startswith("vanish"):  # somebody else took it
            assert set(found.values()) <= {1}
            assert found + vanished >= ONCE
        else:
            assert found == ONCE


@pytest.mark.parametrize("fault", ["expired-certificate", "foreign-certificate"])
def test_a_certificate_that_is_not_trusted_gets_no_password(fault: str) -> None:
    """As strict as the standard library."""
    with served(tls="implicit", faults=[f"pop:CONNECT:every:{fault}"]) as server, Store() as store:
        summary = collect(server, store)

    assert "certificate" in str(summary.broken).lower()
    assert "secret" not in str(summary.broken)


def test_a_message_that_breaks_every_session_holds_up_no_other() -> None:
    """It stays and is told; all mail behind it is collected and deleted."""
    faults = [f"pop:RETR:{number}:drop@30" for number in (3, 11)]  # the third, and when it is asked for last
    with served(faults=faults, quirks=["no-pipelining"]) as server, Store() as store:
        summary = collect(server, store)
        assert server.messages("matters@abc.com") == (LETTERS[2],)
        assert held(store) == ONCE - Counter([LETTERS[2]])
        assert [(failure.number, str(failure.step)) for failure in summary.failures] == [(3, "retrieve")]
        assert (summary.deleted, summary.left, summary.broken) == (7, 1, None)
        collect(server, store)
        assert held(store) == ONCE


def test_a_disk_that_is_full_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The summary says so; with room again all is collected (R4.2)."""
    path = tmp_path / "store.sqlite"
    connect = sqlite3.connect
    made: list[sqlite3.Connection] = []

    def connected(path: Path, **how: object) -> sqlite3.Connection:
        made.append(connect(path, **how))  # type: ignore[call-overload] # as it was called
        return made[-1]

    monkeypatch.setattr(sqlite3, "connect", connected)
    letters = [letter(number, size=50_000) for number in range(8)]
    with served(letters) as server:
        with Store(path) as store:
            made[0].execute("PRAGMA max_page_count=20")
            summary = collect(server, store)
            assert isinstance(summary.broken, StoreError)
            assert "full" in str(summary.broken)
            assert (summary.deleted, summary.left, summary.sessions) == (0, 8, 1)
            assert len(server.messages("matters@abc.com")) == 8
            assert held(store) == Counter()
        with Store(path) as store:
            assert collect(server, store).broken is None
            assert held(store) == Counter(letters)

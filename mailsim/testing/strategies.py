"""Hypothesis strategies for tests of mail systems: whole scenarios, as tables. Hypothesis must be installed.

    @given(scenarios(fixed={"provider": {"profile": "gmail"}}))
    def test_nothing_is_lost(tables):
        with mailsim.Simulation(tables) as world:
            world.run()  # raises where mail is lost or doubled

An example that fails is shown as the text of its scenario file, for `mailsim run`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mailsim.extras import not_installed
from mailsim.study.scenario_file import scenario_text
from mailsim.testing.fault_sets import FAULTS
from mailsim.testing.hostile_mail import CROWD, HOSTILE
from mailsim.world.orders import inline

try:
    from hypothesis import strategies as st
except ModuleNotFoundError:
    raise ModuleNotFoundError(not_installed("hypothesis", "explore"), name="hypothesis") from None

SYSTEM, DOMAIN = "matters@abc.com", "abc.com"
PEOPLE = ("jane@client.example", "joe@other.example", "ann@client.example")
HABITS = ("reply", "reply-all", "write-anew", "auto-reply", "forward", "bounce", "out-of-office")
LIST, MEMBERS = "rules@lists.example", ("zoe@members.example", "tom@forum.example")
FORWARDED_TO = "boss@boss.example"
ACTIONS = (1234, 1235)
BESIDE, BESIDE_SYSTEM = "xyz.example", "office@xyz.example"
"""The domain of a second practice, and its system mailbox."""
PROFILES = ("postfix", "gmail", "m365", "qmail", "fastmail", "cpanel")
QUIRKS = (
    "no-uidl",
    "no-top",
    "no-capa",
    "no-pipelining",
    "changing-uidl",
    "last",
    "login-delay",
    "gmail",
    "exchange",
)
_APART = 71
"""Minutes between events: no sum of these is one of delays, or of the schedule on which mail is tried again."""
_LAST = 8  # so many times that after the start the last fault ends
_BETWEEN = 797
"""Seconds after an event, and no whole minutes: what begins or ends to go wrong then, does so while nothing is on its way."""
_BEGINNINGS = ("CONNECT", "EHLO", "STARTTLS", "AUTH")
_Timed = tuple[int, dict[str, Any]]
"""An event that happens so many times `_APART` after the start, or a little later."""
_crowd = st.just([f"p{number}@crowd.example" for number in range(CROWD)])
_inside = st.sampled_from(
    ("a1234@abc.com", "A1235@ABC.com", "a99@abc.com", "sales@abc.com", "nobody@abc.com", SYSTEM)
)
_outside = st.sampled_from((*PEOPLE, LIST, "stranger@elsewhere.example"))
_beside = st.sampled_from(("a7@xyz.example", BESIDE_SYSTEM))
_mangles = st.lists(
    st.sampled_from(
        (
            "top-dropped",
            "subject-rewritten",
            "reply-to-dropped",
            "in-reply-to-dropped",
            "references-dropped",
            "references-cut",
            "references-commas",
            "message-id-replaced",
            "quoted-printable",
        )
    ),
    unique=True,
    max_size=2,
)
_spf = st.sampled_from(("ignore", "mark", "refuse"))
_subjects = st.sampled_from(("Draft", "Lease [a1234]", "Grüße", ""))
_texts = st.sampled_from(("Please read.", "Sehr geehrte Frau Jones\n\n.\n..\nMit Grüßen", "", "x" * 2000))


class Tables(dict[str, Any]):
    """The tables of a scenario, shown as its file."""

    def __repr__(self) -> str:
        return scenario_text(self, ())


def scenarios(
    *, faults: tuple[str, ...] = FAULTS, fixed: Mapping[str, Mapping[str, Any]] | None = None
) -> st.SearchStrategy[dict[str, Any]]:
    """The tables of a scenario: a practice, its provider with some of the `faults`, people, and what happens.

    `fixed` are keys of `mailbox`, `routing` and `provider` that are not drawn, such as those of one's own practice.

    Sometimes there is a second practice, at a provider of its own, and something goes wrong at a server outside.

    No two things in it happen at one time. Each can be run: all that is named is there.
    """
    outside = [fault for fault in faults if fault.startswith("mx:")]
    # Which SMTP connections are open already, that are struck by nothing at their beginning, is chance on sockets.
    later = [one for one in faults if one.startswith("pop:") or one.split(":")[1] not in _BEGINNINGS]
    return _drawn(
        fixed=st.just(fixed or {}),
        seed=st.integers(0, 9),
        single=st.booleans(),
        mailbox=st.fixed_dictionaries({}, optional={"catch_all_header": st.just("X-Original-To")}),
        routing=st.fixed_dictionaries(
            {},
            optional={
                "internal": st.sampled_from(("direct", "smtp")),
                "action_address_in": st.sampled_from(("from", "reply-to", "both")),
                "resolvers": st.lists(
                    st.sampled_from(("sub-address", "thread", "subject-token")), unique=True, max_size=3
                ),
            },
        ),
        provider=st.fixed_dictionaries(
            {"faults": st.lists(st.sampled_from(faults), unique=True, max_size=2) if faults else st.just([])},
            optional={
                "profile": st.sampled_from(PROFILES),
                "sender_policy": st.sampled_from(("accept", "rewrite", "reject")),
                "registered": st.just("a1234@abc.com"),
                "size_limit": st.sampled_from((0, 1500)),
                "catch_all": st.sampled_from((SYSTEM, "discard", "refuse")),
                "mailboxes": st.just(["john@abc.com"]),
                "sent_copies": st.booleans(),
                "on_behalf": st.booleans(),
                "forwards": st.just({"john@abc.com": SYSTEM}),
                "spf": _spf,
                "quirks": st.lists(st.sampled_from(QUIRKS), unique=True, max_size=1),
            },
        ),
        poll=st.sampled_from((None, None, "3h 43m")),
        beside=st.none() | _practice(),
        zone=_zone(),
        spf=st.none() | _spf,
        lists=st.lists(_list(), max_size=1),
        relays=st.lists(_relay(), max_size=1),
        outside=st.lists(st.sampled_from(outside), max_size=1) if outside else st.just([]),
        people=st.lists(_person(), max_size=3, unique_by=lambda row: row["address"]),
        events=st.lists(
            st.one_of(_send(), _receive(), st.just({"collect": {}})),
            min_size=1,
            max_size=8,
            # which of two copies comes first is chance on sockets
            unique_by=lambda event: event.get("receive", {}).get("file") or object(),
        ),
        times=st.lists(st.integers(0, 4), max_size=8),
        workload=st.none() | _workload(),
        spells=st.lists(_spell(later), max_size=1) if later else st.just([]),
    )


@st.composite
def _drawn(draw: st.DrawFn, /, **parts: st.SearchStrategy[Any]) -> dict[str, Any]:
    """Not built by a call, which would be shown instead of what it returns."""
    return Tables(_tables(**draw(st.fixed_dictionaries(parts))))


def _practice() -> st.SearchStrategy[dict[str, Any]]:
    """Its row, and under `event` what it does when the other has done everything."""
    send = st.fixed_dictionaries(
        {"to": st.lists(st.one_of(_inside, _beside, _outside), min_size=1, max_size=2, unique=True)},
        optional={"from_action": st.just(7), "subject": _subjects, "text": _texts},
    )
    return st.fixed_dictionaries(
        {
            "mailbox": st.fixed_dictionaries(
                {
                    "type": st.sampled_from(("single", "catch-all")),
                    "default_sender": st.just(BESIDE_SYSTEM),
                    "fallback_address": st.just("desk@elsewhere.example"),
                }
            ),
            "action": st.just([{"id": 7}]),
            "provider": st.fixed_dictionaries(
                {"catch_all": st.just(BESIDE_SYSTEM)},
                optional={
                    "profile": st.sampled_from(PROFILES),
                    "sender_policy": st.sampled_from(("accept", "rewrite", "reject")),
                    "sent_copies": st.booleans(),
                    "spf": _spf,
                },
            ),
            "event": st.lists(send.map(lambda one: {"send": one}), max_size=2),
        }
    )


def _person() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"address": st.sampled_from(PEOPLE)},
        optional={
            "replies_to": st.sampled_from(("from", "reply-to")),
            "delay": st.sampled_from(("17m", "2h 17m")),
            "habit": st.sampled_from(HABITS),
            "mangles": _mangles,
        },
    ).map(lambda row: row | {"forwards_to": FORWARDED_TO} if row.get("habit") == "forward" else row)


def _answers_another(person: dict[str, Any], before: list[dict[str, Any]]) -> bool:
    """Whether a program that answers everything would find another: they answer each other for ever, which breaks a law."""
    habits = [row.get("habit") for row in (person, *before)]
    return habits[0] == "out-of-office" in habits[1:]


def _list() -> st.SearchStrategy[dict[str, Any]]:
    """Its members are nobody to whom anything else goes: which of two copies is answered first is chance on sockets."""
    return st.fixed_dictionaries(
        {"address": st.just(LIST), "members": st.just(list(MEMBERS))},
        optional={
            "rewrites_from": st.booleans(),
            "reply_to": st.sampled_from(("author", "list")),
            "subject_prefix": st.just("[rules]"),
        },
    )


def _relay() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"name": st.just("gate.client.example")},
        optional={"sender": st.just("out@gate.client.example"), "mangles": _mangles},
    )


def _zone() -> st.SearchStrategy[dict[str, Any]]:
    """What DNS says of the domains above: mail led elsewhere, refused, put off, and who may send."""
    txt = st.sampled_from(
        ("v=spf1 a:smtp.abc.com mx -all", "v=spf1 -all", "v=spf1 ?all", "v=spf1 include:_spf.google.com ~all")
    )
    own = st.sampled_from((["10 mx.abc.com", "20 mx2.abc.com"], "10 mx.old.example", []))
    others = st.sampled_from((["10 mx1.client.example", "20 mx2.client.example"], "0 .", []))
    fault = st.sampled_from(
        ("servfail", "timeout", {"mx": "nxdomain"}, {"txt": "servfail"}, {"mx": "slow 7"})
    )
    return st.fixed_dictionaries(
        {},
        optional={
            DOMAIN: st.fixed_dictionaries({}, optional={"txt": txt, "mx": own}),
            "client.example": st.fixed_dictionaries({}, optional={"txt": txt, "mx": others, "fault": fault}),
            "other.example": st.fixed_dictionaries({}, optional={"txt": txt, "fault": fault}),
        },
    )


def _send() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"to": _crowd | st.lists(st.one_of(_outside, _inside, _beside), min_size=1, max_size=3, unique=True)},
        optional={
            "from_action": st.sampled_from(ACTIONS),
            "cc": st.lists(_outside, max_size=1),
            "bcc": st.lists(_outside, max_size=1),
            "subject": _subjects,
            "text": _texts,
            "automatic": st.booleans(),
            "user": st.sampled_from(("mary", "john")),
            "size": st.just("3 KB"),
        },
    ).map(lambda send: {"send": send})


def _receive() -> st.SearchStrategy[dict[str, Any]]:
    to = st.lists(_inside, min_size=1, max_size=2, unique=True)
    written = st.fixed_dictionaries(
        {"to": to, "from": _outside}, optional={"subject": _subjects, "text": _texts}
    )
    brought = st.fixed_dictionaries(
        {"to": to, "from": _outside, "file": st.sampled_from(HOSTILE).map(inline)}
    )
    return st.one_of(written, brought).map(lambda receive: {"receive": receive})


def _workload() -> st.SearchStrategy[dict[str, Any]]:
    """In a time in which nothing else happens at the same second."""
    corpus = st.lists(st.sampled_from(HOSTILE).map(inline), min_size=1, max_size=2, unique=True)
    real = st.fixed_dictionaries({"corpus": corpus}, optional={"share": st.sampled_from((0.2, 1.0))})
    letters = st.fixed_dictionaries(
        {"letters": st.integers(1, 4), "people": st.integers(1, 2), "over": st.just("5h 7s")},
        optional={
            "arrivals": st.sampled_from(("poisson", "uniform", "even")),
            "size": st.sampled_from((0, 700)),
            "sizes": st.sampled_from(("log-normal", "exponential", "uniform", "constant")),
            "delay": st.just("41m"),
            "answer_size": st.just(400),
        },
    )
    return st.tuples(letters, st.just({}) | real).map(lambda parts: parts[0] | parts[1])


def _spell(faults: Sequence[str]) -> st.SearchStrategy[list[_Timed]]:
    """Something begins to go wrong, and may end to later."""

    def spell(fault: str, begins: int, lasts: int) -> list[_Timed]:
        orders = {"add_fault": begins} | ({"remove_fault": begins + lasts} if lasts else {})
        return [
            (at, {"at": f"{60 * _APART * at + _BETWEEN}s", deed: {"fault": fault}})
            for deed, at in orders.items()
        ]

    return st.builds(spell, st.sampled_from(faults), st.integers(0, 4), st.integers(0, _LAST - 4))


def _tables(
    *,
    fixed: Mapping[str, Mapping[str, Any]],
    seed: int,
    single: bool,
    mailbox: dict[str, Any],
    routing: dict[str, Any],
    provider: dict[str, Any],
    poll: str | None,
    beside: dict[str, Any] | None,
    zone: dict[str, Any],
    spf: str | None,
    lists: list[dict[str, Any]],
    relays: list[dict[str, Any]],
    outside: list[str],
    people: list[dict[str, Any]],
    events: list[dict[str, Any]],
    times: list[int],
    workload: dict[str, Any] | None,
    spells: list[list[_Timed]],
) -> dict[str, Any]:
    mailbox = {**({} if single else mailbox), **fixed.get("mailbox", {})}
    single = mailbox.get("type", "single" if single else "catch-all") == "single"
    provider = {**provider, **fixed.get("provider", {})}
    if not single and provider.get("profile") == "m365":
        provider = {"catch_all": SYSTEM, **provider}  # it has no catch-all of its own (R1.13)
    people = [row for number, row in enumerate(people) if not _answers_another(row, people[:number])]
    if lists:
        people = [*people, *({"address": member, "delay": "29m"} for member in MEMBERS)]
    domains = sorted({row["address"].partition("@")[2] for row in (*people, *lists)})
    # Which of two letters is answered that come at once is chance on sockets: to who answers but one, each comes alone.
    alone = any(row.get("habit") == "auto-reply" for row in people)
    end = {"at": f"{_APART * (_LAST + 1)}m"} if alone else {}
    theirs = [end | event for event in (*beside["event"], {"collect": {}})] if beside else []
    relays = [row | {"domains": domains} for row in relays if domains]
    astray = relays[0]["name"] if relays else "mx.elsewhere.example"
    tables = {
        "poll": poll,
        "seed": seed,
        "mailbox": {
            "type": "single" if single else "catch-all",
            "default_sender": SYSTEM,
            "fallback_address": "help@elsewhere.example",
            **mailbox,
        },
        "routing": {**routing, **fixed.get("routing", {})},
        "action": [{"id": action} for action in ACTIONS],
        "user": [{"name": "mary"}, {"name": "john", "from": "john@abc.com"}],
        "alias": [{"address": "sales@abc.com", "mailboxes": ["mary", "john"]}],
        "provider": provider,
        "practice": [{key: beside[key] for key in beside if key != "event"}] if beside else [],
        "correspondent": [row | ({"spf": spf} if spf else {}) for row in people],
        "list": lists,
        "relay": relays,
        "fault": [{"server": astray, "faults": outside}] if outside else [],
        "zone": zone,
        "event": [
            *_ordered(events, times, spells, alone=alone),
            *(event | {"practice": BESIDE} for event in theirs),
            {"collect": {}},
        ],
        "workload": workload,
    }
    return {key: value for key, value in tables.items() if value is not None}


def _ordered(
    events: list[dict[str, Any]], times: list[int], spells: list[list[_Timed]], *, alone: bool
) -> list[dict[str, Any]]:
    """The events with their times, and between them what begins and ends to go wrong; with `alone` no time is left out."""
    when = sorted(times[: len(events)])
    when += [max(when, default=0)] * (len(events) - len(when))
    told = len(events) if alone else len(times)
    timed = [
        (float(at), ({"at": f"{_APART * at}m"} if number < told else {}) | event)
        for number, (at, event) in enumerate(zip(when, events, strict=True))
    ]
    timed += [(at + 0.5, event) for spell in spells for at, event in spell]
    return [event for _, event in sorted(timed, key=lambda one: one[0])]

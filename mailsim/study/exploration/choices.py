"""What there is to choose from when mail for a site is made up: in each the simplest first, for to that Hypothesis shrinks."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from mailsim.study.exploration.letters import ODDITIES
from mailsim.study.exploration.truth import Truth, spellings

PEOPLE = ("jane@client.example", "joe@other.example", "ann@third.example")
HABITS = ("reply", "reply-all", "auto-reply", "out-of-office", "write-anew")
QUIRKS = (["changing-uidl"], ["no-top"], ["exchange"], ["no-uidl"])
FAULTS = (
    "pop:QUIT:1:drop",
    "pop:QUIT:1:ignore-deletes",
    "pop:RETR:1:drop@40",
    "pop:RETR:2:drop",
    "pop:RETR:1:reply [SYS/TEMP] try later",
    "pop:DELE:1:drop",
    "pop:DELE:1:reply -ERR no",
    "pop:DELE:1:eager-delete",
    "pop:UIDL:1:changed-uid",
    "pop:UIDL:1:blank-uid",
    "pop:UIDL:1:duplicate-uid@2",
    "pop:UIDL:1:drop@20",
    "pop:LIST:1:stall@10",
    "pop:LOGIN:1:refuse",
    "pop:PASS:1:locked",
    "pop:CONNECT:1:drop",
    "smtp:RCPT:1:reply 451 4.3.0 later",
    "smtp:RCPT:2:reply 550 5.1.1 unknown",
    "smtp:DATA-END:1:drop",
    "smtp:MAIL:1:reply 421 4.3.2 closing",
    "mx:RCPT:1:reply 451 4.3.0 later",
    "mx:RCPT:2:reply 451 4.3.0 later",
    "mx:DATA-END:1:drop",
    "mx:CONNECT:1:drop",
)
"""What ends, takes nothing away and damages no message that is taken as whole: mail must come through all of it."""
OFTEN = (
    ("smtp:RCPT:1:reply 451 4.3.0 later", "smtp:RCPT:2:reply 550 5.1.1 unknown"),
    ("smtp:EHLO:every:without SIZE",),  # then no size is declared
)
"""What tells something only beside what is seldom too: a letter to several people, a limit on size."""
_TEXTS = ("Please read.", ".\n..\nFrom here on\n", "", "x" * 5000)
_SUBJECTS = ("Draft", "Grüße", "")

Rows = st.SearchStrategy[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """For one site."""

    few: st.SearchStrategy[list[str]]
    """Addresses of the practice, of actions, aliases and nobody, in several spellings: those to which all mail of a plot goes."""
    from_action: st.SearchStrategy[int | None]
    provider: Rows
    people: st.SearchStrategy[list[dict[str, Any]]]
    actions: st.SearchStrategy[list[int]]
    """One, or two of which the first may be named first."""
    outside = st.sampled_from(PEOPLE)
    text = st.sampled_from(_TEXTS)
    faults = st.one_of(st.sampled_from(FAULTS).map(lambda one: (one,)), st.sampled_from(OFTEN))
    minutes = st.sampled_from((10, 71, 400))

    def more(self, truth: Truth, inside: st.SearchStrategy[str]) -> Rows:
        """What `send = {...}` may say besides."""
        one = st.one_of(inside, self.outside).map(lambda address: [address])
        return _some(
            cc=one,
            bcc=one,
            automatic=st.just(True),
            text=self.text,
            subject=st.sampled_from(_SUBJECTS),
            **{"from": st.just(f"mary@{truth.domain}")},
        )

    def form(self, inside: st.SearchStrategy[str]) -> Rows:
        """The arguments of a `letters.Form`."""
        beside = st.fixed_dictionaries(
            {"names": inside, "copied": inside}
        )  # To and Cc name others than it comes to
        some = _some(
            oddity=st.sampled_from(ODDITIES),
            names=st.one_of(st.just("friends@list.example"), inside),
            automatic=st.just(True),
            answers=self.actions,
            token=self.actions,
            copied=inside,
        )
        odd = st.fixed_dictionaries({"oddity": st.sampled_from(ODDITIES)})
        return st.one_of(some, beside, odd)


def choices(truth: Truth) -> Choices:
    """What there is to choose from for this site."""
    actions, inside = truth.actions[:2], _own(truth)
    return Choices(
        few=st.lists(inside, min_size=1, max_size=2, unique=True),
        from_action=st.sampled_from([*actions, None]),
        provider=_provider(truth),
        people=st.lists(_person(truth, inside), max_size=3, unique_by=lambda row: row["address"]),
        actions=st.sampled_from([*([one] for one in actions), actions, actions[::-1]]),
    )


def _some(**keys: st.SearchStrategy[Any]) -> Rows:
    """None of these keys, or one: most bugs want one thing to be odd; or any."""
    one = [st.fixed_dictionaries({key: value}) for key, value in keys.items()]
    return st.one_of(st.just({}), *one, st.fixed_dictionaries({}, optional=keys))


def _own(truth: Truth) -> st.SearchStrategy[str]:
    """Addresses that belong to somebody, to nobody, and in other spellings, as often each."""
    if not truth.catch_all:
        return st.just(truth.system)
    exact = [f"a{number}@{truth.domain}" for number in truth.actions[:2]]
    gone = f"a{max(truth.actions, default=0) + 7}@{truth.domain}"
    kinds = [
        [*exact, *list(truth.aliases)[:4]],
        [truth.system, f"peter@{truth.domain}", gone],
        [spelled for address in exact[:1] for spelled in spellings(address)],
    ]
    return st.one_of(*[st.sampled_from(kind) for kind in kinds if kind])


def _provider(truth: Truth) -> Rows:
    """What may differ from one provider to the next and must lose no mail; what it does with senders is judged alone."""
    keys: dict[str, st.SearchStrategy[Any]] = {
        "size_limit": st.sampled_from(
            (4000, 150)
        ),  # over it are long letters, or all by less than as much again
        "sent_copies": st.just(True),
        "quirks": st.sampled_from(QUIRKS),
    }
    own: dict[str, Any] = {"on_behalf": True}
    if truth.catch_all:
        server_mailbox = f"john@{truth.domain}"
        keys |= {
            "mailboxes": st.just([server_mailbox]),
            "forwards": st.sampled_from((server_mailbox, f"peter@{truth.domain}")).map(
                lambda one: {one: truth.system}
            ),
        }
        own["registered"] = [f"a{number}@{truth.domain}" for number in truth.actions[:2]]
    senders: list[dict[str, Any]] = [
        {},
        *({"sender_policy": policy} for policy in ("accept", "rewrite", "reject")),
    ]
    senders += [more | {key: what} for key, what in own.items() for more in senders[2:4]]
    return st.builds(lambda one, two: one | two, st.sampled_from(senders), _some(**keys))


def _person(truth: Truth, inside: st.SearchStrategy[str]) -> Rows:
    """Somebody who answers, or who gets the fallback's mail and has it forwarded into the practice."""
    person = st.fixed_dictionaries(
        {"address": st.sampled_from(PEOPLE)},
        optional={
            "habit": st.sampled_from(HABITS),
            "replies_to": st.sampled_from(("reply-to", "from")),
            "delay": st.sampled_from(("5m", "3h")),
        },
    )
    if not truth.catch_all or truth.fallback.endswith(f"@{truth.domain}"):
        return person
    forwarder = st.fixed_dictionaries(
        {
            "address": st.just(truth.fallback),
            "habit": st.just("forward"),
            "forwards_to": inside.map(lambda one: [one]),
        }
    )
    return st.one_of(person, forwarder)

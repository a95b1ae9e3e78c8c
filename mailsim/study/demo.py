"""The main job, shown: one practice, three providers after each other, real sockets.

The first provider takes any sender, the second rewrites it as Gmail does, the third refuses it as Microsoft 365
does. The same letters go out through each; correspondents answer; the answers are collected and routed.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from mailsim.practice.decision import Outcome, Reason
from mailsim.provider.policy import SenderAction
from mailsim.study.folder import written
from mailsim.study.holding import Holding, arrived, holding, targets, whole_balance
from mailsim.study.workload import Workload
from mailsim.trace.event import Event, Step, Trace
from mailsim.trace.files import write_json_lines, write_parquet
from mailsim.world.conservation import Balance
from mailsim.world.lab import Lab

PROFILES = {SenderAction.ACCEPT: "postfix", SenderAction.REWRITE: "gmail", SenderAction.REJECT: "m365"}
SYSTEM = "matters@abc.com"
_TRACE = "trace.parquet"
_TOPS = ("messages", "sites", "trace.jsonl", _TRACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderResult:
    """What came of the letters sent through one provider."""

    policy: SenderAction
    sent: int
    refused: int
    replies: int
    delivered: int
    """Replies that the action that they answer holds."""
    unassigned: int
    fallback: int
    reasons: Counter[str] = field(default_factory=Counter)
    """Why replies went to Unassigned."""
    meant_for_known: int = 0
    """How many of those named the action that they answer."""
    replies_from_server: Counter[str] = field(default_factory=Counter)
    """What the provider said to the letters it refused, the sender's address as `{from}`."""
    example_replies: Mapping[str, str] = field(default_factory=dict)
    """The first real one of each of these."""

    def as_json(self) -> dict[str, object]:
        """The row of `mailsim demo --json`; keys that would be empty are left out."""
        row: dict[str, object] = {
            "policy": self.policy.value,
            "sent": self.sent,
            "refused": self.refused,
            "replies": self.replies,
            "delivered": self.delivered,
            "unassigned": self.unassigned,
            "fallback": self.fallback,
        }
        if self.unassigned:
            row |= {"reasons": dict(self.reasons), "meant_for_known": self.meant_for_known}
        if self.refused:
            row["replies_from_server"] = dict(self.replies_from_server)
        return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What came of the whole demo."""

    seed: int
    messages: int
    providers: Sequence[ProviderResult]
    lost: int
    doubled: int
    seconds: float
    trace: Trace
    """All events; trace ids begin with the provider's policy."""
    misrouted: str | None
    """The trace id of one reply that went to Unassigned because its sender was rewritten."""
    path: Path
    """The trace's file; `messages/POLICY/TARGET/N.eml` and `sites/POLICY.toml` stand beside it."""

    def as_json(self) -> dict[str, object]:
        """The document of `mailsim demo --json`."""
        return {
            "seed": self.seed,
            "messages": self.messages,
            "providers": [provider.as_json() for provider in self.providers],
            "lost": self.lost,
            "duplicated": self.doubled,
            "seconds": round(self.seconds, 2),
            "trace": str(self.path),
        }


def demo(messages: int, seed: int, out: Path, *, advanced: Callable[[int], None] = lambda _: None) -> Demo:
    """Run the demo and write its trace, messages and sites to a folder; `advanced` hears the octets of each letter.

    Raises:
        OutError: The folder holds something that no demo wrote, or cannot be written.
    """
    begin = time.perf_counter()
    with written(out, _TOPS) as scratch:
        runs = {
            policy: _run(policy, _share(messages, index), seed, scratch, advanced)
            for index, policy in enumerate(PROFILES)
        }
        trace = _joined({policy: run.trace for policy, run in runs.items()})
        write_json_lines(trace, scratch / "trace.jsonl")
        write_parquet(trace, scratch / _TRACE)
    return Demo(
        seed=seed,
        messages=messages,
        providers=[_result(policy, run) for policy, run in runs.items()],
        lost=sum(len(run.balance.lost) for run in runs.values()),
        doubled=sum(len(run.balance.doubled) for run in runs.values()),
        seconds=time.perf_counter() - begin,
        trace=trace,
        misrouted=_misrouted(trace),
        path=out / _TRACE,
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """One provider's world, after its end."""

    trace: Trace
    held: Holding
    balance: Balance


def _share(messages: int, index: int) -> int:
    """How many letters go through the provider of that number."""
    return messages // len(PROFILES) + (index < messages % len(PROFILES))


def _run(
    policy: SenderAction, letters: int, seed: int, scratch: Path, advanced: Callable[[int], None]
) -> _Run:
    workload = Workload(seed)
    tables = _tables(policy, workload)
    with Lab(tables) as world:
        for letter in workload.letters(letters):
            world.send(from_action=letter.action, to=letter.to, subject=letter.subject, text=letter.text)
            advanced(len(letter.text))
        world.settle()
        world.collect()
        _write_messages(world, scratch / "messages" / policy)
        _write_site(tables, world.trace, scratch / "sites" / f"{policy}.toml")
        held = holding(world)
        return _Run(world.trace, held, whole_balance(world.trace, held))


def _tables(policy: SenderAction, workload: Workload) -> dict[str, Any]:
    """The scenario: the same practice and people, another provider."""
    return {
        "mailbox": {
            "type": "catch-all",
            "default_sender": SYSTEM,
            "fallback_address": "help@elsewhere.example",
        },
        "action": [{"id": number, "name": name} for number, name in workload.actions.items()],
        "provider": {"profile": PROFILES[policy], "catch_all": SYSTEM},
        "correspondent": [{"address": address, "delay": "2h"} for address in workload.correspondents],
    }


def _result(policy: SenderAction, run: _Run) -> ProviderResult:
    """Count what came of the letters: by the trace, and of the answers only what the store holds."""
    trace = run.trace
    sent_by = {event.trace_id: event.sender for event in trace.steps(Step.COMPOSED)}
    refusals = trace.steps(Step.REFUSED)
    decided = list(arrived(trace, run.held))
    unassigned = [event for event in decided if event.outcome == Outcome.UNASSIGNED]
    return ProviderResult(
        policy=policy,
        sent=len(sent_by) - len(refusals),
        refused=len(refusals),
        replies=len(trace.steps(Step.REPLIED)),
        delivered=sum(_target(sent_by[event.trace_id]) in targets(event) for event in decided),
        unassigned=len(unassigned),
        fallback=sum(event.outcome == Outcome.FALLBACK for event in decided),
        reasons=Counter(event.reason for event in unassigned),
        meant_for_known=sum(_target(sent_by[event.trace_id]) == _meant_for(event) for event in unassigned),
        replies_from_server=Counter(map(_kind, refusals)),
        example_replies={_kind(event): event.reason for event in reversed(refusals)},
    )


def _kind(refusal: Event) -> str:
    """What the server said, the same to every sender."""
    return refusal.reason.replace(refusal.sender, "{from}")


def _target(action_address: str) -> str:
    """`action:1234` for `a1234@abc.com`."""
    return "action:" + action_address.partition("@")[0].removeprefix("a")


def _meant_for(decided: Event) -> str | None:
    return cast("str | None", json.loads(decided.detail)["meant_for"])


def _joined(traces: Mapping[SenderAction, Trace]) -> Trace:
    """One trace of several, numbered anew; trace ids begin with the provider's policy."""
    rows = [(policy, event) for policy, trace in traces.items() for event in trace]
    return Trace(
        [
            event._replace(serial=serial, trace_id=event.trace_id and f"{policy}-{event.trace_id}")
            for serial, (policy, event) in enumerate(rows)
        ]
    )


def _misrouted(trace: Trace) -> str | None:
    decided = trace.steps(Step.DECIDED)
    return next((event.trace_id for event in decided if event.reason == Reason.SENDER_REWRITTEN), None)


def _write_messages(world: Lab, folder: Path) -> None:
    """Every delivered copy as `.eml`: a folder for each target, files in the order in which they came."""
    folder.mkdir(parents=True)
    for target in world.targets():
        place = folder / target.replace(":", "-")
        place.mkdir()
        for number, message in enumerate(world.mailbox(target), 1):
            (place / f"{number:05}.eml").write_bytes(message.octets)


def _write_site(tables: dict[str, Any], trace: Trace, path: Path) -> None:
    """The practice as a site file, with what it sent, so that `mailsim route` decides as the practice did."""
    path.parent.mkdir(exist_ok=True)
    sent = [
        {"message_id": event.message_id, "action": int(_target(event.sender).removeprefix("action:"))}
        for event in trace.steps(Step.COMPOSED)
    ]
    headed = [("[mailbox]", tables["mailbox"])]
    headed += [("[[action]]", action) for action in tables["action"]]
    headed += [("[[sent]]", entry) for entry in sent]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for head, table in headed:
            # JSON's texts and numbers are TOML's too, but for DEL and surrogates, which no name here has
            lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()]
            file.write("\n".join([head, *lines, "", ""]))

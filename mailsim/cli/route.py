"""`mailsim route`: real messages, one decision each, without any network."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailsim.cli.bulk import Out, Scheduler, Workers, answers, where

if TYPE_CHECKING:
    from mailsim.cli.progress import Progress
    from mailsim.mail.corpus import Corpus, Stored
    from mailsim.practice.decision import Decision, Outcome
    from mailsim.practice.site import Site
    from mailsim.study.bulk.question import Question
    from mailsim.study.bulk.table import Answers

_BATCH = 500  # lines in one write: unbuffered, a write a line takes longer than the decision
_HEAD = ("MESSAGE", "OUTCOME", "TARGETS", "REASON", "ADDRESS", "NOTE")


def route(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            help="A .eml, an mbox, a Maildir, a Parquet file, a folder of them, or - for standard input.",
        ),
    ],
    site: Annotated[str, typer.Option("--site", metavar="SITE", help="The practice's site file (TOML).")],
    as_json: Annotated[
        bool,
        typer.Option("--json", help="One JSON object a message, one a line; with --out one of the totals."),
    ] = False,
    out: Out = None,
    scheduler: Scheduler = None,
    workers: Workers = None,
) -> None:
    """Say where each message would go, and why. All messages of one call are one collection.

    Of one message every rule that was tried is told; of several one row each, and totals.
    Mail that is too much for one process is shared out with --out: the same rows are DIR/decisions, and totals are told.

    Example: mailsim route --site site.toml reply.eml

    Example: mailsim route --site site.toml export/ --out routed --workers 2
    """
    from mailsim.cli.mail import mail_at
    from mailsim.cli.site import site_at, warn

    practice = site_at(site)
    corpus = mail_at(paths)
    warn(site, practice.warnings)
    shared = answers(lambda: _question(site), corpus, out, scheduler, workers)
    if shared is not None:
        _tell(shared, as_json=as_json)
        return
    decisions = _decisions(practice, corpus)
    _write(_json_lines(decisions) if as_json else _told(decisions, _prefix(paths)))


def _write(lines: Iterator[str]) -> None:
    """Some at a time; what comes before a message that cannot be read is told."""
    waiting: list[str] = []
    try:
        for line in lines:
            waiting.append(f"{line}\n")
            if len(waiting) == _BATCH:
                sys.stdout.write("".join(waiting))
                waiting.clear()
    finally:
        sys.stdout.write("".join(waiting))


def _question(site: str) -> "Question":
    from mailsim.practice.site_file import load_toml
    from mailsim.study.bulk.question import Route, site_text

    return Route(site_text(load_toml(site)))


def _tell(shared: "Answers", *, as_json: bool) -> None:
    """How many messages had each outcome, and why, and where the answer for each of them is."""
    from mailsim.cli.table import table, terminal_width
    from mailsim.practice.decision import Outcome

    groups = shared.groups().most_common()
    if as_json:
        totals = [
            {"outcome": outcome, "reason": reason, "messages": size} for (outcome, reason), size in groups
        ]
        written = {"messages": shared.messages, "totals": totals, "table": str(shared.folder)}
        sys.stdout.write(f"{json.dumps(written)}\n")
    else:
        outcomes = dict.fromkeys(Outcome, 0)
        for (outcome, _), size in groups:
            outcomes[Outcome(outcome)] += size
        rows = [(outcome, reason, f"{size:,}") for (outcome, reason), size in groups]
        lines = [
            *table(("OUTCOME", "REASON", "MESSAGES"), rows, width=terminal_width()),
            "",
            _totals(outcomes),
        ]
        sys.stdout.writelines(f"{line}\n" for line in [*lines, where(shared)])
    shared.check()


def _totals(outcomes: "Mapping[Outcome, int]") -> str:
    return ", ".join(f"{outcome} {count}" for outcome, count in outcomes.items())


def _decisions(site: "Site", corpus: "Corpus") -> "Iterator[Decision]":
    from mailsim.cli.progress import Progress

    with Progress(corpus.size, results_appear=True) as progress:
        yield from site.route_all(_counted(corpus, progress))


def _counted(corpus: "Corpus", progress: "Progress") -> "Iterator[Stored]":
    for stored in corpus:
        yield stored
        progress.advance(len(stored.octets))


def _json_lines(decisions: "Iterable[Decision]") -> Iterator[str]:
    return (json.dumps(decision.as_json()) for decision in decisions)


def _prefix(paths: Sequence[str]) -> str:
    """What the names of messages have in common when one folder was given."""
    return f"{Path(paths[0])}{os.sep}" if len(paths) == 1 and Path(paths[0]).is_dir() else ""


def _told(decisions: "Iterator[Decision]", prefix: str) -> Iterator[str]:
    """For people: the table; under the row of a single message its evidence, under several rows the totals."""
    from mailsim.cli.table import table, terminal_width
    from mailsim.practice.decision import Outcome
    from mailsim.practice.faults import printable

    first = list(islice(decisions, 2))
    outcomes = dict.fromkeys(Outcome, 0)

    def rows() -> Iterator[tuple[str, ...]]:
        for decision in chain(first, decisions):
            outcomes[decision.outcome] += 1
            yield _row(decision, prefix)

    yield from table(_HEAD, rows(), width=terminal_width())
    if len(first) == 1:
        yield from map(printable, str(first[0]).splitlines()[1:])
    else:
        yield ""
        yield _totals(outcomes)


def _row(decision: "Decision", prefix: str) -> tuple[str, ...]:
    notes = [
        f"meant for {decision.meant_for}" if decision.meant_for else "",
        "guessed" if decision.guessed else "",
    ]
    return (
        (decision.message or "").removeprefix(prefix),
        decision.outcome,
        " ".join(decision.targets) or "-",
        decision.reason,
        decision.address or "-",
        ", ".join(filter(None, notes)),
    )

"""`mailsim route`: real messages, one decision each, without any network."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailsim.cli.bulk import Out, Scheduler, Workers, answers

if TYPE_CHECKING:
    from mailsim.cli.progress import Progress
    from mailsim.mail.corpus import Corpus, Stored
    from mailsim.practice.decision import Decision
    from mailsim.practice.site import Site
    from mailsim.study.bulk.question import Question

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
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a message, one a line.")] = False,
    out: Out = None,
    scheduler: Scheduler = None,
    workers: Workers = None,
) -> None:
    """Say where each message would go, and why. All messages of one call are one collection.

    Of one message every rule that was tried is told; of several one row each, and totals.
    Mail that is too much for one process is shared out with --out: the answer is the same, and stays there.

    Example: mailsim route --site site.toml reply.eml

    Example: mailsim route --site site.toml export/ --out routed --workers 2
    """
    from mailsim.cli.mail import mail_at
    from mailsim.cli.site import site_at
    from mailsim.practice.faults import printable

    practice = site_at(site)
    corpus = mail_at(paths)
    for warning in practice.warnings:
        sys.stderr.write(f"mailsim: warning: {printable(site)}: {warning}\n")
    shared = answers(lambda: _question(site), corpus, out, scheduler, workers)
    decisions = _decisions(practice, corpus) if shared is None else shared.decisions()
    lines = _json_lines(decisions) if as_json else _told(decisions, _prefix(paths))
    _write(lines)
    if shared is not None:
        shared.check()


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
        yield ", ".join(f"{outcome} {count}" for outcome, count in outcomes.items())


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

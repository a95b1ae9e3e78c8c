"""`mailsim route`: real messages, one decision each, without any network."""

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mailsim.cli.progress import Progress
    from mailsim.mail.corpus import Corpus, Stored
    from mailsim.practice.decision import Decision
    from mailsim.practice.site import Site

_BATCH = 500  # lines in one write: unbuffered, a write a line takes longer than the decision
_HEAD = ("MESSAGE", "OUTCOME", "TARGETS", "REASON", "ADDRESS", "NOTE")


def route(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH", help="A .eml, an mbox, a Maildir, a folder of them, or - for standard input."
        ),
    ],
    site: Annotated[str, typer.Option("--site", metavar="SITE", help="The practice's site file (TOML).")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a message, one a line.")] = False,
) -> None:
    """Say where each message would go, and why. All messages of one call are one collection."""
    from mailsim.cli.standard_input import standard_input
    from mailsim.mail.corpus import find_mail
    from mailsim.practice.faults import printable
    from mailsim.practice.site import load_site

    practice = load_site(site)
    corpus = find_mail(paths, standard_input(paths))
    for warning in practice.warnings:
        sys.stderr.write(f"mailsim: warning: {printable(site)}: {warning}\n")
    decisions = _decisions(practice, corpus)
    lines = iter(_json_lines(decisions) if as_json else _table(decisions))
    while batch := list(islice(lines, _BATCH)):
        sys.stdout.write("\n".join(batch) + "\n")


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


def _table(decisions: "Iterable[Decision]") -> Iterator[str]:
    from mailsim.cli.table import table, terminal_width

    return table(_HEAD, map(_row, decisions), width=terminal_width())


def _row(decision: "Decision") -> tuple[str, ...]:
    notes = [
        f"meant for {decision.meant_for}" if decision.meant_for else "",
        "guessed" if decision.guessed else "",
    ]
    return (
        decision.message or "",
        decision.outcome,
        " ".join(decision.targets) or "-",
        decision.reason,
        decision.address or "-",
        ", ".join(filter(None, notes)),
    )

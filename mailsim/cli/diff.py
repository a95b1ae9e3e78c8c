"""`mailsim diff`: whose outcome changes between two sites, and why."""

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from mailsim.cli.bulk import Out, Scheduler, Workers, answers, where
from mailsim.errors import MailsimError

if TYPE_CHECKING:
    from mailsim.cli.progress import Progress
    from mailsim.mail.corpus import Corpus, Stored
    from mailsim.study.bulk.question import Question
    from mailsim.study.bulk.table import Answers


class SitesError(MailsimError):
    """Not two sites were given to compare."""


def diff(
    corpus: Annotated[
        list[str],
        typer.Argument(
            metavar="CORPUS",
            help="A .eml, an mbox, a Maildir, a Parquet file, a folder of them, or - for standard input.",
        ),
    ],
    site: Annotated[
        list[str],
        typer.Option("--site", metavar="SITE", help="Twice: the site file as it is, and as it would be."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    out: Out = None,
    scheduler: Scheduler = None,
    workers: Workers = None,
) -> None:
    """Say which messages go elsewhere under another site file, grouped by reason and cause.

    Exit status 1 when any does, as diff does.
    Mail that is too much for one process is shared out with --out: DIR/changes has the messages, and each group's size is told.

    Example: mailsim diff --site now.toml --site then.toml mail/
    """
    from mailsim.cli.mail import mail_at
    from mailsim.cli.progress import Progress
    from mailsim.cli.site import site_at
    from mailsim.practice.faults import printable
    from mailsim.study.diagnosis.diff import difference

    if len(site) != 2:
        raise SitesError(
            f"--site: was given {len(site)} times; give it twice, the site as it is and as it would be"
        )
    before, after = map(site_at, site)
    mail = mail_at(corpus)
    shared = answers(lambda: _question(site), mail, out, scheduler, workers)
    if shared is not None:
        _tell(shared, as_json=as_json)
        return
    with Progress(mail.size) as progress:
        found = difference(before, after, _counted(mail, progress))
    lines = [json.dumps(found.as_json())] if as_json else [printable(line) for line in str(found).split("\n")]
    sys.stdout.write("\n".join(lines) + "\n")
    if found.changed:
        raise typer.Exit(1)


def _question(sites: list[str]) -> "Question":
    from mailsim.practice.site_file import load_toml
    from mailsim.study.bulk.question import Diff, site_text

    before, after = (site_text(load_toml(site)) for site in sites)
    return Diff(before, after)


def _tell(shared: "Answers", *, as_json: bool) -> None:
    """The size of each group, and where the messages are that go elsewhere."""
    from mailsim.study.diagnosis.diff import heading_of, title

    sizes = shared.groups()
    if as_json:
        groups = [
            {"before": before, "after": after, "cause": cause, "messages": size}
            for (before, after, cause), size in sizes.most_common()
        ]
        told = {"messages": shared.messages, "changed": sizes.total(), "groups": groups}
        sys.stdout.write(f"{json.dumps(told | {'table': str(shared.folder)})}\n")
    else:
        headings = [
            heading_of((before, after, cause), size) for (before, after, cause), size in sizes.most_common()
        ]
        lines = [title(sizes.total(), shared.messages), *headings, where(shared)]
        sys.stdout.writelines(f"{line}\n" for line in lines)
    shared.check()
    if sizes:
        raise typer.Exit(1)


def _counted(corpus: "Corpus", progress: "Progress") -> "Iterator[Stored]":
    for stored in corpus:
        yield stored
        progress.advance(len(stored.octets))

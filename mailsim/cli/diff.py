"""`mailsim diff`: whose outcome changes between two sites, and why."""

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from mailsim.errors import MailsimError

if TYPE_CHECKING:
    from mailsim.cli.progress import Progress
    from mailsim.mail.corpus import Corpus, Stored


class SitesError(MailsimError):
    """Not two sites were given to compare."""


def diff(
    corpus: Annotated[
        list[str],
        typer.Argument(
            metavar="CORPUS", help="A .eml, an mbox, a Maildir, a folder of them, or - for standard input."
        ),
    ],
    site: Annotated[
        list[str],
        typer.Option("--site", metavar="SITE", help="Twice: the site file as it is, and as it would be."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Say which messages go elsewhere under another site file, grouped by reason and cause.

    Exit status 1 when any does, as diff does.

    Example: mailsim diff --site now.toml --site then.toml mail/
    """
    from mailsim.cli.progress import Progress
    from mailsim.cli.site import site_at
    from mailsim.cli.standard_input import standard_input
    from mailsim.mail.corpus import find_mail
    from mailsim.practice.faults import printable
    from mailsim.study.diagnosis.diff import difference

    if len(site) != 2:
        raise SitesError(
            f"--site: was given {len(site)} times; give it twice, the site as it is and as it would be"
        )
    before, after = map(site_at, site)
    mail = find_mail(corpus, standard_input(corpus))
    with Progress(mail.size) as progress:
        found = difference(before, after, _counted(mail, progress))
    lines = [json.dumps(found.as_json())] if as_json else [printable(line) for line in str(found).split("\n")]
    sys.stdout.write("\n".join(lines) + "\n")
    if found.changed:
        raise typer.Exit(1)


def _counted(corpus: "Corpus", progress: "Progress") -> "Iterator[Stored]":
    for stored in corpus:
        yield stored
        progress.advance(len(stored.octets))

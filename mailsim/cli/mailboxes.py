"""`mailsim mailboxes`: what was delivered where, listed or as Maildirs."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from mailsim.cli.place import place
from mailsim.errors import MailsimError


class NoStoreError(MailsimError):
    """A store that is not there."""


def mailboxes(
    store: Annotated[
        Path,
        typer.Option("--store", metavar="PATH", parser=place, help="The store that `mailsim collect` wrote."),
    ],
    export: Annotated[
        Path | None,
        typer.Option(
            "--export", metavar="DIR", parser=place, help="Write each target as a Maildir below DIR."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """List what was delivered where.

    Example: mailsim mailboxes --store practice.sqlite --export mail
    """
    from mailsim.cli.table import table, terminal_width
    from mailsim.practice.maildir import export as write
    from mailsim.practice.store import Store
    from mailsim.practice.store_error import unusable

    try:
        there = store.is_file() and store.stat().st_size  # opened, an empty file would become a store
    except OSError as error:
        raise unusable(store, error) from None
    if not there:
        raise NoStoreError(f"{store}: there is no such store; `mailsim collect --store` makes one")
    with Store(store) as kept:
        rows = [
            (target, count, write(kept, target, export) if export else None)
            for target, count in kept.targets().items()
        ]
    if as_json:
        document = [
            {"target": target, "messages": count, "maildir": None if maildir is None else str(maildir)}
            for target, count, maildir in rows
        ]
        sys.stdout.write(json.dumps({"mailboxes": document}) + "\n")
        return
    lines = [(target, str(count), *([str(maildir)] if maildir else [])) for target, count, maildir in rows]
    head = ("TARGET", "MESSAGES", *(["MAILDIR"] if export else []))
    sys.stdout.write("\n".join(table(head, lines, width=terminal_width())) + "\n")

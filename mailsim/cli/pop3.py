"""`mailsim pop3`: a POP3 server alone, for authors of clients."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from mailsim.cli.login import login
from mailsim.cli.standing import signals_held, stand
from mailsim.errors import MailsimError


class Pop3UsageError(MailsimError):
    """A path that cannot be served."""


def pop3(
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="A folder of .eml files, an mbox, a Maildir or one .eml.")
    ],
    user: Annotated[
        list[str],
        typer.Option("--user", metavar="NAME:PASSWORD", help="Who may log in; a password may hold colons."),
    ],
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = 0,
    tls: Annotated[
        Literal["none", "stls", "implicit"],
        typer.Option("--tls", help="No TLS, by STLS, or from the first octet."),
    ] = "none",
    quirk: Annotated[
        list[str] | None,
        typer.Option(
            "--quirk", metavar="NAME", help="The way of a real server; `mailsim faults` lists them."
        ),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="SPEC", help="What goes wrong; `mailsim faults` lists what can."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="What chance in faults is drawn from.")] = 0,
    as_json: Annotated[  # noqa: ARG001 - the contract's option; it changes nothing
        bool, typer.Option("--json", help="No more than without: the line is JSON anyway.")
    ] = False,
) -> None:
    """Serve the messages of PATH in one maildrop until SIGINT or SIGTERM; PATH stays as it is.

    Prints one JSON line when it listens, with the number of `messages`. A message with UTF-8 in its header is given to clients that say UTF8; with
    --quirk no-utf8 every client has it, as from most servers.

    Example: mailsim pop3 mail/ --user alice:secret --fault pop:RETR:3:drop@1024
    """
    from mailsim.pop3.embedded import Pop3Server

    name, password = login(user)
    messages = _read(path)  # a signal ends it meanwhile, as any program: none is held yet
    server = Pop3Server(
        {name: (password, messages)}, tls=tls, quirks=quirk or (), faults=fault or (), seed=seed, port=port
    )
    with signals_held(), server:
        stand(
            *("pop3", tls, server.host, server.port),
            accounts=[(name, password)],
            ca=server.ca,
            further={"messages": len(messages)},
        )


def _read(path: str) -> list[bytes]:
    """The messages at a path; raises Pop3UsageError for a pipe or a device, which may never end."""
    from mailsim.cli.mail import mail_at
    from mailsim.mail.corpus import STREAM

    place = Path(path)
    if path != STREAM and os.path.lexists(place) and not (place.is_file() or place.is_dir()):
        raise Pop3UsageError(f"{path}: it is no file or folder; name one, or pipe mail into `mailsim pop3 -`")
    return [stored.octets for stored in mail_at([path])]

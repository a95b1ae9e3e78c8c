"""`mailsim pop3`: a POP3 server alone, for authors of clients."""

from typing import Annotated, Literal

import typer

from mailsim.cli.standing import signals_held, stand
from mailsim.errors import MailsimError


class Pop3UsageError(MailsimError):
    """An option that cannot be used."""


def pop3(
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="A folder of .eml files, an mbox, a Maildir or one .eml.")
    ],
    user: Annotated[
        str,
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

    Prints one JSON line when it listens. A message with UTF-8 in its header is given to clients that say UTF8; with
    --quirk no-utf8 every client has it, as from most servers.

    Example: mailsim pop3 mail/ --user alice:secret --fault pop:RETR:3:drop@1024
    """
    name, colon, password = user.partition(":")
    if not (name and colon):
        raise Pop3UsageError("--user: write NAME:PASSWORD, such as --user alice:secret")
    with signals_held():
        _serve(path, (name, password), port=port, tls=tls, quirks=quirk or (), faults=fault or (), seed=seed)


def _serve(
    path: str,
    account: tuple[str, str],
    *,
    port: int,
    tls: Literal["none", "stls", "implicit"],
    quirks: "list[str] | tuple[()]",
    faults: "list[str] | tuple[()]",
    seed: int,
) -> None:
    from mailsim.cli.standard_input import standard_input
    from mailsim.mail.corpus import find_mail
    from mailsim.pop3.embedded import Pop3Server

    name, password = account
    messages = [stored.octets for stored in find_mail([path], standard_input([path]))]
    server = Pop3Server(
        {name: (password, messages)}, tls=tls, quirks=quirks, faults=faults, seed=seed, port=port
    )
    with server:
        stand("pop3", tls, server.host, server.port, accounts=[account], ca=server.ca)

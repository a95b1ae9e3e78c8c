"""`mailsim smtp`: an SMTP server alone, behaving like a provider's."""

from typing import Annotated, Literal

import typer

from mailsim.cli.login import login
from mailsim.cli.standing import signals_held, stand
from mailsim.errors import MailsimError


class SmtpUsageError(MailsimError):
    """An option that cannot be used."""


def smtp(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = 0,
    tls: Annotated[
        Literal["none", "starttls", "implicit"],
        typer.Option("--tls", help="No TLS, by STARTTLS, or from the first octet."),
    ] = "none",
    user: Annotated[
        list[str] | None,
        typer.Option(
            "--user",
            metavar="NAME:PASSWORD",
            help="Who may send; a password may hold colons. Without it anybody, and all is mail of account@mail.example.",
        ),
    ] = None,
    provider: Annotated[
        str | None, typer.Option("--provider", metavar="NAME", help="Whose ways it has: `mailsim providers`.")
    ] = None,
    policy: Annotated[
        Literal["accept", "rewrite", "reject"] | None,
        typer.Option(
            "--policy", help="What becomes of a sender that is not the account's; accept unless given."
        ),
    ] = None,
    size_limit: Annotated[
        str, typer.Option("--size-limit", metavar="SIZE", help="Such as '25 MB'; 0 for none.")
    ] = "",
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="SPEC", help="What goes wrong; `mailsim faults` lists what can."),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--store", metavar="DIR", help="Keep each message there as .eml, its envelope as .json."
        ),
    ] = None,
    as_json: Annotated[  # noqa: ARG001 - the contract's option; it changes nothing
        bool, typer.Option("--json", help="No more than without: the line is JSON anyway.")
    ] = False,
) -> None:
    """Take mail from programs until SIGINT or SIGTERM; it goes nowhere.

    Prints one JSON line when it listens.

    Example: mailsim smtp --provider gmail --user alice:secret --tls starttls --store taken/
    """
    from mailsim.smtp.embedded import SmtpServer
    from mailsim.world.quantities import octets

    if provider is not None and policy is not None:
        raise SmtpUsageError(f"--provider {provider} has a policy of its own: give --provider or --policy")
    if provider == "" or store == "":
        raise SmtpUsageError(
            "--provider '': name a provider, or leave it out"
            if provider == ""
            else "--store '': name a folder, or leave it out"
        )
    try:
        limit = octets(size_limit) if size_limit else None
    except ValueError as error:
        raise SmtpUsageError(f"--size-limit: {error}") from None
    users = dict([login(user)]) if user else {}
    with (
        signals_held(),
        SmtpServer(
            provider=provider or "",
            policy=policy,
            tls=tls,
            users=users,
            size_limit=limit,
            faults=fault or (),
            store=store,
            remembers=False,  # nobody asks, and it may run for long
            port=port,
        ) as server,
    ):
        stand(
            "smtp",
            tls,
            server.host,
            server.port,
            accounts=users.items(),
            ca=server.ca,
            further=_guessed(provider, policy),
        )


def _guessed(provider: str | None, policy: str | None) -> dict[str, object]:
    """What the line tells of a provider: the facts that are unknown of it, and so not as it does them."""
    from mailsim.provider.profiles import profile

    return {"unknown": profile(provider).guessed_of_senders()} if provider and not policy else {}

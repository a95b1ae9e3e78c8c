"""`mailsim collect`: once from a POP3 server into a store, each message once."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailsim.cli.place import place

if TYPE_CHECKING:
    import ssl

    from mailsim.practice.account import SmtpAccount
    from mailsim.practice.collecting import Summary
    from mailsim.practice.site import Site
    from mailsim.practice.store import Store

PATIENCE = 10.0
"""Seconds to wait for another collection into the same store."""


def collect(
    site: Annotated[str, typer.Option("--site", metavar="SITE", help="The practice's site file (TOML).")],
    store: Annotated[
        Path,
        typer.Option(
            "--store",
            metavar="PATH",
            parser=place,
            help="The file where deliveries are kept; made if it is not there, or empty.",
        ),
    ],
    ca: Annotated[
        Path | None,
        typer.Option(
            "--ca", metavar="FILE", parser=place, help="Trust these authorities (PEM), not the system's."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Collect all that waits at the site's POP3 server, route it, store it, and only then delete it there.

    Whatever happens on the way, nothing is lost, and the next collection repeats nothing. Messages that cannot be
    read are sent on to the fallback address through the site's SMTP server, if it has one.

    Example: mailsim collect --site site.toml --store practice.sqlite
    """
    import asyncio

    from mailsim.cli.progress import Progress
    from mailsim.cli.site import site_at, warn
    from mailsim.cli.trust import trusting
    from mailsim.practice.collecting import collect_for
    from mailsim.practice.faults import printable
    from mailsim.practice.store import Store
    from mailsim.practice.turn import turn

    practice = site_at(site)
    account = practice.pop_account()
    smtp = practice.smtp_account() if practice.settings.smtp else None
    tls = trusting(ca)
    warn(site, practice.warnings)
    with Store(store) as kept, turn(store, patience=PATIENCE):  # what is no store gets no file beside it
        with Progress(None) as progress:
            summary = asyncio.run(collect_for(practice, kept, account, tls=tls, advanced=progress.advance))
        sys.stdout.write((json.dumps(summary.as_json()) if as_json else _told(summary)) + "\n")
        if summary.short:
            sys.stderr.write(
                f"mailsim: warning: messages that are shorter than the server listed: {summary.short}; it only estimates "
                "sizes, or it cut them short: look at them\n"
            )
        troubles = [*_troubles(summary, site, tls=account.server.tls), *_forward(practice, kept, smtp, tls)]
    for trouble in troubles:
        sys.stderr.write(f"mailsim: {printable(trouble)}\n")
    if troubles:
        raise typer.Exit(1)


def _told(summary: "Summary") -> str:
    counted = summary.as_json()
    words = ", ".join(
        f"{counted[word]} {word}" for word in ("delivered", "unassigned", "fallback", "duplicate")
    )
    sessions = "1 session" if summary.sessions == 1 else f"{summary.sessions} sessions"
    deleted = "not known how many deleted" if summary.deleted is None else f"{summary.deleted} deleted"
    left = "not known how many left" if summary.left is None else f"{summary.left} left"
    return f"{counted['collected']} collected: {words}; {deleted}, {left}; {sessions}, {summary.seconds:.1f} seconds"


def _troubles(summary: "Summary", site: str, *, tls: bool) -> list[str]:
    from mailsim.pop3.collection import CollectError, Step

    told = [
        f"message {failure.number} stays at the server: {failure.step}: {failure.text}"
        for failure in summary.failures
    ]
    if summary.broken is not None:
        told.append(str(summary.broken))
        if isinstance(summary.broken, CollectError) and summary.broken.step in (
            Step.CONNECT,
            Step.GREETING,
            Step.LOGIN,
        ):
            if summary.broken.step is Step.GREETING and not tls:
                told[-1] += (
                    "; a port for TLS greets nobody who speaks none: if it is one, write ssl:// in [pop]"
                )
            told[-1] += f"; `mailsim check pop --site {site}` says what to do"
    elif summary.left and not told:
        told.append(f"{summary.left} messages stay at the server: it did not delete them; collect again")
    return told


def _forward(
    practice: "Site", store: "Store", smtp: "SmtpAccount | None", tls: "ssl.SSLContext"
) -> list[str]:
    """Send what waits for the fallback address; what went wrong, one line each. What is not sent waits on."""
    if smtp is None or smtp.own:
        waiting = sum(1 for _ in store.forwards())
        what = (
            "1 message that cannot be read waits"
            if waiting == 1
            else f"{waiting} messages that cannot be read wait"
        )
        cure = "the site has no server of its own to send through; give the site an [smtp] server and collect again"
        return [f"{what} to be sent to {practice.rules.fallback}: {cure}"] if waiting else []
    import asyncio

    from mailsim.cli.outbox import send_forwards

    return asyncio.run(send_forwards(store, smtp, tls))

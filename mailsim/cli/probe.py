"""`mailsim probe`: what a route does to a message, and whether replies come back."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def probe(
    site: Annotated[str, typer.Option("--site", metavar="SITE", help="The practice's site file (TOML).")],
    action: Annotated[
        int | None, typer.Option("--action", metavar="ID", help="The action; the first when not given.")
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option("--ca", metavar="FILE", help="Trust these authorities (PEM), not the system's."),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=1, help="For all of the probe.")
    ] = 60.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Send one message as an action to itself, collect it, and tell what the route did to it.

    Each header field added, changed or dropped is told, and whether a reply would reach the action, under each way of
    replying. No other mail is deleted or altered; the probe's own message is deleted. Exits 0 when a reply comes back
    as the site is set, else 1.

    Example: mailsim probe --site site.toml --action 1234
    """
    import asyncio
    import json

    from mailsim.check.probe import probe as probed
    from mailsim.cli.site import site_at
    from mailsim.cli.trust import trusting
    from mailsim.practice.faults import printable

    found = asyncio.run(probed(site_at(site), action=action, tls=trusting(ca), timeout=timeout))
    told = json.dumps(found.as_json()) if as_json else "\n".join(map(printable, str(found).splitlines()))
    sys.stdout.write(told + "\n")
    if not found:
        raise typer.Exit(1)

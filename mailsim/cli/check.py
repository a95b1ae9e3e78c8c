"""`mailsim check pop|smtp`: green or red, and what to do about red."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mailsim.check.verdict import Verdict


class What(StrEnum):
    """What can be checked."""

    POP = "pop"
    SMTP = "smtp"


def check(
    what: Annotated[What, typer.Argument(help="Collecting, or sending.")],
    site: Annotated[str, typer.Option("--site", metavar="SITE", help="The practice's site file (TOML).")],
    ca: Annotated[
        Path | None,
        typer.Option("--ca", metavar="FILE", help="Trust these authorities (PEM), not the system's."),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=0.1, help="For all of the check.")
    ] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Check that the site's POP or SMTP server can be used as it is set: green, or red with the cause.

    Check POP logs in and out; Check SMTP also offers the default sender. No message is sent, retrieved or deleted.
    Exits 0 when green, 1 when red.

    Example: mailsim check pop --site site.toml
    """
    import json

    from mailsim.practice.faults import printable

    verdict = _verdict(what, site, ca, timeout)
    told = json.dumps(verdict.as_json()) if as_json else "\n".join(map(printable, str(verdict).splitlines()))
    sys.stdout.write(told + "\n")
    if not verdict:
        raise typer.Exit(1)


def _verdict(what: What, path: str, ca: Path | None, timeout: float) -> "Verdict":
    """The check's; faults of the checked table are one too. Raises SiteError for others, and TrustError."""
    import asyncio

    from mailsim.check.settings import own_faults, red_settings
    from mailsim.check.verdict import Check
    from mailsim.cli.site import site_at
    from mailsim.cli.trust import trusting
    from mailsim.practice.faults import SiteError

    tls = trusting(ca)
    try:
        site = site_at(path)
    except SiteError as error:
        faults = own_faults(Check(what), error)
        if not faults:
            raise
        return red_settings(Check(what), faults)
    if what is What.POP:
        return asyncio.run(site.check_pop(tls=tls, timeout=timeout))
    return asyncio.run(site.check_smtp(tls=tls, timeout=timeout))

"""`mailsim shrink`: the smallest message and site that still misroute the same way."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from mailsim.errors import MailsimError


class UnwritableError(MailsimError):
    """A folder that the reproduction cannot be written into."""


def shrink(
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="A .eml, or - for standard input.")],
    site: Annotated[str, typer.Option("--site", metavar="SITE", help="The practice's site file (TOML).")],
    expect: Annotated[
        str,
        typer.Option(
            "--expect", metavar="TARGET", help="Where it should have gone: action:1234, mailbox:mary."
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where to write; made if it is not there.")
    ] = Path("misrouted"),
    keep: Annotated[bool, typer.Option("--keep", help="Keep personal data; else it is replaced.")] = False,
    provider: Annotated[
        str | None,
        typer.Option(
            "--provider", metavar="NAME", help="Who hosts the mail; else what the site names under common."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Make a misrouted message and its site as small as can be, the reason and the cause staying the same.

    Written are the message (.eml), the site (.toml) and a specification (.feature) that fails until it is fixed.

    Example: mailsim shrink --site site.toml reply.eml --expect action:1234 --out misrouted
    """
    from mailsim.cli.site import site_at
    from mailsim.cli.why import one_message
    from mailsim.practice.faults import printable
    from mailsim.study.diagnosis.reproduction_files import write_reproduction
    from mailsim.study.diagnosis.shrink import shrink as shrunk
    from mailsim.study.diagnosis.shrink import told

    practice = site_at(site)
    _, octets = one_message(message)
    found = shrunk(octets, site=practice, expect=expect, keep=keep, provider=provider)
    try:
        written = write_reproduction(found, out)
    except OSError as error:
        raise UnwritableError(f"{out}: cannot be written: {error.strerror}; name another folder") from None
    if not found.anonymous and not keep:
        sys.stderr.write("mailsim: personal data stays: without it the message would not be misrouted so\n")
    if as_json:
        document = {
            "files": [str(path) for path in written],
            "octets": {"before": len(octets), "after": len(found.message.octets)},
            "expect": found.expect,
            "reason": found.decision.reason,
            "cause": found.cause,
            "anonymous": found.anonymous,
            "remedy": found.remedy.as_json() if found.remedy else None,
            "candidates": found.runs,
        }
        lines = [json.dumps(document)]
    else:
        lines = [printable(told(found, len(octets))), *(printable(str(path)) for path in written)]
    sys.stdout.write("\n".join(lines) + "\n")

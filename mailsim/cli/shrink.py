"""`mailsim shrink`: the smallest message and site that still misroute the same way, or the smallest scenario."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from mailsim.errors import MailsimError


class ShrunkError(MailsimError):
    """Not what shrinking needs was given."""


class UnwritableError(MailsimError):
    """A folder that the reproduction cannot be written into."""


def shrink(
    source: Annotated[
        str,
        typer.Argument(
            metavar="MESSAGE|SCENARIO",
            help="With --site a .eml, or - for standard input; else a scenario file.",
        ),
    ],
    site: Annotated[
        str | None, typer.Option("--site", metavar="SITE", help="The practice's site file (TOML).")
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option(
            "--expect", metavar="TARGET", help="Where it should have gone: action:1234, mailbox:mary."
        ),
    ] = None,
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

    Written are the message (.eml), the site (.toml) and a specification (.feature) that fails until it is fixed. Without
    --site a whole scenario: fewest events, parties and faults with which the same law is broken, the same expectation
    fails, or a message is misrouted for the same cause. On Ctrl-C the smallest so far is written.

    Example: mailsim shrink --site site.toml reply.eml --expect action:1234 --out misrouted
    """
    if site is None and (expect is not None or provider is not None):
        raise ShrunkError(
            "--expect and --provider are of a message; give its --site, or a scenario file alone"
        )
    if site is None and not source.endswith(".toml"):
        raise ShrunkError(f"{source}: a message needs --site and --expect; a scenario file ends in .toml")
    if site is None:
        _shrink_scenario(Path(source), out, keep=keep, as_json=as_json)
        return
    if expect is None:
        raise ShrunkError("say with --expect where the message should have gone, such as action:1234")
    from mailsim.cli.site import site_at
    from mailsim.cli.why import one_message
    from mailsim.practice.faults import printable
    from mailsim.study.diagnosis.reproduction_files import write_reproduction
    from mailsim.study.diagnosis.shrink import shrink as shrunk
    from mailsim.study.diagnosis.shrink import told

    practice = site_at(site)
    _, octets = one_message(source)
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


def _shrink_scenario(path: Path, out: Path, *, keep: bool, as_json: bool) -> None:
    from mailsim.cli.progress import Progress
    from mailsim.practice.faults import printable
    from mailsim.study.shrinking.scenario import shrink_scenario
    from mailsim.study.shrinking.scenario_files import write_scenario

    with Progress(None, things="candidates") as progress:
        found = shrink_scenario(path, keep=keep, advanced=progress.reached)
    try:
        written = write_scenario(found, out)
    except OSError as error:
        raise UnwritableError(f"{out}: cannot be written: {error.strerror}; name another folder") from None
    if not found.anonymous and not keep:
        sys.stderr.write("mailsim: personal data stays: without it the same would not go wrong\n")
    if found.interrupted:
        sys.stderr.write("mailsim: interrupted: this is the smallest so far, and less may be enough\n")
    before, after = found.events
    if as_json:
        document = {
            "files": [str(path) for path in written],
            "finding": found.finding.kind,
            "words": found.finding.words,
            "events": {"before": before, "after": after},
            "anonymous": found.anonymous,
            "remedy": found.cure.words if found.cure else None,
            "candidates": found.runs,
            "interrupted": found.interrupted,
        }
        lines = [json.dumps(document)]
    else:
        helps = f"what would help: {found.cure.words}" if found.cure else "no change that is known would help"
        told = f"{found.finding.words}: of {before} events {after} {'is' if after == 1 else 'are'} left; {helps}; {found.runs} candidates were played"
        lines = [printable(told), *(printable(str(path)) for path in written)]
    sys.stdout.write("\n".join(lines) + "\n")
    if found.interrupted:
        raise typer.Exit(130)

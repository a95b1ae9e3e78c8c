"""`mailsim why`: one message, why it went where it went, and what would have led it elsewhere; or its story in a trace."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from mailsim.errors import MailsimError


class ExplainedError(MailsimError):
    """Not exactly one message was given to explain, or not what it is to be explained by."""


def _list_causes(wanted: bool) -> None:  # noqa: FBT001 - how typer calls it
    if wanted:
        from mailsim.cli.table import table, terminal_width
        from mailsim.study.diagnosis.causes import CAUSES

        rows = ((cause.name, cause.tells, cause.fix) for cause in CAUSES)
        lines = table(("CAUSE", "WHAT HAPPENED", "USUAL FIX"), rows, width=terminal_width())
        sys.stdout.write("\n".join(lines) + "\n")
        raise typer.Exit


def why(
    message: Annotated[
        str | None,
        typer.Argument(
            metavar="MESSAGE",
            help="A .eml, or - for standard input; with --trace a Message-ID, or a row of its messages().",
            show_default=False,
        ),
    ] = None,
    site: Annotated[
        str | None, typer.Option("--site", metavar="SITE", help="The practice's site file (TOML).")
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(
            "--trace",
            metavar="TRACE",
            help="Instead of a site: a run's trace, for the message's whole story.",
        ),
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option(
            "--expect",
            metavar="TARGET",
            help="Where it should have gone: action:1234, mailbox:mary; with --trace another practice's too, such as xyz.example/action:7.",
        ),
    ] = None,
    corpus: Annotated[
        list[str] | None,
        typer.Option("--corpus", metavar="PATH", help="Other mail: whose outcome each change would alter."),
    ] = None,
    provider: Annotated[
        str | None,
        typer.Option(
            "--provider", metavar="NAME", help="Who hosts the mail; else what the site names under common."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FILE.svg", help="With --trace: draw its way there too."),
    ] = None,
    _causes: Annotated[
        bool,
        typer.Option(
            "--causes", callback=_list_causes, is_eager=True, help="List the causes that are known, and exit."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Say why a message goes where it goes: each header read, each rule tried or not reached, and the causes it shows.

    With --expect also the smallest changes that lead there, each one tried. With --trace the whole story of a message of
    a run, and at which hop it was lost; without MESSAGE of the first that was misrouted. Exit status 1 when it does not
    go where it should.

    Example: mailsim why --site site.toml reply.eml --expect action:1234
    """
    if trace is not None:
        if site is not None or corpus or provider:
            raise ExplainedError(
                "--trace goes with MESSAGE, --expect and --out alone: a run has its own site and provider"
            )
        _tell_story(trace, message, expect, out, as_json=as_json)
        return
    if out is not None:
        raise ExplainedError(f"{out}: a message alone has no way to be drawn; give --trace TRACE of a run")
    if site is None or message is None:
        raise ExplainedError("name a message and --site SITE, or --trace TRACE of a run")
    from mailsim.cli.site import site_at
    from mailsim.practice.faults import printable
    from mailsim.study.diagnosis.why import why as explained

    practice = site_at(site)
    name, octets = one_message(message)
    decision = practice.route(octets, name=name)
    told = explained(
        decision,
        site=practice,
        message=octets,
        expect=expect,
        corpus=_others(corpus or ()),
        provider=provider,
    )
    lines = [json.dumps(told.as_json())] if as_json else [printable(line) for line in str(told).split("\n")]
    sys.stdout.write("\n".join(lines) + "\n")
    if not told.as_expected:
        raise typer.Exit(1)


def _tell_story(
    trace: Path, message: str | None, expect: str | None, out: Path | None, *, as_json: bool
) -> None:
    from mailsim.practice.faults import printable
    from mailsim.trace.pictures import as_file
    from mailsim.trace.recorded import read_trace

    found = read_trace(trace).why(message, expect=expect)
    if out is not None:
        try:
            out.write_text(as_file(found.drawn()), "utf-8")
        except OSError as error:
            raise ExplainedError(f"{out}: cannot be written: {error.strerror}; name another file") from None
    lines = [json.dumps(found.as_json())] if as_json else [printable(line) for line in str(found).split("\n")]
    sys.stdout.write("\n".join(lines) + "\n")
    if not found.as_meant:
        raise typer.Exit(1)


def one_message(path: str) -> tuple[str, bytes]:
    """The one message at a path, with its name; raises CorpusError, or ExplainedError where there are several."""
    from mailsim.cli.mail import standard_input
    from mailsim.mail.corpus import find_mail

    stored = iter(find_mail([path], standard_input([path])))
    first = next(stored)
    if next(stored, None) is not None:
        raise ExplainedError(f"{path}: holds several messages; name one, as a .eml of its own")
    return first.name, first.octets


def _others(paths: Iterable[str]) -> Iterator[tuple[str | None, bytes]]:
    from mailsim.cli.mail import mail_at

    given = list(paths)
    return iter(mail_at(given) if given else ())

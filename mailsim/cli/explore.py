"""`mailsim explore`: a search for mail and faults that break a law or a rule, or lose a reply."""

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import typer

from mailsim.errors import MailsimError

if TYPE_CHECKING:
    from mailsim.study.exploration.finding import Finding

_PAUSE = 0.2  # seconds between two lines of progress


class UnwritableError(MailsimError):
    """A file that the scenario cannot be written into."""


def explore(
    site: Annotated[str, typer.Option("--site", metavar="SITE", help="The practice's site file (TOML).")],
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, help="How long to search.")] = 60,
    provider: Annotated[
        str | None,
        typer.Option(
            "--provider", metavar="NAME", help="Who hosts the mail; else what the site names under common."
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Other plots than those of another seed.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the scenario there, not to standard output."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Search for mail and faults that break a law or a rule, or lose a reply; exits 1 where something is found.

    What is found is made small, and told as a scenario file that mailsim run plays again. Needs the extra explore.

    Example: mailsim explore --site site.toml --seconds 30 --out found.toml
    """
    from mailsim.cli.site import site_at
    from mailsim.practice.faults import printable
    from mailsim.study.explore import explore as explored

    practice = site_at(site)
    if out and not (out.parent.is_dir() and os.access(out.parent, os.W_OK)):
        raise UnwritableError(
            f"{out}: cannot be written: its folder is not there, or not yours; name another file"
        )
    with _Progress(seconds) as progress:
        ran = explored(practice, seconds=seconds, provider=provider, seed=seed, advanced=progress.advance)
    scenario = ran.scenario(f"mailsim run {printable(str(out or 'FILE'))}")
    if out and scenario:
        try:
            out.write_text(scenario, "utf-8")
        except OSError as error:
            raise UnwritableError(f"{out}: cannot be written: {error.strerror}; name another file") from None
    searched = f"{ran.examples:,} scenarios in {ran.seconds:.0f} s"
    if as_json:
        text = json.dumps(
            {
                "site": site,
                "examples": ran.examples,
                "seconds": round(ran.seconds, 1),
                "found": None if ran.found is None else ran.as_json() | {"scenario": scenario},
                "file": str(out) if out and scenario else None,
            },
            ensure_ascii=False,
        )
    elif not scenario:
        text = f"Nothing found: {searched}."
    elif out:
        text = "\n".join([*map(printable, ran.told), f"The scenario: {printable(str(out))}"])
    else:
        text = scenario.rstrip("\n")
    sys.stdout.write(text + "\n")
    if scenario:
        raise typer.Exit(1)


class _Progress:
    """A line on a terminal's standard error, drawn again and again, and removed at the end."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._start = self._drawn = time.monotonic()
        self._visible = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def advance(self, examples: int, finding: "Finding | None") -> None:
        """One more scenario was played; `finding` is being made small."""
        now = time.monotonic()
        if not self._visible or now < self._drawn + _PAUSE:
            return
        self._drawn = now
        doing = f"found ({finding.rule}), making it small" if finding else "searching"
        sys.stderr.write(
            f"\r\x1b[K{now - self._start:.0f} of {self._seconds:g} s, {examples:,} scenarios: {doing}"
        )
        sys.stderr.flush()

    def __exit__(self, *error: object) -> None:
        if self._visible:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

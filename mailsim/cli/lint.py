"""`mailsim lint`: what is wrong with features before they run."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer


def lint(
    features: Annotated[
        list[Path],
        typer.Argument(
            help="Features, folders of them, and Python modules that bind some with steps of their own."
        ),
    ],
    complete: Annotated[
        bool, typer.Option("--complete", help="Want a scenario for each rule of mailsim's rule book.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> int:
    """Find what would fail, or go unread: steps that nobody or several define, misspelt keywords, tags and placeholders, parts without a scenario.

    A line each: file:line: what is wrong; what to do. Exit status: 0 nothing found, 1 something, 2 no such features, or
    a repository that pytest cannot collect.
    """
    from mailsim.testing.lint import lint as judged

    findings = judged(features, complete=complete)
    if as_json:
        sys.stdout.write(json.dumps({"findings": [asdict(finding) for finding in findings]}) + "\n")
    else:
        sys.stdout.writelines(f"{finding}\n" for finding in findings)
    return 1 if findings else 0

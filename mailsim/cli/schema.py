"""`mailsim schema`: the JSON Schema of a file, for editors."""

import json
import sys
from enum import StrEnum
from typing import Annotated

import typer


class File(StrEnum):
    """Which file."""

    SITE = "site"
    SCENARIO = "scenario"
    SWEEP = "sweep"


def schema(file: Annotated[File, typer.Argument(help="Which file: site, scenario or sweep.")]) -> None:
    """Print the JSON Schema of the site, the scenario or the sweep file.

    Example: mailsim schema site > site.schema.json, and "#:schema site.schema.json" as the first line of a site.
    """
    from mailsim.study.sweep.file import sweep_schema
    from mailsim.world.schema import scenario_schema, site_schema

    document = {File.SITE: site_schema, File.SCENARIO: scenario_schema, File.SWEEP: sweep_schema}[file]()
    sys.stdout.write(json.dumps(document, indent=2) + "\n")

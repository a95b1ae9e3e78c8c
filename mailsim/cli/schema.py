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


def schema(file: Annotated[File, typer.Argument(help="Which file: site or scenario.")]) -> None:
    """Print the JSON Schema of the site or the scenario file.

    Example: mailsim schema site > site.schema.json, and "#:schema site.schema.json" as the first line of a site.
    """
    from mailsim.world.schema import scenario_schema, site_schema

    document = site_schema() if file is File.SITE else scenario_schema()
    sys.stdout.write(json.dumps(document, indent=2) + "\n")

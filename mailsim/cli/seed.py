"""The option that gives a scenario another seed."""

from typing import Annotated

import typer

_MOST = 2**63 - 1
"""As in a scenario's file, which a trace is told as: TOML has no larger numbers."""

Seed = Annotated[
    int | None, typer.Option("--seed", min=0, max=_MOST, help="Another seed than the scenario's.")
]

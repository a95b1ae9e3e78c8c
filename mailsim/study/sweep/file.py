"""The sweep file as a model: scenarios, and what is changed in them (contracts, `mailsim sweep`).

scenarios = ["replies.toml"]
seeds = 5

[grid]
"provider.profile" = ["gmail", "m365"]
"routing.action_address_in" = ["from", "reply-to", "both"]
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema

from mailsim.practice.faults import SiteError
from mailsim.practice.settings import Table, fault
from mailsim.practice.validation import faults_of
from mailsim.world.schema import DIALECT

_Lax = Field(strict=False)  # TOML has arrays and strings where Python has tuples and enums
MOST_SEEDS = 1_000_000


class SweepError(SiteError):
    """A sweep that cannot be run; its text is one line for each fault."""


class Method(StrEnum):
    """How a sample is drawn from a grid."""

    RANDOM = "random"
    """Every cell is as likely as any other."""
    LATIN_HYPERCUBE = "latin-hypercube"
    """Every value of every axis is drawn equally often, as nearly as the numbers allow; what is drawn twice is one cell."""


def _seeds(value: object) -> object:
    allowed = f"must be how many, up to {MOST_SEEDS:,}, or a list of them"
    if isinstance(value, list | tuple):
        if not value or not all(type(seed) is int and 0 <= seed < 2**63 for seed in value):
            raise fault(allowed, "write such as 5, or [1, 2, 3]")
        return tuple(dict.fromkeys(value))
    if type(value) is not int or not 1 <= value <= MOST_SEEDS:
        raise fault(allowed, "write such as 5, or [1, 2, 3]")
    return tuple(range(value))


def _axis(value: object) -> object:
    if not isinstance(value, list | tuple) or not value:
        raise fault("must be a list of the values to try", 'write such as ["gmail", "m365"]')
    return value


def _files(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _some(value: object) -> object:
    if isinstance(value, list | tuple) and not value:
        raise fault("must be one file or more", "name a file")
    return value


_Files = Annotated[tuple[str, ...], BeforeValidator(_some), BeforeValidator(_files), _Lax]


class SampleTable(Table):
    """`[sample]`: some cells of the grid instead of all."""

    cells: Annotated[int, Field(ge=1)]
    """How many."""
    method: Annotated[Method, _Lax] = Method.RANDOM
    """How they are drawn: `random` or `latin-hypercube`."""
    seed: Annotated[int, Field(ge=0)] = 0
    """What they are drawn from."""


class SweepTables(Table):
    """A sweep file."""

    scenarios: _Files
    """Scenario files, beside this one."""
    sites: Annotated[tuple[str, ...], BeforeValidator(_files), _Lax] = ()
    """Site files that take the place of each scenario's own site."""
    seeds: Annotated[
        tuple[int, ...],
        BeforeValidator(_seeds),
        WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]}),
    ] = ()
    """How many seeds, counted from 0, or which; without it each scenario's own."""
    trace: bool = False
    """Whether the trace of each cell is kept, as `traces/CELL.parquet`."""
    grid: dict[str, Annotated[tuple[Any, ...], BeforeValidator(_axis), _Lax]] = Field(default_factory=dict)
    """Key of the scenario, such as `provider.profile`, to the values to try; `{}` leaves the key out. A key of tables in
    an array, such as `correspondent.habit`, is set in each of them."""
    sample: SampleTable | None = None
    """Some cells instead of all."""


def sweep_schema() -> dict[str, object]:
    """The JSON Schema of a sweep file."""
    return {"$schema": DIALECT, **SweepTables.model_json_schema(), "title": "A mailsim sweep"}


def read_tables(tables: Mapping[str, object], source: str = "") -> SweepTables:
    """The model of a sweep file's tables; raises SweepError with every fault."""
    try:
        return SweepTables.model_validate(dict(tables))
    except ValidationError as error:
        raise SweepError(faults_of(error, SweepTables), source=source) from None

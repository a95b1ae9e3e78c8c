"""What stands in the fields of a scenario's tables: sizes, durations, addresses, damage."""

import math
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from mailsim.mail import Address, parse_address
from mailsim.practice.settings import SiteAddress, fault
from mailsim.world.mangling import Mangle
from mailsim.world.quantities import DURATIONS, SIZES, duration, octets

LAX = Field(strict=False)
"""TOML has arrays and strings where Python has tuples and enums."""


def _size(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return octets(value)
    except ValueError as error:
        raise fault("must be a size in octets", str(error).partition("; ")[2]) from None


def _duration(value: object) -> object:
    if not isinstance(value, str):
        raise fault("must be a duration", "write such as '30s', '15m' or '2h', in quotes")
    try:
        return duration(value).total_seconds()
    except ValueError as error:
        raise fault("must be a duration", str(error).partition("; ")[2]) from None


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _someone(value: tuple[Address, ...]) -> tuple[Address, ...]:
    if not value:
        raise fault("must be one address or more", "write to whom it goes")
    return value


def _domain(value: str) -> str:
    found = parse_address(f"postmaster@{value}")
    if found is None:
        raise fault("must be a domain", "write such as client.example")
    return found.domain


def _domains(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise fault("must be one domain or more", "write whose mail it is")
    return value


_ADDRESS = {"type": "string", "format": "idn-email"}
Size = Annotated[
    int,
    BeforeValidator(_size),
    Field(ge=0),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0},
                {"type": "string", "pattern": SIZES, "examples": ["40 KB", "12 MB"]},
            ]
        }
    ),
]
Length = Annotated[Size, Field(le=100 * 1024**2)]
"""Of a message that is made: more than any server takes, and no more than memory does."""
Seconds = Annotated[
    float,
    BeforeValidator(_duration),
    PlainSerializer(lambda seconds: f"{math.floor(seconds)}s"),
    WithJsonSchema({"type": "string", "pattern": DURATIONS, "examples": ["30s", "15m", "2h"]}),
]
Recipients = Annotated[
    tuple[SiteAddress, ...],
    BeforeValidator(_listed),
    AfterValidator(lambda addresses: tuple(dict.fromkeys(addresses))),
    LAX,
    WithJsonSchema({"anyOf": [_ADDRESS, {"type": "array", "items": _ADDRESS}]}),
]
Someone = Annotated[Recipients, AfterValidator(_someone)]
Domain = Annotated[str, AfterValidator(_domain)]
_TEXTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
Texts = Annotated[tuple[str, ...], BeforeValidator(_listed), LAX, WithJsonSchema(_TEXTS)]
Domains = Annotated[
    tuple[Domain, ...],
    BeforeValidator(_listed),
    AfterValidator(_domains),
    LAX,
    WithJsonSchema(_TEXTS),
]
Mangles = Annotated[tuple[Annotated[Mangle, LAX], ...], LAX]

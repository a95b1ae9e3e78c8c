"""The site file: TOML text to settings, every fault found in one pass (R1.12).

Values are judged by the models of `settings.py`. Where some are faulty, the tables that
are good without them are still compared with each other (`clashes.py`).
"""

import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mailsim.practice.clashes import Tables, clashes, warnings
from mailsim.practice.faults import Fault, SiteError, printable, shown
from mailsim.practice.settings import (
    ActionTable,
    AliasTable,
    MailboxTable,
    PopTable,
    SentTable,
    Settings,
    SmtpTable,
    UserTable,
)

Where: TypeAlias = tuple[str | int, ...]
_T = TypeVar("_T", bound=BaseModel)


class Reading(NamedTuple):
    """A site file that can be used."""

    settings: Settings
    warnings: tuple[Fault, ...]
    """What in it will go wrong, or has no effect."""


def load_toml(path: Path) -> dict[str, object]:
    """The tables of a TOML file.

    Raises:
        SiteError: It cannot be read, is not UTF-8 or not TOML; one fault, with the line where known.
    """
    source = str(path)
    try:
        octets = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SiteError(
            [Fault(printable(source), None, f"cannot be read: {reason}", "name a site file")]
        ) from None
    try:
        return tomllib.loads(octets.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise _syntax_error(source, f"not UTF-8 at line {line}", "save it as UTF-8") from None
    except RecursionError:
        raise _syntax_error(
            source, "nested too deeply", "write tables and arrays as the site file has them"
        ) from None
    except ValueError as error:
        raise _syntax_error(source, f"not TOML: {printable(str(error))}", "mend this line") from None


def _syntax_error(source: str, what: str, fix: str) -> SiteError:
    return SiteError([Fault(printable(source), None, what, fix)])


def read_settings(tables: Mapping[str, object], *, source: str = "") -> Reading:
    """The settings that a site file's tables hold, and their warnings.

    Raises:
        SiteError: With every fault of the tables; `source` names the file in its text.
    """
    try:
        settings = Settings.model_validate(dict(tables))
    except ValidationError as error:
        found = error.errors(include_url=False)
        between = list(clashes(_salvaged(tables, [detail["loc"] for detail in found])))
        said = {fault.key for fault in between}  # "must not be given" says more than "must be a number"
        single = [fault for fault in map(_fault, found) if fault.key not in said]
        raise SiteError(single + between, source=source) from None
    good = Tables.of(settings)
    faults = list(clashes(good))
    if faults:
        raise SiteError(faults, source=source)
    return Reading(settings, tuple(warnings(good)))


def _fault(detail: ErrorDetails) -> Fault:
    """One error of the validation library in our words."""
    where, kind = detail["loc"], detail["type"]
    key, name = _key(where), str(where[-1])
    value = shown(" ".join(str(step) for step in where), detail["input"])
    context = detail.get("ctx", {})
    if kind == "site":
        return Fault(key, value, str(context["allowed"]), str(context["fix"]))
    if kind == "missing":
        return Fault(key, None, f"is required: {_description(where)}", f"add {name} = ...")
    if kind == "extra_forbidden":
        return Fault(key, value, *_unknown(where))
    if kind == "enum":
        return _not_in_list(key, value, detail["input"], str(context["expected"]))
    if kind == "greater_than_equal":
        return Fault(key, value, "must not be negative", "write a number from 0")
    allowed, fix = _KINDS.get(kind, ("must be a table", "write it as [" + name + "]"))
    return Fault(key, value, allowed, fix)


_KINDS = {
    "string_type": ("must be text", "write it in quotes"),
    "int_type": ("must be a whole number", "write it without quotes and point"),
    "bool_type": ("must be true or false", "write it without quotes"),
    "tuple_type": ("must be an array", "write it in brackets: [...], or [[...]] for tables"),
}


def _not_in_list(key: str, value: str, given: object, expected: str) -> Fault:
    allowed = expected.replace("'", '"')
    near = get_close_matches(str(given).lower(), allowed.split('"')[1::2], n=1)
    return Fault(key, value, f"must be {allowed}", f'write "{near[0]}"' if near else "write one of these")


def _unknown(where: Where) -> tuple[str, str]:
    """What to say of an unknown key: the known ones, and the nearest or where it belongs."""
    name = str(where[-1])
    known = _keys(_model(where[:-1]))
    near = get_close_matches(name, known, n=1)
    elsewhere = [f"[{table}]" for table in Settings.model_fields if name in _keys(_model((table,)))]
    fix = f"write {near[0]}" if near else "remove it"
    if not near and elsewhere:
        fix = f"it belongs under {' or '.join(elsewhere)}"
    return f"is no key here; known are {', '.join(known)}", fix


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


_MODELS: dict[str, type[BaseModel]] = {
    "mailbox": MailboxTable,
    "pop": PopTable,
    "smtp": SmtpTable,
    "routing": type(Settings.model_fields["routing"].default),
    "action": ActionTable,
    "user": UserTable,
    "alias": AliasTable,
    "sent": SentTable,
}


def _model(table: Where) -> type[BaseModel]:
    """The model of the table at that place."""
    return _MODELS[str(table[0])] if table else Settings


def _description(where: Where) -> str:
    field = next(
        field for name, field in _model(where[:-1]).model_fields.items() if (field.alias or name) == where[-1]
    )
    return (field.description or "").rstrip(".")


def _key(where: Where) -> str:
    """`alias[2].address`."""
    text = ""
    for step in where:
        text += f"[{step}]" if isinstance(step, int) else f".{printable(step)}"
    return text.removeprefix(".")


def _salvaged(tables: Mapping[str, object], faulty: Sequence[Where]) -> Tables:
    """The tables that are good once their faulty keys are taken out."""
    out = {where[:3] if len(where) > 1 and isinstance(where[1], int) else where[:2] for where in faulty}

    def one(model: type[_T], raw: object, *place: str | int) -> _T | None:
        if place in out or not isinstance(raw, Mapping):
            return None
        kept = {key: value for key, value in raw.items() if (*place, key) not in out}
        try:
            return model.model_validate(kept)
        except ValidationError:
            return None

    def many(model: type[_T], table: str) -> dict[int, _T]:
        raw = tables.get(table)
        entries = enumerate(raw) if isinstance(raw, list | tuple) else ()
        found = {index: one(model, entry, table, index) for index, entry in entries}
        return {index: entry for index, entry in found.items() if entry is not None}

    users = many(UserTable, "user")
    raw_users = tables.get("user", ())
    raw_smtp = tables.get("smtp")
    return Tables(
        mailbox=one(MailboxTable, tables.get("mailbox"), "mailbox"),
        pop=one(PopTable, tables.get("pop"), "pop"),
        smtp=one(SmtpTable, raw_smtp, "smtp"),
        smtp_given=raw_smtp if isinstance(raw_smtp, Mapping) else {},
        actions=many(ActionTable, "action"),
        users=users,
        aliases=many(AliasTable, "alias"),
        sent=many(SentTable, "sent"),
        all_users=isinstance(raw_users, list | tuple) and len(users) == len(raw_users),
    )

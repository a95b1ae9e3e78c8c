"""The site file: TOML text to settings, every fault found in one pass (R1.12).

Values are judged by the models of `settings.py`. Where some are faulty, the tables that
are good without them are still compared with each other (`clashes.py`).
"""

import tomllib
from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from typing import NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from mailsim.practice.clashes import Tables, clashes, warnings
from mailsim.practice.faults import Fault, SiteError, printable
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
from mailsim.practice.validation import Where, faults_of

_T = TypeVar("_T", bound=BaseModel)


class Reading(NamedTuple):
    """A site file that can be used."""

    settings: Settings
    warnings: tuple[Fault, ...]
    """What in it will go wrong, or has no effect."""


def load_toml(path: str | PathLike[str]) -> dict[str, object]:
    """The tables of a TOML file.

    Raises:
        SiteError: It cannot be read, is not UTF-8 or not TOML; one fault, with the line where known.
    """
    source = fspath(path)
    try:
        with open(source, "rb") as file:  # noqa: PTH123 - `Path("")` would be the current folder
            octets = file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SiteError(
            [Fault(printable(source), None, f"cannot be read: {reason}", "name another TOML file")]
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
        raise _syntax_error(source, f"not TOML: {printable(str(error))}", "mend it there") from None


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
        faulty = [detail["loc"] for detail in error.errors(include_url=False)]
        between = list(clashes(_salvaged(tables, faulty)))
        said = {fault.key for fault in between}  # "must not be given" says more than "must be a number"
        single = [fault for fault in faults_of(error, Settings) if fault.key not in said]
        raise SiteError(single + between, source=source) from None
    faults = list(clashes(Tables.of(settings)))
    if faults:
        raise SiteError(faults, source=source)
    return Reading(settings, tuple(warnings(settings)))


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

"""The validation library's errors in our words: one `Fault` for each, for any file made of `Table` models."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from mailsim.practice.faults import Fault, printable, shown
from mailsim.words import MASK

Where = tuple[str | int, ...]
"""The place of a value: table, index, key."""


def faults_of(error: ValidationError, model: type[BaseModel], *, beside: Iterable[str] = ()) -> list[Fault]:
    """Every fault of tables that `model` refused; `beside` are keys that may stand at the top beside the model's own."""
    return [_fault(detail, model, list(beside)) for detail in error.errors(include_url=False)]


def _fault(detail: ErrorDetails, root: type[BaseModel], beside: list[str]) -> Fault:
    where, kind = detail["loc"], detail["type"]
    key, name = key_of(where), str(where[-1]) if where else ""
    value = shown(" ".join(str(step) for step in where), detail["input"])
    context = detail.get("ctx", {})
    if kind == "site":
        return Fault(key, value, str(context["allowed"]), str(context["fix"]))
    if kind == "missing":
        wanted = f"[{name}]" if _model_at(root, where) else f"{name} = ..."
        return Fault(key, None, f"is required: {_description(root, where)}", f"add {wanted}")
    if kind == "extra_forbidden":
        hidden = MASK if _holds_secret(_model_at(root, where[:-1])) else value
        return Fault(key, hidden, *_unknown(root, where, beside))
    if kind == "enum":
        return _not_in_list(key, value, detail["input"], str(context["expected"]))
    if kind == "less_than_equal":
        return Fault(key, value, f"must be at most {context['le']}", "write a smaller number")
    if kind == "greater_than":
        return Fault(key, value, f"must be more than {context['gt']:g}", "write a larger one")
    if kind == "greater_than_equal" and context["ge"]:
        return Fault(key, value, f"must be at least {context['ge']}", "write a larger number")
    if kind == "greater_than_equal":
        return Fault(key, value, "must not be negative", "write a number from 0")
    allowed, fix = _KINDS.get(kind, ("must be a table", f"write it as {_table(where)}"))
    return Fault(key, value, allowed, fix)


_KINDS = {
    "string_type": ("must be text", "write it in quotes"),
    "int_type": ("must be a whole number", "write it without quotes and point"),
    "bool_type": ("must be true or false", "write it without quotes"),
    "tuple_type": ("must be an array", "write it in brackets: [...], or [[...]] for tables"),
    "datetime_type": ("must be a time", "write such as 2026-11-23T09:00:00Z, without quotes"),
}


def _table(where: Where) -> str:
    """How a table at that place is written."""
    if not where:
        return "key = ..."
    names = ".".join(step for step in where if isinstance(step, str))
    if isinstance(where[-1], int):
        return f"[[{names}]]"
    return f"[{names}]" if all(isinstance(step, str) for step in where) else f"{where[-1]} = {{...}}"


def _not_in_list(key: str, value: str, given: object, expected: str) -> Fault:
    allowed = expected.replace("'", '"')
    near = get_close_matches(str(given).lower(), allowed.split('"')[1::2], n=1)
    return Fault(key, value, f"must be {allowed}", f'write "{near[0]}"' if near else "write one of these")


def _unknown(root: type[BaseModel], where: Where, beside: list[str]) -> tuple[str, str]:
    """What to say of an unknown key: the known ones, and the nearest or where it belongs."""
    name = str(where[-1])
    known = _keys(_model_at(root, where[:-1])) + (beside if len(where) == 1 else [])
    near = get_close_matches(name, known, n=1)
    tables = {table: _model_at(root, (table,)) for table in root.model_fields}
    arrays = [table for table, field in root.model_fields.items() if get_origin(field.annotation) is tuple]
    elsewhere = [f"[{table}]" for table in tables if table not in arrays and name in _keys(tables[table])]
    fix = f"write {near[0]}" if near else "remove it"
    if not near and elsewhere:
        fix = f"it belongs under {' or '.join(elsewhere)}"
    return f"is no key here; known are {', '.join(known) or 'none'}", fix


def _holds_secret(model: type[BaseModel] | None) -> bool:
    """Whether a secret belongs into the table: an unknown key of it may be that one's, whatever its name (R1.11)."""
    fields = model.model_fields.values() if model else ()
    return any(SecretStr in (field.annotation, *get_args(field.annotation)) for field in fields)


def _keys(model: type[BaseModel] | None) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _model_at(root: type[BaseModel], where: Where) -> type[BaseModel] | None:
    """The model of the table at that place; None where a plain value stands."""
    model: type[BaseModel] | None = root
    for step in where:
        if isinstance(step, int) or model is None:
            continue
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        model = _model_in(fields[step].annotation) if step in fields else None
    return model


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The model that a field's type holds, alone, optional or in an array."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    models = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in models if model), None)


def _description(root: type[BaseModel], where: Where) -> str:
    model = _model_at(root, where[:-1])
    fields = model.model_fields.items() if model else ()
    texts = [field.description for name, field in fields if (field.alias or name) == where[-1]]
    return (texts[0] or "").rstrip(".") if texts else ""


def key_of(where: Where) -> str:
    """A place as people write it: `alias[2].address`."""
    text = ""
    for step in where:
        text += f"[{step}]" if isinstance(step, int) else f".{printable(step)}"
    return text.removeprefix(".")

"""`mailsim providers`: what is known of real providers, and how well."""

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mailsim.provider.profiles import Profile


def providers(
    name: Annotated[
        str, typer.Argument(help="One provider's id, such as gmail: all that is known of it.")
    ] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document for one provider, one object a line for all.")
    ] = False,
) -> None:
    """List the providers that can be named in a site file or a scenario, or show every fact of one.

    A fact is documented, reported or believed, with its source; what nobody knows is shown as unknown.

    Example: mailsim providers gmail
    """
    from mailsim.provider.profiles import profile, profiles

    if name:
        one = profile(name)
        lines = iter([json.dumps(_document(one))]) if as_json else _facts(one)
    else:
        every = profiles().values()
        lines = (json.dumps(_document(one)) for one in every) if as_json else _all()
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _all() -> Iterator[str]:
    from mailsim.cli.table import table, terminal_width
    from mailsim.provider.profiles import profiles

    head = ("ID", "PROVIDER", "A SENDER NOT THE ACCOUNT'S", "ENVELOPE HEADERS", "CATCH-ALL")
    rows = (
        (one.id, one.name, _policy(one), one.shown("envelope_headers"), one.shown("catch_all"))
        for one in profiles().values()
    )
    return table(head, rows, width=terminal_width())


def _policy(one: "Profile") -> str:
    """What happens to a foreign sender, where a refusal is spoken, and the own domain's rule where it is another."""
    foreign, own = one.shown("sender_policy"), one.shown("same_domain")
    told = f"{foreign} at {one.shown('stage')}" if foreign == "reject" else foreign
    return told if own == foreign else f"{told}; on the own domain {own}"


def _facts(one: "Profile") -> Iterator[str]:
    from mailsim.cli.table import table, terminal_width

    rows = []
    for key, title, shown in one.rows():
        fact = one.facts.get(key)
        told = (str(fact.mark), "; ".join(filter(None, (fact.source, fact.note)))) if fact else ("", "")
        rows.append((title, shown, *told))
    yield one.name
    yield from table(("FACT", "VALUE", "HOW KNOWN", "SOURCE, NOTE"), rows, width=terminal_width())


def _document(one: "Profile") -> dict[str, object]:
    from mailsim.provider.profiles import UNKNOWN

    facts: dict[str, dict[str, object]] = {}
    for key, title, _ in one.rows():
        fact = one.facts.get(key)
        facts[key] = {
            "title": title,
            "value": fact and fact.value,
            "mark": str(fact.mark) if fact else UNKNOWN,
        }
        if fact:
            facts[key] |= {
                word: text for word, text in (("source", fact.source), ("note", fact.note)) if text
            }
    return {"id": one.id, "name": one.name, "facts": facts}

"""`mailsim faults`: what can go wrong on purpose, and whose ways can be imitated, with an example each."""

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mailsim.faults.kinds import Kind


def faults(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """List the faults, for --fault, and the quirks, for --quirk.

    `mailsim smtp` and SmtpServer also let a recipient's address ask for a fault: its local part, or what follows a +.

    A fault is PROTOCOL:VERB:WHICH:WHAT[@WHERE]. WHICH is a number (the n-th time the verb comes to the server),
    next, every or p=0.1; WHERE an octet of the reply or a message. VERB=ADDRESS counts what is about that address.
    The text of reply and say goes to the end of the fault, whatever colons and @ it holds.

    In a scenario pop: is the provider's POP3 server, smtp: the SMTP server that the practice submits to, mx: the one
    for mail from outside.
    """
    sys.stdout.write((_document() if as_json else "\n".join(_lines())) + "\n")


def _document() -> str:
    from mailsim.pop3.quirks import QUIRKS
    from mailsim.smtp.address_faults import EXAMPLES

    return json.dumps(
        {
            "faults": [
                {
                    "protocol": protocol,
                    "what": what,
                    "does": kind.does,
                    "verbs": sorted(kind.moments),
                    "argument": kind.argument,
                    "where": kind.where,
                    "example": kind.examples[0],
                    "examples": kind.examples,
                }
                for protocol, what, kind in _kinds()
            ],
            "addresses": [{"example": address, "does": does} for address, does in EXAMPLES.items()],
            "quirks": [
                {"name": name, "does": quirk.does, "number": quirk.number, "example": quirk.example}
                for name, quirk in QUIRKS.items()
            ],
        }
    )


def _kinds() -> "Iterator[tuple[str, str, Kind]]":
    from mailsim.pop3 import fault_kinds as pop
    from mailsim.smtp import fault_kinds as smtp

    yield from (("pop", what, kind) for what, kind in pop.KINDS.items())
    yield from (("smtp", what, kind) for what, kind in smtp.KINDS.items())


def _lines() -> Iterator[str]:
    from mailsim.cli.table import table, terminal_width
    from mailsim.pop3.quirks import QUIRKS
    from mailsim.smtp.address_faults import EXAMPLES

    faulty = ((example, kind.does) for _, _, kind in _kinds() for example in kind.examples)
    yield from table(("FAULT, FOR EXAMPLE", "WHAT HAPPENS"), faulty, width=terminal_width())
    yield ""
    yield from table(
        ("RECIPIENT OF MAIL TO mailsim smtp", "WHAT HAPPENS"), EXAMPLES.items(), width=terminal_width()
    )
    yield ""
    quirky = ((quirk.example, quirk.does) for quirk in QUIRKS.values())
    yield from table(("QUIRK, FOR EXAMPLE", "WHAT A CLIENT SEES"), quirky, width=terminal_width())

"""`mailsim steps`: the vocabulary of specifications, with an example of each step."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mailsim.testing.catalogue import Subject


def steps(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="A page in Markdown.")] = False,
) -> None:
    """List the Gherkin steps, grouped, each as it is written in a feature."""
    from mailsim.testing import catalogue

    subjects = catalogue.catalogue()
    if as_json:
        lines: Iterator[str] = iter([catalogue.as_json(subjects)])
    else:
        lines = catalogue.markdown(subjects) if as_markdown else _told(subjects)
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _told(subjects: "Sequence[Subject]") -> Iterator[str]:
    from mailsim.testing.catalogue import lists

    for number, subject in enumerate(subjects):
        if number:
            yield ""
        yield subject.title
        for one in subject.definitions:
            yield from (f"  {line}" for line in one.example.splitlines())
    for name, words in lists().items():
        yield from ("", f"In their words {{{name}}} is one of", *(f"  {one}" for one in words))

"""`mailsim demo`: the main job on real sockets, for three kinds of provider."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mailsim.study.demo import Demo

_SAID = {
    "accept": "takes any sender of its users, as a Postfix host does",
    "rewrite": "rewrites a sender that is not the account's, as Gmail does",
    "reject": "refuses a sender that is not the account's, as Microsoft 365 does",
}


def demo(
    messages: Annotated[
        int,
        typer.Option(
            "--messages", min=3, max=1_000_000, help="How many letters, shared among the providers."
        ),
    ] = 300,
    seed: Annotated[int, typer.Option("--seed", help="What names, letters and choices are drawn from.")] = 7,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where the trace and the messages are written.")
    ] = Path("demo"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Send letters from actions through three kinds of provider, and see which answers come back.

    Example: mailsim demo --messages 30 --out /tmp/demo
    """
    from mailsim.cli.progress import Progress
    from mailsim.study.demo import demo as run

    with Progress(None) as progress:
        result = run(messages, seed, out, advanced=progress.advance)
    text = json.dumps(result.as_json()) if as_json else "\n".join(_told(result))
    sys.stdout.write(text + "\n")
    if result.lost or result.doubled:
        raise typer.Exit(1)


def _told(result: "Demo") -> Iterator[str]:
    from mailsim.practice.faults import printable
    from mailsim.trace.story import told

    for provider in result.providers:
        yield f"A provider that {_SAID[provider.policy]}"
        yield f"  {provider.sent} sent, {provider.refused} refused, {provider.replies} answered"
        for reply, count in provider.replies_from_server.items():
            times = "once:" if count == 1 else f"{count} times, such as:"
            yield f"  refused {times} {printable(provider.example_replies[reply])}"
        if provider.replies:
            yield (
                f"  of the answers {provider.delivered} reached their action, "
                f"{provider.unassigned} went to Unassigned, {provider.fallback} to the fallback address"
            )
        for reason, count in provider.reasons.items():
            known = f", the action it was meant for known of {provider.meant_for_known}"
            yield f"  Unassigned because of {reason}: {count}{known}"
        yield ""
    if result.misrouted:
        yield "One misrouted answer, hop by hop"
        yield from (f"  {printable(line)}" for line in told(result.trace.story(result.misrouted)))
        yield ""
    yield f"Lost: {result.lost}. Delivered twice: {result.doubled}. {result.seconds:.1f} seconds."
    yield f"The trace: {printable(str(result.path))} (and trace.jsonl, messages/, sites/)"
    if result.misrouted:
        folder = result.path.parent
        site, messages = (quote(str(folder / place)) for place in ("sites/rewrite.toml", "messages/rewrite"))
        yield f"Why each answer went astray: {printable(f'mailsim route --site {site} {messages}')}"

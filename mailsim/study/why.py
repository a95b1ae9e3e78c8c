"""The one question, of whatever somebody has: a message, a decision, a trace or a world.

    mailsim.why(octets, site=site, expect="action:1234")
    mailsim.why(decision)
    mailsim.why(world)
    mailsim.why(mailsim.read_trace("run.parquet"), "<486fe13256b4dee8@client.example>")

A decision alone tells the rules that were tried. A message is explained as it was collected (`diagnosis.why`); one of a trace or a world has its whole story told
(`journey`).
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, overload

from mailsim.mail import Message
from mailsim.practice.decision import Decision
from mailsim.practice.site import Site
from mailsim.study.diagnosis.situation import Provider
from mailsim.study.diagnosis.why import Explanation, WhyError, why_alone
from mailsim.study.diagnosis.why import why as explained

if TYPE_CHECKING:
    from mailsim.study.journey.journey import Journey


class Told(Protocol):
    """A trace: of a world, or from a file."""

    def why(self, message: str | int | None = None, *, expect: str | None = None) -> "Journey":
        """The whole story of one of its messages."""
        ...


class Traced(Protocol):
    """A world."""

    @property
    def trace(self) -> Told:
        """Everything that has happened."""
        ...


@overload
def why(
    asked: Decision | Message | bytes,
    message: Message | bytes | None = None,
    *,
    site: Site,
    expect: str | None = None,
    corpus: Iterable[tuple[str | None, bytes]] = (),
    provider: str | Provider | None = None,
) -> Explanation: ...
@overload
def why(asked: Decision) -> Explanation: ...
@overload
def why(
    asked: Traced | Told, message: str | int | Decision | None = None, *, expect: str | None = None
) -> "Journey": ...
def why(
    asked: Decision | Message | bytes | Traced | Told,
    message: Message | bytes | str | int | Decision | None = None,
    *,
    site: Site | None = None,
    expect: str | None = None,
    corpus: Iterable[tuple[str | None, bytes]] = (),
    provider: str | Provider | None = None,
) -> "Explanation | Journey":
    """Explain where a message went, and what would have led it elsewhere.

    Args:
        asked: A message, or a decision on one, with the `site` where it was collected; a decision alone, for the rules
            that it tells; or a trace, or a world, for the whole story of one of its messages.
        message: Of a decision the octets that it is on. Of a trace or a world which message: its Message-ID, its trace
            id, its row in `trace.messages()`, or the decision on it; without one the first that was misrouted or did
            not arrive.
        site: Where the message was collected; a trace and a world have their own, and their own `provider`.
        expect: Where it should have gone, such as `action:1234`; then the answer tells what would lead there.
        corpus: Other messages, each with a name: what each remedy would change among them.
        provider: Who hosts and sends for the practice, such as a built-in profile; else what the site names, or what
            the message shows.

    Raises:
        WhyError: What is asked of is none of these, or what goes with it is missing or too much; or `expect` is no
            target.
        JourneyError: The trace has no such message.
        UnknownProfile: No such provider is built in.
    """
    if isinstance(asked, Decision | Message | bytes):
        if isinstance(message, str | int | Decision):
            raise WhyError("of a message or a decision, message= is the octets that it is on")
        if isinstance(asked, Decision) and (site, message, expect, provider, corpus) == (
            None,
            None,
            None,
            None,
            (),
        ):
            return why_alone(asked)
        if not isinstance(site, Site):
            raise WhyError(
                "a message does not tell where it was collected; give site=, as mailsim.load_site reads it"
            )
        return explained(asked, site=site, message=message, expect=expect, corpus=corpus, provider=provider)
    trace = getattr(asked, "trace", asked)
    if not hasattr(trace, "why"):
        what = type(asked).__name__
        raise WhyError(
            f"{what}: ask of a message's octets, a decision, a trace or a world; "
            "mailsim.read_trace(PATH) reads a trace, Path(PATH).read_bytes() a message"
        )
    if site is not None or provider is not None or corpus != ():
        raise WhyError(
            "a trace and a world have their own site and provider; give message= and expect= alone"
        )
    if isinstance(message, Message | bytes):
        raise WhyError(
            "of a trace or a world, message= is a Message-ID, a row of its messages(), or a decision"
        )
    return trace.why(_named(message), expect=expect)


def _named(message: str | int | Decision | None) -> str | int | None:
    if not isinstance(message, Decision):
        return message
    if message.message_id is None:
        raise WhyError("the message that was decided on has no Message-ID; name its row in trace.messages()")
    return message.message_id

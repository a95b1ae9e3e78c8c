"""What is done in a running world: a message sent, one received, time passed - whoever ordered it, a scenario or Python."""

from collections.abc import Callable
from datetime import datetime

from mailsim.mail import Envelope, Message, Reply
from mailsim.smtp.outcome import Outcome
from mailsim.world.branch import Branch
from mailsim.world.faults import Faults
from mailsim.world.office import Outgoing
from mailsim.world.orders import draft_of, incoming
from mailsim.world.parts import AnyEngine, Heard, Parts, WorldError
from mailsim.world.scenario import Scenario
from mailsim.world.scenario_tables import ReceiveTable, SendTable
from mailsim.world.world import Sent


def send(parts: Parts[AnyEngine], branch: Branch, table: SendTable) -> Sent:
    """Have a practice send a message, and wait for the SMTP server's answer; raises DraftError."""
    written: list[Outgoing] = []

    def begin(heard: "Heard[Outcome]") -> None:  # else the type is made each time
        written.append(branch.mailroom.send(draft_of(table), heard))

    outcome = parts.engine.hear(begin)
    [outgoing] = written
    refused: dict[str, Reply] = {}
    deferred: dict[str, Reply] = {}
    for address, reply in outcome.refusals(outgoing.envelope).items():
        (deferred if reply.transient else refused)[address.text] = reply
    return Sent(outgoing.message, refused, deferred, outgoing.warnings)


def receive(
    parts: Parts[AnyEngine], scenario: Scenario, table: ReceiveTable, octets: bytes | None = None
) -> None:
    """Have somebody outside send a message: what the table describes, or `octets` as they are."""

    def begin(heard: "Heard[None]") -> None:
        if octets is None:
            parts.received += 1
            token = f"{scenario.seed}.{parts.received}"
            now = parts.engine.clock.now()
            written = incoming(table, scenario.folder, token=token, date=now)
        else:
            written = Envelope(table.sender, table.to), Message(octets)
        parts.people.write(*written)
        heard(None)

    parts.engine.hear(begin)  # as soon as there is room for it


def change_faults(
    parts: Parts[AnyEngine],
    change: Callable[[Faults, str], object],
    fault: str,
    practice: str | None,
    server: str | None,
) -> None:
    """Have something begin or end to go wrong; raises FaultError, UnknownPracticeError, UnknownServerError, WorldError."""
    if practice is not None and server is not None:
        raise WorldError(f"server {server!r}: is no practice's; give practice=... or server=...")
    plans = parts.branch(practice).faults if server is None else parts.outside_faults(server)
    parts.engine.call(lambda: change(plans, fault))


def let_pass(parts: Parts[AnyEngine], until: datetime | None) -> None:
    """Let happen what is on its way, and what is due up to a time, or ever."""
    engine = parts.engine
    engine.quiet()
    while engine.call(lambda: engine.clock.step(until=until)):
        engine.quiet()
    if until is not None:
        engine.call(lambda: engine.clock.jump(until))

"""The part of a scenario that one conversation needs: the message that begins it, and what is collected."""

from dataclasses import replace

from mailsim.world.programme import Programme
from mailsim.world.scenario import Scenario
from mailsim.world.scenario_tables import EventTable, ExpectTable


def excerpt(scenario: Scenario, number: int) -> Scenario | None:
    """The scenario in which of all its messages only that one is sent, counted from 1, at its time.

    None where there is no such message, or no other: then nothing can be left out.
    """
    events: list[EventTable] = []
    messages, at, found = 0, None, False
    programme = Programme(scenario)
    while (event := programme.peek()) is not None:
        programme.take()
        at = at if event.at is None else event.at
        if event.send or event.receive:
            messages += 1
            if messages != number:
                continue
            found = True
        # What has no time of its own happens when the event before does, which may be left out.
        events.append(event if at is None else event.model_copy(update={"at": at}))
    if not found or messages == 1:
        return None
    only = {"event": tuple(events), "workload": None, "expect": ExpectTable()}
    return replace(scenario, tables=scenario.tables.model_copy(update=only))

"""A recorded run played again under other settings, and what that changes (R6.4).

The trace holds the scenario that plays it; it is played in memory, with another site or provider in it. Messages are
found again by their conversation, by who wrote them, and by which of that person's they are: ids follow settings.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from os import PathLike

import pandas as pd

from mailsim.errors import MailsimError
from mailsim.practice.settings import Settings
from mailsim.practice.site_file import load_toml
from mailsim.provider.mailhost import CatchAll
from mailsim.provider.profiles import Profile, profile
from mailsim.trace.event import Trace
from mailsim.trace.recorded import RecordedTrace
from mailsim.world.scenario import Scenario, read_scenario
from mailsim.world.simulation import Simulation
from mailsim.world.watching import Watchable

SiteSource = str | PathLike[str] | Mapping[str, object]
"""The path of a site file, or its tables."""
Watch = Callable[[Watchable, int], AbstractContextManager[None]]
"""Shows how far a world is, of about so many messages, while the block runs."""
NOT_WRITTEN = "not written"
"""The outcome of a message that exists on the other side only, such as the answer to a letter that was refused."""

_KEY = ["trace_id", "origin", "number"]
_COMPARED = ["outcome", "reason", "targets", "misrouted"]
_OF_THE_PRACTICE = ("catch_all", "mailboxes", "forwards", "faults")
"""What a provider's table says of the practice's own arrangements there; all else is another provider's to say."""


class ReplayError(MailsimError):
    """A trace that cannot be played again."""


def replay(
    trace: Trace | RecordedTrace,
    *,
    site: SiteSource | None = None,
    provider: str | None = None,
    watch: Watch | None = None,
) -> pd.DataFrame:
    """One row a message, what became of it before and after, in order of time.

    Columns: `trace_id`, `origin`, `number` (which of that origin's in the conversation), `message_id`, `meant_for`;
    `outcome_before`, `reason_before`, `targets_before`, `misrouted_before` and the same `_after`; `changed`, whether
    outcome, reason or targets differ. The outcome of what there was on one side only is `not written` on the other.

    `watch` shows how far it is, such as `mailsim.notebook.watching.watching`: entered while the world plays, it is given
    that world and how many messages there were before.

    Raises:
        ReplayError: The trace holds no scenario that plays it again.
        ScenarioError: The site does not go with the scenario.
        SiteError: The site file cannot be read.
        UnknownProfile: There is no such provider.
    """
    if trace.scenario is None:
        raise ReplayError(
            "the trace holds no scenario that plays it again; take a Parquet trace of `mailsim run --out`, or of a "
            "world in which nobody answered by hand"
        )
    with Simulation(_changed(trace.scenario, site, provider)) as world:
        before = trace.messages()
        with watch(world, len(before)) if watch else nullcontext():
            world.run()
        return _compared(before, world.trace.messages())


def _changed(tables: Mapping[str, object], site: SiteSource | None, provider: str | None) -> Scenario:
    changed = dict(tables)
    if isinstance(start := changed.get("start"), str):
        changed["start"] = datetime.fromisoformat(start)
    if site is not None:
        changed = {key: value for key, value in changed.items() if key not in Settings.model_fields}
        changed |= site if isinstance(site, Mapping) else load_toml(site)
    if provider is not None:
        changed["provider"] = _moved(changed.get("provider"), profile(provider))
        changed = {
            key: value for key, value in changed.items() if key not in {"pop", "smtp"}
        }  # the old one's servers
    return read_scenario(changed)


def _moved(table: object, new: Profile) -> dict[str, object]:
    """The table of a practice that has moved; a provider without catch-all mailboxes refuses what none other takes."""
    before = table if isinstance(table, Mapping) else {}
    kept = {key: before[key] for key in _OF_THE_PRACTICE if key in before}
    return ({} if new.can_catch_all else {"catch_all": CatchAll.REFUSE.value}) | kept | {"profile": new.id}


def _compared(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    sides = [_numbered(side) for side in (before, after)]
    rows = sides[0].merge(sides[1], how="outer", on=_KEY, suffixes=("_before", "_after"), sort=False)
    for name in ("time", "message_id", "meant_for"):
        rows[name] = rows.pop(f"{name}_before").fillna(rows.pop(f"{name}_after"))
    for side in ("before", "after"):
        rows[f"outcome_{side}"] = rows[f"outcome_{side}"].fillna(NOT_WRITTEN)
        rows[f"misrouted_{side}"] = rows[f"misrouted_{side}"].eq(True)
        rows = rows.fillna({f"{name}_{side}": "" for name in ("reason", "targets")})
    rows["changed"] = False
    for name in ("outcome", "reason", "targets"):
        rows["changed"] |= rows[f"{name}_before"] != rows[f"{name}_after"]
    columns = [f"{name}_{side}" for side in ("before", "after") for name in _COMPARED]
    rows = rows.sort_values("time", kind="stable", ignore_index=True)
    return rows[[*_KEY, "message_id", "meant_for", *columns, "changed"]]


def _numbered(messages: pd.DataFrame) -> pd.DataFrame:
    plain = messages[["trace_id", "origin", "time", "message_id", "meant_for", *_COMPARED]].astype(
        dict.fromkeys(("origin", "meant_for", "outcome", "reason", "targets"), "str")
    )
    return plain.assign(number=plain.groupby(["trace_id", "origin"]).cumcount())

"""Copies among the messages of all pieces (R4.13): what earlier copies reached, found by Dask wherever they lie.

A message is known by its fingerprint; all keys that are equal come together in one task, where they are in order.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mailsim.mail import Message
from mailsim.practice.decision import Decision, Outcome
from mailsim.practice.duplicates import fingerprint

KEYS = pa.schema({"key": pa.string(), "piece": pa.int64(), "row": pa.int64(), "targets": pa.string()})
"""One row for each message at each site: `key` is its fingerprint and the site's number."""
_COPIES = {"piece": "int64", "row": "int64", "site": "int64", "reached": "str"}
_TOGETHER = 1_000_000
"""Keys of one task, some 200 MB."""

Before = Mapping[int, Sequence[str]]
"""A site's number -> the targets that a message's earlier copies reached there."""
Reached = Mapping[int, Before]
"""The same for a message's place in its piece."""


def keys(message: Message, decisions: Iterable[Decision], piece: int, row: int) -> list[dict[str, object]]:
    """What is remembered of a message: at each site its targets, but of a duplicate nothing."""
    known = fingerprint(message).hex()
    return [
        {"key": f"{known}{site}", "piece": piece, "row": row, "targets": json.dumps(decision.targets)}
        for site, decision in enumerate(decisions)
        if decision.outcome is not Outcome.DUPLICATE
    ]


def find_copies(keys: Path, copies: Path, number: int) -> None:
    """Write which messages have earlier copies, from the keys of all pieces, of which there are that many; by the client of this process."""
    import dask.dataframe as dd  # noqa: PLC0415 - heavy, and installed where there is a cluster

    known = dd.read_parquet(str(keys)).repartition(npartitions=-(-number // _TOGETHER) or 1)
    together = known.shuffle("key", shuffle_method="tasks")  # a worker that dies is made up for
    found = together.map_partitions(later_copies, meta=later_copies(KEYS.empty_table().to_pandas()))
    found.to_parquet(str(copies), write_index=False, overwrite=True)


def later_copies(keys: pd.DataFrame) -> pd.DataFrame:
    """For each key that is there again, what the earlier ones reached."""
    several = keys[keys.duplicated("key", keep=False)].sort_values(["piece", "row"])
    reached: dict[str, tuple[str, ...]] = {}
    found = []
    for key, piece, row, targets in several[KEYS.names].itertuples(index=False):
        if before := reached.get(key):
            found.append((piece, row, int(key[-1]), json.dumps(before)))
        reached[key] = tuple(dict.fromkeys((*reached.get(key, ()), *json.loads(targets))))
    return pd.DataFrame(found, columns=list(_COPIES)).astype(_COPIES)


def reached(copies: Path, piece: int) -> Reached:
    """What earlier copies reached of the messages of a piece that have some."""
    found: dict[int, dict[int, Sequence[str]]] = {}
    for one in pq.read_table(copies, filters=[("piece", "==", piece)], use_threads=False).to_pylist():
        found.setdefault(one["row"], {})[one["site"]] = json.loads(one["reached"])
    return found

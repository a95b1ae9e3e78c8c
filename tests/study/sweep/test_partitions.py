"""The table of a sweep in its folder."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mailsim.study.part import PartitionError
from mailsim.study.sweep.partitions import Partitions

SCHEMA = pa.schema([("cell", pa.string()), ("messages", pa.int64()), ("error", pa.string())])


def rows(*cells: str, error: str = "") -> list[dict[str, object]]:
    return [{"cell": cell, "messages": None if error else 7, "error": error} for cell in cells]


def test_what_was_added_is_there_for_the_next(tmp_path: Path) -> None:
    """At once, and after it."""
    Partitions(tmp_path / "cells", SCHEMA).add(rows("a", "b"))
    again = Partitions(tmp_path / "cells", SCHEMA)
    again.add(rows("c", error="ValueError: no"))

    assert again.cells(but="Nothing") == {"a", "b", "c"}
    assert again.cells(but="ValueError") == {"a", "b"}
    frame = again.frame()
    assert frame["cell"].tolist() == ["a", "b", "c"]
    assert frame["messages"].tolist()[:2] == [7, 7]
    assert frame["messages"].isna().tolist() == [False, False, True]


def test_many_small_partitions_become_one_and_the_last_row_of_a_cell_counts(tmp_path: Path) -> None:
    """In any order of writing and putting together."""
    partitions = Partitions(tmp_path, SCHEMA)
    partitions.add(rows("again", error="first"))
    for number in range(100):
        partitions.add(rows(str(number)))
    partitions.add(rows("again"))

    assert len(list(tmp_path.glob("part-*.parquet"))) < 64
    for one in (partitions, Partitions(tmp_path, SCHEMA)):
        frame = one.frame()
        assert sorted(frame["cell"]) == sorted([*map(str, range(100)), "again"])
        assert frame.loc[frame["cell"] == "again", "error"].tolist() == [""]


def test_a_process_that_ends_while_it_puts_partitions_together_leaves_no_cell_twice(tmp_path: Path) -> None:
    """The whole and its parts are both there."""
    partitions = Partitions(tmp_path, SCHEMA)
    partitions.add(rows("a"))
    partitions.add(rows("b"))
    whole = pa.concat_tables([pq.read_table(path) for path in sorted(tmp_path.glob("*.parquet"))])
    pq.write_table(whole, tmp_path / "part-000003.parquet")
    (tmp_path / ".part-000004.parquet").write_bytes(b"half a")

    assert Partitions(tmp_path, SCHEMA).frame()["cell"].tolist() == ["a", "b"]


def test_anybody_reads_the_partitions(tmp_path: Path) -> None:
    """As one table."""
    partitions = Partitions(tmp_path, SCHEMA)
    partitions.add(rows("a"))
    partitions.add(rows("b"))
    assert pd.read_parquet(tmp_path)["cell"].tolist() == ["a", "b"]


def test_pandas_reads_numbers_as_numbers_where_some_are_missing(tmp_path: Path) -> None:
    """In a folder with a failed cell, too: they became fractions, and truth a thing."""
    schema = SCHEMA.append(pa.field("as_expected", pa.bool_()))
    partitions = Partitions(tmp_path, schema)
    partitions.add([row | {"as_expected": True} for row in rows("a")])
    partitions.add(rows("b", error="no"))

    read = pd.read_parquet(tmp_path)
    assert read.dtypes[["messages", "as_expected"]].astype(str).tolist() == ["Int64", "boolean"]
    assert read["messages"].isna().tolist() == [False, True]


def test_another_table_is_not_touched(tmp_path: Path) -> None:
    """Nor is what is no table."""
    Partitions(tmp_path, SCHEMA).add(rows("a"))
    with pytest.raises(PartitionError, match="holds the table of another sweep; name another folder"):
        Partitions(tmp_path, SCHEMA.append(pa.field("seed", pa.int64())))
    (tmp_path / "part-000009.parquet").write_bytes(b"no")
    with pytest.raises(PartitionError, match="is no Parquet file"):
        Partitions(tmp_path, SCHEMA)


def fault(folder: Path) -> str:
    """What is told of the table there; empty if it can be read."""
    try:
        Partitions(folder, SCHEMA).frame()
    except PartitionError as error:
        return str(error)
    return ""


def test_a_damaged_partition_is_told_whatever_of_it_is_damaged(tmp_path: Path) -> None:
    """With its name and what to do; what is left to be read is read."""
    Partitions(tmp_path, SCHEMA).add(rows("a", "b"))
    path = tmp_path / "part-000001.parquet"
    whole = path.read_bytes()
    told: set[str] = set()
    for place in range(0, len(whole), 3):
        path.write_bytes(whole[:place] + b"\xff\xff\xff\xff" + whole[place + 4 :])
        told.add(fault(tmp_path))
    assert sum("is damaged: " in line and line.endswith("plays its cells again") for line in told) > 5
    assert f"{path}: is no Parquet file; name another folder, or remove it" in told


def test_a_copy_with_another_name_is_no_partition(tmp_path: Path) -> None:
    """As people and programs that share folders leave them."""
    partitions = Partitions(tmp_path, SCHEMA)
    partitions.add(rows("a"))
    (tmp_path / "part-2b.parquet").write_bytes(b"no")
    Partitions(tmp_path, SCHEMA).add(rows("b"))
    assert Partitions(tmp_path, SCHEMA).frame()["cell"].tolist() == ["a", "b"]


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    """Neither a partition nor a folder of them; who put it there is not known."""
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    partitions = Partitions(out / "cells", SCHEMA)
    elsewhere.mkdir()
    for name in ("part-000001.parquet", ".part-000001.parquet", ".part-000001.parquet.new"):
        (out / "cells" / name).symlink_to(elsewhere / "made")
    partitions.add(rows("a"))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "cells").symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(PartitionError, match="cells is a symbolic link, which is not followed; name another"):
        Partitions(tmp_path / "other" / "cells", SCHEMA)

    assert list(elsewhere.iterdir()) == []
    assert Partitions(out / "cells", SCHEMA).frame()["cell"].tolist() == ["a"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """In a line."""
    (tmp_path / "file").touch()
    with pytest.raises(
        PartitionError, match=r"file/cells: cannot be made: Not a directory; name another folder"
    ):
        Partitions(tmp_path / "file" / "cells", SCHEMA)

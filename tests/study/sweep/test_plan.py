"""What a sweep file makes cells of, and what it is told."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.study.sweep.file import Method, SampleTable, SweepError
from mailsim.study.sweep.plan import Cell, Sweep, sweep_of
from mailsim.world.scenario import read_scenario
from tests.study.sweep.conftest import SCENARIO


def axes(cells: list[Cell]) -> list[tuple[object, ...]]:
    return [tuple(cell.axes.values()) for cell in cells]


def faults(path: Path) -> list[str]:
    with pytest.raises(SweepError) as caught:
        sweep_of(path)
    return str(caught.value).splitlines()


def test_each_combination_is_a_cell(sweep_file: Path) -> None:
    """In the order of the file, the seed turning fastest."""
    sweep = sweep_of(sweep_file)

    assert len(sweep) == 8
    assert axes(list(sweep))[:3] == [
        ("scenario.toml", "accept", "from", 0),
        ("scenario.toml", "accept", "from", 1),
        ("scenario.toml", "accept", "reply-to", 0),
    ]
    assert [*next(iter(sweep)).axes] == [
        "scenario",
        "provider.sender_policy",
        "correspondent.replies_to",
        "seed",
    ]


def test_a_cell_is_a_whole_scenario_with_its_message_files_and_without_secrets(sweep_file: Path) -> None:
    """It can be played on another machine, and be shown."""
    for cell in sweep_of(sweep_file):
        scenario = read_scenario(cell.tables)
        assert scenario.provider.sender_policy == cell.axes["provider.sender_policy"]
        assert scenario.correspondents[0].replies_to == cell.axes["correspondent.replies_to"]
        assert scenario.seed == cell.axes["seed"]
        assert "hidden treasure" not in str(cell.tables)


def test_the_same_cell_has_the_same_key_in_every_sweep(write: Any, sweep_file: Path) -> None:
    """Whatever the others are."""
    fewer = write(
        "fewer.toml",
        'scenarios = "scenario.toml"\nseeds = [1]\n[grid]\n"provider.sender_policy" = ["rewrite"]\n'
        '"correspondent.replies_to" = ["from"]\n',
    )
    keys = {cell.key for cell in sweep_of(sweep_file)}
    assert len(keys) == 8
    assert {cell.key for cell in sweep_of(fewer)} <= keys


@pytest.mark.parametrize(
    "lines",
    [
        'scenarios = ["scenario.toml", "copy.toml"]',
        'scenarios = "scenario.toml"\nsites = ["site.toml", "same_site.toml"]',
        'scenarios = "empty.toml"\n[grid]\n"practice.site" = ["one.toml", "other.toml"]',
    ],
)
def test_cells_of_equal_content_and_other_axes_have_each_a_key(write: Any, lines: str) -> None:
    """So that neither takes the other's row."""
    write("copy.toml", SCENARIO)
    write("empty.toml", "practice = []\n" + SCENARIO)
    for name in ("site.toml", "same_site.toml"):
        write(name, SCENARIO[SCENARIO.index("[mailbox]") : SCENARIO.index("[provider]")])
    first, second = sweep_of(write("sweep.toml", lines))
    assert first.tables == second.tables
    assert first.key != second.key


def test_without_seeds_each_scenario_keeps_its_own(write: Any) -> None:
    """So a sweep of one scenario and nothing else is that scenario."""
    [cell] = sweep_of(write("one.toml", 'scenarios = "scenario.toml"'))
    assert cell.axes == {"scenario": "scenario.toml", "seed": 3}


def test_an_empty_table_leaves_the_key_out(write: Any) -> None:
    """Its column is empty there."""
    path = write(
        "out.toml",
        'scenarios = "scenario.toml"\n[grid]\n"provider.sender_policy" = [{}, "reject"]\n"workload" = [{}]',
    )
    first, second = sweep_of(path)
    assert "sender_policy" not in first.tables["provider"]  # type: ignore[operator] # a table
    assert "workload" not in first.tables
    assert (first.axes["provider.sender_policy"], second.axes["provider.sender_policy"]) == ("", "reject")


def test_times_are_told_as_the_file_has_them(write: Any) -> None:
    """Not as Python has them, in quotes."""
    path = write(
        "times.toml",
        'scenarios = "scenario.toml"\n[grid]\nstart = [2026-01-05T09:00:00Z, 2026-01-05T09:00:00+13:00]\n',
    )
    assert [cell.axes["start"] for cell in sweep_of(path)] == [
        "2026-01-05T09:00:00Z",
        "2026-01-05T09:00:00+13:00",
    ]


def test_sites_take_the_place_of_a_scenario_s_own(write: Any) -> None:
    """Whole, so that no setting of the other is left."""
    write(
        "other.toml",
        '[mailbox]\ntype = "single"\ndefault_sender = "office@xyz.example"\nfallback_address = "help@elsewhere.example"\n[[action]]\nid = 9\n',
    )
    sweep = sweep_of(write("sites.toml", 'scenarios = "scenario.toml"\nsites = ["other.toml"]'))
    [cell] = sweep
    assert cell.axes["site"] == "other.toml"
    assert "pop" not in cell.tables
    assert read_scenario(cell.tables).site.settings.domain == "xyz.example"


def test_every_fault_is_told_at_once(write: Any) -> None:
    """Of the sweep, its scenarios and its sites, a line each."""
    write("bad.toml", "seed = -1\n[mailbox]\n")
    path = write(
        "faulty.toml",
        'scenarios = ["bad.toml", "none.toml"]\nsites = ["none.toml"]\n[sample]\ncells = 100\n'
        '[grid]\n"porvider.profile" = ["gmail"]\nseed = [1, 2]\n',
    )
    told = faults(path)
    assert any('grid."porvider.profile"' in line and "is no key of a scenario" in line for line in told)
    assert any("grid.seed" in line and "seeds = ..." in line for line in told)
    assert any("bad.toml: seed = -1" in line for line in told)
    assert any("none.toml" in line and "cannot be read" in line for line in told)
    assert any("sample.cells = 100: is more than the 2 cells" in line for line in told)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("seeds = 0", "seeds = 0: must be how many"),
        ('seeds = ["a"]', "seeds = [...]: must be how many"),
        ("scenarios = []", "must be one file or more"),
        ('[grid]\n"provider.profile" = "gmail"', "must be a list of the values to try"),
        ('[grid]\n"provider.profile" = []', "must be a list of the values to try"),
        ("[sample]\ncells = 0", "sample.cells = 0: must be at least 1; write a larger number"),
        ('[sample]\ncells = 1\nmethod = "latin"', 'must be "random" or "latin-hypercube"'),
    ],
)
def test_what_cannot_be_swept_is_told_in_a_line(write: Any, line: str, told: str) -> None:
    """With the value, what is allowed and what to do."""
    head = "" if line.startswith("scenarios") else 'scenarios = "scenario.toml"\n'
    [found] = faults(write("faulty.toml", head + line))
    assert told in found


def sampled(method: Method, cells: int, lengths: list[int], seed: int = 0) -> list[tuple[object, ...]]:
    """The values of a sample of a grid whose axes have so many values."""
    tables = {"mailbox": {"type": "catch-all"}}
    grid = {f"provider.{number}": range(length) for number, length in enumerate(lengths)}
    sweep = Sweep(
        {"scenario": range(1)} | grid | {"seed": (None,)},
        [("one", tables)],
        [],
        SampleTable(cells=cells, method=method, seed=seed),
        trace=False,
    )
    assert len(sweep) == len(list(sweep))
    return [tuple(cell.axes[name] for name in grid) for cell in sweep]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.data())
def test_a_random_sample_is_of_so_many_different_cells(lengths: list[int], data: st.DataObject) -> None:
    """Repeatable by its seed."""
    whole = 1
    for length in lengths:
        whole *= length
    cells = data.draw(st.integers(1, whole))
    drawn = sampled(Method.RANDOM, cells, lengths)
    assert len(drawn) == len(set(drawn)) == cells
    assert drawn == sampled(Method.RANDOM, cells, lengths)


def test_another_seed_draws_another_sample() -> None:
    """Of a grid large enough for that."""
    assert sampled(Method.RANDOM, 10, [9, 9, 9]) != sampled(Method.RANDOM, 10, [9, 9, 9], seed=1)


@pytest.mark.parametrize("method", Method)
def test_a_sample_may_be_of_more_cells_than_can_be_counted(method: Method) -> None:
    """That is what samples are for."""
    assert len(sampled(method, 8, [10] * 22)) == 8


def test_a_grid_of_more_cells_than_can_be_counted_is_told(write: Any) -> None:
    """With what to do."""
    grid = "".join(f'"zone.a{number}" = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n' for number in range(19))
    [told] = faults(write("huge.toml", f'scenarios = "scenario.toml"\nseeds = 10\n[grid]\n{grid}'))
    assert told.endswith(
        "huge.toml: grid: has 100,000,000,000,000,000,000 cells, more than can be counted; "
        "draw some of them with [sample], or try fewer values"
    )


def test_a_latin_hypercube_draws_each_value_equally_often() -> None:
    """On every axis, whatever its length."""
    drawn = sampled(Method.LATIN_HYPERCUBE, 60, [30, 20, 25, 30])
    assert len(drawn) == 60
    for axis, length in enumerate([30, 20, 25, 30]):
        counts = Counter(values[axis] for values in drawn).values()
        assert len(counts) == length
        assert max(counts) - min(counts) <= 1

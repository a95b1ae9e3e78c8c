"""The bar of long runs, as a terminal shows it."""

from pathlib import Path

import pytest

import mailsim
from mailsim.notebook.watching import watching
from tests.world.test_watching import SCENARIO


def test_the_bar_tells_what_was_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a run all letters and answers; of a replay of how many."""
    with mailsim.Simulation(SCENARIO | {"workload": {"letters": 3}}) as world, watching(world):
        world.run()
    assert "6 messages" in capsys.readouterr().err

    world.trace.write(tmp_path / "run.parquet")
    for trace in (world.trace, mailsim.read_trace(tmp_path / "run.parquet")):
        rows = trace.replay(provider="postfix", watch=watching)

        assert len(rows) == 6
        assert "| 6/6 " in capsys.readouterr().err

"""The bar of long runs, as a terminal shows it."""

import pytest

import mailsim
from mailsim.notebook.watching import watching
from mailsim.study.replay import replay
from tests.world.test_watching import SCENARIO


def test_the_bar_tells_what_was_written(capsys: pytest.CaptureFixture[str]) -> None:
    """Of a run all letters and answers; of a replay of how many."""
    with mailsim.Simulation(SCENARIO | {"workload": {"letters": 3}}) as world, watching(world):
        world.run()
    assert "6 messages" in capsys.readouterr().err

    rows = replay(world.trace, provider="postfix", watch=watching)

    assert len(rows) == 6
    assert "| 6/6 " in capsys.readouterr().err

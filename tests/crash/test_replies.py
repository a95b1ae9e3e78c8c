"""Lost replies and lines at every stage of SMTP: nothing is lost, nothing doubled unaccounted (R3.8, R4.13, R6.2)."""

from collections import Counter

import pytest

from tests.crash.replies import MESSAGES, STAGES, faults, run


@pytest.mark.parametrize(("world", "runs"), [("memory", 60), ("wire", 12)])
def test_lost_replies_lose_no_message(world: str, runs: int) -> None:
    """`python -m tests.crash.replies` does it 1,000 times."""
    total = sum((run(seed, world) for seed in range(runs)), Counter[str]())

    assert total["copies"] == runs * MESSAGES * 3 // 2
    assert total["reached"] + total["refused"] + total["bounced"] == total["copies"]
    assert total["uncertain"] > runs
    assert 0 < total["twice"] <= total["uncertain"]
    assert total["recognised as duplicates"] == total["collected"] - total["reached"]


def test_every_stage_has_its_turn() -> None:
    """Each seed begins with another stage."""
    first = {faults(seed)[0].split(":")[1] for seed in range(len(STAGES))}

    assert first == set(STAGES)

"""What a scenario expects of its mail, held against what has come of it."""

import pytest

from mailsim.world.expectation import unmet
from mailsim.world.scenario_tables import ExpectTable

HELD = {"action:1": 2, "action:20": 3, "mailbox:mary": 1, "xyz.example/action:1": 7, "unassigned": 4}


@pytest.mark.parametrize(
    ("target", "copies"),
    [
        ("action:1", 2),
        ("action:*", 5),
        ("mailbox:*", 1),
        ("xyz.example/action:*", 7),
        ("xyz.example/mailbox:*", 0),
        ("unassigned", 4),
    ],
)
def test_a_target_or_all_of_a_kind(target: str, copies: int) -> None:
    """Of a seed that spreads letters over actions only the sum is known; each practice's targets are its own."""
    expected = ExpectTable.model_validate({"delivered": {target: copies}})
    other = ExpectTable.model_validate({"delivered": {target: copies + 1}})

    assert not list(unmet(expected, HELD, {}))
    [line] = unmet(other, HELD, {})
    assert line.startswith(f"expect.delivered.{target} = {copies + 1}: found {copies}; action:1 holds 2, ")

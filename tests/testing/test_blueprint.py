"""The blueprint collects what Givens say, and closes when the world starts."""

import pytest

from mailsim.testing.blueprint import Blueprint, BlueprintError


def test_later_givens_add_and_override() -> None:
    """Keys are overridden, rows and lists grow."""
    blueprint = Blueprint()
    blueprint.set("provider", sender_policy="accept", profile="gmail")
    blueprint.set("provider", sender_policy="rewrite")
    blueprint.extend("provider", "registered", "a1@abc.com")
    blueprint.extend("provider", "registered", "a2@abc.com")
    blueprint.add("action", id=1)
    blueprint.add("action", id=2)

    assert blueprint.start() == {
        "provider": {
            "sender_policy": "rewrite",
            "profile": "gmail",
            "registered": ["a1@abc.com", "a2@abc.com"],
        },
        "action": [{"id": 1}, {"id": 2}],
    }


def test_nothing_can_be_said_after_the_start() -> None:
    """A Given after the first When would change nothing: it is refused, and the world's tables stay as they were."""
    blueprint = Blueprint()
    blueprint.add("action", id=1)
    tables = blueprint.start()

    with pytest.raises(BlueprintError, match="action: was set after the world had started; move this Given"):
        blueprint.add("action", id=2)
    assert tables == {"action": [{"id": 1}]}


def test_a_key_may_be_a_table_of_entries() -> None:
    """Each Given adds one, or writes it anew."""
    blueprint = Blueprint()
    blueprint.enter("provider", "forwards", "mary@abc.com", "john@abc.com")
    blueprint.enter("provider", "forwards", "john@abc.com", "matters@abc.com")
    blueprint.enter("provider", "forwards", "mary@abc.com", "matters@abc.com")

    assert blueprint.start() == {
        "provider": {"forwards": {"mary@abc.com": "matters@abc.com", "john@abc.com": "matters@abc.com"}}
    }

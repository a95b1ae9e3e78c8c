"""Which keys a grid may have."""

import re

import pytest

from mailsim.study.sweep.keys import unknown_key


@pytest.mark.parametrize(
    "key",
    [
        "provider.profile",
        "mailbox.catch_all_header",
        "correspondent.habit",
        "list",
        "list.subject_prefix",
        "event.receive.from",
        "event.at",
        "practice.mailbox.type",
        "practice.provider.profile",
        "provider.forwards.jane",
        "expect.delivered.action:1234",
        "zone.localhost.mx",
        "workload",
        "poll",
    ],
)
def test_a_key_of_a_scenario_is_known(key: str) -> None:
    """In tables, in those of an array, in those whose names are anybody's, by the word that the file has for it."""
    assert unknown_key(key, [1]) is None


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("provider.profle", 'those of provider are profile, sender_policy, .*; write "provider.profile"'),
        ("lists.subject_prefix", 'its tables are .*, list, .*; write "list"'),
        ("event.receive.sender", 'those of event.receive are to, from, .*; write such as "provider.profile"'),
        ("poll.every", 'poll has none; write such as "provider.profile"'),
        ("provider.", "those of provider are profile"),
        ("", "its tables are"),
        ("seed", r"its tables are start, .*; write seeds = \.\.\. above \[grid\]"),
        ("site", r"its tables are (?!.*, site).*; write sites = \.\.\. above \[grid\]"),
    ],
)
def test_another_is_told_with_those_there_are(key: str, told: str) -> None:
    """And what was meant, perhaps."""
    fault = unknown_key(key, ["a"])
    assert fault
    assert fault.key == (f'grid."{key}"' if "." in key else f"grid.{key}")
    assert fault.allowed.startswith("is no key of a scenario; ")
    assert re.search(told, f"{fault.allowed}; {fault.fix}")

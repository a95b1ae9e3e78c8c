"""Whose outcome changes between two sites."""

import json

import mailsim
from mailsim.study.diagnosis.diff import difference

TABLES = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}, {"id": 7}],
}
BEFORE = mailsim.read_site(TABLES)
AFTER = mailsim.read_site(TABLES | {"mailbox": {**TABLES["mailbox"], "catch_all_header": "X-Original-To"}})  # type: ignore[dict-item] # tables as TOML has them


def mail(number: int, delivered_to: str, original_to: str) -> tuple[str, bytes]:
    header = f"Delivered-To: {delivered_to}\r\nX-Original-To: {original_to}\r\nFrom: j@x.example\r\nTo: b@x.example\r\n"
    return f"{number}.eml", (header + f"Message-ID: <{number}@x>\r\n\r\n").encode()


CORPUS = [
    mail(1, "matters@abc.com", "a1234@abc.com"),
    mail(2, "matters@abc.com", "a7@abc.com"),
    mail(3, "a7@abc.com", "a7@abc.com"),
    mail(4, "a7@abc.com", "old@firm.example"),
]


def test_those_that_go_elsewhere_are_grouped() -> None:
    """By both reasons and the cause, the largest group first; what stays is counted only."""
    found = difference(BEFORE, AFTER, CORPUS)

    assert found.messages == 4
    assert [(group, [one.message for one in members]) for group, members in found.groups().items()] == [
        (("system-address", "action-address", "header-ignored"), ["1.eml", "2.eml"]),
        (("action-address", "other-domain", "header-ignored"), ["4.eml"]),
    ]


def test_its_text_its_json_and_its_display() -> None:
    """One line a message under each group."""
    found = difference(BEFORE, AFTER, CORPUS)

    lines = str(found).splitlines()
    assert lines[0] == "3 of 4 messages go elsewhere"
    assert "system-address -> action-address (cause: header-ignored): 2" in lines
    assert "  4.eml: action:7 -> unassigned" in lines
    document = json.loads(json.dumps(found.as_json()))
    assert document["changed"][0]["after"] == {
        "outcome": "delivered",
        "targets": ["action:1234"],
        "reason": "action-address",
    }
    assert "3 go elsewhere" in found._repr_html_()


def test_equal_sites_change_nothing() -> None:
    """Nor does an empty corpus."""
    assert difference(BEFORE, BEFORE, CORPUS).changed == ()
    assert difference(BEFORE, AFTER, []).messages == 0
    assert str(difference(BEFORE, BEFORE, CORPUS)) == "0 of 4 messages go elsewhere"


def test_copies_are_one_collection_at_each_site() -> None:
    """R4.13: a second copy is a duplicate at both, so it does not change."""
    name, octets = CORPUS[2]

    assert difference(BEFORE, AFTER, [(name, octets), ("copy.eml", octets)]).changed == ()

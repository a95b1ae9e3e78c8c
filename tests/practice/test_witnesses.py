"""Clash checks come with a witness: a message that goes wrong with those settings, shown by routing it."""

import pytest

from mailsim.practice.faults import Fault, SiteError
from mailsim.practice.site import Site, read_site

MAILBOX = {
    "type": "catch-all",
    "default_sender": "matters@abc.com",
    "fallback_address": "help@elsewhere.example",
}
USERS = [{"name": "mary"}, {"name": "john", "from": "john@foreign.example"}]


def site(**tables: object) -> Site:
    return read_site({"mailbox": MAILBOX, "action": [{"id": 7}], "user": USERS[:1]} | tables)


def alias(address: str, *mailboxes: str) -> dict[str, object]:
    return {"address": address, "mailboxes": list(mailboxes) or ["mary"]}


@pytest.mark.parametrize(
    ("tables", "key", "goes_to"),
    [
        ({"mailbox": MAILBOX | {"fallback_address": "help@ABC.com", "allow_fallback_clash": True}},
         "mailbox.fallback_address", ("unassigned",)),
        ({"alias": [alias("a7@abc.com")]}, "alias[0].address", ("action:7",)),
        ({"alias": [alias("A8@abc.com")]}, "alias[0].address", ("mailbox:mary",)),
        ({"alias": [alias("matters@abc.com")]}, "alias[0].address", ("mailbox:mary",)),
        ({"user": USERS}, "user[1].from", ("unassigned",)),
        ({"user": [*USERS[:1], {"name": "john"}], "alias": [alias("Sales@abc.com"), alias("sales@ABC.COM", "john")]},
         "alias[1].address", ("mailbox:mary", "mailbox:john")),
        ({"alias": [alias("help@elsewhere.example")], "mailbox": MAILBOX | {"catch_all_header": "To"}},
         "mailbox.fallback_address", ("mailbox:mary",)),
    ],
    ids=["fallback-on-domain", "shadows-action", "looks-like-action", "system-address", "foreign-from",
         "twice", "fallback-is-alias"],
)  # fmt: skip
def test_the_witness_of_a_clash_goes_where_its_writer_did_not_mean(
    tables: dict[str, object], key: str, goes_to: tuple[str, ...]
) -> None:
    """Routed with the settings that clash, it goes astray as the warning says."""
    practice = site(**tables)

    [warning] = [warning for warning in practice.warnings if warning.key == key]
    assert practice.route(warning.witness).targets == goes_to


def test_a_clash_that_stops_the_site_has_its_witness_too() -> None:
    """R1.2: mail to the fallback address comes back into the practice, where nobody has it."""
    with pytest.raises(SiteError) as caught:
        site(mailbox=MAILBOX | {"fallback_address": "help@abc.com"})

    [fault] = caught.value.faults
    assert site().route(fault.witness).reason == "unknown-address"


def test_a_plain_fault_has_none() -> None:
    """Only settings that clash make mail go wrong."""
    assert Fault("key", "value", "allowed", "fix").witness == b""

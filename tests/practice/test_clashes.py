"""What the values of a site must be together (R1.2, R1.3, R1.7, R1.10, R1.13; section 7 "Addresses")."""

from collections.abc import Mapping

import pytest

from mailsim.practice.faults import SiteError
from mailsim.practice.site_file import read_settings

MAILBOX: dict[str, object] = {
    "type": "catch-all",
    "default_sender": "matters@abc.com",
    "fallback_address": "help@elsewhere.example",
}
MARY = {"user": [{"name": "mary"}]}


def faults(mailbox: Mapping[str, object] | None = None, /, **tables: object) -> list[str]:
    """What is said of a site that cannot be used."""
    with pytest.raises(SiteError) as caught:
        read_settings({"mailbox": {**MAILBOX, **(mailbox or {})}, **tables})
    return [str(fault) for fault in caught.value.faults]


def warnings(mailbox: Mapping[str, object] | None = None, /, **tables: object) -> list[str]:
    """What is said of a site that can be used."""
    return [
        str(fault) for fault in read_settings({"mailbox": {**MAILBOX, **(mailbox or {})}, **tables}).warnings
    ]


def alias(address: str, *mailboxes: str) -> dict[str, object]:
    """One `[[alias]]`."""
    return {"address": address, "mailboxes": list(mailboxes)}


@pytest.mark.parametrize("fallback", ["help@abc.com", "help@ABC.com", "help@abc.com.", "matters@abc.com"])
def test_a_fallback_on_the_catch_all_domain_is_refused(fallback: str) -> None:
    """R1.2: compared without case and trailing dot; both addresses and the consequence are named."""
    (fault,) = faults({"fallback_address": fallback})

    address = fallback.lower().rstrip(".")
    assert fault == (
        f'mailbox.fallback_address = "{address}": clashes with the catch-all *@abc.com of matters@abc.com: '
        f"what is forwarded to {address} would come back into matters@abc.com (R1.2); use an address on another domain"
    )


def test_a_fallback_clash_is_seen_in_both_idna_forms() -> None:
    """R1.2: an internationalised domain is the same in letters and in A-labels."""
    mailbox = {"default_sender": "matters@bücher.example", "fallback_address": "help@XN--BCHER-KVA.example"}

    assert len(faults(mailbox)) == 1


def test_the_clash_may_be_allowed() -> None:
    """R1.3: the error becomes a warning."""
    (warning,) = warnings({"fallback_address": "help@abc.com", "allow_fallback_clash": True})

    assert "would come back into matters@abc.com" in warning
    assert "R4.9" in warning


def test_in_single_mode_the_fallback_may_be_on_the_same_domain() -> None:
    """R1.2 is about the catch-all."""
    assert warnings({"type": "single", "fallback_address": "help@abc.com"}) == []


def test_the_pattern_of_the_catch_all_is_no_address() -> None:
    """R1.4: the default sender is the system mailbox's own address."""
    (fault,) = faults({"default_sender": "*@abc.com"})

    assert fault.endswith('write such as "matters@abc.com"')


@pytest.mark.parametrize(
    ("common", "name"),
    [
        ("m365", "Microsoft 365 / Exchange Online"),
        ("exchange_onprem", "Exchange Server on premises"),
        ("outlook_com", "Outlook.com, Hotmail, Live, MSN"),
    ],
)
def test_exchange_refuses_catch_all_mode(common: str, name: str) -> None:
    """R1.13: the provider is named; in single mode it is welcome."""
    (fault,) = faults(pop={"common": common})

    assert fault.startswith(f'mailbox.type = "catch-all": {name} cannot have a catch-all mailbox (R1.13)')
    assert warnings({"type": "single"}, pop={"common": common}) == []


def test_google_s_optional_header_needs_no_warning() -> None:
    """Gmail can have a catch-all mailbox, and be told to name the recipient."""
    told = warnings({"catch_all_header": "X-Gm-Original-To"}, pop={"common": "gmail"})
    assert told == []


def test_with_localhost_nothing_else_may_be_given() -> None:
    """R1.7: one fault for each key, whether its value would be good or not; secrets stay hidden."""
    found = faults(
        smtp={
            "server": "LOCALHOST",
            "port": 25,
            "authentication": "plain",
            "username": "matters",
            "password": "sesame",
            "common": "gmail",
        }
    )

    assert [fault.split(": ")[0] for fault in found] == [
        'smtp.common = "gmail"',
        "smtp.port = 25",
        'smtp.authentication = "plain"',
        'smtp.username = "matters"',
        "smtp.password = ***",
    ]
    assert all("R1.7" in fault for fault in found)


def test_localhost_alone_is_good() -> None:
    """R1.7."""
    assert warnings(smtp={"server": "localhost"}) == []


@pytest.mark.parametrize("table", ["pop", "smtp"])
def test_one_password_is_enough(table: str) -> None:
    """`password` and `password_env` exclude each other."""
    (fault,) = faults(**{table: {"password": "sesame", "password_env": "NAME"}})

    assert fault == (
        f"{table}.password_env = ***: stands beside {table}.password, and only one of them may be given; remove one"
    )


def test_names_given_twice() -> None:
    """An action's ID and a user's name stand once; a Message-ID was sent from one action."""
    found = faults(
        action=[{"id": 7}, {"id": 8}, {"id": 7}, {"id": 7}],
        user=[{"name": "mary"}, {"name": "mary"}],
        sent=[
            {"message_id": "<a@b>", "action": 7},
            {"message_id": "<a@b>", "action": 7},
            {"message_id": "<a@b>", "action": 8},
        ],
    )

    assert found == [
        "action[2].id = 7: is that of action[0] too; remove one",
        "action[3].id = 7: is that of action[0] too; remove one",
        'user[1].name = "mary": is that of user[0] too; remove or rename one',
        'sent[2].message_id = "<a@b>": is that of sent[0] too, with another action; remove one',
    ]


def test_an_alias_names_users() -> None:
    """Section 7: an unknown mailbox is a fault, with the nearest user or what to add."""
    found = faults(**MARY, alias=[alias("a@abc.com", "mary", "marry", "zoe")])

    assert found == [
        'alias[0].mailboxes[1] = "marry": no [[user]] has this name; write "mary"',
        'alias[0].mailboxes[2] = "zoe": no [[user]] has this name; add [[user]] with name = "zoe"',
    ]


def test_a_sent_message_may_name_an_unknown_action() -> None:
    """Section 7: the action may be gone since."""
    assert warnings(sent=[{"message_id": "<a@b>", "action": 99}]) == []


@pytest.mark.parametrize(
    ("mailbox", "tables", "warning"),
    [
        (
            {"type": "single", "catch_all_header": "X-Original-To"},
            {},
            'mailbox.catch_all_header = "X-Original-To": has an effect in catch-all mode only (R1.10); remove it',
        ),
        (
            {},
            {"action": [{"id": 7}], "alias": [alias("A007@abc.com")]},
            'alias[0].address = "A007@abc.com": is the address of action 7, which gets its mail; use another address',
        ),
        (
            {},
            {"alias": [alias("a7@abc.com")]},
            (
                'alias[0].address = "a7@abc.com": looks like the address of an action: '
                "an action 7 would take its mail; use another address"
            ),
        ),
        (
            {},
            {"alias": [alias("Matters@abc.com")]},
            (
                'alias[0].address = "Matters@abc.com": is the system mailbox\'s own address: replies whose sender '
                "was rewritten reach its mailboxes, not Unassigned; use another address"
            ),
        ),
        (
            {},
            {"alias": [alias("help@elsewhere.example")]},
            (
                'mailbox.fallback_address = "help@elsewhere.example": alias[0].address is the fallback address too: '
                "unreadable mail sent there comes back into the practice; use an address outside the practice"
            ),
        ),
        (
            {},
            {"alias": [alias("info@abc.com"), alias("INFO@abc.com.")]},
            'alias[1].address = "INFO@abc.com": is that of alias[0] too: its mail goes to the mailboxes of both; put all mailboxes into one [[alias]]',
        ),
        (
            {},
            {"user": [{"name": "mary", "from": "mary@home.example"}]},
            (
                'user[0].from = "mary@home.example": is not on the practice\'s domain abc.com: '
                "replies to it do not come back; use an address of abc.com with an alias"
            ),
        ),
    ],
)
def test_what_goes_wrong_is_warned_of(
    mailbox: Mapping[str, object], tables: Mapping[str, object], warning: str
) -> None:
    """The site can be used; the warning says what will happen and what to do."""
    assert warnings(mailbox, **tables) == [warning]


@pytest.mark.parametrize(
    ("mailbox", "tables"),
    [
        ({}, {"alias": [alias("a7@elsewhere.example"), alias("a7b@abc.com"), alias("sales@abc.com")]}),
        ({"type": "single"}, {"alias": [alias("a7@abc.com"), alias("matters@abc.com")]}),
        ({}, {"user": [{"name": "mary", "from": "mary@ABC.com"}, {"name": "john"}]}),
    ],
)
def test_what_is_harmless_is_not_warned_of(
    mailbox: Mapping[str, object], tables: Mapping[str, object]
) -> None:
    """Another domain has no action addresses, and single mode neither."""
    assert warnings(mailbox, **tables) == []

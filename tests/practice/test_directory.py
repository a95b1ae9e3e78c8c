"""Who is this address? R4.5, R4.6, section 7 "Addresses"."""

import pytest

from mailsim.mail import Address, parse_address
from mailsim.practice.directory import Action, Alias, Directory, User


def address(text: str) -> Address:
    found = parse_address(text)
    assert found is not None, text
    return found


SALES = Alias(address("Sales@abc.com"), ("mary", "john"))
DIRECTORY = Directory(
    "ABC.com.",
    actions=[Action(1234, "Smith v Jones"), Action(0)],
    users=[User("mary", address("mary@abc.com")), User("john")],
    aliases=[
        SALES,
        Alias(address("sales@ABC.com"), ("john", "zoe")),
        Alias(address("nobody@abc.com"), ()),
        Alias(address("a1234@abc.com"), ("mary",)),
        Alias(address("a55@abc.com"), ("mary",)),
        Alias(address("abc@partner.example"), ("john",)),
    ],
)


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("a1234@abc.com", ("action:1234",)),
        ("A01234@Abc.Com.", ("action:1234",)),
        ("a0@abc.com", ("action:0",)),
        ("a000@abc.com", ("action:0",)),
        ("a55@abc.com", ("mailbox:mary",)),
        ("a055@abc.com", None),
        ("sales@abc.com", ("mailbox:mary", "mailbox:john", "mailbox:zoe")),
        ("nobody@abc.com", ()),
        ("abc@partner.example", ("mailbox:john",)),
        ("a01234@partner.example", None),
        ("mary@abc.com", None),
        ("a1234x@abc.com", None),
        ("a99@abc.com", None),
        ("a0x@abc.com", None),
        ('"a01234@x"@abc.com', None),
    ],
)
def test_whose_an_address_is(text: str, targets: tuple[str, ...] | None) -> None:
    """An existing action before an alias; two aliases of one address are one; a user has none."""
    holder = DIRECTORY.holder(address(text))

    assert (holder and holder.targets) == targets
    assert DIRECTORY.reaches(address(text)) is bool(targets)


@pytest.mark.parametrize(
    ("text", "is_owned", "is_inside", "looks_like_action"),
    [
        ("a1234@abc.com", True, True, True),
        ("a99@abc.com", True, True, True),
        ("peter@abc.com", True, True, False),
        ("a@abc.com", True, True, False),
        ("a1234@partner.example", False, False, False),
        ("abc@partner.example", False, True, False),
    ],
)
def test_which_side_an_address_is_on(
    text: str, *, is_owned: bool, is_inside: bool, looks_like_action: bool
) -> None:
    """On the practice's domain; the practice's own, aliases elsewhere included; of an action's form."""
    found = address(text)

    assert DIRECTORY.owns(found) is is_owned
    assert DIRECTORY.is_inside(found) is is_inside
    assert DIRECTORY.looks_like_action(found) is looks_like_action


def test_a_holder_says_who() -> None:
    """The action itself, or the alias with all its mailboxes."""
    assert DIRECTORY.holder(address("a1234@abc.com")) == (Action(1234, "Smith v Jones"), ("action:1234",))
    assert DIRECTORY.holder(address("nobody@abc.com")) == (Alias(address("nobody@abc.com"), ()), ())


@pytest.mark.parametrize(
    ("digits", "targets"), [("1234", ("action:1234",)), ("001234", ("action:1234",)), ("55", None)]
)
def test_an_action_by_its_number(digits: str, targets: tuple[str, ...] | None) -> None:
    """In digits, with or without leading zeros; an alias that looks like an action is none."""
    holder = DIRECTORY.numbered(digits)

    assert (holder and holder.targets) == targets


def test_an_action_has_an_address() -> None:
    """R3.1: `a<ID>@domain`, whether the action exists or not."""
    assert str(DIRECTORY.action_address(1234)) == "a1234@abc.com"
    assert DIRECTORY.action_address(99) == address("A99@abc.com")


def test_a_directory_holds_what_it_was_given() -> None:
    """By ID, by name, in order; and says only how many."""
    assert DIRECTORY.domain == "abc.com"
    assert DIRECTORY.actions == {1234: Action(1234, "Smith v Jones"), 0: Action(0)}
    assert DIRECTORY.users == {"mary": User("mary", address("mary@abc.com")), "john": User("john")}
    assert DIRECTORY.aliases[0] == SALES
    assert repr(DIRECTORY) == "Directory('abc.com', 2 actions, 2 users, 6 aliases)"

"""Givens about who hosts the practice's mail: a provider, its mailboxes and its habits."""

from collections.abc import Sequence

from pytest_bdd import given

from mailsim.testing.blueprint import Blueprint
from mailsim.testing.expressions import parse


@given(parse("a provider that {policy} foreign senders", "does"))
def policy(blueprint: Blueprint, does: str) -> None:
    """What the provider's SMTP server does with a sender that is not the account's own.

    Given a provider that rewrites foreign senders
    """
    blueprint.set("provider", sender_policy=does)


@given(parse("the provider is {word}", "name"))
def profile(blueprint: Blueprint, name: str) -> None:
    """A provider by its name; `mailsim providers` lists them.

    Given the provider is gmail
    """
    blueprint.set("provider", profile=name)


@given(parse("{address} is registered at the provider as a send-as address", "owned"))
def registered(blueprint: Blueprint, owned: str) -> None:
    """An address that the account may use as sender.

    Given a1234@abc.com is registered at the provider as a send-as address
    """
    blueprint.extend("provider", "registered", owned)


@given(parse("the provider has the mailbox/mailboxes {addresses}", "addresses"))
def mailboxes(blueprint: Blueprint, addresses: Sequence[str]) -> None:
    """Server mailboxes beside the system mailbox; what they take, the catch-all does not get.

    Given the provider has the mailboxes mary@abc.com and john@abc.com
    """
    for address in addresses:
        blueprint.extend("provider", "mailboxes", address)


@given(parse("{address} forwards to {address} at the provider", "mailbox", "target"))
def forwards_to(blueprint: Blueprint, mailbox: str, target: str) -> None:
    """One server mailbox hands its mail to another; each writes its envelope header, the last one on top.

    Given mary@abc.com forwards to matters@abc.com at the provider
    """
    blueprint.enter("provider", "forwards", mailbox, target)


@given("the provider discards mail that no mailbox takes")
def discards(blueprint: Blueprint) -> None:
    """The catch-all setting of the domain: throw away, and say nothing.

    Given the provider discards mail that no mailbox takes
    """
    blueprint.set("provider", catch_all="discard")


@given("the provider refuses mail that no mailbox takes")
def refuses(blueprint: Blueprint) -> None:
    """The catch-all setting of the domain: refuse with 550.

    Given the provider refuses mail that no mailbox takes
    """
    blueprint.set("provider", catch_all="refuse")


@given(parse("the provider forwards mail that no mailbox takes to {address}", "address"))
def forwards(blueprint: Blueprint, address: str) -> None:
    """The catch-all setting of the domain: which server mailbox takes the rest.

    Given the provider forwards mail that no mailbox takes to matters@abc.com
    """
    blueprint.set("provider", catch_all=address)


@given(parse("the provider takes messages of at most {size}", "size"))
def size_limit(blueprint: Blueprint, size: int) -> None:
    """The size limit of its SMTP servers.

    Given the provider takes messages of at most 25 MB
    """
    blueprint.set("provider", size_limit=size)


@given(parse("the provider {treatment} mail that fails SPF", "does"))
def treats_spf(blueprint: Blueprint, does: str) -> None:
    """What its server for mail from outside does when the sender's domain forbids the server that brings it.

    Given the provider refuses mail that fails SPF
    """
    blueprint.set("provider", spf=does)


@given("the provider keeps a copy of what it sends in the mailbox")
def keeps_copies(blueprint: Blueprint) -> None:
    """As Gmail does: what the practice sends it collects too.

    Given the provider keeps a copy of what it sends in the mailbox
    """
    blueprint.set("provider", sent_copies=True)


@given("the provider lets any account send on behalf of others")
def on_behalf(blueprint: Blueprint) -> None:
    """Any sender stays in From, and a Sender field names the account.

    Given the provider lets any account send on behalf of others
    """
    blueprint.set("provider", on_behalf=True)

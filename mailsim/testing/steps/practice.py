"""Givens about the practice: its mailbox, its settings, the people and addresses in it."""

import tomllib
from collections.abc import Sequence
from typing import Any

import pytest
from pytest_bdd import given

from mailsim.testing.blueprint import Blueprint, BlueprintError
from mailsim.testing.expressions import parse
from mailsim.testing.feature_file import folder

FALLBACK = "help@elsewhere.example"
"""The fallback address of a practice that says nothing of one."""


@given(parse("a practice whose catch-all mailbox is {address}", "system"))
def catch_all(blueprint: Blueprint, system: str) -> None:
    """A practice that collects all mail of its domain from one mailbox; its fallback address is help@elsewhere.example.

    Given a practice whose catch-all mailbox is matters@abc.com
    """
    blueprint.set("mailbox", type="catch-all", default_sender=system, fallback_address=FALLBACK)


@given(parse("a practice whose single mailbox is {address}", "system"))
def single(blueprint: Blueprint, system: str) -> None:
    """A practice that collects the mail of one address.

    Given a practice whose single mailbox is abc@bigmail.example
    """
    blueprint.set("mailbox", type="single", default_sender=system, fallback_address=FALLBACK)


@given(parse("a practice with the site file {string}", "path"))
def site_file(blueprint: Blueprint, path: str, request: pytest.FixtureRequest) -> None:
    """A practice as a site file or scenario file describes it; the path is relative to the feature's folder.

    Given a practice with the site file "../fixtures/sites/catch_all.toml"
    """
    from mailsim.practice.site_file import load_toml

    blueprint.load(load_toml(folder(request.node) / path))


@given("a practice with these tables:")
def tables(blueprint: Blueprint, docstring: str) -> None:
    '''A practice, and all else that a scenario file can say, in TOML; `mailsim schema scenario` has every key.

    Given a practice with these tables:
      """
      [mailbox]
      type = "single"
      default_sender = "abc@bigmail.example"
      fallback_address = "help@elsewhere.example"
      """
    '''
    blueprint.load(read_tables(docstring))


def read_tables(docstring: str) -> dict[str, Any]:
    """The tables that the text under a step holds; raises BlueprintError."""
    try:
        return tomllib.loads(docstring)
    except tomllib.TOMLDecodeError as error:
        raise BlueprintError(
            f'the tables are not TOML: {error}; write such as name = "text" in each line'
        ) from None


@given(parse("the setting {setting} is {}", "key", "value"))
def setting(blueprint: Blueprint, key: str, value: str) -> None:
    """Any key of a site file, in its TOML; text needs no quotes.

    Given the setting smtp.port is 25
    """
    table, _, name = key.partition(".")
    blueprint.set(table, **{name: _toml(value)})


@given("the settings:")
def settings(blueprint: Blueprint, datatable: Sequence[Sequence[str]]) -> None:
    """Several keys of a site file, a row each.

    Given the settings:
      | pop.server   | ssl://pop.abc.com:995 |
      | pop.username | matters@abc.com       |
    """
    for row in datatable:
        setting(blueprint, *row)


def _toml(value: str) -> Any:
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return value


@given(parse("the fallback address is {address}", "fallback"))
def fallback_address(blueprint: Blueprint, fallback: str) -> None:
    """Where the practice forwards what nobody can read.

    Given the fallback address is help@elsewhere.example
    """
    blueprint.set("mailbox", fallback_address=fallback)


@given(parse("the catch-all header is {header}", "name"))
def catch_all_header(blueprint: Blueprint, name: str) -> None:
    """The header field that tells the recipient of mail in the catch-all mailbox.

    Given the catch-all header is X-Original-To
    """
    blueprint.set("mailbox", catch_all_header=name)


@given(parse("the practice sends through {string} on port {int}", "server", "port"))
def smtp(blueprint: Blueprint, server: str, port: int) -> None:
    """The practice's SMTP server; it logs in with a password.

    Given the practice sends through "smtp.abc.com" on port 587
    """
    account = {"authentication": "plain", "username": "matters", "password": "secret"}
    blueprint.set("smtp", server=server, port=port, **account)


@given("the practice sends through the system's own servers")
def own_servers(blueprint: Blueprint) -> None:
    """`localhost`: all else of the SMTP settings is filled by the system.

    Given the practice sends through the system's own servers
    """
    blueprint.set("smtp", server="localhost")


@given(parse("the practice collects from {string}", "server"))
def pop(blueprint: Blueprint, server: str) -> None:
    """The practice's POP server; it logs in with a password.

    Given the practice collects from "ssl://pop.abc.com:995"
    """
    blueprint.set("pop", server=server, username="matters", password="secret")  # noqa: S106 - of a server on loopback


@given(parse("the practice collects every {duration}", "every"))
def polls(blueprint: Blueprint, every: str) -> None:
    """It polls, as long as mail moves; without this step it collects when a When says so.

    Given the practice collects every 5 minutes
    """
    blueprint.load({"poll": every})


@given("internal mail goes out and comes back through the provider")
def internal_by_smtp(blueprint: Blueprint) -> None:
    """Internal routing `smtp`; without this step it is `direct`.

    Given internal mail goes out and comes back through the provider
    """
    blueprint.set("routing", internal="smtp")


@given(parse("the practice puts the action address in {place}", "where"))
def action_address_in(blueprint: Blueprint, where: str) -> None:
    """Which header field of a letter carries the action's address.

    Given the practice puts the action address in Reply-To
    """
    blueprint.set("routing", action_address_in=where)


@given(parse("the practice also goes by the {word} of a message", "resolver"))
def resolver(blueprint: Blueprint, resolver: str) -> None:
    """A further way to find the action: thread, sub-address or subject-token, in the order given.

    Given the practice also goes by the thread of a message
    """
    blueprint.extend("routing", "resolvers", resolver)


@given(parse("the practice has action {int}", "action"))
def action(blueprint: Blueprint, action: int) -> None:
    """A matter with its own address.

    Given the practice has action 1234
    """
    blueprint.add("action", id=action)


@given(parse("the practice has user/users {names}", "names"))
def users(blueprint: Blueprint, names: Sequence[str]) -> None:
    """People of the practice, each with a mailbox.

    Given the practice has users mary and john
    """
    for name in names:
        blueprint.add("user", name=name)


@given(parse("the practice has user {name} who writes as {address}", "name", "sender"))
def user_with_from(blueprint: Blueprint, name: str, sender: str) -> None:
    """A user with a From of their own.

    Given the practice has user ann who writes as ann@abc.com
    """
    blueprint.add("user", **{"name": name, "from": sender})


@given(parse("the alias {address} leads to {names}", "address", "names"))
def alias(blueprint: Blueprint, address: str, names: Sequence[str]) -> None:
    """An address that stands for the mailboxes of users.

    Given the alias sales@abc.com leads to mary and john
    """
    blueprint.add("alias", address=address, mailboxes=list(names))


@given(parse("the alias {address} is linked to no mailbox", "address"))
def empty_alias(blueprint: Blueprint, address: str) -> None:
    """An alias that leads nowhere for now.

    Given the alias old@abc.com is linked to no mailbox
    """
    blueprint.add("alias", address=address, mailboxes=[])


@given(parse("the practice once sent {string} from action {int}", "message_id", "action"))
def sent_before(blueprint: Blueprint, message_id: str, action: int) -> None:
    """A message sent before the scenario begins, by its Message-ID.

    Given the practice once sent "<draft@abc.com>" from action 1234
    """
    blueprint.add("sent", message_id=message_id, action=action)

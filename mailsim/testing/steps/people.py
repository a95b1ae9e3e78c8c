"""Givens about correspondents: who answers, when, and to which address."""

from pytest_bdd import given

from mailsim.testing.blueprint import Blueprint
from mailsim.testing.expressions import parse


@given(parse("{address} answers every message", "person"))
def answers(blueprint: Blueprint, person: str) -> None:
    """Somebody outside whose mail program answers to Reply-To where there is one.

    Given jane@client.example answers every message
    """
    blueprint.add("correspondent", address=person)


@given(parse("{address} answers every message, ignoring Reply-To", "person"))
def answers_to_from(blueprint: Blueprint, person: str) -> None:
    """Somebody outside whose mail program answers to From alone.

    Given peter@client.example answers every message, ignoring Reply-To
    """
    blueprint.add("correspondent", address=person, replies_to="from")


@given(
    parse(
        "{address} answers every message, behind a server that {treatment} mail that fails SPF",
        "person",
        "spf",
    )
)
def answers_behind(blueprint: Blueprint, person: str, spf: str) -> None:
    """Somebody outside whose server does more or less with SPF than to mark mail with the result.

    Given jane@client.example answers every message, behind a server that refuses mail that fails SPF
    """
    blueprint.add("correspondent", address=person, spf=spf)


@given(parse("{address} answers every message after {duration}", "person", "delay"))
def answers_later(blueprint: Blueprint, person: str, delay: str) -> None:
    """Somebody outside who takes their time.

    Given jane@client.example answers every message after 2 hours
    """
    blueprint.add("correspondent", address=person, delay=delay)

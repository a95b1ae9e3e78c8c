"""R1.1, R1.4, R1.8, R1.10: the values that the site file may hold."""

import pytest
from pydantic import ValidationError

from mailsim.mail import Address
from mailsim.practice.decision import Resolver
from mailsim.practice.server_address import ServerAddress
from mailsim.practice.settings import (
    ActionAddressIn,
    ActionTable,
    Authentication,
    InternalRouting,
    MailboxTable,
    MailboxType,
    PopTable,
    RoutingTable,
    Settings,
    SmtpTable,
)

ADDRESSES = {"default_sender": "matters@ABC.com.", "fallback_address": "help@elsewhere.example"}


@pytest.mark.parametrize(("word", "catch_all"), [("single", False), ("catch-all", True)])
def test_the_mailbox_is_single_or_catch_all(word: str, *, catch_all: bool) -> None:
    """R1.1, and R1.4: the domain is the default sender's."""
    settings = Settings.model_validate({"mailbox": {"type": word, **ADDRESSES}})

    assert settings.mailbox.type == MailboxType(word)
    assert settings.catch_all is catch_all
    assert settings.domain == "abc.com"


def test_what_is_not_given_has_the_recommended_value() -> None:
    """R1.10: no catch-all header, internal routing direct, action address in From, no extra resolver."""
    settings = Settings.model_validate({"mailbox": {"type": "single", **ADDRESSES}})

    assert settings.mailbox.catch_all_header is None
    assert settings.mailbox.allow_fallback_clash is False
    assert settings.routing.internal is InternalRouting.DIRECT
    assert settings.routing.action_address_in is ActionAddressIn.FROM
    assert settings.routing.resolvers == ()
    assert (settings.pop, settings.smtp) == (None, None)
    assert (settings.action, settings.user, settings.alias, settings.sent) == ((), (), (), ())


@pytest.mark.parametrize("word", list(Authentication))
def test_authentication_types(word: Authentication) -> None:
    """R1.8."""
    assert SmtpTable.model_validate({"authentication": word.value}).authentication is word


def test_resolvers_keep_their_order() -> None:
    """R4.10: they are tried in the configured order."""
    table = RoutingTable.model_validate({"resolvers": ["subject-token", "thread"]})

    assert table.resolvers == (Resolver.SUBJECT_TOKEN, Resolver.THREAD)


def test_values_that_are_already_read_are_taken_as_they_are() -> None:
    """Python may give addresses instead of their text."""
    sender, server = Address("matters", "abc.com"), ServerAddress.parse("ssl://pop.abc.com")

    table = MailboxTable.model_validate({"type": "single", **ADDRESSES, "default_sender": sender})

    assert table.default_sender is sender
    assert PopTable.model_validate({"server": server}).server is server


@pytest.mark.parametrize("header", ["Delivered-To", "X-Original-To", "To", "Cc", "envelope-to", "X_1"])
def test_headers_that_tell_the_recipient(header: str) -> None:
    """Section 7: any legal field name but Received and Bcc."""
    table = MailboxTable.model_validate({"type": "catch-all", **ADDRESSES, "catch_all_header": header})

    assert table.catch_all_header == header


@pytest.mark.parametrize("number", [0, 1, 10**18 - 1])
def test_ids_of_actions(number: int) -> None:
    """From 0, as many digits as a local part holds."""
    assert ActionTable.model_validate({"id": number}).id == number


@pytest.mark.parametrize("name", ["MAILSIM_PASSWORD", "password", "_p7"])
def test_names_of_environment_variables(name: str) -> None:
    """POSIX 8.1, lower case too."""
    assert PopTable.model_validate({"password_env": name}).password_env == name


def test_settings_do_not_change() -> None:
    """What was judged stays as it was judged."""
    with pytest.raises(ValidationError, match="frozen"):
        setattr(RoutingTable(), "internal", InternalRouting.SMTP)  # noqa: B010 - a type checker forbids it already


def test_every_key_is_described_for_editors() -> None:
    """The JSON Schema of the site file comes from the same models."""
    schema = Settings.model_json_schema()

    tables = [schema, *schema["$defs"].values()]
    keys = [key for table in tables for key in table.get("properties", {}).values()]
    assert len(keys) > 30
    assert all(key.get("description") for key in keys)
    assert schema["$defs"]["UserTable"]["properties"].keys() == {"name", "from"}
    assert "address" not in schema["$defs"]["RoutingTable"]["properties"]["resolvers"]["items"]["enum"]

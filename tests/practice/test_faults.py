"""R1.11 and R1.12: how a fault is shown."""

import pytest

from mailsim.errors import MailsimError
from mailsim.practice.faults import Fault, SiteError, printable, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", '"a"'),
        ('say "a"\\', '"say \\"a\\"\\\\"'),
        ("two\nlines\x1b[31m\x9b\u202e", '"two\\u000alines\\u001b[31m\\u009b\\u202e"'),
        ("\U000e0001", '"\\U000e0001"'),
        ("x" * 101, '"' + "x" * 99 + '…"'),
        (True, "true"),
        (False, "false"),
        (25, "25"),
        (2.5, "2.5"),
        (10**400, "a huge number"),
        ({"password": "sesame"}, "{...}"),
        (["sesame"], "[...]"),
        (("sesame",), "[...]"),
    ],
)
def test_a_value_is_shown_as_toml_in_one_bounded_line(value: object, text: str) -> None:
    """Controls are escaped, long text is cut, tables and arrays keep what is in them."""
    assert shown("mailbox.type", value) == text


@pytest.mark.parametrize(
    "key",
    ["password", "pop.passwrd", "PASSWORD_ENV", "pwd", "api_key", "apikey", "smtp.token", "client_secret"],
)
@pytest.mark.parametrize("value", ["sesame", 12345, ["sesame"]])
def test_what_may_be_a_secret_is_masked(key: str, value: object) -> None:
    """Also under a misspelled key, also of the wrong type."""
    assert shown(key, value) == "***"


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("pop.server", "ssl://me:sesame@host:995", '"ssl://***@host:995"'),
        ("pop.server", "me:ses/ame@host", '"***@host"'),
        ("smtp.note", "see https://me:ses/ame@host/x", '"see https://***@host/x"'),
        ("mailbox.default_sender", "matters@abc.com", '"matters@abc.com"'),
    ],
)
def test_a_login_inside_a_server_address_is_masked(key: str, value: str, text: str) -> None:
    """Before "@" in a URL, or in anything under a key for a server."""
    assert shown(key, value) == text


def test_an_error_is_one_line_for_each_fault() -> None:
    """The file stands in front of each line; a fault without a value shows its key alone."""
    faults = [
        Fault("mailbox.type", '"x"', "must be y", "write y"),
        Fault("mailbox", None, "is required", "add it"),
    ]

    error = SiteError(faults, source="a\nb.toml")

    assert isinstance(error, MailsimError)
    assert error.faults == tuple(faults)
    assert str(error).splitlines() == [
        'a\\u000ab.toml: mailbox.type = "x": must be y; write y',
        "a\\u000ab.toml: mailbox: is required; add it",
    ]
    assert str(SiteError(faults[1:])) == "mailbox: is required; add it"


def test_printable_text_is_left_alone() -> None:
    """Letters of any script are no danger."""
    assert printable("Ünïcode 日本") == "Ünïcode 日本"

import pytest

from mailsim.practice.site import read_site

MAILBOX = {
    "type": "catch-all",
    "default_sender": "matters@abc.com",
    "fallback_address": "help@elsewhere.example",
}


def advice(common: str, **mailbox: str) -> list[str]:
    site = read_site({"mailbox": MAILBOX | mailbox, "pop": {"common": common}})
    return [str(warning) for warning in site.warnings if warning.key == "mailbox.catch_all_header"]


@pytest.mark.parametrize(
    ("common", "expected"),
    [
        ("postfix", 'set it to "X-Original-To"'),
        ("fastmail", 'set it to "X-Delivered-To"'),
        ("cpanel", 'set it to "Envelope-to"'),
        ("gmail", 'have it add X-Gm-Original-To, and set "X-Gm-Original-To" here'),
        ("zoho", "send no Bcc to the practice"),
        ("gandi", "look at a collected message, and set the field that names its recipient"),
    ],
)
def test_a_provider_s_own_header_is_advised_where_none_is_set(common: str, expected: str) -> None:
    """Delivered-To alone would leave the recipient to be guessed (R4.4)."""
    [told] = advice(common)

    assert "guessed from To and Cc" in told
    assert told.endswith(expected)


def test_the_right_header_needs_no_advice() -> None:
    """In any letter case."""
    assert advice("postfix", catch_all_header="x-original-to") == []


def test_another_header_than_the_provider_s_is_asked_about() -> None:
    """It may be right all the same: facts about providers are not laws."""
    [told] = advice("postfix", catch_all_header="Envelope-To")

    assert "X-Original-To" in told
    assert "unless it was seen to do otherwise" in told


@pytest.mark.parametrize("tables", [{}, {"pop": {"server": "ssl://pop.abc.com:995"}}])
def test_without_a_known_provider_there_is_nothing_to_advise(tables: dict[str, object]) -> None:
    """No `common`, no facts."""
    assert read_site({"mailbox": MAILBOX} | tables).warnings == ()


def test_a_single_mailbox_needs_no_header() -> None:
    """R1.10: it has an effect in catch-all mode only."""
    assert read_site({"mailbox": MAILBOX | {"type": "single"}, "pop": {"common": "postfix"}}).warnings == ()


def test_google_s_optional_header_set_is_as_advised() -> None:
    """Where the provider names no recipient of itself, whatever header is set is believed."""
    assert advice("gmail", catch_all_header="X-Gm-Original-To") == []
